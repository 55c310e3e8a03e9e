"""The validated document that says how a test runs: ability, selection, content, exposure, stopping, decision.

One design serves the simulator before launch and the live sitting afterwards, so what was proved is what runs.
The format, with examples, is described in `docs/methods/designs.md`.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator
from typing import Literal

import msgspec


class DesignError(ValueError):
    """A design that cannot be run, with the field at fault and the remedy in one sentence."""


def _require(holds: bool, sentence: str) -> None:
    if not holds:
        raise DesignError(sentence)


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A table of the design document; unknown fields are refused, since a misspelt rule would silently not apply."""


class AbilityDesign(_Part, frozen=True, kw_only=True):
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
        _require(self.prior_sd > 0, "ability.prior_sd must be above 0; the reference population has 1.")
        _require(self.lower < self.upper, "ability.lower must lie below ability.upper; −6 and 6 suit most banks.")
        _require(9 <= self.n_nodes <= 1001, "ability.n_nodes must be 9 to 1001; 61 nodes on [−6, 6] are usual.")
        _require(
            self.lower <= self.start_theta <= self.upper,
            "ability.start_theta must lie between ability.lower and ability.upper.",
        )
        _require(
            0 <= self.competency_correlation < 1,
            "ability.competency_correlation must be at least 0 and below 1; for 1 use structure = 'overall'.",
        )


class SelectionDesign(_Part, frozen=True, kw_only=True):
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
        _require(self.delta > 0, "selection.delta must be above 0: half the width around the cut, in logits.")
        _require(self.acceleration >= 0, "selection.acceleration must be at least 0; 1 grows linearly.")
        _require(self.n_strata >= 1, "selection.n_strata must be at least 1.")
        _require(self.n_blocks >= 1, "selection.n_blocks must be at least 1.")
        _require(0 <= self.decided_weight <= 1, "selection.decided_weight must lie between 0 and 1.")


class CountConstraint(_Part, frozen=True, kw_only=True, tag="count"):
    """Between `min` and `max` items whose `attribute` has `value`; `*` bounds every value of the attribute alike."""

    attribute: str
    value: str = "*"
    min: int = 0
    max: int | None = None

    def __post_init__(self) -> None:
        _check_bounds(f"{self.attribute}={self.value}", self.min, self.max)


class SumConstraint(_Part, frozen=True, kw_only=True, tag="sum"):
    """The sum of a numeric attribute over the test (words, seconds) between `min` and `max`."""

    attribute: str
    min: float = 0.0
    max: float | None = None

    def __post_init__(self) -> None:
        _check_bounds(f"sum of {self.attribute}", self.min, self.max)


class SetConstraint(_Part, frozen=True, kw_only=True, tag="sets"):
    """Items sharing a stimulus (a non-empty `attribute`) stay together: how many sets, and items of each set used."""

    attribute: str = "stimulus"
    min: int = 0
    max: int | None = None
    min_items: int = 1
    max_items: int | None = None

    def __post_init__(self) -> None:
        _check_bounds(f"sets of {self.attribute}", self.min, self.max)
        _check_bounds(f"items in a set of {self.attribute}", self.min_items, self.max_items)


class EnemyConstraint(_Part, frozen=True, kw_only=True, tag="enemies"):
    """At most one item of every group of enemies: items naming each other in `attribute`."""

    attribute: str = "enemy_of"


Constraint = CountConstraint | SumConstraint | SetConstraint | EnemyConstraint


def _check_bounds(name: str, low: float, high: float | None) -> None:
    _require(low >= 0, f"content: {name} has min {low}; a minimum cannot be negative.")
    _require(high is None or low <= high, f"content: {name} has min {low} above max {high}; lower the minimum.")


class ContentDesign(_Part, frozen=True, kw_only=True):
    """What every test must contain; `auto` takes the greedy rule where it is exact and shadow tests elsewhere."""

    constraints: tuple[Constraint, ...] = ()
    method: Literal["auto", "hierarchical", "shadow"] = "auto"


