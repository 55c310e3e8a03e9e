"""Linear forms from a pool: one or many parallel forms, to a target or as informative as possible, with a proven gap.

Forms are assembled one after another, and each programme also holds a relaxed copy of all forms still to come, so an
early form cannot take what a later one needs (the big-shadow-test method, van der Linden & Adema 1998, Journal of
Educational Measurement 35). Parallel forms are interchangeable, so the average of any set of legal forms is a legal
fractional form: the programme of that average bounds what any assembly can reach (van der Linden 2005, ch. 6).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from engine.content.constraints import Constraints
from engine.content.feasibility import InfeasibleDesign, find_shortages
from engine.content.programme import Programme, build_programme
from engine.designs import DesignError

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

FORM_GAP = 1e-3
REPAIRS = 4


@dataclass(frozen=True, slots=True)
class Forms:
    """forms: positions in the pool; information: (n_forms, n_points).

    With a target, value is the largest deviation from it and bound the least any assembly could have; without, value
    is the lowest information relative to `weights` and bound the most any assembly could have. gap: their distance
    relative to the target or the bound.
    """

    forms: tuple[Indices, ...]
    information: Floats
    value: float
    bound: float
    gap: float


@dataclass(frozen=True, slots=True)
class _Task:
    """What every programme of an assembly shares; goal: (n_points,), a target or weights."""

    programme: Programme
    information: Floats
    goal: Floats
    to_target: bool
    seconds: float
    common: Indices


def assemble_forms(
    constraints: Constraints,
    information: ArrayLike,
    *,
    n_forms: int,
    n_items: int,
    target: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    max_use: int = 1,
    common: ArrayLike = (),
    eligible: NDArray[np.bool_] | None = None,
    seconds: float = 30.0,
) -> Forms:
    """Parallel forms of n_items items, each keeping all constraints, no item in more than max_use of them.

    common: positions of items that every form holds, the anchor by which the forms are linked.

    information: (n_points, n_pool) at the abilities that matter; target: (n_points,) information wanted there. Without
    a target the lowest information relative to weights (all 1) is maximised. seconds: limit for all programmes.
    Raises InfeasibleDesign when there are no such forms, with what is missing.
    """
    table = np.atleast_2d(np.asarray(information, dtype=float))
    goal = np.asarray(
        target if target is not None else np.ones(len(table)) if weights is None else weights, dtype=float
    )
    _check(constraints, table, goal, n_forms, n_items, max_use)
    task = _Task(
        build_programme(constraints, n_items, n_items),
        table,
        goal,
        target is not None,
        seconds / (n_forms + 1 + 2 * REPAIRS),
        np.asarray(common, dtype=np.intp),
    )
    left = np.full(constraints.n_items, float(max_use)) * (True if eligible is None else eligible)
    left[task.common] = n_forms
    bound = _average_bound(task, left, n_forms, constraints, n_items)
    forms = []
    for number in range(n_forms):
        chosen = _next_form(task, left, n_forms - number - 1)
        forms.append(chosen)
        left[chosen] -= 1.0
    repairs = 0
    while repairs < REPAIRS and _evaluated(task, forms, bound).gap > FORM_GAP and _replace_the_worst(task, forms, left):
        repairs += 1
    return _evaluated(task, forms, bound)


def _replace_the_worst(task: _Task, forms: list[Indices], left: Floats) -> bool:
    """Assembles the worst and the best form again from their items and those left over, if the worse one gains."""
    short = [_shortfall(task, chosen) for chosen in forms]
    pair = sorted({int(np.argmax(short)), int(np.argmin(short))})
    for number in pair:
        left[forms[number]] += 1.0
    again: list[Indices] = []
    free = left.copy()
    for rest in reversed(range(len(pair))):
        again.append(_next_form(task, free, rest))
        free[again[-1]] -= 1.0
    gains = max(_shortfall(task, chosen) for chosen in again) < max(short)
    if gains:
        for number, chosen in zip(pair, again, strict=True):
            forms[number] = chosen
    for number in pair:
        left[forms[number]] -= 1.0
    return gains


def _shortfall(task: _Task, chosen: Indices) -> float:
    """How far a form is from its goal: the largest deviation, or minus the lowest relative information."""
    reached = task.information[:, chosen].sum(axis=1)
    return float(np.abs(reached - task.goal).max() if task.to_target else -(reached / task.goal).min())


def _check(constraints: Constraints, table: Floats, goal: Floats, n_forms: int, n_items: int, max_use: int) -> None:
    if table.shape[1] != constraints.n_items:
        raise DesignError(
            f"information has {table.shape[1]} columns for {constraints.n_items} items; give one an item."
        )
    if goal.shape != (len(table),) or not (goal > 0).all():
        raise DesignError(f"target or weights must be {len(table)} numbers above 0, one for each ability.")
    if min(n_forms, n_items, max_use) < 1:
        raise DesignError("n_forms, n_items and max_use must be at least 1.")


def _evaluated(task: _Task, forms: list[Indices], bound: float) -> Forms:
    reached = np.array([task.information[:, chosen].sum(axis=1) for chosen in forms])
    if task.to_target:
        value = float(np.abs(reached - task.goal).max())
        gap = (value - bound) / float(task.goal.max())
    else:
        value = float((reached / task.goal).min())
        gap = (bound - value) / max(bound, 1e-12)
    return Forms(tuple(forms), reached, value, bound, max(0.0, gap))


def _average_bound(task: _Task, left: Floats, n_forms: int, constraints: Constraints, n_items: int) -> float:
    """The value of the average form, which no assembly can beat."""
    n = task.programme.n_variables
    ceiling = np.concatenate([np.minimum(left / n_forms, 1.0), np.ones(n - len(left))])
    matrix, low, high = _form_rows(task, 1.0)
    solved = scipy.optimize.milp(
        _objective(task, n),
        integrality=np.zeros(n + 1, dtype=np.int64),
        bounds=scipy.optimize.Bounds(_floor(task, n + 1, 0.0), np.append(ceiling, np.inf)),
        constraints=scipy.optimize.LinearConstraint(matrix, low, high),
    )
    if solved.x is None:
        shortages = find_shortages(constraints, n_items, n_items, left > 0)
        raise InfeasibleDesign(shortages or {f"the pool, for {n_forms} forms at once,": 1.0})
    return float(solved.x[-1])


def _next_form(task: _Task, left: Floats, n_rest: int) -> Indices:
    """The best form that leaves the average of the n_rest others at least as good."""
    n, n_items = task.programme.n_variables, task.programme.n_items
    own, own_low, own_high = _form_rows(task, 1.0)
    ceiling = np.concatenate([np.minimum(left, 1.0), np.ones(n - n_items), [np.inf]])
    if n_rest == 0:
        solved = _solve(task, own, own_low, own_high, ceiling, n, 0)
        return np.flatnonzero(solved[:n_items] > 0.5)
    rest, rest_low, rest_high = _form_rows(task, float(n_rest))
    share = scipy.sparse.eye_array(n_items, n, format="csr")
    matrix = scipy.sparse.block_array(
        [[own[:, :n], None, own[:, n:]], [None, rest[:, :n], rest[:, n:]], [share, share, None]], format="csr"
    )
    low = np.concatenate([own_low, rest_low, np.full(n_items, -np.inf)])
    high = np.concatenate([own_high, rest_high, left])
    uses = np.concatenate([np.minimum(left, n_rest), np.full(n - n_items, float(n_rest))])
    solved = _solve(task, matrix, low, high, np.concatenate([ceiling[:-1], uses, [np.inf]]), n, n)
    return np.flatnonzero(solved[:n_items] > 0.5)


def _solve(
    task: _Task,
    matrix: scipy.sparse.csr_array,
    low: Floats,
    high: Floats,
    ceiling: Floats,
    n_whole: int,
    n_relaxed: int,
) -> Floats:
    """Solves one form's programme; a deviation within FORM_GAP of the target counts as none."""
    cost = np.concatenate([np.zeros(n_relaxed), _objective(task, n_whole)])
    whole = np.concatenate([np.ones(n_whole, dtype=np.int64), np.zeros(n_relaxed + 1, dtype=np.int64)])
    floor = _floor(task, len(cost), FORM_GAP * float(task.goal.max()) if task.to_target else 0.0)
    for gap in (FORM_GAP, 1.0):
        solved: scipy.optimize.OptimizeResult = scipy.optimize.milp(
            cost,
            integrality=whole,
            bounds=scipy.optimize.Bounds(floor, ceiling),
            constraints=scipy.optimize.LinearConstraint(matrix, low, high),
            options={"mip_rel_gap": gap, "time_limit": task.seconds},
        )
        if solved.x is not None:
            return np.asarray(solved.x)
    raise InfeasibleDesign({"the pool, for all forms together within the time allowed,": 1.0})


