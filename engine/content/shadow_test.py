"""Shadow tests: at every step the best whole test that contains what was given and keeps every constraint.

The next item is the best free item of that test, so a sitting can never reach a dead end (van der Linden & Reese 1998,
Applied Psychological Measurement 22). Between two steps only costs and a bound change, so the simplex method starts
from the last basis and needs few pivots; the relaxation is mostly integral already. Where it is not, variables whose
reduced cost exceeds the distance to a known test are fixed, and branching on the rest restarts from the same basis.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import highspy
import numpy as np
from numpy.typing import NDArray

from engine.content.constraints import Constraints
from engine.content.programme import Programme, build_programme

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

INTEGRAL = 1e-6
NODE_LIMIT = 20_000


class NoShadowTest(ValueError):
    """No test contains the given items and keeps every constraint with the items that are left."""


@dataclass(frozen=True, slots=True)
class ShadowModel:
    """The programme of a blueprint, from which solvers are made."""

    programme: Programme

    def solver(self) -> ShadowSolver:
        """A solver of its own memory for one sitting, or for many one after another."""
        return ShadowSolver(self.programme)


@dataclass(frozen=True, slots=True)
class ShadowTest:
    """items: positions in the pool, ascending; value: the objective; bound: no test is better than this."""

    items: Indices
    value: float
    bound: float
    n_nodes: int

    @property
    def gap(self) -> float:
        """Relative distance between the test and the bound; 0 when proven optimal."""
        return max(0.0, self.bound - self.value) / max(abs(self.bound), 1e-12)


def build_shadow_model(constraints: Constraints, min_items: int, max_items: int) -> ShadowModel:
    """The model of tests of min_items to max_items items."""
    return ShadowModel(build_programme(constraints, min_items, max_items))


@dataclass(slots=True)
class _Node:
    """A branch: variables fixed to 0 or 1 below the root."""

    fixed: tuple[tuple[int, float], ...] = ()


@dataclass(slots=True)
class _Search:
    """The best test found so far and the gap at which the search may end."""

    gap: float
    value: float = -np.inf
    solution: Floats | None = None
    bound: float = -np.inf
    n_nodes: int = 0
    left: list[tuple[float, _Node]] = field(default_factory=list)

    @property
    def enough(self) -> float:
        """A branch whose bound does not exceed this cannot matter."""
        return self.value + max(1e-9, self.gap * abs(self.value))


class ShadowSolver:
    """A warm simplex method on one programme."""

    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        n = programme.n_variables
        self._columns = np.arange(n, dtype=np.int32)
        self._low, self._high = np.zeros(n), np.ones(n)
        self._cost = np.zeros(n)
        self._last: Floats | None = None
        self._highs = _relaxation(programme)

    def assemble(
        self, worth: Floats, given: Indices, eligible: NDArray[np.bool_] | None = None, gap: float = 0.0
    ) -> ShadowTest:
        """The legal test of highest total worth that contains the items given.

        worth: (n_items,); eligible: (n_items,) items that may be added. A relative `gap` above 0 allows the search to
        end early. Raises NoShadowTest when there is none.
        """
        self._set_bounds(given, eligible)
        self._set_cost(worth)
        search = _Search(gap)
        self._warm_start(search)
        self._root(search)
        if search.solution is None:
            raise NoShadowTest("No test with the items left keeps every constraint; publish a larger pool.")
        self._last = search.solution
        chosen = np.flatnonzero(search.solution[: self.programme.n_items] > 0.5)
        return ShadowTest(chosen, search.value, max(search.bound, search.value), search.n_nodes)

    def _set_bounds(self, given: Indices, eligible: NDArray[np.bool_] | None) -> None:
        low, high = np.zeros_like(self._low), np.ones_like(self._high)
        if eligible is not None:
            high[: len(eligible)] = eligible
        low[given] = high[given] = 1.0
        changed = np.flatnonzero((low != self._low) | (high != self._high)).astype(np.int32)
        if len(changed):
            self._highs.changeColsBounds(len(changed), changed, low[changed], high[changed])
        self._low, self._high = low, high

    def _set_cost(self, worth: Floats) -> None:
        self._cost[: len(worth)] = worth
        self._highs.changeColsCost(len(self._columns), self._columns, self._cost)

    def _warm_start(self, search: _Search) -> None:
        """The last shadow test is a legal test still, unless the given items or the eligible ones say otherwise."""
        last = self._last
        if last is not None and np.all(last >= self._low) and np.all(last <= self._high):
            search.value, search.solution = float(self._cost @ last), last

    def _solve(self) -> tuple[float, Floats] | None:
        self._highs.run()
        if self._highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        return self._highs.getInfo().objective_function_value, np.asarray(self._highs.getSolution().col_value)

    def _root(self, search: _Search) -> None:
        solved = self._solve()
        search.n_nodes = 1
        if solved is None:
            return
        value, x = solved
        search.bound = value
        if _is_integral(x):
            search.value, search.solution = value, np.rint(x)
            return
        if value > search.enough:
            self._branch(search, value, x)

    def _branch(self, search: _Search, root_value: float, x: Floats) -> None:
        reduced = np.asarray(self._highs.getSolution().col_dual)
        self._round(search, x)
        fixed = self._fix_by_reduced_costs(search, root_value, x, reduced)
        search.left = [(root_value, _Node())]
        self._depth_first(search, self._split(search, x, root_value, _Node()))
        self._release(fixed)

    def _depth_first(self, search: _Search, waiting: list[tuple[float, _Node]]) -> None:
        search.left = waiting
        current: dict[int, float] = {}
        while search.left and search.n_nodes < NODE_LIMIT:
            bound, node = search.left.pop()
            if bound <= search.enough:
                continue
            self._move(current, dict(node.fixed))
            current = dict(node.fixed)
            solved = self._solve()
            search.n_nodes += 1
            if solved is None or solved[0] <= search.enough:
                continue
            value, x = solved
            if _is_integral(x):
                search.value, search.solution = value, np.rint(x)
                continue
            if search.n_nodes % 8 == 2:
                self._round(search, x)
            search.left.extend(self._split(search, x, value, node))
        self._move(current, {})
        open_bounds = [bound for bound, _ in search.left]
        search.bound = min(search.bound, max([search.enough, *open_bounds]))

    def _split(self, search: _Search, x: Floats, value: float, node: _Node) -> list[tuple[float, _Node]]:
        """Two branches on the most fractional variable, stimulus sets first; the likelier one is searched first."""
        distance = np.abs(x - np.rint(x))
        first_set = self.programme.n_items
        sets = distance[first_set:]
        column = first_set + int(sets.argmax()) if sets.size and sets.max() > INTEGRAL else int(distance.argmax())
        likely = float(np.rint(x[column]))
        near, far = _Node((*node.fixed, (column, likely))), _Node((*node.fixed, (column, 1.0 - likely)))
        return [(value, far), (value, near)]

    def _move(self, old: dict[int, float], new: dict[int, float]) -> None:
        """Bounds of the branch's variables from one node of the search to another."""
        for column in old.keys() - new.keys():
            self._highs.changeColBounds(column, self._low[column], self._high[column])
        for column, value in new.items():
            if old.get(column) != value:
                self._highs.changeColBounds(column, value, value)

    def _fix_by_reduced_costs(self, search: _Search, root_value: float, x: Floats, reduced: Floats) -> Indices:
        if search.solution is None:
            return np.zeros(0, dtype=np.intp)
        room = root_value - search.enough
        free = self._low < self._high
        at_zero = free & (x < INTEGRAL) & (-reduced > room)
        at_one = free & (x > 1.0 - INTEGRAL) & (reduced > room)
        fixed = np.flatnonzero(at_zero | at_one)
        values = at_one[fixed].astype(float)
        if len(fixed):
            self._highs.changeColsBounds(len(fixed), fixed.astype(np.int32), values, values)
            self._low[fixed] = self._high[fixed] = values
        return fixed

    def _release(self, fixed: Indices) -> None:
        if len(fixed):
            self._low[fixed], self._high[fixed] = 0.0, 1.0
            self._highs.changeColsBounds(len(fixed), fixed.astype(np.int32), self._low[fixed], self._high[fixed])

    def _round(self, search: _Search, x: Floats) -> None:
        """A legal test near the relaxation, if one is found by fixing what is nearly integral and diving."""
        order = np.flatnonzero(np.abs(x - np.rint(x)) > INTEGRAL)
        pinned: list[int] = []
        point, solved = x, None
        for _ in range(len(order) + 3):
            fractional = np.flatnonzero(np.abs(point - np.rint(point)) > INTEGRAL)
            sets = fractional[fractional >= self.programme.n_items]
            fractional = sets if len(sets) else fractional
            column = int(fractional[point[fractional].argmax()])
            self._highs.changeColBounds(column, 1.0, 1.0)
            pinned.append(column)
            solved = self._solve()
            if solved is None or solved[0] <= search.enough or _is_integral(solved[1]):
                break
            point = solved[1]
        for column in pinned:
            self._highs.changeColBounds(column, self._low[column], self._high[column])
        if solved is not None and solved[0] > search.value and _is_integral(solved[1]):
            search.value, search.solution = solved[0], np.rint(solved[1])