class ExposureDesign(_Part, frozen=True, kw_only=True):
    """How items are spared: the best of several at random, Sympson–Hetter, eligibility, rotating pools."""

    method: Literal["none", "sympson_hetter", "eligibility"] = "none"
    randomesque: int = 1
    maximum_rate: float = 1.0
    exposure_parameters: dict[str, float | tuple[float, ...]] = {}
    theta_bounds: tuple[float, ...] = ()
    fading: float = 0.999
    n_pools: int = 1

    def __post_init__(self) -> None:
        _require(self.randomesque >= 1, "exposure.randomesque must be at least 1; 1 always takes the best item.")
        _require(0 < self.maximum_rate <= 1, "exposure.maximum_rate must be above 0 and at most 1.")
        _require(0 < self.fading <= 1, "exposure.fading must be above 0 and at most 1; 0.999 remembers ~1,000 people.")
        _require(self.n_pools >= 1, "exposure.n_pools must be at least 1.")
        _require(
            list(self.theta_bounds) == sorted(set(self.theta_bounds)),
            "exposure.theta_bounds must increase: they are the borders between ability groups.",
        )
        for item_id, values in self.exposure_parameters.items():
            for value in values if isinstance(values, tuple) else (values,):
                _require(0 < value <= 1, f"exposure.exposure_parameters of {item_id} must be above 0 and at most 1.")


class LengthRule(_Part, frozen=True, kw_only=True, tag="length"):
    """Stop after `items` items."""

    items: int


class SemRule(_Part, frozen=True, kw_only=True, tag="sem"):
    """Stop when the standard error is at most `at_most`."""

    at_most: float


class SemReductionRule(_Part, frozen=True, kw_only=True, tag="sem_reduction"):
    """Stop when the best next item would lower the standard error by less than `below` (Choi, Grady & Dodd 2011)."""

    below: float


class InformationRule(_Part, frozen=True, kw_only=True, tag="information"):
    """Stop when no item left has information of `below` or more at theta."""

    below: float


class SprtRule(_Part, frozen=True, kw_only=True, tag="sprt"):
    """Wald's sequential probability ratio test at every cut, cut ± `delta` (Reckase 1983)."""

    alpha: float = 0.05
    beta: float = 0.05
    delta: float = 0.2


class GlrRule(_Part, frozen=True, kw_only=True, tag="glr"):
    """The generalised likelihood ratio at every cut (Thompson 2009)."""

    alpha: float = 0.05
    beta: float = 0.05
    delta: float = 0.2


class ConfidenceRule(_Part, frozen=True, kw_only=True, tag="confidence_interval"):
    """Stop when the interval theta ± z·sem leaves every cut outside (Kingsbury & Weiss 1983)."""

    alpha: float = 0.05


class LossRule(_Part, frozen=True, kw_only=True, tag="bayes_loss"):
    """Stop when deciding now is expected to cost at most `at_most` at every cut (Lewis & Sheehan 1990)."""

    at_most: float = 0.05


class TimeRule(_Part, frozen=True, kw_only=True, tag="time"):
    """Stop when `seconds` have passed."""

    seconds: float


class AnyRule(_Part, frozen=True, kw_only=True, tag="any"):
    """Stop when one of the rules says so."""

    rules: tuple[StopRule, ...]


class AllRule(_Part, frozen=True, kw_only=True, tag="all"):
    """Stop when all of the rules say so."""

    rules: tuple[StopRule, ...]


StopRule = (
    LengthRule
    | SemRule
    | SemReductionRule
    | InformationRule
    | SprtRule
    | GlrRule
    | ConfidenceRule
    | LossRule
    | TimeRule
    | AnyRule
    | AllRule
)