def _floor(task: _Task, n_columns: int, least: float) -> Floats:
    """Lower bounds: the common items are in every form, and the objective is at least `least`."""
    floor = np.zeros(n_columns)
    floor[task.common] = 1.0
    floor[-1] = least
    return floor


def _objective(task: _Task, n_variables: int) -> Floats:
    """Least deviation, or most information: the last variable."""
    return np.append(np.zeros(n_variables), 1.0 if task.to_target else -1.0)


def _form_rows(task: _Task, n_forms: float) -> tuple[scipy.sparse.csr_array, Floats, Floats]:
    """Rows of the constraints and of the information of the sum of n_forms forms; the last column is the objective."""
    programme, points = task.programme, len(task.goal)
    n_sets = programme.n_variables - programme.n_items
    table = np.hstack([task.information, np.zeros((points, n_sets))])
    content = np.hstack([programme.matrix, np.zeros((len(programme.low), 1))])
    low, high = programme.low * n_forms, programme.high * n_forms
    if task.to_target:
        above = np.hstack([table, np.full((points, 1), n_forms)])
        below = np.hstack([table, np.full((points, 1), -n_forms)])
        matrix = np.vstack([content, above, below])
        low = np.concatenate([low, task.goal * n_forms, np.full(points, -np.inf)])
        high = np.concatenate([high, np.full(points, np.inf), task.goal * n_forms])
    else:
        matrix = np.vstack([content, np.hstack([table, -n_forms * task.goal[:, None]])])
        low = np.concatenate([low, np.zeros(points)])
        high = np.concatenate([high, np.full(points, np.inf)])
    return scipy.sparse.csr_array(scipy.sparse.coo_array(matrix)), low, high
