"""Stopping rules on the standing of many sittings: each says which sittings it would end.

A rule is read for one ability at a time; with scope "competencies" it must hold for every one of them.
"""

from __future__ import annotations

import math

import numpy as np
import scipy
from numpy.typing import NDArray

from engine.designs import (
    AllRule,
    AnyRule,
    ConfidenceRule,
    GlrRule,
    InformationRule,
    LengthRule,
    LossRule,
    SemReductionRule,
    SemRule,
    SprtRule,
    StopRule,
    TimeRule,
)
from engine.selection.plan import Plan
from engine.selection.sitting import Standing

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def holds(rule: StopRule, plan: Plan, standing: Standing, dimension: int = 0) -> Mask:
    """Whether a rule would end each sitting, for one ability: (n_persons,)."""
    match rule:
        case AnyRule():
            return np.asarray(_each(rule.rules, plan, standing, dimension).any(axis=0))
        case AllRule():
            return np.asarray(_each(rule.rules, plan, standing, dimension).all(axis=0))
        case LengthRule():
            return np.full(len(standing.keys), standing.position >= rule.items)
        case TimeRule():
            return standing.seconds >= rule.seconds
        case SemRule():
            return standing.sem[:, dimension] <= rule.at_most
        case SemReductionRule():
            return predicted_sem_reduction(plan, standing, dimension) < rule.below
        case InformationRule():
            return best_information(plan, standing, dimension) < rule.below
        case _:
            return decided_at_cuts(rule, plan, standing, dimension)


def _each(rules: tuple[StopRule, ...], plan: Plan, standing: Standing, dimension: int) -> Mask:
    return np.stack([holds(rule, plan, standing, dimension) for rule in rules])


def decided_at_cuts(rule: StopRule, plan: Plan, standing: Standing, dimension: int) -> Mask:
    """Whether a classification rule has decided every cut of one ability: (n_persons,)."""
    outside = [
        _decided(rule, plan, standing, dimension, number, cut) for number, cut in enumerate(plan.cuts[dimension])
    ]
    return np.asarray(np.all(outside, axis=0)) if outside else np.ones(len(standing.keys), dtype=bool)


def _decided(rule: StopRule, plan: Plan, standing: Standing, dimension: int, number: int, cut: float) -> Mask:
    if isinstance(rule, ConfidenceRule):
        reach = float(scipy.special.ndtri(1.0 - rule.alpha / 2.0)) * standing.sem[:, dimension]
        return np.asarray(np.abs(standing.theta[:, dimension] - cut) >= reach)
    if isinstance(rule, LossRule):
        return expected_loss(plan, standing, dimension, number) <= rule.at_most
    if isinstance(rule, SprtRule | GlrRule):
        low, high = wald_bounds(rule.alpha, rule.beta)
        ratio = log_ratio(rule, plan, standing, dimension, cut)
        return (ratio >= high) | (ratio <= low)
    raise TypeError(f"{type(rule).__name__} is not a stopping rule at a cut.")


def wald_bounds(alpha: float, beta: float) -> tuple[float, float]:
    """Bounds of the log likelihood ratio: deny at or below the first, credit at or above the second (Wald 1947)."""
    return math.log(beta / (1.0 - alpha)), math.log((1.0 - beta) / alpha)


def log_ratio(rule: SprtRule | GlrRule, plan: Plan, standing: Standing, dimension: int, cut: float) -> Floats:
    """log L(cut + delta) − log L(cut − delta), or the ratio of the two suprema beyond these points: (n_persons,)."""
    above = _log_likelihood(plan, standing, dimension, cut + rule.delta)
    below = _log_likelihood(plan, standing, dimension, cut - rule.delta)
    if isinstance(rule, SprtRule):
        return above - below
    nodes, grid = plan.pool.nodes, _log_grid(standing.likelihood[:, dimension])
    scale = _log_level(plan, standing, dimension, grid)
    sup_above = np.maximum(above, _supremum(nodes, grid, nodes >= cut + rule.delta) + scale)
    sup_below = np.maximum(below, _supremum(nodes, grid, nodes <= cut - rule.delta) + scale)
    return np.asarray(sup_above - sup_below)


