"""Populations of ability: a normal distribution or a histogram for each group, on common nodes.

A free normal population is updated to the mean and standard deviation of its expected posterior (Bock & Zimowski
1997); a histogram to the expected posterior itself (Bock & Aitkin 1981; Mislevy 1984).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from psychometrics.models.base import Array
from psychometrics.quadrature import normal_weights

SMALLEST_SD = 0.15
"""A population narrower than this falls between the nodes of the default grid."""
SMALLEST_WEIGHT = 1e-30


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """nodes (n_nodes,); mean, sd (n_groups,); weights (n_groups, n_nodes) of histograms, or None when normal."""

    nodes: Array
    mean: Array
    sd: Array
    weights: Array | None = None

    @property
    def shares(self) -> Array:
        """Weights of the nodes in each group (n_groups, n_nodes)."""
        if self.weights is not None:
            return self.weights
        normal = [normal_weights(self.nodes, m, s) for m, s in zip(self.mean, self.sd, strict=True)]
        return np.stack(normal)

    @property
    def log_shares(self) -> Array:
        """Logarithms of `shares`, finite everywhere."""
        if self.weights is not None:
            return np.asarray(np.log(np.maximum(self.weights, SMALLEST_WEIGHT)), dtype=np.float64)
        exponent = -0.5 * ((self.nodes - self.mean[:, None]) / self.sd[:, None]) ** 2
        top = exponent.max(axis=1, keepdims=True)
        total = np.exp(exponent - top).sum(axis=1, keepdims=True)
        return np.asarray(exponent - top - np.log(total), dtype=np.float64)


def standard_population(nodes: Array, n_groups: int, histogram: bool) -> Population:
    """N(0, 1) in every group."""
    population = Population(nodes, np.zeros(n_groups), np.ones(n_groups))
    return replace(population, weights=population.shares) if histogram else population


def moments(nodes: Array, mass: Array) -> tuple[Array, Array]:
    """Mean and standard deviation of each group's mass (n_groups, n_nodes)."""
    total = mass.sum(axis=1)
    mean = mass @ nodes / total
    variance = mass @ nodes**2 / total - mean**2
    return mean, np.sqrt(np.maximum(variance, SMALLEST_SD**2))


def updated(
    population: Population, mass: Array, free_mean: NDArray[np.bool_], free_sd: NDArray[np.bool_]
) -> Population:
    """The population that the expected posterior mass (n_groups, n_nodes) calls for."""
    mean, sd = moments(population.nodes, mass)
    if population.weights is not None:
        return Population(population.nodes, mean, sd, mass / mass.sum(axis=1, keepdims=True))
    held = np.where(free_mean, mean, population.mean)
    spread = np.sqrt(np.maximum(sd**2 + (mean - held) ** 2, SMALLEST_SD**2))
    return Population(population.nodes, held, np.where(free_sd, spread, population.sd))
