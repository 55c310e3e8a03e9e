"""Shadow tests: at every step the best whole test that contains what was given and keeps every constraint.

The next item is the best free item of that test, so a sitting can never reach a dead end (van der Linden & Reese 1998,
Applied Psychological Measurement 22). Between two steps only costs and a bound change, so the simplex method starts
from the last basis and needs few pivots; the relaxation is mostly integral already. Where it is not, a dive finds a
good test, variables whose reduced cost exceeds the distance to it are fixed, and a small programme of the rest is
branched.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.content.branching import Part, Search, branch, dive, solve_whole, undecided
from engine.content.constraints import Constraints
from engine.content.departures import search_departures
from engine.content.programme import Programme, build_programme
from engine.content.relaxation import Relaxation, Relaxed, is_integral

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

REACH_AGAIN = 1.2
"""The relaxation is about as far from whole as it was a step ago."""


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


class ShadowSolver:
    """A warm simplex method on one programme."""

    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        self._relaxation = Relaxation(programme.matrix, programme.low, programme.high)
        self._last: Floats | None = None
        self._last_loss = 0.0

    def assemble(
        self, worth: Floats, given: Indices, eligible: NDArray[np.bool_] | None = None, gap: float = 0.0
    ) -> ShadowTest:
        """The legal test of highest total worth that contains the items given.

        worth: (n_items,); eligible: (n_items,) items that may be added. A relative `gap` above 0 allows the search to
        end early. Raises NoShadowTest when there is none.
        """
        cost = np.zeros(self.programme.n_variables)
        cost[: len(worth)] = worth
        self._set_bounds(given, eligible)
        self._relaxation.set_cost(cost)
        search = Search(gap)
        self._offer_last(search, cost)
        self._optimise(search, cost)
        if search.solution is None:
            raise NoShadowTest("No test with the items left keeps every constraint; publish a larger pool.")
        self._last = search.solution
        chosen = np.flatnonzero(search.solution[: self.programme.n_items] > 0.5)
        return ShadowTest(chosen, search.value, max(search.bound, search.value), search.n_nodes)

    def _set_bounds(self, given: Indices, eligible: NDArray[np.bool_] | None) -> None:
        low, high = np.zeros(self.programme.n_variables), np.ones(self.programme.n_variables)
        if eligible is not None:
            high[: len(eligible)] = eligible
        low[given] = high[given] = 1.0
        self._relaxation.set_bounds(low, high)

    def _offer_last(self, search: Search, cost: Floats) -> None:
        """The last shadow test is a legal test still, unless the given or the eligible items say otherwise."""
        last = self._last
        if last is not None and np.all((last >= self._relaxation.low) & (last <= self._relaxation.high)):
            search.offer(float(cost @ last), last)

    def _optimise(self, search: Search, cost: Floats) -> None:
        solved = self._relaxation.solve()
        search.n_nodes += 1
        if solved is None:
            return
        root, x = solved
        search.bound = root
        if is_integral(x):
            search.offer(root, x)
        elif root > search.enough:
            relaxed = Relaxed(root, x, self._relaxation.reduced_costs(), self._relaxation.duals())
            if not self._list_departures(search, cost, relaxed):
                dive(self._relaxation, search, x, self.programme.n_items)
                if root > search.enough:
                    self._branch(search, cost, x, relaxed.reduced)

    def _list_departures(self, search: Search, cost: Floats, relaxed: Relaxed) -> bool:
        """The best whole test by listing those near the relaxed one; False where they are too many to list."""
        open_columns = self._relaxation.low < self._relaxation.high
        reach = REACH_AGAIN * self._last_loss
        if not search_departures(self.programme, cost, relaxed, open_columns, search, reach):
            return False
        if search.solution is not None:
            self._last_loss = relaxed.value - search.value
        return True

    def _branch(self, search: Search, cost: Floats, x: Floats, reduced: Floats) -> None:
        """Solves the programme of the columns that reduced costs leave undecided."""
        low, high = self._relaxation.low, self._relaxation.high
        open_columns = undecided(search, search.bound, x, reduced, low, high)
        settled = np.rint(x)
        settled[open_columns] = 0.0
        matrix, base = self.programme.matrix, self.programme.matrix @ settled
        kept = np.flatnonzero(np.any(matrix[:, open_columns] != 0.0, axis=1))
        part = Part(
            matrix[np.ix_(kept, open_columns)],
            self.programme.low[kept] - base[kept],
            self.programme.high[kept] - base[kept],
        )
        offset = float(cost @ settled)
        inner = Search(search.gap, bound=search.bound - offset, n_nodes=search.n_nodes)
        if search.solution is not None:
            inner.value, inner.solution = search.value - offset, search.solution[open_columns]
        small = Relaxation(part.matrix, part.low, part.high)
        small.set_cost(cost[open_columns])
        if not branch(small, inner, int(np.searchsorted(open_columns, self.programme.n_items))):
            solve_whole(part, cost[open_columns], inner)
        search.n_nodes, search.bound = inner.n_nodes, inner.bound + offset
        if inner.solution is not None and inner.value + offset > search.value:
            settled[open_columns] = inner.solution
            search.offer(inner.value + offset, settled)
