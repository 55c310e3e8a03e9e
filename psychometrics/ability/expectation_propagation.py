"""Expectation propagation for a normal prior times one function of one variable a dimension; Laplace in reserve.

Minka (2001), UAI 17; Opper & Winther (2000), Neural Computation 12. A site is
exp(shift * theta - precision / 2 * theta^2).
Arrays carry persons first, so that a cohort advances together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from psychometrics.ability.marginals import cubic_derivatives
from psychometrics.models.base import Array

MAX_SWEEPS = 60

TOLERANCE = 1e-7
"""Change of a marginal mean or standard deviation over a sweep, in logits, at which the sweeps end."""


@dataclass(slots=True, eq=False)
class NormalApproximation:
    """mean, precision, shift (the sites'): (n_persons, D); covariance: (n_persons, D, D); settled: (n_persons,)."""

    mean: Array
    covariance: Array
    precision: Array
    shift: Array
    settled: NDArray[np.bool_]


def propagate(logs: Array, nodes: Array, centre: Array, prior: Array, damping: float = 1.0) -> NormalApproximation:
    """Sweep over the dimensions until the marginals stand still.

    logs: (n_persons, D, n_nodes); nodes: (n_nodes,); centre: (D,); prior: (D, D) covariance. damping: share of each
    update that is applied, 1 for all of it.
    """
    n_persons, n_dimensions, _ = logs.shape
    state = NormalApproximation(
        mean=np.tile(centre, (n_persons, 1)),
        covariance=np.tile(prior, (n_persons, 1, 1)),
        precision=np.zeros((n_persons, n_dimensions)),
        shift=np.zeros((n_persons, n_dimensions)),
        settled=np.zeros(n_persons, dtype=np.bool_),
    )
    informed = np.ptp(logs, axis=2) > 0
    dimensions = [int(d) for d in np.flatnonzero(informed.any(axis=0))]
    for _ in range(MAX_SWEEPS):
        change = np.zeros(n_persons)
        for d in dimensions:
            np.maximum(change, _update(state, d, logs[:, d], nodes, damping * informed[:, d]), out=change)
        state.settled = change < TOLERANCE
        if state.settled.all():
            break
    return state


def _update(state: NormalApproximation, d: int, logs: Array, nodes: Array, share: Array) -> Array:
    """Match the site of one dimension to its tilted moments; rank-one update of all. Returns the change in logits."""
    variance, mean = state.covariance[:, d, d], state.mean[:, d]
    cavity = 1.0 / variance - state.precision[:, d]
    cavity_shift = mean / variance - state.shift[:, d]
    tilted_mean, tilted_variance = _moments(logs, nodes, cavity, cavity_shift)
    more = share * (1.0 / tilted_variance - cavity - state.precision[:, d])
    push = share * (tilted_mean / tilted_variance - cavity_shift - state.shift[:, d])
    change = share * (np.abs(tilted_mean - mean) + np.abs(np.sqrt(tilted_variance) - np.sqrt(variance)))
    column = state.covariance[:, :, d].copy()
    scale = 1.0 / (1.0 + more * variance)
    state.mean += column * ((push - more * mean) * scale)[:, None]
    state.covariance -= (more * scale)[:, None, None] * (column[:, :, None] * column[:, None, :])
    state.precision[:, d] += more
    state.shift[:, d] += push
    return np.asarray(change)


def _moments(logs: Array, nodes: Array, precision: Array, shift: Array) -> tuple[Array, Array]:
    """Mean and variance of likelihood times cavity on the nodes, never narrower than a cell of the grid."""
    exponent = logs + nodes * (shift[:, None] - (0.5 * precision)[:, None] * nodes)
    exponent -= exponent.max(axis=1, keepdims=True)
    weights = np.exp(exponent, out=exponent)
    total = weights.sum(axis=1)
    mean = weights @ nodes / total
    variance = (weights * (nodes - mean[:, None]) ** 2).sum(axis=1) / total
    return mean, np.maximum(variance, (nodes[1] - nodes[0]) ** 2 / 12.0)


def laplace(logs: Array, nodes: Array, centre: Array, prior: Array) -> NormalApproximation:
    """Normal approximation at the posterior mode, by Newton's method (Tierney & Kadane 1986, JASA 81).

    Curvature of the wrong sign, which guessing can cause, counts as none. Arguments as for `propagate`.
    """
    n_persons, n_dimensions, _ = logs.shape
    table = logs.reshape(n_persons * n_dimensions, -1)
    rows = np.arange(n_persons * n_dimensions).reshape(n_persons, n_dimensions)
    inverse = np.linalg.inv(prior)
    mean = np.tile(centre, (n_persons, 1))
    for _ in range(MAX_SWEEPS):
        slope, bend = cubic_derivatives(table, rows, nodes, mean)
        precision = np.maximum(-bend, 0.0)
        hessian = inverse + precision[:, :, None] * np.eye(n_dimensions)
        gradient = slope - (mean - centre) @ inverse
        step = np.clip(np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0], -1.0, 1.0)
        mean = np.clip(mean + step, nodes[0], nodes[-1])
        if np.abs(step).max(initial=0.0) < TOLERANCE:
            break
    covariance = np.asarray(np.linalg.inv(hessian), dtype=np.float64)
    return NormalApproximation(
        mean, covariance, precision, slope + precision * mean, np.ones(n_persons, dtype=np.bool_)
    )
