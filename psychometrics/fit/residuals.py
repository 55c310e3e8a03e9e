"""Observed minus expected scores at an ability, and the moments that make them comparable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from psychometrics.ability.estimate import estimate_ability
from psychometrics.arrays import MISSING, as_responses
from psychometrics.fit.populations import Populations, as_populations
from psychometrics.likelihood import check_categories
from psychometrics.models.base import Array, ItemParameters
from psychometrics.models.registry import probabilities
from psychometrics.quadrature import Grid

BLOCK_CELLS = 2_000_000
"""Persons are taken in blocks of about this many probabilities, so that memory stays bounded."""

SMALLEST_VARIANCE = 1e-5**0.5
"""A score variance below this is raised to it: one answer at an ability where it is all but certain would otherwise
decide a mean square. mirt has the same floor."""

LARGEST_SPREAD = 1.4142
"""The spread of a mean square enters its z at most as that of one standard normal square."""


@dataclass(frozen=True, slots=True, eq=False)
class ScoreResiduals:
    """A block of persons, all (n_block, n_items): residual is NaN and the moments 0 where nothing was answered.

    variance and fourth_moment are central moments of the score given theta.
    """

    persons: slice
    residual: Array
    variance: Array
    fourth_moment: Array


def blocks(n_persons: int, width: int) -> Iterator[slice]:
    """Slices of persons so that persons times width stays below `BLOCK_CELLS`."""
    step = max(1, BLOCK_CELLS // max(width, 1))
    for start in range(0, n_persons, step):
        yield slice(start, min(start + step, n_persons))


def prepare(
    items: ItemParameters, responses: Any, theta: ArrayLike | None, grid: Grid | Populations | None
) -> tuple[NDArray[np.int8], Array]:
    """Checked answers and an ability for each person: the one given, or the posterior mean.

    Raises ValueError when the answers do not fit the items or theta is not one finite number a person.
    """
    answers = as_responses(responses)
    check_categories(answers, items)
    if theta is None:
        return answers, _posterior_means(items, answers, as_populations(grid, len(answers)))
    ability = np.asarray(theta, dtype=np.float64)
    if ability.shape != (len(answers),) or not np.isfinite(ability).all():
        raise ValueError(f"theta must hold one finite number for each of the {len(answers)} persons")
    return answers, ability


def _posterior_means(items: ItemParameters, answers: NDArray[np.int8], populations: Populations) -> Array:
    theta = np.zeros(len(answers))
    for grid, persons in populations.members():
        theta[persons] = estimate_ability(answers[persons], items, "eap", grid=grid).theta
    return theta


def score_residuals(items: ItemParameters, responses: NDArray[np.int8], theta: Array) -> Iterator[ScoreResiduals]:
    """Residuals and moments of item scores given theta, a block of persons at a time."""
    for block in blocks(len(responses), len(items) * items.max_categories):
        mean, variance, fourth = (moment.T for moment in _moments(probabilities(items, theta[block])))
        answered = responses[block] != MISSING
        yield ScoreResiduals(
            persons=block,
            residual=np.where(answered, responses[block] - mean, np.nan),
            variance=np.where(answered, np.maximum(variance, SMALLEST_VARIANCE), 0.0),
            fourth_moment=np.where(answered, fourth, 0.0),
        )


def _moments(table: Array) -> tuple[Array, Array, Array]:
    """Mean, second and fourth central moment of the score, each (n_items, n_theta), from (n_items, K, n_theta)."""
    mean, variance, fourth = np.zeros((3, len(table), table.shape[2]))
    for score in range(1, table.shape[1]):
        mean += score * table[:, score]
    for score in range(table.shape[1]):
        squared = (score - mean) ** 2
        weighted = table[:, score] * squared
        variance += weighted
        fourth += weighted * squared
    return mean, variance, fourth
