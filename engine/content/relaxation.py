"""The linear relaxation of a programme in HiGHS, kept warm: only costs and bounds change between two solves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import highspy

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

INTEGRAL = 1e-6


@dataclass(frozen=True, slots=True)
class Relaxed:
    """An optimum of the relaxation: its value, columns, their reduced costs, and the duals of the rows."""

    value: float
    x: Floats
    reduced: Floats
    duals: Floats


class Relaxation:
    """Maximise cost · x over low ≤ matrix @ x ≤ high and bounds within 0 ≤ x ≤ 1."""

    def __init__(self, matrix: Floats, low: Floats, high: Floats) -> None:
        from highspy import HighsModelStatus

        n_columns = matrix.shape[1]
        self._optimal = HighsModelStatus.kOptimal
        self.low, self.high = np.zeros(n_columns), np.ones(n_columns)
        self._columns = np.arange(n_columns, dtype=np.int32)
        self._highs = _build(matrix, low, high)

    def set_cost(self, cost: Floats) -> None:
        """Other costs for the same columns."""
        self._highs.changeColsCost(len(cost), self._columns, cost)

    def set_bounds(self, low: Floats, high: Floats) -> None:
        """Other bounds; only the columns that differ are touched."""
        changed = np.flatnonzero((low != self.low) | (high != self.high)).astype(np.int32)
        if len(changed):
            self._highs.changeColsBounds(len(changed), changed, low[changed], high[changed])
        self.low, self.high = low, high

    def fix(self, column: int, value: float) -> None:
        """Fixes one column for the moment, without noting it in `low` and `high`."""
        self._highs.changeColBounds(column, value, value)

    def free(self, column: int) -> None:
        """Gives one column its noted bounds back."""
        self._highs.changeColBounds(column, self.low[column], self.high[column])

    def solve(self) -> tuple[float, Floats] | None:
        """Value and solution, None when there is none."""
        self._highs.run()
        if self._highs.getModelStatus() != self._optimal:
            return None
        return self._highs.getInfo().objective_function_value, np.asarray(self._highs.getSolution().col_value)

    def reduced_costs(self) -> Floats:
        """What a unit of each column would add to the value of the last solution."""
        return np.asarray(self._highs.getSolution().col_dual)

    def duals(self) -> Floats:
        """What a unit of room in each row would add to the value of the last solution."""
        return np.asarray(self._highs.getSolution().row_dual)


def is_integral(x: Floats) -> bool:
    """Whether every variable is 0 or 1."""
    return bool(np.abs(x - np.rint(x)).max(initial=0.0) <= INTEGRAL)


def _build(matrix: Floats, low: Floats, high: Floats) -> highspy.Highs:
    import highspy

    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    highs.setOptionValue("presolve", "off")
    highs.setOptionValue("solver", "simplex")
    n_rows, n_columns = matrix.shape
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = n_columns, n_rows
    model.col_cost_ = np.zeros(n_columns)
    model.col_lower_, model.col_upper_ = np.zeros(n_columns), np.ones(n_columns)
    model.row_lower_ = np.where(np.isfinite(low), low, -highspy.kHighsInf)
    model.row_upper_ = np.where(np.isfinite(high), high, highspy.kHighsInf)
    columns, rows = np.nonzero(matrix.T)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = np.searchsorted(columns, np.arange(n_columns + 1)).astype(np.int32)
    model.a_matrix_.index_, model.a_matrix_.value_ = rows.astype(np.int32), matrix[rows, columns]
    model.sense_ = highspy.ObjSense.kMaximize
    highs.passModel(model)
    return highs
