"""The same course for the commonest design, maximum information on one ability, at the speed of a few multiplications.

An answer multiplies the posterior on the grid by a row of a table; theta falls out of the same pass; and the next item
comes from the candidate lists of the cell of theta (`engine.selection.candidates`), so the cost hardly depends on the
size of the bank. The items are those of the general course, and a test holds them equal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.designs import AllRule, AnyRule, ConfidenceRule, LengthRule, LossRule, SemRule
from engine.selection.candidates import CandidateLists
from engine.selection.estimators import point_estimate
from engine.selection.plan import Plan
from engine.selection.sitting import Standing
from engine.selection.tables import Block
from engine.selection.ties import Keys, choose
from engine.simulation.cohort import Answer, Indices, Mask, Sittings, longest_test
from engine.stopping.stop import stop_reasons

Floats = NDArray[np.float64]

_QUICK_RULES = (AllRule, AnyRule, ConfidenceRule, LengthRule, LossRule, SemRule)
_RESCALE_EVERY = 8


def is_fast(plan: Plan) -> bool:
    """Whether a plan may take this course."""
    free = plan.is_simple and plan.control.is_idle and plan.blueprints.whole.hierarchy is None
    free = free and plan.design.stopping.max_seconds is None
    return free and all(isinstance(rule, _QUICK_RULES) for rule in plan.design.rules())


@dataclass(slots=True)
class _Group:
    """The learners still at work: place in the cohort, key, product of prior and likelihood, items used, history."""

    persons: Indices
    keys: Keys
    product: Floats
    used: Mask
    items: Indices
    categories: Indices

    def keep(self, rows: Mask) -> None:
        """Drops the others."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name)[rows])


def run_fast(plan: Plan, persons: Indices, keys: Keys, eligible: Mask, answer: Answer, into: Sittings) -> None:
    """Runs the sittings of these persons to their end; see `engine.simulation.cohort.run_general`."""
    longest = longest_test(plan)
    table = plan.pool.probability
    rows = table.reshape(-1, table.shape[2])
    history = np.zeros((len(persons), longest), dtype=np.intp)
    start = plan.prior.weights if plan.design.ability.estimator == "eap" else np.ones(table.shape[2])
    group = _Group(persons, keys, np.tile(start, (len(persons), 1)), ~eligible, history, history.copy())
    for position in range(longest + 1):
        theta, sem = _estimate(plan, group, position)
        chosen = _end_some(plan, group, position, theta, sem, into)
        if not len(group.persons):
            return
        categories = answer(group.persons, chosen, position)
        group.items[:, position], group.categories[:, position] = chosen, categories
        group.used[np.arange(len(chosen)), chosen] = True
        group.product *= rows[chosen * table.shape[1] + categories]
        if position % _RESCALE_EVERY == _RESCALE_EVERY - 1:
            group.product /= group.product.max(axis=1, keepdims=True)


def _estimate(plan: Plan, group: _Group, position: int) -> tuple[Floats, Floats]:
    """theta and, where a rule or the end asks for it, sem."""
    ability, nodes = plan.design.ability, plan.pool.nodes
    if ability.estimator != "eap":
        items, categories = group.items[:, :position], group.categories[:, :position]
        return point_estimate(plan.pool, ability, items, categories, group.product)
    moments = group.product @ np.stack([np.ones_like(nodes), nodes, nodes * nodes], axis=1)
    mean = moments[:, 1] / moments[:, 0]
    sem = np.sqrt(np.maximum(moments[:, 2] / moments[:, 0] - mean * mean, 0.0))
    return (np.full_like(mean, ability.start_theta) if position == 0 else mean), sem