class StoppingDesign(_Part, frozen=True, kw_only=True):
    """At least `min_items`, at most `max_items`, and in between whenever `rule` holds."""

    min_items: int = 1
    max_items: int = 40
    max_seconds: float | None = None
    rule: StopRule | None = None
    scope: Literal["overall", "competencies"] = "overall"

    def __post_init__(self) -> None:
        _require(self.min_items >= 1, "stopping.min_items must be at least 1.")
        _require(self.max_items >= self.min_items, "stopping.max_items must be at least stopping.min_items.")
        _require(self.max_seconds is None or self.max_seconds > 0, "stopping.max_seconds must be above 0.")
        if self.rule is not None:
            _check_rule(self.rule)


def _check_rule(rule: StopRule) -> None:
    if isinstance(rule, AnyRule | AllRule):
        _require(len(rule.rules) > 0, "stopping.rule: any and all need at least one rule in `rules`.")
        for part in rule.rules:
            _check_rule(part)
        return
    for field in rule.__struct_fields__:
        value = getattr(rule, field)
        _require(value > 0 and math.isfinite(value), f"stopping.rule: {field} must be above 0, not {value}.")
        if field in ("alpha", "beta"):
            _require(value < 0.5, f"stopping.rule: {field} must be below 0.5, not {value}.")


class DecisionDesign(_Part, frozen=True, kw_only=True):
    """The cuts the test decides about, on the theta scale, and what the two wrong decisions cost.

    Credit is given when theta reaches the cut or, with `credit_probability`, when P(theta ≥ cut) reaches that.
    """

    cut_theta: tuple[float, ...] = ()
    competency_cut_theta: dict[str, float] = {}
    false_credit_loss: float = 1.0
    false_denial_loss: float = 1.0
    credit_probability: float | None = None

    def __post_init__(self) -> None:
        _require(
            list(self.cut_theta) == sorted(set(self.cut_theta)),
            "decision.cut_theta must increase from cut to cut.",
        )
        _require(self.false_credit_loss > 0, "decision.false_credit_loss must be above 0.")
        _require(self.false_denial_loss > 0, "decision.false_denial_loss must be above 0.")
        probability = self.credit_probability
        _require(probability is None or 0 < probability < 1, "decision.credit_probability must lie between 0 and 1.")


class PretestDesign(_Part, frozen=True, kw_only=True):
    """How many uncalibrated items each sitting shows among the others, and between which questions (1 = the first).

    Without `last_position` they stand where even the shortest test still goes on, so that all of them are shown.
    """

    items: int = 0
    first_position: int = 3
    last_position: int | None = None

    def __post_init__(self) -> None:
        _require(0 <= self.items <= 100, "pretest.items must be 0 to 100.")
        _require(self.first_position >= 1, "pretest.first_position must be at least 1, the first question.")
        if self.last_position is not None:
            _require(
                self.last_position - self.first_position + 1 >= self.items,
                f"pretest.items {self.items} do not fit between questions {self.first_position} and "
                f"{self.last_position}; raise pretest.last_position.",
            )


class ModuleDesign(_Part, frozen=True, kw_only=True):
    """One module of a multistage test, with the items it holds and the routes out of it."""

    key: str
    stage: int
    items: tuple[str, ...]
    routes: tuple[Route, ...] = ()


class Route(_Part, frozen=True, kw_only=True):
    """Go to module `to` when theta is below `below` (the last route has no bound)."""

    to: str
    below: float | None = None


