"""Infit and outfit: mean squared standardised residuals of items and of persons (Wright & Masters 1982)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from psychometrics.fit.populations import Populations
from psychometrics.fit.residuals import LARGEST_SPREAD, ScoreResiduals, prepare, score_residuals
from psychometrics.models.base import Array, ItemParameters
from psychometrics.quadrature import Grid

COMPUTED = "computed"
NO_ANSWERS = "nothing was answered, so there is no residual to average"


@dataclass(frozen=True, slots=True, eq=False)
class MeanSquares:
    """Mean squares of items (n_items,) or of persons (n_persons,); 1 is expected, NaN exactly where status says why.

    infit weighs squared residuals by their variance, outfit does not; infit_z and outfit_z are their Wilson-Hilferty
    normal deviates. n_answers: how many answers went in.
    """

    infit: Array
    outfit: Array
    infit_z: Array
    outfit_z: Array
    n_answers: NDArray[np.int64]
    status: tuple[str, ...]


def item_mean_squares(
    items: ItemParameters, responses: Any, *, theta: ArrayLike | None = None, grid: Grid | Populations | None = None
) -> MeanSquares:
    """Infit and outfit of items over the persons who answered them.

    responses: (n_persons, n_items); theta: (n_persons,) in logits, the posterior mean (EAP) under grid, N(0, 1) unless
    given, when it is absent. Wright & Masters 1982, Rating Scale Analysis, ch. 5. Raises ValueError on answers that do
    not fit the items or a theta that is not finite.
    """
    answers, ability = prepare(items, responses, theta, grid)
    sums = sum((_sums(block, axis=0) for block in score_residuals(items, answers, ability)), np.zeros((6, len(items))))
    return _mean_squares(sums)


def person_mean_squares(
    items: ItemParameters, responses: Any, *, theta: ArrayLike | None = None, grid: Grid | Populations | None = None
) -> MeanSquares:
    """Infit and outfit of persons over the items they answered; arguments and errors as in `item_mean_squares`."""
    answers, ability = prepare(items, responses, theta, grid)
    parts = [_sums(block, axis=1) for block in score_residuals(items, answers, ability)]
    return _mean_squares(np.concatenate(parts, axis=1) if parts else np.zeros((6, 0)))


def _sums(block: ScoreResiduals, axis: int) -> Array:
    """n, residual², variance, residual² / variance, fourth moment / variance², fourth moment - variance²."""
    answered = block.variance > 0
    variance = np.where(answered, block.variance, 1.0)
    squared = np.nan_to_num(block.residual) ** 2
    kurtosis = block.fourth_moment / variance**2
    excess = block.fourth_moment - block.variance**2
    terms = (answered, squared, block.variance, squared / variance, kurtosis, excess)
    return np.stack([np.asarray(term, dtype=np.float64).sum(axis=axis) for term in terms])


def _mean_squares(sums: Array) -> MeanSquares:
    n, squared, variance, standardised, kurtosis, excess = sums
    some = n > 0
    count, total = np.where(some, n, 1.0), np.where(some, variance, 1.0)
    infit, outfit = squared / total, standardised / count
    infit_spread = np.sqrt(np.maximum(excess, 0.0)) / total
    outfit_spread = np.sqrt(np.maximum(kurtosis / count**2 - 1.0 / count, 0.0))
    return MeanSquares(
        infit=np.where(some, infit, np.nan),
        outfit=np.where(some, outfit, np.nan),
        infit_z=np.where(some, _normal_deviate(infit, infit_spread), np.nan),
        outfit_z=np.where(some, _normal_deviate(outfit, outfit_spread), np.nan),
        n_answers=n.astype(np.int64),
        status=tuple(np.where(some, COMPUTED, NO_ANSWERS).tolist()),
    )


def _normal_deviate(mean_square: Array, spread: Array) -> Array:
    """Cube-root transformation of Wilson & Hilferty (1931), as in Wright & Masters (1982, p. 101)."""
    bounded = np.clip(spread, np.finfo(float).eps, LARGEST_SPREAD)
    return np.asarray((np.cbrt(mean_square) - 1.0) * 3.0 / bounded + bounded / 3.0, dtype=np.float64)
