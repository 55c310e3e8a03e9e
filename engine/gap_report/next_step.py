"""Which competency to learn next: the one that moves the probability of passing most, its prerequisites first.

Passing is read on the percent of the whole domain, the weighted mean of the competencies' percents. To first order
its posterior is normal with the variance w' J Σ J w, where J holds the slopes of the domain curves at theta (the delta
method), so that a competency's gain is Φ after raising its theta by `STEP` minus Φ before. Competency cuts multiply in
their own probabilities of mastery.
"""

import math
from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter
from statistics import NormalDist

from engine.decisions import percent_at
from engine.gap_report.evidence import CompetencyDomain, Evidence, slope_at
from engine.gap_report.states import State
from itembank.competencies import Framework, Resource
from itembank.records import Record

STEP = 0.5
"""Half a logit: about what a good unit of learning moves, and enough to tell competencies apart."""


class NextStep(Record, frozen=True, kw_only=True):
    """A competency to learn, what it adds to the probability of passing, and where to learn it."""

    competency: str
    gain: float
    probability_before: float
    prerequisite_of: str = ""
    resources: tuple[Resource, ...] = ()


def probability_of_passing(
    evidence: Evidence,
    domains: Sequence[CompetencyDomain],
    cut_percent: float,
    *,
    own_cuts: Mapping[str, float] | None = None,
    raised: str = "",
) -> float:
    """P(percent of the whole domain ≥ cut), and every competency with a cut of its own above it.

    Args:
        cut_percent: of the whole domain, 0 to 100; 0 when only competency cuts decide.
        own_cuts: cut_theta by competency.
        raised: the competency whose theta is half a logit higher.
    """
    total = math.fsum(domain.weight for domain in domains)
    shift = [STEP if domain.competency == raised else 0.0 for domain in domains]
    weights = [domain.weight / total for domain in domains]
    mean = math.fsum(
        w * (p + percent_at(d.curve, t + up) - percent_at(d.curve, t))
        for w, p, d, t, up in zip(weights, evidence.percent, domains, evidence.theta, shift)
    )
    lever = [w * slope_at(d.curve, t + up) for w, d, t, up in zip(weights, domains, evidence.theta, shift)]
    variance = math.fsum(
        lever[i] * lever[j] * evidence.covariance[i][j] for i in range(len(lever)) for j in range(len(lever))
    )
    probability = NormalDist().cdf((mean - cut_percent) / math.sqrt(max(variance, 1e-12)))
    for place, domain in enumerate(domains):
        if domain.competency in (own_cuts or {}):
            cut = (own_cuts or {})[domain.competency]
            margin = evidence.theta[place] + shift[place] - cut
            probability *= NormalDist().cdf(margin / evidence.sem[place])
    return probability


def next_steps(
    evidence: Evidence,
    domains: Sequence[CompetencyDomain],
    states: Mapping[str, State],
    framework: Framework,
    cut_percent: float,
    *,
    own_cuts: Mapping[str, float] | None = None,
    at_most: int = 3,
) -> tuple[NextStep, ...]:
    """What to learn, in order; empty when every competency is met.

    A prerequisite that is itself not (likely) met comes before what it is needed for.
    """
    before = probability_of_passing(evidence, domains, cut_percent, own_cuts=own_cuts)
    gains = {
        domain.competency: probability_of_passing(
            evidence, domains, cut_percent, own_cuts=own_cuts, raised=domain.competency
        )
        - before
        for domain in domains
        if states[domain.competency] != "met"
    }
    ranked = sorted(gains, key=lambda key: (-round(gains[key], 9), key))
    steps: dict[str, NextStep] = {}
    for competency in ranked:
        for key in (*missing_prerequisites(framework, competency, states), competency):
            needed_for = competency if key != competency else ""
            step = _step(framework, key, gains.get(key, 0.0), before, needed_for)
            steps.setdefault(key, step)
    return tuple(steps.values())[:at_most]


def _step(framework: Framework, key: str, gain: float, before: float, needed_for: str) -> NextStep:
    resources = next((c.resources for c in framework.competencies if c.key == key), ())
    return NextStep(
        competency=key, gain=gain, probability_before=before, prerequisite_of=needed_for, resources=resources
    )


def missing_prerequisites(framework: Framework, key: str, states: Mapping[str, State]) -> tuple[str, ...]:
    """All prerequisites, direct or not, that are measured and not (likely) met, in the order to learn them."""
    direct = {competency.key: competency.prerequisites for competency in framework.competencies}
    found: dict[str, tuple[str, ...]] = {}
    waiting = list(direct.get(key, ()))
    while waiting:
        current = waiting.pop()
        if current not in found:
            found[current] = direct.get(current, ())
            waiting += found[current]
    order = TopologicalSorter(found).static_order()
    return tuple(k for k in order if states.get(k) in ("not_yet", "not_enough_evidence"))
