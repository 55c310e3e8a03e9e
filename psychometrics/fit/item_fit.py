"""What a calibration reports of each item's fit: S-X², infit and outfit together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from psychometrics.arrays import as_responses
from psychometrics.fit.mean_squares import COMPUTED, item_mean_squares
from psychometrics.fit.populations import Populations
from psychometrics.fit.s_x2 import s_x2
from psychometrics.models.base import Array, ItemParameters
from psychometrics.quadrature import Grid


@dataclass(frozen=True, slots=True, eq=False)
class ItemFit:
    """Fit of each item, all (n_items,); a number is NaN (df 0) exactly where status says why.

    s_x2, df, p, rmsea: as `SX2`; infit, outfit, infit_z, outfit_z: as `MeanSquares`.
    """

    item_id: tuple[str, ...]
    s_x2: Array
    df: NDArray[np.int64]
    p: Array
    rmsea: Array
    infit: Array
    outfit: Array
    infit_z: Array
    outfit_z: Array
    status: tuple[str, ...]

    def to_records(self) -> list[dict[str, float | int | None]]:
        """The "fit" of each item in a calibration document: s_x2, df, p, infit, outfit, None where there is none."""
        return [
            {
                "s_x2": _number(self.s_x2[i]),
                "df": int(self.df[i]),
                "p": _number(self.p[i]),
                "infit": _number(self.infit[i]),
                "outfit": _number(self.outfit[i]),
            }
            for i in range(len(self.item_id))
        ]


def item_fit(
    items: ItemParameters,
    responses: Any,
    *,
    grid: Grid | Populations | None = None,
    theta: ArrayLike | None = None,
    n_parameters: Sequence[int] | None = None,
    n_population_parameters: int | None = None,
) -> ItemFit:
    """S-X², infit and outfit of calibrated items.

    items, responses: as calibrated, (n_persons, n_items); grid: the estimated population, or `Populations` of several
    groups, N(0, 1) unless given; theta: (n_persons,) for infit and outfit, the posterior mean when absent;
    n_parameters, n_population_parameters: as in `s_x2`. `calibration_fit` takes all of this from a calibration.
    Raises ValueError as the statistics do.
    """
    answers = as_responses(responses)
    chi = s_x2(
        items, answers, grid=grid, n_parameters=n_parameters, n_population_parameters=n_population_parameters
    )  # fmt: skip
    squares = item_mean_squares(items, answers, theta=theta, grid=grid)
    status = tuple(a if a != COMPUTED else b for a, b in zip(squares.status, chi.status, strict=True))
    return ItemFit(
        item_id=items.item_id, s_x2=chi.statistic, df=chi.df, p=chi.p, rmsea=chi.rmsea, infit=squares.infit,
        outfit=squares.outfit, infit_z=squares.infit_z, outfit_z=squares.outfit_z, status=status,
    )  # fmt: skip


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
