"""A look at one sitting that tells in a few microseconds that its rule does not end it yet, or that it surely does.

Live steps need one posterior and a comparison or two, not the arrays of a cohort. A glance never says "no" where the
rules say yes, nor "yes" where they say no; whatever is close to a bound it leaves open, and the rules decide.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from engine.designs import AllRule, AnyRule, ConfidenceRule, LengthRule, LossRule, SemRule, SprtRule, StopRule, TimeRule
from engine.selection.course import Course
from engine.selection.plan import Plan
from engine.selection.sitting import Sitting, Standing
from engine.stopping.rules import holds, wald_bounds
from engine.stopping.stop import leaves, name_of

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

MARGIN = 1e-9
"""How far a sum taken in another order may lie from that of the rules."""


class Glance(NamedTuple):
    """What is known of one sitting on one ability: the posterior on the nodes, its estimate and standard error."""

    posterior: Floats
    theta: float
    sem: float
    dimension: int = 0


def glance_at(plan: Plan, likelihood: Floats) -> Glance:
    """The posterior that follows from a likelihood (n_nodes,), estimated by EAP on one ability."""
    posteriors, (theta,), (sem,) = estimates_at(plan, likelihood[None])
    return Glance(posteriors[0], theta, sem)


def estimates_at(plan: Plan, likelihoods: Floats) -> tuple[Floats, list[float], list[float]]:
    """Posteriors, estimates and standard errors of many likelihoods (n_persons, n_nodes).

    Sums go along each row, so that company changes no bit.
    """
    posteriors = likelihoods * plan.prior.weights
    posteriors /= np.add.reduce(posteriors, axis=1)[:, None]
    first, second = (np.add.reduce(posteriors * moment, axis=1).tolist() for moment in plan.moments)
    sems = [math.sqrt(max(square - theta * theta, 0.0)) for theta, square in zip(first, second, strict=True)]
    return posteriors, first, sems


def glances_of(standing: Standing) -> list[Glance]:
    """The same of a standing of one sitting, one an ability."""
    parts = zip(standing.posterior[0], standing.theta[0].tolist(), standing.sem[0].tolist(), strict=True)
    return [Glance(*part, dimension) for dimension, part in enumerate(parts)]


def early_until(plan: Plan) -> int:
    """Before so many answers no rule ends a sitting, whatever they are and however long they took."""
    stopping = plan.design.stopping
    return min(stopping.min_items, stopping.max_items) if stopping.max_seconds is None else 0


def may_end(plan: Plan, sitting: Sitting, glances: Sequence[Glance]) -> bool:
    """False only when the design's rules let the sitting go on."""
    stopping, position = plan.design.stopping, len(sitting.items)
    if position >= stopping.max_items or (stopping.max_seconds is not None and sitting.seconds >= stopping.max_seconds):
        return True
    rule = stopping.rule
    if rule is None or position < stopping.min_items:
        return False
    asked = glances[:1] if stopping.scope == "overall" else glances
    return all(_holds(rule, plan, sitting, glance, MARGIN) for glance in asked)


def sure_end(plan: Plan, sitting: Sitting, course: Course, glance: Glance) -> str | None:
    """Why a sitting on one ability ends, where that is beyond doubt; None where it goes on or something is close."""
    stopping, position = plan.design.stopping, len(sitting.items)
    if plan.design.form != "adaptive" or stopping.max_seconds is not None:
        return None
    if position >= stopping.max_items:
        return "max_items"
    rule, hierarchy = stopping.rule, plan.blueprints.whole.hierarchy
    if rule is None or position < stopping.min_items or not _holds(rule, plan, sitting, glance, -MARGIN):
        return None
    if not (plan.constraints.is_empty if hierarchy is None else hierarchy.satisfied(course.tally[:1])[0]):
        return None
    first = next(leaf for leaf in leaves(rule) if _holds(leaf, plan, sitting, glance, MARGIN))
    return name_of(first) if _holds(first, plan, sitting, glance, -MARGIN) else None


def decided_competencies(plan: Plan, standing: Standing) -> Mask:
    """Where the stopping rule already holds for a single ability, of one sitting: (1, n_dimensions)."""
    decided, rule = np.zeros_like(standing.theta, dtype=bool), plan.design.stopping.rule
    if rule is None:
        return decided
    sitting = Sitting("", standing.items[0], standing.categories[0], None, float(standing.seconds[0]))
    for glance in glances_of(standing):
        if _holds(rule, plan, sitting, glance, MARGIN):
            decided[:, glance.dimension] = holds(rule, plan, standing, glance.dimension)
    return decided


def _holds(rule: StopRule, plan: Plan, sitting: Sitting, glance: Glance, leeway: float) -> bool:
    """Whether a rule may hold, with so much leeway; with less than none, whether it surely does."""
    match rule:
        case AnyRule():
            return any(_holds(part, plan, sitting, glance, leeway) for part in rule.rules)
        case AllRule():
            return all(_holds(part, plan, sitting, glance, leeway) for part in rule.rules)
        case LengthRule():
            return len(sitting.items) >= rule.items
        case TimeRule():
            return sitting.seconds >= rule.seconds
        case SemRule():
            return glance.sem <= rule.at_most + leeway
        case ConfidenceRule():
            reach = _quantile(rule.alpha) * glance.sem - leeway
            return all(abs(glance.theta - cut) >= reach for cut in plan.cuts[glance.dimension])
        case LossRule():
            return all(loss <= rule.at_most + leeway for loss in _losses(plan, glance))
        case SprtRule():
            low, high = wald_bounds(rule.alpha, rule.beta)
            ratios = (_ratio(rule, plan, sitting, glance, cut) for cut in plan.cuts[glance.dimension])
            return all(ratio >= high - leeway or ratio <= low + leeway for ratio in ratios)
        case _:
            return leeway > 0.0


def _losses(plan: Plan, glance: Glance) -> list[float]:
    """Expected loss of the better decision at every cut."""
    decision = plan.design.decision
    above = (plan.above[glance.dimension] @ glance.posterior).tolist()
    credit, denial = decision.false_credit_loss, decision.false_denial_loss
    return [min(credit * (1.0 - min(max(one, 0.0), 1.0)), denial * min(max(one, 0.0), 1.0)) for one in above]


def _ratio(rule: SprtRule, plan: Plan, sitting: Sitting, glance: Glance, cut: float) -> float:
    terms = plan.log_ratio_at(cut, rule.delta)[sitting.items, sitting.categories]
    if plan.pool.n_dimensions > 1:
        terms = terms[plan.pool.dimension[sitting.items] == glance.dimension]
    return float(terms.sum())


@lru_cache(maxsize=64)
def _quantile(alpha: float) -> float:
    return float(scipy.special.ndtri(1.0 - alpha / 2.0))
