"""From a posterior to a decision: passed or not, by how much, how surely, and in which words.

Everything that decides uses only + − × ÷, sqrt and `math.fsum` on stored numbers, so that any machine recomputes it
to the last bit. The posterior lies on the nodes of the domain's curve.
"""

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from operator import mul
from statistics import NormalDist
from typing import Literal

from engine.policies.records import (
    Cut,
    DecisionRule,
    GradeMap,
    Occasion,
    PercentCut,
    Policy,
    StandardSettingCut,
    occasion_of,
)
from itembank.records import Record
from psychometrics.ability.record import probability_above as _probability_above

Words = Literal["clearly_above", "above", "below", "clearly_below"]


class Posterior(Record, frozen=True, kw_only=True):
    """Weights over equally spaced theta nodes; they need not sum to 1."""

    nodes: tuple[float, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.nodes) < 2 or len(self.nodes) != len(self.weights):
            raise ValueError("posterior: nodes and weights must have the same length, at least 2.")
        if min(self.weights) < 0 or max(self.weights) <= 0:
            raise ValueError("posterior: weights must be at least 0 and not all 0.")


class DomainCurve(Record, frozen=True, kw_only=True):
    """Expected percent of the domain at each theta node: the bank's test characteristic curve × 100 / its maximum."""

    nodes: tuple[float, ...]
    percents: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.nodes) < 2 or len(self.nodes) != len(self.percents):
            raise ValueError("curve: nodes and percents must have the same length, at least 2.")
        if any(later < earlier for earlier, later in zip(self.percents, self.percents[1:])):
            raise ValueError("curve: the expected percent must not fall as theta rises; check the item parameters.")


class ResolvedCut(Record, frozen=True, kw_only=True):
    """A cut on both scales; `standard_error` in logits (0 = taken as exact)."""

    theta: float
    percent: float
    standard_error: float = 0.0


class CompetencyDecision(Record, frozen=True, kw_only=True):
    """The decision about one competency."""

    competency: str
    passed: bool
    theta: float
    sem: float
    percent: float
    cut_theta: float
    cut_percent: float
    probability: float


class Decision(Record, frozen=True, kw_only=True):
    """What a sitting decided, with everything needed to dispute it.

    `margin` is theta minus the cut; `standard_error` joins that of the person and of the cut. `probability` is
    P(theta ≥ cut); `decision_error` the probability that the decision is wrong: false credit when `passed`, false
    denial when not (with competency cuts: that of the weakest part). `because` names the competencies that alone
    prevented passing. `complete`: False when the sitting ended before the shortest test its design allows, and so
    cannot pass whatever its score: a handful of answers, or none, says little more than the prior.
    """

    passed: bool
    theta: float
    sem: float
    percent: float
    percent_error: float
    cut_theta: float
    cut_percent: float
    margin: float
    standard_error: float
    probability: float
    decision_error: float
    words: Words
    rule: DecisionRule
    policy_key: str
    policy_version: str
    occasion: str
    n_items: int = 0
    because: tuple[str, ...] = ()
    complete: bool = True
    competencies: tuple[CompetencyDecision, ...] = ()
    parameter_version: str = ""
    code_version: str = ""

    @property
    def false_credit(self) -> float:
        """The probability that somebody below the cut passed here; 0 when nobody passed."""
        return self.decision_error if self.passed else 0.0


def mean_and_sd(nodes: Sequence[float], weights: Sequence[float]) -> tuple[float, float]:
    """Mean and standard deviation of values under weights, by exactly rounded sums."""
    total = math.fsum(weights)
    mean = math.fsum(map(mul, weights, nodes)) / total
    distances = [x - mean for x in nodes]
    variance = math.fsum(map(mul, map(mul, weights, distances), distances)) / total
    return mean, math.sqrt(variance)


def probability_above(posterior: Posterior, cut_theta: float) -> float:
    """P(theta ≥ cut) by the exact arithmetic of the score of record."""
    return _probability_above(posterior.weights, posterior.nodes, cut_theta)


def percent_at(curve: DomainCurve, theta: float) -> float:
    """Expected percent of the domain at theta, by linear interpolation between nodes, flat outside them."""
    return _interpolate(theta, curve.nodes, curve.percents)


def theta_at(curve: DomainCurve, percent: float) -> float:
    """The lowest theta whose expected percent reaches `percent`; the last node where none does."""
    return _interpolate(percent, curve.percents, curve.nodes)


def _interpolate(x: float, xs: Sequence[float], ys: Sequence[float]) -> float:
    if x <= xs[0]:
        return ys[0]
    if x > xs[-1]:
        return ys[-1]
    left = bisect_left(xs, x) - 1
    return ys[left] + (ys[left + 1] - ys[left]) * ((x - xs[left]) / (xs[left + 1] - xs[left]))


def resolve_cut(cut: Cut, curve: DomainCurve) -> ResolvedCut:
    """The cut on both scales. A standard error in percent becomes logits through the slope of the curve at the cut.

    Raises:
        ValueError: when a percent cut lies outside what the domain can show.
    """
    unit = cut.unit if isinstance(cut, StandardSettingCut) else "percent" if isinstance(cut, PercentCut) else "theta"
    if unit == "theta":
        return ResolvedCut(theta=cut.value, percent=percent_at(curve, cut.value), standard_error=cut.standard_error)
    low, high = curve.percents[0], curve.percents[-1]
    if not low < cut.value < high:
        raise ValueError(
            f"A cut of {cut.value:g} % of the domain lies outside what these items can show "
            f"({low:.1f} to {high:.1f} %); move the cut or change the items."
        )
    theta = theta_at(curve, cut.value)
    return ResolvedCut(theta=theta, percent=cut.value, standard_error=_in_logits(cut, curve, theta))


