"""The best whole test near a relaxed one, found by listing what a whole test may do differently.

At the optimum of the relaxation every column that is not basic has a reduced cost: what the value loses when the
column leaves its bound. So a whole test worth more than `root − reach` departs from the bounds only in sets of columns
whose losses sum to at most `reach` (Dantzig, Fulkerson & Johnson 1954 fix single columns by the same argument). For a
blueprint these sets are few, and all of them, with every choice of the basic columns, are laid out in one table.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.content.branching import Search
from engine.content.programme import Programme
from engine.content.relaxation import Relaxed

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

MOST_BASIC = 8
MOST_SETS = 20_000
FIRST_COLUMNS = 8
_FEASIBLE = 1e-7
_FREE = 1e-9

LOSS, PARENT, COLUMN, ROWS = 0, 1, 2, 3
"""Columns of a table of sets: what each loses, the set that it extends, by which column, and its part in each row."""


def search_departures(
    programme: Programme, cost: Floats, relaxed: Relaxed, open_columns: NDArray[np.bool_], search: Search, reach: float
) -> bool:
    """Offers the best of all whole tests to `search`, looking ever farther from the relaxed one.

    open_columns: the columns that are not settled beforehand; reach: the loss to begin with. False when the tests to be
    looked through are too many; then nothing is known.
    """
    near = _Neighbourhood(programme, relaxed, open_columns)
    if len(near.basic) > MOST_BASIC:
        return False
    farthest = near.loss.sum() + _FREE
    if search.solution is not None:
        farthest = min(farthest, relaxed.value - search.value)
    reach = max(reach, near.loss[:FIRST_COLUMNS].max(initial=_FREE))
    while True:
        reach = min(reach, farthest)
        sets = near.departures(reach)
        if sets is None:
            return False
        found = near.best(sets, reach)
        if found is not None:
            search.offer(float(cost @ found), found)
        if found is not None or reach >= farthest:
            search.bound = search.value
            return True
        reach *= 2.0


class _Neighbourhood:
    """A relaxed test with its basic columns emptied, and the columns that may depart from it, cheapest first."""

    def __init__(self, programme: Programme, relaxed: Relaxed, open_columns: NDArray[np.bool_]) -> None:
        self.programme, self.relaxed = programme, relaxed
        loss = np.abs(relaxed.reduced)
        self.basic = np.flatnonzero(open_columns & (loss <= _FREE))
        self.base = np.rint(relaxed.x)
        self.base[self.basic] = 0.0
        self.tight = np.flatnonzero(np.abs(relaxed.duals) > _FREE)
        self.rows = programme.matrix[self.tight]
        activity = self.rows @ self.base
        self.least = programme.low[self.tight] - activity - _FEASIBLE
        self.most = programme.high[self.tight] - activity + _FEASIBLE
        self.slack_of_base = activity - self.rows @ relaxed.x
        others = np.flatnonzero(open_columns & (loss > _FREE))
        self.order = others[np.argsort(loss[others], kind="stable")]
        self.loss = loss[self.order]

    def departures(self, reach: float) -> Floats | None:
        """Every set of columns whose losses sum to at most `reach`, a row each; None when they are too many.

        Columns that leave the test come first: after them a row that only counts can only fill up, so sets that
        overfill one are dropped at once.
        """
        near = self.order[: np.searchsorted(self.loss, reach, side="right")][::-1]
        leaving = self.base[near] > 0.5
        columns = np.concatenate([near[leaving], near[~leaving]])
        steps, n_leaving = self._steps(columns), int(leaving.sum())
        counting = (self.rows[:, columns] >= 0.0).all(axis=1) & (self.rows[:, self.basic] >= 0.0).all(axis=1)
        ceiling = np.where(counting, self.most, np.inf)
        sets = np.full((1, steps.shape[1]), -1.0)
        sets[0, LOSS], sets[0, ROWS:] = 0.0, 0.0
        for number, step in enumerate(steps):
            parents = np.flatnonzero(sets[:, LOSS] <= reach - step[LOSS])
            further = sets[parents] + step
            further[:, PARENT], further[:, COLUMN] = parents, step[COLUMN]
            if number >= n_leaving:
                further = further[(further[:, ROWS:] <= ceiling).all(axis=1)]
            sets = np.concatenate([sets, further])
            if len(sets) > MOST_SETS:
                return None
        return sets

    def _steps(self, columns: Indices) -> Floats:
        """What each column does when it departs."""
        turn = 1.0 - 2.0 * self.base[columns]
        loss = np.abs(self.relaxed.reduced[columns])
        loss[loss <= _FREE] = 0.0
        return np.vstack([loss, np.zeros(len(columns)), columns, self.rows[:, columns] * turn]).T

    def _fills(self) -> Floats:
        """Every choice of the basic columns."""
        fills = np.full((1, ROWS + len(self.tight)), -1.0)
        fills[0, LOSS], fills[0, ROWS:] = 0.0, 0.0
        for step in self._steps(self.basic):
            further = fills + step
            further[:, PARENT], further[:, COLUMN] = np.arange(len(fills)), step[COLUMN]
            fills = np.concatenate([fills, further])
        return fills

    def best(self, sets: Floats, reach: float) -> Floats | None:
        """The best whole test among all departures and all choices of the basic columns; None when none is legal."""
        fills = self._fills()
        departure, fill = self._legal_pairs(sets, fills)
        loss = self._losses(sets[departure], fills[fill])
        near = np.flatnonzero(loss <= reach + _FREE)
        for place in near[np.argsort(loss[near], kind="stable")]:
            x = self.base.copy()
            turned = [*_columns(sets, departure[place]), *_columns(fills, fill[place])]
            x[turned] = 1.0 - x[turned]
            activity = self.programme.matrix @ x
            low, high = self.programme.low - _FEASIBLE, self.programme.high + _FEASIBLE
            if ((activity >= low) & (activity <= high)).all():
                return x
        return None

    def _legal_pairs(self, sets: Floats, fills: Floats) -> tuple[Indices, Indices]:
        """Departure and fill of every combination that keeps the tight rows."""
        legal = np.ones((len(sets), len(fills)), dtype=bool)
        for row, (least, most) in enumerate(zip(self.least, self.most, strict=True), ROWS):
            total = sets[:, row, None] + fills[:, row]
            legal &= total >= least
            legal &= total <= most
        departure, fill = np.nonzero(legal)
        return departure, fill

    def _losses(self, sets: Floats, fills: Floats) -> Floats:
        """What the columns lose and what room left in a tight row costs."""
        slack = np.abs(sets[:, ROWS:] + fills[:, ROWS:] + self.slack_of_base)
        return np.asarray(sets[:, LOSS] + slack @ np.abs(self.relaxed.duals[self.tight]))


def _columns(table: Floats, row: int) -> list[int]:
    """The columns of one set of a table, from the set back to the empty one."""
    found: list[int] = []
    while table[row, PARENT] >= 0.0:
        found.append(int(table[row, COLUMN]))
        row = int(table[row, PARENT])
    return found
