"""The next step of many sittings of one plan at once: what `next_item` does for one, to the same bits.

An operation on sixty numbers costs hardly less than one on six thousand, so answers that wait together are cheaper
together. What is not plain (a rule that may hold, items that are nearly equal) is left to the way of one sitting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.selection.course import Course
from engine.selection.next_item import Estimated, NextItem, step_and_estimate, step_at_a_glance, step_by_rules
from engine.selection.plan import Plan
from engine.selection.sitting import Sitting
from engine.stopping.glance import Glance, early_until, estimates_at

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Mask = NDArray[np.bool_]


SittingOf = Callable[[int], Sitting]
"""The sitting at a place of a batch, asked for only where its course does not tell enough."""


def steps_together(plan: Plan, courses: Sequence[Course | None], sitting_of: SittingOf) -> list[Estimated]:
    """`step_and_estimate` of each sitting with its course, where one is kept."""
    kept = {place: course for place, course in enumerate(courses) if course is not None and course.n_given}
    quick = _quickly(plan, kept, sitting_of) if kept else {}
    return [
        quick.get(place) or step_and_estimate(plan, sitting_of(place), course) for place, course in enumerate(courses)
    ]


def _quickly(plan: Plan, kept: Mapping[int, Course], sitting_of: SittingOf) -> dict[int, Estimated]:
    """By place the steps of sittings whose product does not underflow."""
    courses = list(kept.values())
    likelihoods = np.array([course.product for course in courses]) * np.array([course.blocks for course in courses])
    tops = np.maximum.reduce(likelihoods, axis=1)
    if not tops.min() > 0.0:
        return {}
    posteriors, thetas, sems = estimates_at(plan, likelihoods / tops[:, None])
    items = _best_by_lists(plan, np.array(thetas), courses).tolist()
    steps, early = {}, early_until(plan)
    for row, (place, item, theta, sem) in enumerate(zip(kept, items, thetas, sems, strict=True)):
        if item >= 0 and courses[row].n_given < early:
            steps[place] = Estimated(NextItem(item), theta, sem)
        else:
            glance = Glance(posteriors[row], theta, sem)
            sitting, best = sitting_of(place), item if item >= 0 else None
            steps[place] = step_at_a_glance(plan, sitting, courses[row], glance, best) or step_by_rules(plan, sitting)
    return steps


def _best_by_lists(plan: Plan, theta: Floats, courses: Sequence[Course]) -> Indices:
    """(n_persons,) The only item that can be best at an ability; −1 where several can, or the list is used up."""
    lists, rows = plan.pool.blocks[0].candidates, np.arange(len(courses))
    cell = lists.cell(theta)
    order = lists.order[cell]
    allowed = _allowed(plan, courses, order)
    rank = allowed.argmax(axis=1)
    last = lists.reach[cell, rank]
    is_clear = allowed[rows, rank] & ((last < order.shape[1]) | lists.complete)
    places = np.arange(order.shape[1])
    rivals = allowed & (places > rank[:, None]) & (places <= last[:, None])
    return np.where(is_clear & ~rivals.any(axis=1), order[rows, rank], -1)


def _allowed(plan: Plan, courses: Sequence[Course], items: NDArray[np.signedinteger]) -> Mask:
    """(n_persons, n_listed) `Course.allowed` of each, for items of the same shape."""
    rows = np.arange(len(courses))[:, None]
    free: Mask = np.array([course.free for course in courses])[rows, items]
    hierarchy = plan.blueprints.whole.hierarchy
    if hierarchy is None:
        return free
    is_open = np.empty((len(courses), hierarchy.n_atoms), dtype=bool)
    tallies = np.array([course.tally for course in courses])
    in_core = np.array([course.n_given for course in courses]) < plan.blueprints.core_items
    for there, blueprint in ((in_core, plan.blueprints.core), (~in_core, plan.blueprints.whole)):
        if blueprint.open_atoms is not None and there.any():
            is_open[there] = blueprint.open_atoms.of(tallies[there])
    return np.asarray(free & is_open[rows, hierarchy.atom[items]])
