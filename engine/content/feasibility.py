"""Can a legal test be assembled at all, and if not, which constraint lacks how many items?"""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

from engine.content.constraints import Constraints
from engine.content.programme import Programme, build_programme
from engine.designs import DesignError

Floats = NDArray[np.float64]


class InfeasibleDesign(DesignError):
    """A blueprint the pool cannot fill; `shortages` maps each constraint to what is missing."""

    def __init__(self, shortages: dict[str, float]) -> None:
        self.shortages = shortages
        parts = [f"{name} lacks {amount:g}" for name, amount in shortages.items()]
        super().__init__(
            f"No legal test can be assembled from this pool: {'; '.join(parts)}. Add items or loosen the bounds."
        )


def check_feasible(
    constraints: Constraints, min_items: int, max_items: int, eligible: NDArray[np.bool_] | None = None
) -> None:
    """Raises InfeasibleDesign when no test of min_items to max_items eligible items keeps all constraints."""
    shortages = find_shortages(constraints, min_items, max_items, eligible)
    if shortages:
        raise InfeasibleDesign(shortages)


def find_shortages(
    constraints: Constraints, min_items: int, max_items: int, eligible: NDArray[np.bool_] | None = None
) -> dict[str, float]:
    """What each constraint lacks in the test that comes nearest to the blueprint, by the smallest total; {} if none.

    Every bound may be broken at a price of one an item, and the programme finds the cheapest test (elastic
    programming, Brown & Graves 1975).
    """
    usable = np.ones(constraints.n_items, dtype=bool) if eligible is None else eligible
    programme = build_programme(constraints, min_items, max_items)
    lacking = _lacking_alone(programme, usable)
    if lacking:
        return lacking
    short, over = _cheapest_break(programme, usable)
    found = {
        name: round(float(amount), 6) for name, amount in zip(programme.names, short, strict=True) if amount > 1e-6
    }
    found |= {
        f"{name} (room above its maximum)": round(float(amount), 6)
        for name, amount in zip(programme.names, over, strict=True)
        if amount > 1e-6
    }
    return found


def shortest_legal_test(constraints: Constraints, min_items: int, max_items: int) -> int:
    """The smallest number of items, min_items to max_items, with which a test keeps all constraints.

    Raises InfeasibleDesign when there is none, or none was found within a minute.
    """
    programme = build_programme(constraints, min_items, max_items)
    counted = np.zeros(programme.n_variables)
    counted[: programme.n_items] = 1.0
    solved = scipy.optimize.milp(
        counted,
        integrality=np.ones(programme.n_variables, dtype=np.int64),
        bounds=scipy.optimize.Bounds(0.0, 1.0),
        constraints=scipy.optimize.LinearConstraint(
            scipy.sparse.csc_array(programme.matrix), programme.low, programme.high
        ),
        options={"time_limit": 60.0},
    )
    if solved.x is None:
        check_feasible(constraints, min_items, max_items)
        raise InfeasibleDesign({"the blueprint (no answer within a minute)": 1.0})
    return int(np.rint(solved.x[: programme.n_items].sum()))


def _lacking_alone(programme: Programme, usable: NDArray[np.bool_]) -> dict[str, float]:
    """Constraints that the whole pool together cannot fill."""
    ceiling = np.concatenate([usable, np.ones(programme.n_variables - len(usable))])
    most = np.maximum(programme.matrix, 0) @ ceiling
    return {
        name: float(low - reach)
        for name, low, reach in zip(programme.names, programme.low, most, strict=True)
        if low - reach > 1e-9
    }


def _cheapest_break(programme: Programme, usable: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    n_rows, n_variables = programme.matrix.shape
    eye = scipy.sparse.identity(n_rows, format="csc")
    matrix = scipy.sparse.csc_array(scipy.sparse.hstack([scipy.sparse.csc_array(programme.matrix), eye, -eye]))
    cost = np.concatenate([np.zeros(n_variables), np.ones(2 * n_rows)])
    upper = np.concatenate([usable.astype(float), np.ones(n_variables - len(usable)), np.full(2 * n_rows, np.inf)])
    whole = np.concatenate([np.ones(n_variables), np.zeros(2 * n_rows)])
    solved = scipy.optimize.milp(
        cost,
        integrality=whole,
        bounds=scipy.optimize.Bounds(0.0, upper),
        constraints=scipy.optimize.LinearConstraint(matrix, programme.low, programme.high),
        options={"time_limit": 60.0},
    )
    if solved.x is None:
        raise InfeasibleDesign({"the blueprint (no answer within a minute)": 1.0})
    return solved.x[n_variables : n_variables + n_rows], solved.x[n_variables + n_rows :]
