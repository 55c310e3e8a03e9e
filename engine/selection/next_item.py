"""The live step: from a sitting's answers to its next item, or to the reason why it ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.multistage import next_of_form
from engine.selection.course import Course, course_of
from engine.selection.plan import Plan
from engine.selection.posterior import joined
from engine.selection.ranking import allowed_items, best_items
from engine.selection.sitting import Sitting, Standing, session_key
from engine.selection.standing import stand
from engine.selection.ties import choose
from engine.stopping.glance import Glance, glance_at, glances_of, may_end, sure_end
from engine.stopping.stop import Stop, end_of_form, stop_for, stop_reasons

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class NextItem:
    """The position in the pool of the item to show."""

    item: int


class Estimated(NamedTuple):
    """A step with the theta and sem that it comes from; of several competencies, their means."""

    step: NextItem | Stop
    theta: float
    sem: float


def next_step(plan: Plan, sitting: Sitting) -> NextItem | Stop:
    """The next item of a sitting, or why it ends. A pure function of its arguments, equal on every machine."""
    quick = _at_a_glance(plan, sitting, None)
    if quick is not None:
        return quick.step
    standing = None if _needs_no_standing(plan) else stand(plan, sitting)
    return _stop(plan, sitting, standing) or _select(plan, sitting, standing)


def step_and_estimate(plan: Plan, sitting: Sitting, course: Course | None = None) -> Estimated:
    """`next_step` with the estimate it comes from, for whoever needs both; `course`: the sitting's, if it is kept."""
    return _at_a_glance(plan, sitting, course) or step_by_rules(plan, sitting)


def step_by_rules(plan: Plan, sitting: Sitting) -> Estimated:
    """The same for a sitting of which a glance does not tell enough."""
    standing = stand(plan, sitting)
    step = _stop(plan, sitting, standing) or _select(plan, sitting, standing)
    return Estimated(step, float(standing.theta[0].mean()), float(standing.sem[0].mean()))


def goes_by_course(plan: Plan) -> bool:
    """Whether most steps of a plan need no more of a sitting than its course."""
    return plan.design.ability.estimator == "eap" and _has_candidates(plan)


def _at_a_glance(plan: Plan, sitting: Sitting, course: Course | None) -> Estimated | None:
    """The step where a glance tells whether the sitting goes on, and the lists what is best then; None elsewhere."""
    if not len(sitting.items) or not goes_by_course(plan):
        return None
    course = course or course_of(plan, sitting)
    likelihood = None if course is None else joined(course.blocks, course.product)
    if course is None or likelihood is None:
        return None
    glance = glance_at(plan, likelihood)
    return step_at_a_glance(plan, sitting, course, glance, None)


def step_at_a_glance(
    plan: Plan, sitting: Sitting, course: Course, glance: Glance, best: int | None
) -> Estimated | None:
    """The step of a sitting where a glance tells it; `best`: the only item that can be best, where that is known."""
    if may_end(plan, sitting, [glance]):
        reason = sure_end(plan, sitting, course, glance)
        return None if reason is None else Estimated(stop_for(reason), glance.theta, glance.sem)
    item = item_by_lists(plan, sitting, glance.theta, course) if best is None else best
    return None if item is None else Estimated(NextItem(item), glance.theta, glance.sem)


def should_stop(plan: Plan, sitting: Sitting) -> Stop | None:
    """The reason why the sitting ends now by the design's rules, None while it goes on."""
    return _stop(plan, sitting, None)


def select_next(plan: Plan, sitting: Sitting) -> NextItem | Stop:
    """The item to show next, or a stop when no item is left that may be shown and keeps the blueprint."""
    return _select(plan, sitting, None)


def _needs_no_standing(plan: Plan) -> bool:
    """Whether length alone ends the test and candidate lists alone choose its items."""
    stopping = plan.design.stopping
    return stopping.rule is None and stopping.max_seconds is None and _has_candidates(plan)


def _has_candidates(plan: Plan) -> bool:
    return plan.is_simple and plan.control.is_idle


def _stop(plan: Plan, sitting: Sitting, standing: Standing | None) -> Stop | None:
    stopping = plan.design.stopping
    if stopping.rule is None and stopping.max_seconds is None:
        full = plan.design.form == "adaptive" and len(sitting.items) >= stopping.max_items
        return stop_for("max_items") if full else None
    standing = standing or stand(plan, sitting)
    if not may_end(plan, sitting, glances_of(standing)):
        return None
    reason = str(stop_reasons(plan, standing)[0])
    return stop_for(reason) if reason else None


def _select(plan: Plan, sitting: Sitting, standing: Standing | None) -> NextItem | Stop:
    if plan.design.form != "adaptive":
        standing = standing or stand(plan, sitting)
        item = int(next_of_form(plan.design, plan.pool, standing)[0])
        return stop_for(end_of_form(standing.position)) if item < 0 else NextItem(item)
    course = course_of(plan, sitting) if _has_candidates(plan) else None
    if course is not None:
        theta = _expected_theta(plan, sitting, course) if standing is None else float(standing.theta[0, 0])
        quick = item_by_lists(plan, sitting, theta, course)
        if quick is not None:
            return NextItem(quick)
    return _by_scores(plan, standing or stand(plan, sitting))


def _by_scores(plan: Plan, standing: Standing) -> NextItem | Stop:
    item = int(best_items(plan, standing, allowed_items(plan, standing))[0])
    return stop_for("pool_exhausted") if item < 0 else NextItem(item)


def item_by_lists(plan: Plan, sitting: Sitting, theta: float, course: Course) -> int | None:
    """Maximum information among the few items that can be best at this ability; None when the list is used up."""
    block = plan.pool.blocks[0]
    lists = block.candidates
    cell = int(min(max((theta - lists.lower) / lists.width, 0.0), len(lists.order) - 1))
    order = lists.order[cell]
    free = course.allowed(plan, order)
    rank = int(free.argmax())
    if not free[rank]:
        return None
    last = int(lists.reach[cell, rank])
    if last >= len(order) and not lists.complete:
        return None
    rivals = order[rank : last + 1][free[rank : last + 1]].astype(np.intp)
    if len(rivals) == 1:
        return int(rivals[0])
    information = block.curves.information(rivals, np.array(theta))[None]
    best = choose(information, session_key(sitting), len(sitting.items), plan.pool.keys[rivals])
    return int(rivals[best[0]])


def _expected_theta(plan: Plan, sitting: Sitting, course: Course) -> float:
    if not len(sitting.items):
        return plan.design.ability.start_theta
    likelihood = joined(course.blocks, course.product)
    if plan.design.ability.estimator != "eap" or likelihood is None:
        return float(stand(plan, sitting).theta[0, 0])
    return glance_at(plan, likelihood).theta