def _in_logits(cut: Cut, curve: DomainCurve, theta: float) -> float:
    if cut.standard_error == 0:
        return 0.0
    step = curve.nodes[1] - curve.nodes[0]
    slope = (percent_at(curve, theta + step) - percent_at(curve, theta - step)) / (2 * step)
    return cut.standard_error / slope


def decide_sitting(
    policy: Policy,
    occasion_key: str,
    posterior: Posterior,
    curve: DomainCurve,
    *,
    competencies: Mapping[str, tuple[Posterior, DomainCurve]] | None = None,
    n_items: int = 0,
    complete: bool = True,
    parameter_version: str = "",
    code_version: str = "",
) -> Decision:
    """The decision of a finished sitting under the policy.

    Args:
        posterior: of theta after all answers, on the nodes of `curve`.
        curve: the bank's domain curve of the pinned version.
        competencies: posterior and domain curve by competency; needed for every competency with a cut of its own.
        complete: whether the sitting is as long as its design asks at least; one that is not cannot pass.

    Raises:
        ValueError: when posterior and curve disagree about the nodes, or a competency with a cut has no posterior.
    """
    occasion = occasion_of(policy, occasion_key)
    cut = resolve_cut(occasion.cut, curve)
    theta, sem, percent, percent_error = _scores(posterior, curve)
    parts = tuple(_competency_decisions(occasion, competencies or {}))
    probability = probability_above(posterior, cut.theta)
    overall = _passes(occasion.decision, occasion.cut, cut, theta, percent, probability)
    failing = tuple(part.competency for part in parts if not part.passed) if occasion.decision.every_competency else ()
    passed = complete and overall and not failing
    deserved = min([probability, *(part.probability for part in parts)])
    margin, standard_error = theta - cut.theta, math.sqrt(sem * sem + cut.standard_error * cut.standard_error)
    return Decision(
        passed=passed, theta=theta, sem=sem, percent=percent, percent_error=percent_error,
        cut_theta=cut.theta, cut_percent=cut.percent, margin=margin, standard_error=standard_error,
        probability=probability, decision_error=1 - deserved if passed else deserved,
        words=classify(margin, standard_error), rule=occasion.decision, policy_key=policy.key,
        policy_version=policy.version, occasion=occasion_key, n_items=n_items,
        because=failing if overall else (), complete=complete, competencies=parts,
        parameter_version=parameter_version, code_version=code_version,
    )  # fmt: skip


def _scores(posterior: Posterior, curve: DomainCurve) -> tuple[float, float, float, float]:
    if posterior.nodes != curve.nodes:
        raise ValueError("posterior and curve must lie on the same theta nodes; take both from one frozen version.")
    theta, sem = mean_and_sd(posterior.nodes, posterior.weights)
    percent, percent_error = mean_and_sd(curve.percents, posterior.weights)
    return theta, sem, percent, percent_error


def _passes(
    rule: DecisionRule, cut: Cut, resolved: ResolvedCut, theta: float, percent: float, probability: float
) -> bool:
    if rule.kind == "probability":
        return probability >= rule.at_least
    on_percent = isinstance(cut, PercentCut) or (isinstance(cut, StandardSettingCut) and cut.unit == "percent")
    return percent >= resolved.percent if on_percent else theta >= resolved.theta


def _competency_decisions(
    occasion: Occasion, evidence: Mapping[str, tuple[Posterior, DomainCurve]]
) -> Iterator[CompetencyDecision]:
    for key, cut in occasion.competency_cuts.items():
        if key not in evidence:
            raise ValueError(
                f"competencies: '{key}' has a cut in occasion '{occasion.key}' but no posterior was given; "
                "give one, or drop its cut from the policy."
            )
        posterior, curve = evidence[key]
        resolved = resolve_cut(cut, curve)
        theta, sem, percent, _ = _scores(posterior, curve)
        probability = probability_above(posterior, resolved.theta)
        yield CompetencyDecision(
            competency=key, passed=_passes(occasion.decision, cut, resolved, theta, percent, probability),
            theta=theta, sem=sem, percent=percent, cut_theta=resolved.theta, cut_percent=resolved.percent,
            probability=probability,
        )  # fmt: skip


def classify(margin: float, standard_error: float) -> Words:
    """Words for a margin: clear when it exceeds 1.96 standard errors (a two-sided 95 % interval leaves the cut out)."""
    if abs(margin) > 1.96 * standard_error:
        return "clearly_above" if margin > 0 else "clearly_below"
    return "above" if margin >= 0 else "below"


def chance_of_passing(rule: DecisionRule, distance: float, sem: float) -> float:
    """P(pass) of somebody whose true theta lies `distance` logits above the cut (negative: below), before the sitting.

    The estimate is taken as normal around the truth with standard deviation `sem`; a probability rule then asks it to
    exceed the cut by Φ⁻¹(at_least) · sem. With distance below 0 this is the stated false-credit rate, 1 minus it above
    0 the false-denial rate.
    """
    if sem <= 0:
        raise ValueError("sem must be above 0.")
    normal = NormalDist()
    needed = normal.inv_cdf(rule.at_least) * sem if rule.kind == "probability" else 0.0
    return normal.cdf((distance - needed) / sem)


def grade_of(grades: GradeMap, decision: Decision) -> str:
    """The grade of a score; without bands the percent itself, rounded down so that no grade exceeds its score."""
    if not grades.bands:
        return f"{math.floor(decision.percent)} %"
    value = {
        "percent": decision.percent,
        "margin_percent": decision.percent - decision.cut_percent,
        "margin_theta": decision.margin,
    }[grades.scale]
    return next((band.grade for band in grades.bands if value >= band.minimum), grades.below)
