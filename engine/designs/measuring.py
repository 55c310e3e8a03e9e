"""What is measured and shown: ability, the criterion that chooses items, how items are spared, what is decided."""

from __future__ import annotations

from typing import Literal

from engine.designs.parts import Part, require

CRITERIA_AT_CUT = frozenset({"information_at_cut", "kullback_leibler_cut", "mutual_information"})
"""Criteria that aim at a cut; a design that uses one must say which."""

CRITERION_NAMES = CRITERIA_AT_CUT | {
    "a_optimality",
    "d_optimality",
    "expected_information",
    "expected_posterior_variance",
    "global_discrimination",
    "global_discrimination_posterior",
    "kullback_leibler",
    "kullback_leibler_posterior",
    "likelihood_weighted_information",
    "maximum_information",
    "nearest_difficulty",
    "posterior_weighted_information",
    "progressive",
    "proportional",
    "random",
    "stratified",
}
"""Every criterion; `engine.selection.registry` holds a function for each."""

ABBREVIATIONS: dict[str, str] = {
    "MFI": "maximum_information",
    "MLWI": "likelihood_weighted_information",
    "MPWI": "posterior_weighted_information",
    "KL": "kullback_leibler",
    "KLP": "kullback_leibler_posterior",
    "MEPV": "expected_posterior_variance",
    "MEI": "expected_information",
    "GDI": "global_discrimination",
    "GDIP": "global_discrimination_posterior",
}


def criterion_name(name: str) -> str | None:
    """The full name of a criterion, None when there is none of this name or abbreviation."""
    full = ABBREVIATIONS.get(name, name)
    return full if full in CRITERION_NAMES else None


class AbilityDesign(Part, frozen=True, kw_only=True):
    """How theta is estimated while the test runs, and on what grid and prior."""

    estimator: Literal["eap", "map", "mle", "wle"] = "eap"
    start_theta: float = 0.0
    prior: Literal["normal", "uniform"] = "normal"
    prior_mean: float = 0.0
    prior_sd: float = 1.0
    lower: float = -6.0
    upper: float = 6.0
    n_nodes: int = 61
    structure: Literal["overall", "competencies"] = "overall"
    competency_correlation: float = 0.7

    def __post_init__(self) -> None:
        require(self.prior_sd > 0, "ability.prior_sd must be above 0; the reference population has 1.")
        require(self.lower < self.upper, "ability.lower must lie below ability.upper; −6 and 6 suit most banks.")
        require(9 <= self.n_nodes <= 1001, "ability.n_nodes must be 9 to 1001; 61 nodes on [−6, 6] are usual.")
        require(
            self.lower <= self.start_theta <= self.upper,
            "ability.start_theta must lie between ability.lower and ability.upper.",
        )
        require(
            0 <= self.competency_correlation < 1,
            "ability.competency_correlation must be at least 0 and below 1; for 1 use structure = 'overall'.",
        )


class SelectionDesign(Part, frozen=True, kw_only=True):
    """The criterion that ranks eligible items, and the options some criteria read."""

    criterion: str = "maximum_information"
    nearest: Literal["difficulty", "maximum_information"] = "maximum_information"
    predictive: Literal["theta", "posterior"] = "theta"
    provisional_estimator: Literal["eap", "map"] = "map"
    information: Literal["expected", "observed"] = "observed"
    delta: float = 0.5
    acceleration: float = 1.0
    n_strata: int = 4
    n_blocks: int = 1
    decided_weight: float = 0.1

    def __post_init__(self) -> None:
        require(self.delta > 0, "selection.delta must be above 0: half the width around the cut, in logits.")
        require(self.acceleration >= 0, "selection.acceleration must be at least 0; 1 grows linearly.")
        require(self.n_strata >= 1, "selection.n_strata must be at least 1.")
        require(self.n_blocks >= 1, "selection.n_blocks must be at least 1.")
        require(0 <= self.decided_weight <= 1, "selection.decided_weight must lie between 0 and 1.")


class ExposureDesign(Part, frozen=True, kw_only=True):
    """How items are spared: the best of several at random, Sympson–Hetter, eligibility, rotating pools."""

    method: Literal["none", "sympson_hetter", "eligibility"] = "none"
    randomesque: int = 1
    maximum_rate: float = 1.0
    exposure_parameters: dict[str, float | tuple[float, ...]] = {}
    theta_bounds: tuple[float, ...] = ()
    fading: float = 0.999
    n_pools: int = 1

    def __post_init__(self) -> None:
        require(self.randomesque >= 1, "exposure.randomesque must be at least 1; 1 always takes the best item.")
        require(0 < self.maximum_rate <= 1, "exposure.maximum_rate must be above 0 and at most 1.")
        require(0 < self.fading <= 1, "exposure.fading must be above 0 and at most 1; 0.999 remembers ~1,000 people.")
        require(self.n_pools >= 1, "exposure.n_pools must be at least 1.")
        require(
            list(self.theta_bounds) == sorted(set(self.theta_bounds)),
            "exposure.theta_bounds must increase: they are the borders between ability groups.",
        )
        for item_id, values in self.exposure_parameters.items():
            for value in values if isinstance(values, tuple) else (values,):
                require(0 < value <= 1, f"exposure.exposure_parameters of {item_id} must be above 0 and at most 1.")


class DecisionDesign(Part, frozen=True, kw_only=True):
    """The cuts the test decides about, on the theta scale, and what the two wrong decisions cost.

    Credit is given when theta reaches the cut or, with `credit_probability`, when P(theta ≥ cut) reaches that.
    """

    cut_theta: tuple[float, ...] = ()
    competency_cut_theta: dict[str, float] = {}
    false_credit_loss: float = 1.0
    false_denial_loss: float = 1.0
    credit_probability: float | None = None

    def __post_init__(self) -> None:
        require(
            list(self.cut_theta) == sorted(set(self.cut_theta)),
            "decision.cut_theta must increase from cut to cut.",
        )
        require(self.false_credit_loss > 0, "decision.false_credit_loss must be above 0.")
        require(self.false_denial_loss > 0, "decision.false_denial_loss must be above 0.")
        probability = self.credit_probability
        require(probability is None or 0 < probability < 1, "decision.credit_probability must lie between 0 and 1.")
