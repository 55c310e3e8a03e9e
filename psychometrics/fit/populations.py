"""Where the persons come from: one population, or one for each group of persons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from psychometrics.models.base import Array
from psychometrics.quadrature import Grid, normal_grid


@dataclass(frozen=True, slots=True, eq=False)
class Populations:
    """grids: the population of each group; group: (n_persons,) which of them each person belongs to, from 0."""

    grids: tuple[Grid, ...]
    group: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.group.size and not (self.group.min() >= 0 and self.group.max() < len(self.grids)):
            raise ValueError(f"group must hold numbers from 0 to {len(self.grids) - 1}, one for each grid")

    def members(self) -> list[tuple[Grid, NDArray[np.int64]]]:
        """Each group that has persons, with their positions."""
        found = [(grid, np.flatnonzero(self.group == g)) for g, grid in enumerate(self.grids)]
        return [(grid, persons) for grid, persons in found if persons.size]

    @property
    def mean(self) -> Array:
        """Mean of each person's population, (n_persons,)."""
        return np.array([grid.mean for grid in self.grids])[self.group]

    @property
    def sd(self) -> Array:
        """Standard deviation of each person's population, (n_persons,)."""
        return np.array([grid.sd for grid in self.grids])[self.group]


def as_populations(grid: Grid | Populations | None, n_persons: int) -> Populations:
    """One population for everybody, N(0, 1) when it is None, or the given groups. Raises ValueError on another size."""
    if not isinstance(grid, Populations):
        return Populations((grid or normal_grid(),), np.zeros(n_persons, dtype=np.int64))
    if grid.group.shape != (n_persons,):
        raise ValueError(f"the populations are of {grid.group.size} persons, the answers of {n_persons}")
    return grid