def _log_likelihood(plan: Plan, standing: Standing, dimension: int, point: float) -> Floats:
    terms = plan.log_probability_at[point][standing.items, standing.categories]
    own = plan.pool.dimension[standing.items] == dimension
    return np.asarray(np.where(own, terms, 0.0).sum(axis=1))


def _log_grid(likelihood: Floats) -> Floats:
    return np.asarray(np.log(np.maximum(likelihood, 1e-300)))


def _log_level(plan: Plan, standing: Standing, dimension: int, grid: Floats) -> Floats:
    """What the scaling of the stored likelihood took away, found at its highest node: (n_persons,)."""
    best = grid.argmax(axis=1)
    chance = plan.pool.probability[standing.items, standing.categories, best[:, None]]
    own = plan.pool.dimension[standing.items] == dimension
    true = np.where(own, np.log(np.maximum(chance, 1e-300)), 0.0).sum(axis=1)
    return np.asarray(true - grid[np.arange(len(grid)), best])


def _supremum(nodes: Floats, grid: Floats, side: Mask) -> Floats:
    """The highest log likelihood on one side, the top of a parabola where the maximum lies between nodes."""
    masked = np.where(side[None, :], grid, -np.inf)
    best = masked.argmax(axis=1)
    each, middle = np.arange(len(grid)), np.clip(best, 1, len(nodes) - 2)
    left, top, right = grid[each, middle - 1], grid[each, middle], grid[each, middle + 1]
    bend = left - 2.0 * top + right
    shift = np.where(bend < 0, 0.5 * (left - right) / np.where(bend < 0, bend, -1.0), 9.0)
    target = nodes[middle] + shift * (nodes[1] - nodes[0])
    inside = (best == middle) & (np.abs(shift) <= 1.0) & (np.interp(target, nodes, side.astype(float)) >= 1.0)
    peak = top - 0.25 * (left - right) * shift
    return np.asarray(np.where(inside, peak, masked[each, best]))


def probability_above(plan: Plan, standing: Standing, dimension: int, number: int) -> Floats:
    """Posterior probability of theta at or above a cut: (n_persons,)."""
    return np.asarray(np.clip(standing.posterior[:, dimension] @ plan.above[dimension][number], 0.0, 1.0))


def expected_loss(plan: Plan, standing: Standing, dimension: int, number: int) -> Floats:
    """Expected loss of the better of the two decisions at a cut: (n_persons,)."""
    above, decision = probability_above(plan, standing, dimension, number), plan.design.decision
    return np.minimum(decision.false_credit_loss * (1.0 - above), decision.false_denial_loss * above)


def best_information(plan: Plan, standing: Standing, dimension: int) -> Floats:
    """Information at theta of the best item left: (n_persons,)."""
    block = plan.pool.blocks[dimension]
    rows = np.arange(len(block))[None, :]
    information = block.curves.information(rows, standing.theta[:, dimension, None])
    left = np.where(standing.eligible[:, block.where], information, 0.0)
    return np.asarray(left.max(axis=1, initial=0.0))


def predicted_sem_reduction(plan: Plan, standing: Standing, dimension: int) -> Floats:
    """How much the best item left would lower the standard error: (n_persons,)."""
    sem = standing.sem[:, dimension]
    after = 1.0 / np.sqrt(1.0 / sem**2 + best_information(plan, standing, dimension))
    return np.asarray(np.where(np.isfinite(sem), sem - after, np.inf))


def decided_by_competency(plan: Plan, standing: Standing) -> Mask:
    """Where the stopping rule already holds for a single ability: (n_persons, n_dimensions)."""
    rule = plan.design.stopping.rule
    if rule is None:
        return np.zeros_like(standing.theta, dtype=bool)
    columns = [holds(rule, plan, standing, dimension) for dimension in range(plan.pool.n_dimensions)]
    return np.stack(columns, axis=1)
