"""The posterior of a sitting, one answer at a time.

On the grid an answer is one multiplication by a row of the item's table, and theta and sem come from the same pass: the
cost does not depend on how many answers went before (Bock & Mislevy 1982, APM 6, sequential form). Everything works on
one person, (n_nodes,), and on a cohort that advances together, (n_persons, n_nodes).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from psychometrics.models.base import Array

TINY = 1e-300
"""A product whose sum falls below this has lost digits to underflow and is recomputed on the log scale."""


@dataclass(frozen=True, slots=True, eq=False)
class PosteriorState:
    """What is known of one person or of many: posterior (..., n_nodes) summing to 1, theta and sem (...)."""

    posterior: Array
    theta: Array
    sem: Array


def start(weights: Array, nodes: Array, n_persons: int | None = None) -> PosteriorState:
    """Before the first answer: the prior's weights (n_nodes,), repeated for `n_persons` where that is given."""
    share = np.asarray(weights, dtype=np.float64) / float(np.sum(weights))
    posterior = share if n_persons is None else np.tile(share, (n_persons, 1))
    return PosteriorState(posterior, *summary(posterior, nodes))


def step(state: PosteriorState, table_row: Array, nodes: Array) -> PosteriorState:
    """After one more answer, whose probabilities at the nodes are `table_row` (n_nodes,) or (n_persons, n_nodes)."""
    posterior = update(state.posterior, table_row)
    return PosteriorState(posterior, *summary(posterior, nodes))


def update(posterior: Array, table_row: Array) -> Array:
    """Posterior times the answer's probabilities, each row summing to 1: (..., n_nodes)."""
    product = posterior * table_row
    total = product.sum(axis=-1, keepdims=True)
    if total.min() > TINY:
        product /= total
        return product
    return _update_by_logs(posterior, np.broadcast_to(table_row, posterior.shape))


def summary(posterior: Array, nodes: Array) -> tuple[Array, Array]:
    """theta and sem (...) of posteriors (..., n_nodes) that sum to 1."""
    theta = np.asarray(posterior @ nodes)
    centred = nodes - theta[..., None]
    centred *= centred
    return theta, np.sqrt(np.einsum("...q,...q->...", posterior, centred))


def _update_by_logs(posterior: Array, row: Array) -> Array:
    """For an answer that all but contradicts what is known: zeros count as the smallest positive number."""
    least = np.finfo(np.float64).tiny
    exponent = np.log(np.maximum(posterior, least)) + np.log(np.maximum(row, least))
    exponent -= exponent.max(axis=-1, keepdims=True)
    weights = np.exp(exponent)
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def probability_above(posterior: Array, nodes: Array, cut_theta: ArrayLike) -> Array:
    """Posterior probability that theta exceeds the cut: (...), for equally spaced nodes.

    posterior: (..., n_nodes), normalised or not; cut_theta: a number or one each (...). The distribution function at
    the nodes is the trapezoidal sum with its Euler-Maclaurin correction, between them Hermite's cubic: both errors fall
    with the fourth power of the spacing.
    """
    cut = np.broadcast_to(np.asarray(cut_theta, dtype=np.float64), posterior.shape[:-1])
    place = (cut - nodes[0]) * ((len(nodes) - 1) / (nodes[-1] - nodes[0]))
    cell = np.clip(place.astype(np.intp), 0, len(nodes) - 2)[..., None]
    t = place - cell[..., 0]
    padded = np.pad(posterior, [(0, 0)] * (posterior.ndim - 1) + [(1, 1)])
    mass = np.cumsum(posterior, axis=-1) - posterior / 2.0 + (padded[..., :-2] - padded[..., 2:]) / 24.0
    (left, right), (low, high) = (
        (np.take_along_axis(x, cell, -1)[..., 0], np.take_along_axis(x, cell + 1, -1)[..., 0])
        for x in (mass, posterior)
    )
    below = left + (right - left) * (t * t * (3.0 - 2.0 * t)) + t * (1.0 - t) * ((1.0 - t) * low - t * high)
    inside = np.clip(1.0 - below / posterior.sum(axis=-1), 0.0, 1.0)
    return np.asarray(np.where(cut <= nodes[0], 1.0, np.where(cut >= nodes[-1], 0.0, inside)))
