"""Ability from the summed score alone: the recursion of Lord & Wingersky and the EAP of each score.

For printed forms and registrars who count points: one line of the table a score. A summed score tells less than the
pattern of answers unless all items discriminate alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from psychometrics.ability.bayesian import posterior_weights
from psychometrics.models.base import Array, ItemParameters
from psychometrics.models.registry import probabilities
from psychometrics.quadrature import Grid, normal_grid


@dataclass(frozen=True, slots=True, eq=False)
class SummedScoreTable:
    """One row a summed score from 0 to the maximum: score, theta, sem, probability, each (n_scores,).

    probability is that of the score in the population of the grid. theta and sem are posterior mean and sd.
    """

    score: Array
    theta: Array
    sem: Array
    probability: Array


def score_probabilities(items: ItemParameters, theta: Array) -> Array:
    """P(summed score | theta): (n_scores, n_theta), items of any mixture of formats.

    Lord & Wingersky (1984), APM 8, for dichotomous items; Thissen, Pommerich, Billeaud & Williams (1995), APM 19, with
    several categories. Only sums of products of probabilities: exact in the tails.
    """
    points = np.atleast_1d(np.asarray(theta, dtype=np.float64))
    return lord_wingersky(probabilities(items, points), items.n_categories)


def lord_wingersky(table: Array, n_categories: NDArray[np.int64]) -> Array:
    """The recursion on probabilities (n_items, K_max, n_nodes): (1 + sum of n_categories - 1, n_nodes)."""
    total = np.ones((1, table.shape[2]))
    for item, width in zip(table, (int(k) for k in n_categories), strict=True):
        grown = np.zeros((len(total) + width - 1, table.shape[2]))
        for category in range(width):
            grown[category : category + len(total)] += total * item[category]
        total = grown
    return total


def summed_score_table(items: ItemParameters, grid: Grid | None = None) -> SummedScoreTable:
    """EAP ability, its error and the probability of every summed score.

    grid: the population; default N(0, 1) on 121 nodes of [-6, 6]. Raises ValueError when there are no items.
    """
    if not len(items):
        raise ValueError("items: a summed score needs at least one item")
    population = normal_grid(121) if grid is None else grid
    with np.errstate(divide="ignore"):
        log_score = np.log(score_probabilities(items, population.nodes))
        posterior = posterior_weights(log_score, np.log(population.weights))
    theta = posterior @ population.nodes
    sem = np.sqrt((posterior * (population.nodes - theta[:, None]) ** 2).sum(axis=1))
    probability = np.exp(log_score) @ population.weights
    return SummedScoreTable(np.arange(len(theta), dtype=np.float64), theta, sem, probability)