def _is_integral(x: Floats) -> bool:
    return bool(np.abs(x - np.rint(x)).max(initial=0.0) <= INTEGRAL)


def _relaxation(programme: Programme) -> highspy.Highs:
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    highs.setOptionValue("presolve", "off")
    highs.setOptionValue("solver", "simplex")
    n_rows, n_columns = programme.matrix.shape
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = n_columns, n_rows
    model.col_cost_ = np.zeros(n_columns)
    model.col_lower_, model.col_upper_ = np.zeros(n_columns), np.ones(n_columns)
    model.row_lower_ = np.where(np.isfinite(programme.low), programme.low, -highspy.kHighsInf)
    model.row_upper_ = np.where(np.isfinite(programme.high), programme.high, highspy.kHighsInf)
    starts, rows, values = _columnwise(programme.matrix)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = starts, rows, values
    model.sense_ = highspy.ObjSense.kMaximize
    highs.passModel(model)
    return highs


def _columnwise(matrix: Floats) -> tuple[NDArray[np.int32], NDArray[np.int32], Floats]:
    columns, rows = np.nonzero(matrix.T)
    starts = np.searchsorted(columns, np.arange(matrix.shape[1] + 1))
    return starts.astype(np.int32), rows.astype(np.int32), matrix[rows, columns]
