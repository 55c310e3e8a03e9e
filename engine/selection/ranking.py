"""Scores of all items for many sittings, under the design's criterion, restricted to what each sitting may be shown."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.content.constraints import StimulusSets
from engine.content.shadow_test import NoShadowTest, ShadowModel, ShadowSolver, ShadowTest
from engine.selection.criteria import Situation
from engine.selection.modes import SlopeOn, tabulate
from engine.selection.plan import Plan
from engine.selection.sitting import Standing
from engine.selection.tables import Block
from engine.selection.ties import choose, uniforms
from engine.stopping.glance import decided_competencies
from engine.stopping.rules import decided_by_competency

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Indices = NDArray[np.intp]


def scores(plan: Plan, standing: Standing, allowed: Mask) -> Floats:
    """The criterion of every item, −inf where not allowed: (n_persons, n_items)."""
    out = np.empty(allowed.shape)
    weights = _weights(plan, standing)
    for dimension, block in enumerate(plan.pool.blocks):
        now = _situation(plan, standing, allowed, dimension, block, weights)
        out[:, block.where] = plan.criterion.scores(block, now)
    out[~allowed] = -np.inf
    return out


def _weights(plan: Plan, standing: Standing) -> Floats:
    """1 for a competency still to be decided, the design's smaller weight for a decided one."""
    if plan.pool.n_dimensions == 1 or not plan.criterion.weighs:
        return np.ones_like(standing.theta)
    one = len(standing.keys) == 1
    decided = decided_competencies(plan, standing) if one else decided_by_competency(plan, standing)
    return np.where(decided, plan.design.selection.decided_weight, 1.0)


def _situation(
    plan: Plan, standing: Standing, allowed: Mask, dimension: int, block: Block, weights: Floats
) -> Situation:
    keys = plan.pool.keys[block.where]
    return Situation(
        theta=standing.theta[:, dimension],
        sem=np.sqrt(standing.covariance[:, dimension, dimension]),
        posterior=standing.posterior[:, dimension],
        likelihood=standing.likelihood[:, dimension],
        prior=plan.prior.weights,
        position=standing.position,
        length=plan.design.stopping.max_items,
        eligible=allowed[:, block.where],
        chance=lambda: uniforms(standing.keys[:, None], standing.position, keys),
        slope_on=lambda person: _slope_on(plan, standing, dimension, person),
        cut_theta=plan.cuts[dimension],
        gain=(weights * standing.covariance[:, dimension, :] ** 2).sum(axis=1),
        weight=weights[:, dimension],
        options=plan.design.selection,
    )


def _slope_on(plan: Plan, standing: Standing, dimension: int, person: int) -> SlopeOn:
    """One learner's slope of the log posterior of an ability, to be tabulated where it is wanted."""
    pool, ability = plan.pool, plan.design.ability
    items, categories = standing.items[person], standing.categories[person]
    own = pool.dimension[items] == dimension
    precision = ability.prior_sd**-2 if ability.prior == "normal" else 0.0
    return tabulate(pool.curves, items[own], categories[own], ability.prior_mean, precision)


def allowed_items(plan: Plan, standing: Standing) -> Mask:
    """Items that keep the blueprint completable and that exposure control shows; content never yields, exposure may."""
    legal = standing.eligible & content_mask(plan, standing)
    if plan.control.is_idle:
        return legal
    shown = legal & plan.control.shown(standing.keys, plan.pool.keys, standing.theta[:, 0])
    none_left = ~shown.any(axis=1)
    shown[none_left] = legal[none_left]
    return shown


def content_mask(plan: Plan, standing: Standing) -> Mask:
    """Items whose choice leaves the blueprint completable; everything when nothing is constrained."""
    blueprint = plan.blueprints.at(standing.position)
    if blueprint.shadow is not None:
        return _shadow_mask(plan, blueprint.shadow, standing)
    hierarchy = blueprint.hierarchy
    if hierarchy is None:
        return np.ones_like(standing.eligible)
    atoms = np.eye(hierarchy.n_atoms, dtype=np.int64)[hierarchy.atom]
    given = atoms[standing.items].sum(axis=1)
    left = standing.eligible.astype(np.float64) @ atoms
    return np.asarray(hierarchy.open_atoms(given, left.astype(np.int64))[:, hierarchy.atom])


def _shadow_mask(plan: Plan, model: ShadowModel, standing: Standing) -> Mask:
    """The free items of each sitting's shadow test; of its open stimulus alone while that has items left.

    A learner whose items left cannot fill the shortest test may still be able to fill a longer one.
    """
    worth = shadow_worth(plan, standing)
    mask = np.zeros_like(standing.eligible)
    solver = model.solver()
    for person, given in enumerate(standing.items):
        free = standing.eligible[person] & ~closed_items(plan.constraints.sets, given, len(plan.pool))
        test = _assembled(solver, worth[person], given, free)
        whole = plan.blueprints.whole.shadow
        if test is None and whole is not None and whole is not model:
            test = _assembled(whole.solver(), worth[person], given, free)
        if test is not None:
            mask[person, together(plan.constraints.sets, given, np.setdiff1d(test.items, given))] = True
    return mask


def _assembled(solver: ShadowSolver, worth: Floats, given: Indices, free: Mask) -> ShadowTest | None:
    try:
        return solver.assemble(worth, given, free)
    except NoShadowTest:
        return None


def closed_items(sets: StimulusSets | None, given: Indices, n_items: int) -> Mask:
    """Items of stimuli the sitting has left: a stimulus is not shown a second time."""
    closed = np.zeros(n_items, dtype=bool)
    for members in sets.members if sets is not None and len(given) else ():
        if given[-1] not in members and np.isin(given, members).any():
            closed[members] = True
    return closed


def together(sets: StimulusSets | None, given: Indices, planned: Indices) -> Indices:
    """Planned items, only those of the stimulus on the screen while it still has some: its items stay together."""
    if sets is None or not len(given):
        return planned
    for members in sets.members:
        if given[-1] in members:
            same = planned[np.isin(planned, members)]
            return same if len(same) else planned
    return planned


def shadow_worth(plan: Plan, standing: Standing) -> Floats:
    """What the shadow tests maximise: the criterion, shifted so that every item is worth something."""
    worth = scores(plan, standing, np.ones_like(standing.eligible))
    least = worth.min(axis=1, keepdims=True)
    return np.asarray(worth - np.minimum(least, 0.0))


def best_items(plan: Plan, standing: Standing, allowed: Mask) -> NDArray[np.intp]:
    """The chosen item of every sitting, −1 where none is allowed."""
    best_of = plan.design.exposure.randomesque
    return choose(scores(plan, standing, allowed), standing.keys, standing.position, plan.pool.keys, best_of)
