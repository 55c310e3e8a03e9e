"""The posterior of a sitting, one answer at a time.

On the grid an answer is one multiplication by a row of the item's table, and theta and sem come from the same pass: the
cost does not depend on how many answers went before (Bock & Mislevy 1982, APM 6, sequential form). Everything works on
one person, (n_nodes,), and on a cohort that advances together, (n_persons, n_nodes).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from psychometrics.models.base import Array

TINY = 1e-300
"""A product whose sum falls below this has lost digits to underflow and is recomputed on the log scale."""


@dataclass(frozen=True, slots=True, eq=False)
class PosteriorState:
    """What is known of one person or of many: posterior (..., n_nodes) summing to 1, theta and sem (...)."""

    posterior: Array
    theta: Array
    sem: Array


def moment_basis(nodes: Array) -> Array:
    """1, theta and theta^2 at the nodes, (n_nodes, 3): a product with it gives mass, theta and sem of a `step`."""
    return np.stack([np.ones_like(nodes), nodes, nodes * nodes], axis=1)


def start(weights: Array, nodes: Array, n_persons: int | None = None) -> PosteriorState:
    """Before the first answer: the prior's weights (n_nodes,), repeated for `n_persons` where that is given."""
    share = np.asarray(weights, dtype=np.float64) / float(np.sum(weights))
    posterior = share if n_persons is None else np.tile(share, (n_persons, 1))
    return PosteriorState(posterior, *summary(posterior, nodes))


def step(state: PosteriorState, table_row: Array, basis: Array) -> PosteriorState:
    """After one more answer, whose probabilities at the nodes are `table_row` (n_nodes,) or (n_persons, n_nodes).

    basis: `moment_basis(nodes)`, made once a sitting. Theta and sem are those of `summary`, to 1e-12 on [-6, 6].
    """
    product = state.posterior * table_row
    moments = product @ basis
    total = moments[..., 0]
    if not (total > TINY).all():
        product = _update_by_logs(state.posterior, np.broadcast_to(table_row, state.posterior.shape))
        moments = product @ basis
        total = moments[..., 0]
    theta = moments[..., 1] / total
    sem = np.sqrt(np.maximum(moments[..., 2] / total - theta * theta, 0.0))
    product /= total[..., None]
    return PosteriorState(product, theta, sem)


def update(posterior: Array, table_row: Array) -> Array:
    """Posterior times the answer's probabilities, each row summing to 1: (..., n_nodes)."""
    product = posterior * table_row
    total = product.sum(axis=-1, keepdims=True)
    if (total > TINY).all():
        product /= total
        return np.asarray(product)
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
    the nodes is the trapezoidal sum with two Euler-Maclaurin terms, between them Hermite's quintic: both errors fall
    with the sixth power of the spacing. `record.probability_above` is the same in exact arithmetic.
    """
    cut = np.broadcast_to(np.asarray(cut_theta, dtype=np.float64), posterior.shape[:-1])
    place = (cut - nodes[0]) * ((len(nodes) - 1) / (nodes[-1] - nodes[0]))
    cell = np.clip(place.astype(np.intp), 0, len(nodes) - 2)
    inside = np.clip(1.0 - _mass_below(posterior, cell, place - cell) / posterior.sum(axis=-1), 0.0, 1.0)
    return np.asarray(np.where(cut <= nodes[0], 1.0, np.where(cut >= nodes[-1], 0.0, inside)))


def _mass_below(posterior: Array, cell: NDArray[np.intp], t: Array) -> Array:
    """Integral up to the point t (0 to 1) inside a cell, in units of the spacing."""
    padded = np.pad(posterior, [(0, 0)] * (posterior.ndim - 1) + [(2, 2)])
    near, far = padded[..., 3:-1] - padded[..., 1:-3], padded[..., 4:] - padded[..., :-4]
    mass = np.cumsum(posterior, axis=-1) - posterior / 2.0 + (11.0 * far - 82.0 * near) / 1440.0
    slopes = (8.0 * near - far) / 12.0
    ends = np.stack([cell, cell + 1], axis=-1)
    m0, m1 = np.moveaxis(np.take_along_axis(mass, ends, -1), -1, 0)
    f0, f1 = np.moveaxis(np.take_along_axis(posterior, ends, -1), -1, 0)
    g0, g1 = np.moveaxis(np.take_along_axis(slopes, ends, -1), -1, 0)
    jump, turn, bend = m1 - m0 - f0 - g0 / 2.0, f1 - f0 - g0, (g1 - g0) / 2.0
    third, fourth = 10.0 * jump - 4.0 * turn + bend, 7.0 * turn - 15.0 * jump - 2.0 * bend
    fifth = 6.0 * jump - 3.0 * turn + bend
    return np.asarray(m0 + t * (f0 + t * (g0 / 2.0 + t * (third + t * (fourth + t * fifth)))))
