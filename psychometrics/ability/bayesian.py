"""Expected a posteriori ability on a grid (Bock & Mislevy 1982, APM 6)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from psychometrics.ability.prior import Prior
from psychometrics.ability.status import StatusArray, note
from psychometrics.models.base import Array

EDGE_MASS = 1e-4
"""Posterior weight of an end node above which the grid has cut the posterior off."""

COARSE = 0.5
"""Posterior sd in grid spacings below which the rectangle rule is no longer trusted."""


def posterior_weights(log_likelihood: Array, log_prior: Array) -> Array:
    """Posterior on the nodes, (n_persons, n_nodes), each row summing to 1.

    The largest exponent is taken out first, so thousands of contradictory answers do not underflow.
    """
    exponent = log_likelihood + log_prior
    exponent -= exponent.max(axis=1, keepdims=True)
    weights = np.exp(exponent, out=exponent)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.asarray(weights)


def expected_a_posteriori(log_likelihood: Array, prior: Prior, status: StatusArray) -> tuple[Array, Array]:
    """Posterior mean and standard deviation: two arrays (n_persons,). Notes grid_edge and grid_coarse in `status`."""
    weights = posterior_weights(log_likelihood, prior.log_weights)
    theta = weights @ prior.nodes
    # moments about a near centre: E[x^2] - E[x]^2 would lose half the digits far from 0
    sem = np.sqrt(np.maximum((weights * (prior.nodes - theta[:, None]) ** 2).sum(axis=1), 0.0))
    _note_grid(weights, sem, prior.nodes, status)
    return np.asarray(theta), np.asarray(sem)


def _note_grid(weights: Array, sem: Array, nodes: Array, status: StatusArray) -> None:
    edge: NDArray[np.bool_] = np.maximum(weights[:, 0], weights[:, -1]) > EDGE_MASS
    note(status, edge, "grid_edge")
    note(status, sem < COARSE * float(np.diff(nodes).max()), "grid_coarse")