def _end_some(plan: Plan, group: _Group, position: int, theta: Floats, sem: Floats, into: Sittings) -> Indices:
    """Records the sittings that end here, drops them from the group, and returns the next items of the others."""
    stopping = plan.design.stopping
    may_end = position >= stopping.max_items or (stopping.rule is not None and position >= stopping.min_items)
    reasons: NDArray[np.object_] | None = None
    if may_end:
        reasons = stop_reasons(plan, _standing(plan, group, position, theta, sem))
    if position >= stopping.max_items:
        chosen = np.full(len(theta), -1, dtype=np.intp)
    else:
        chosen = _most_informative(plan.pool.blocks[0], group, theta, position, plan.pool.keys)
    stuck = chosen < 0
    if reasons is None and not stuck.any():
        return chosen
    reasons = np.full(len(theta), "", dtype=object) if reasons is None else reasons
    reasons[stuck & (reasons == "")] = "pool_exhausted"
    over = reasons != ""
    if over.any():
        standing = _standing(plan, group, position, theta, sem).rows(over)
        into.finish(plan, group.persons[over], standing, reasons[over])
        group.keep(~over)
    return np.asarray(chosen[~over])


def _standing(plan: Plan, group: _Group, position: int, theta: Floats, sem: Floats) -> Standing:
    weighted = group.product if plan.design.ability.estimator == "eap" else group.product * plan.prior.weights
    posterior = (weighted / weighted.sum(axis=1, keepdims=True))[:, None, :]
    return Standing(
        keys=group.keys,
        items=group.items[:, :position],
        categories=group.categories[:, :position],
        likelihood=posterior,
        posterior=posterior,
        theta=theta[:, None],
        sem=sem[:, None],
        covariance=(sem**2)[:, None, None],
        eligible=~group.used,
        seconds=np.zeros(len(theta)),
    )


def _most_informative(block: Block, group: _Group, theta: Floats, position: int, item_keys: Keys) -> Indices:
    """The item of most information each learner may still be shown, −1 where there is none."""
    lists = block.candidates
    cell, length = lists.cell(theta), lists.order.shape[1]
    rank = _first_free(lists, cell, group.used, position + 1)
    found = rank < length
    safe = np.where(found, rank, 0)
    reach = lists.reach[cell, safe]
    chosen = np.where(found, lists.order[cell, safe], -1).astype(np.intp)
    beyond = (~found | (reach >= length)) & (not lists.complete)
    contested = np.flatnonzero(found & ~beyond & (reach > safe))
    if len(contested):
        chosen[contested] = _among_rivals(block, group, theta, position, item_keys, contested, cell, safe, reach)
    for row in np.flatnonzero(beyond):
        free = np.flatnonzero(~group.used[row])
        if len(free):
            scores = block.curves.information(free, theta[row])[None]
            chosen[row] = free[choose(scores, group.keys[row : row + 1], position, item_keys[free])[0]]
    return chosen


def _first_free(lists: CandidateLists, cell: Indices, used: Mask, n_tried: int) -> Indices:
    """Rank of the first unused item in each cell's list; the length of the list where all are used.

    Among the first n_tried ranks one is free unless items were barred from the start.
    """
    length, each = lists.order.shape[1], np.arange(len(cell))
    width = min(n_tried, length)
    flat, base = used.reshape(-1), each * used.shape[1]
    taken = flat[lists.order[cell, :width] + base[:, None]]
    rank = taken.argmin(axis=1)
    full = np.flatnonzero(taken[each, rank])
    if len(full):
        taken = flat[lists.order[cell[full]] + base[full, None]]
        first = taken.argmin(axis=1)
        rank[full] = np.where(taken[np.arange(len(full)), first], length, first)
    return np.asarray(rank)


def _among_rivals(
    block: Block,
    group: _Group,
    theta: Floats,
    position: int,
    item_keys: Keys,
    rows: Indices,
    cell: Indices,
    rank: Indices,
    reach: NDArray[np.int16],
) -> Indices:
    """Exact comparison of the items whose order may change within the cell."""
    width = int((reach[rows] - rank[rows]).max()) + 1
    steps = rank[rows, None] + np.arange(width)
    inside = steps <= reach[rows, None]
    rivals = block.candidates.order[cell[rows, None], np.minimum(steps, reach[rows, None])].astype(np.intp)
    inside &= ~group.used[rows[:, None], rivals]
    information = np.where(inside, block.curves.information(rivals, theta[rows, None]), -np.inf)
    best = choose(information, group.keys[rows], position, item_keys[rivals])
    return np.asarray(rivals[np.arange(len(rows)), best])
