"""Q3: what two items share beyond ability (Yen 1984)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from psychometrics.fit.populations import Populations
from psychometrics.fit.residuals import prepare, score_residuals
from psychometrics.models.base import Array, ItemParameters
from psychometrics.quadrature import Grid

COMPUTED = "computed"
TOO_FEW_PAIRS = "no pair of items was answered by two persons whose residuals vary"


@dataclass(frozen=True, slots=True, eq=False)
class Q3:
    """Correlations of residuals, (n_items, n_items), 1 on the diagonal, NaN where n_persons is too small.

    average: mean over the pairs that could be computed, about -1 / (n_items - 1) without local dependence; adjusted:
    correlations minus average, the quantity to compare with a critical value (Christensen, Makransky & Horton 2017,
    Applied Psychological Measurement 41, 178-194). n_persons: (n_items, n_items) who answered both.
    """

    correlation: Array
    average: float
    adjusted: Array
    n_persons: NDArray[np.int64]
    status: str

    def pairs_above(self, critical: float = 0.2) -> list[tuple[int, int]]:
        """Pairs of positions with |adjusted| at least critical, the strongest first."""
        upper = np.triu(np.nan_to_num(np.abs(self.adjusted)), k=1)
        found = np.argwhere(upper >= critical)
        order = np.argsort(-upper[tuple(found.T)], kind="stable")
        return [(int(i), int(j)) for i, j in found[order]]


def q3(
    items: ItemParameters, responses: Any, *, theta: ArrayLike | None = None, grid: Grid | Populations | None = None
) -> Q3:
    """Correlations of score residuals over the persons who answered both items of a pair.

    responses: (n_persons, n_items); theta: (n_persons,), the posterior mean under grid (N(0, 1) unless given) when it
    is absent. Yen 1984, Applied Psychological Measurement 8, 125-145. Raises ValueError on answers that do not fit the
    items or a theta that is not finite.
    """
    answers, ability = prepare(items, responses, theta, grid)
    n_items = len(items)
    sums = [np.zeros((n_items, n_items)) for _ in range(4)]
    for block in score_residuals(items, answers, ability):
        has = np.isfinite(block.residual).astype(np.float64)
        residual = np.nan_to_num(block.residual)
        for total, left, right in zip(
            sums, (has, residual, residual**2, residual), (has, has, has, residual), strict=True
        ):
            total += left.T @ right
    correlation, usable = _correlations(*sums)
    n_persons = sums[0].astype(np.int64)
    pairs = usable & ~np.eye(n_items, dtype=bool)
    average = float(correlation[pairs].mean()) if pairs.any() else float("nan")
    adjusted = np.where(pairs, correlation - average, np.nan)
    return Q3(correlation, average, adjusted, n_persons, COMPUTED if pairs.any() else TOO_FEW_PAIRS)


def _correlations(n: Array, first: Array, square: Array, product: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Pairwise-complete correlations: row sums and squares are taken over the persons who answered both."""
    count = np.maximum(n, 1.0)
    covariance = product - first * first.T / count
    spread = square - first**2 / count
    varies = (n >= 2) & (spread > np.maximum(1e-12 * square, 1e-20))
    usable = varies & varies.T
    scale = np.sqrt(np.where(usable, spread * spread.T, 1.0))
    correlation = np.where(usable, covariance / scale, np.nan)
    np.fill_diagonal(correlation, 1.0)
    return correlation, usable