class Design(_Part, frozen=True, kw_only=True):
    """A whole test design."""

    name: str
    form: Literal["adaptive", "linear", "multistage"] = "adaptive"
    ability: AbilityDesign = AbilityDesign()
    selection: SelectionDesign = SelectionDesign()
    content: ContentDesign = ContentDesign()
    exposure: ExposureDesign = ExposureDesign()
    stopping: StoppingDesign = StoppingDesign()
    decision: DecisionDesign = DecisionDesign()
    pretest: PretestDesign = PretestDesign()
    items: tuple[str, ...] = ()
    modules: tuple[ModuleDesign, ...] = ()

    def __post_init__(self) -> None:
        _require(bool(self.name.strip()), "name must say what the design is called.")
        _require(self.form != "linear" or bool(self.items), "items must list the item ids of a linear form.")
        _require(self.form != "multistage" or bool(self.modules), "modules must be given for a multistage design.")
        self._check_criterion()
        self._check_cuts()
        self._check_scope()
        self._check_pretest()

    def _check_criterion(self) -> None:
        from engine.selection.registry import CRITERIA, find_criterion

        name, known = self.selection.criterion, ", ".join(sorted(CRITERIA))
        criterion = find_criterion(name)
        if criterion is None:
            raise DesignError(f"selection.criterion '{name}' is unknown; choose one of {known}.")
        _require(not criterion.needs_cut or bool(self.cuts), f"selection.criterion '{name}' needs decision.cut_theta.")

    def _check_cuts(self) -> None:
        needs = any(isinstance(rule, SprtRule | GlrRule | ConfidenceRule | LossRule) for rule in self.rules())
        _require(not needs or bool(self.cuts), "stopping.rule decides at a cut; give decision.cut_theta.")
        for cut in self.cuts:
            inside = self.ability.lower < cut < self.ability.upper
            _require(inside, f"decision.cut_theta {cut} must lie between ability.lower and ability.upper.")

    def _check_scope(self) -> None:
        by_competency = self.stopping.scope == "competencies" or bool(self.decision.competency_cut_theta)
        _require(
            not by_competency or self.ability.structure == "competencies",
            "decisions by competency need ability.structure = 'competencies'.",
        )
        plain = self.ability.structure == "overall" or self.ability.estimator == "eap"
        _require(plain, "ability.structure = 'competencies' is estimated by ability.estimator = 'eap'.")

    def _check_pretest(self) -> None:
        if self.pretest.items and self.pretest.last_position is None:
            _require(
                self.shortest >= self.pretest.first_position,
                f"pretest.first_position {self.pretest.first_position} lies behind the shortest test of "
                f"{self.shortest} items; lower it, raise stopping.min_items or give pretest.last_position.",
            )

    @property
    def shortest(self) -> int:
        """The fewest items after which a sitting may end by itself."""
        if self.form == "linear":
            return len(self.items)
        if self.form == "adaptive":
            return self.stopping.min_items
        stages = {module.stage for module in self.modules}
        return sum(min(len(module.items) for module in self.modules if module.stage == stage) for stage in stages)

    @property
    def cuts(self) -> tuple[float, ...]:
        """Every cut the design names, overall and by competency."""
        return (*self.decision.cut_theta, *self.decision.competency_cut_theta.values())

    def rules(self) -> Iterator[StopRule]:
        """Every rule of the stopping tree, parents before their parts."""
        waiting = [self.stopping.rule] if self.stopping.rule is not None else []
        while waiting:
            rule = waiting.pop()
            yield rule
            if isinstance(rule, AnyRule | AllRule):
                waiting.extend(rule.rules)


def read_design(document: bytes | str, *, format: Literal["toml", "json"] = "toml") -> Design:
    """The design a TOML or JSON document describes; a DesignError says which field is wrong and what to do."""
    text = document.decode("utf-8", errors="replace") if isinstance(document, bytes) else document
    try:
        if format == "json":
            return msgspec.json.decode(text.encode(), type=Design)
        return msgspec.convert(tomllib.loads(text), type=Design)
    except tomllib.TOMLDecodeError as error:
        raise DesignError(f"The design is not valid TOML: {error}.") from None
    except msgspec.DecodeError as error:
        raise DesignError(f"The design does not fit the format: {error}.") from None


def write_design(design: Design) -> bytes:
    """The design as a JSON document that `read_design` reads back to an equal record."""
    return msgspec.json.encode(design)
