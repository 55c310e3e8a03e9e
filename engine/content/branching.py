"""Branch and bound on a warm relaxation: from its fractional optimum to the best whole test, with a proof."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from engine.content.relaxation import INTEGRAL, Relaxation, is_integral

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Fixed = tuple[tuple[int, float], ...]

NODE_LIMIT = 60
"""A search that takes more nodes than this is left to HiGHS, whose cuts and presolve then pay for themselves."""


@dataclass(frozen=True, slots=True)
class Part:
    """The programme of the columns still open: low ≤ matrix @ x ≤ high."""

    matrix: Floats
    low: Floats
    high: Floats


@dataclass(slots=True)
class Search:
    """The best test found so far, the bound on all others, and the relative gap at which the search may end."""

    gap: float
    value: float = -np.inf
    solution: Floats | None = None
    bound: float = np.inf
    n_nodes: int = 0

    @property
    def enough(self) -> float:
        """A branch whose bound does not exceed this cannot matter."""
        if self.solution is None:
            return -np.inf
        return self.value + max(1e-9, self.gap * abs(self.value))

    def offer(self, value: float, solution: Floats) -> None:
        """Takes a whole test when it is better than the best so far."""
        if self.solution is None or value > self.value:
            self.value, self.solution = value, np.rint(solution)


def dive(relaxation: Relaxation, search: Search, x: Floats, first_set: int) -> None:
    """Looks for a good whole test by fixing fractional variables one after another, the other way when that fails."""
    pinned: list[int] = []
    for _ in range(40):
        column = _branching_column(x, first_set)
        likely = 1.0 if x[column] >= 0.3 else 0.0
        solved = None
        for value in (likely, 1.0 - likely):
            relaxation.fix(column, value)
            solved = relaxation.solve()
            search.n_nodes += 1
            if solved is not None:
                break
        pinned.append(column)
        if solved is None or solved[0] <= search.enough:
            break
        if is_integral(solved[1]):
            search.offer(*solved)
            break
        x = solved[1]
    for column in pinned:
        relaxation.free(column)


def undecided(search: Search, root: float, x: Floats, reduced: Floats, low: Floats, high: Floats) -> Indices:
    """Columns that may still differ between the rounded relaxation and a test better than the best so far.

    A column at a bound whose reduced cost exceeds the distance of the two values cannot move (Crowder, Johnson &
    Padberg 1983).
    """
    room = root - search.enough
    stays = (x < INTEGRAL) & (-reduced > room) | (x > 1.0 - INTEGRAL) & (reduced > room)
    return np.flatnonzero((low < high) & ~stays)


def branch(relaxation: Relaxation, search: Search, first_set: int) -> bool:
    """Depth first from the root of a relaxation; whether it was finished, so that search.bound holds within it."""
    left: list[tuple[float, Fixed]] = [(search.bound, ())]
    current: dict[int, float] = {}
    most = search.n_nodes + NODE_LIMIT
    while left and search.n_nodes < most:
        bound, fixed = left.pop()
        if bound <= search.enough:
            continue
        _move(relaxation, current, dict(fixed))
        current = dict(fixed)
        solved = relaxation.solve()
        search.n_nodes += 1
        if solved is None or solved[0] <= search.enough:
            continue
        if is_integral(solved[1]):
            search.offer(*solved)
            continue
        column = _branching_column(solved[1], first_set)
        likely = float(np.rint(solved[1][column]))
        left.append((solved[0], (*fixed, (column, 1.0 - likely))))
        left.append((solved[0], (*fixed, (column, likely))))
    _move(relaxation, current, {})
    if not left:
        search.bound = min(search.bound, search.enough)
    return not left


def solve_whole(part: Part, cost: Floats, search: Search) -> None:
    """The same by HiGHS's own branch and cut."""
    solved = scipy.optimize.milp(
        -cost,
        integrality=np.ones(len(cost), dtype=np.int64),
        bounds=scipy.optimize.Bounds(0.0, 1.0),
        constraints=scipy.optimize.LinearConstraint(scipy.sparse.csr_array(part.matrix), part.low, part.high),
        options={"mip_rel_gap": search.gap},
    )
    if solved.x is not None:
        search.offer(float(-solved.fun), solved.x)
        proven = max(float(-solved.mip_dual_bound), search.value)
        search.bound = min(search.bound, max(proven, search.value))
    else:
        search.bound = min(search.bound, search.enough)
    search.n_nodes += int(solved.mip_node_count or 0)


def _branching_column(x: Floats, first_set: int) -> int:
    """The most fractional variable, stimulus sets before items."""
    distance = np.abs(x - np.rint(x))
    sets = distance[first_set:]
    return first_set + int(sets.argmax()) if sets.size and sets.max() > INTEGRAL else int(distance.argmax())


def _move(relaxation: Relaxation, old: dict[int, float], new: dict[int, float]) -> None:
    """Bounds of the fixed columns from one node of the search to another."""
    for column in old.keys() - new.keys():
        relaxation.free(column)
    for column, value in new.items():
        if old.get(column) != value:
            relaxation.fix(column, value)
