"""Marginal densities after expectation propagation, corrected for what the normal sites left out.

The marginal of dimension d is proportional to its own exact likelihood times, for every other dimension j, the
expectation of likelihood_j / site_j given theta_d: the factorised correction of Cseke & Heskes (2011), JMLR 12.
"""

from __future__ import annotations

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from numpy.typing import NDArray

from psychometrics.models.base import Array

POINTS = np.linspace(-5.2, 5.2, 33)
"""Where a marginal is laid out, in its own standard deviations from its own mean."""

_ABSCISSAE, _WEIGHTS = hermegauss(9)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()

_CHUNK = 64

Indices = NDArray[np.intp]


def corrected_marginals(
    logs: Array, nodes: Array, mean: Array, covariance: Array, precision: Array, shift: Array
) -> tuple[Array, Array]:
    """Points and weights of every marginal, two arrays (n_persons, D, n_points); weights sum to 1.

    logs: (n_persons, D, n_nodes) log-likelihoods; mean, covariance, precision, shift: of the normal approximation.
    """
    points, weights = np.empty((2, *mean.shape, POINTS.size))
    for start in range(0, len(mean), _CHUNK):
        some = slice(start, start + _CHUNK)
        columns = (logs[some], mean[some], covariance[some], precision[some], shift[some])
        points[some], weights[some] = _corrected(nodes, *columns)
    return points, weights


def _corrected(
    nodes: Array, logs: Array, mean: Array, covariance: Array, precision: Array, shift: Array
) -> tuple[Array, Array]:
    n_persons, n_dimensions, n_nodes = logs.shape
    variance = np.einsum("pdd->pd", covariance)
    points = mean[:, :, None] + np.sqrt(variance)[:, :, None] * POINTS
    regression = covariance / variance[:, :, None]
    left = np.maximum(variance[:, None, :] - regression * covariance, 0.0)
    # axes from here: persons, dimension d, other dimension j, points of d, abscissae of j given d
    given = mean[:, None, :, None] + regression[..., None] * (points - mean[:, :, None])[:, :, None, :]
    theta = given[..., None] + np.sqrt(left)[..., None, None] * _ABSCISSAE
    rows = np.arange(n_persons * n_dimensions).reshape(n_persons, 1, n_dimensions, 1, 1)
    excess = cubic(logs.reshape(-1, n_nodes), rows, nodes, theta)
    site = (shift[:, None, :, None, None], precision[:, None, :, None, None])
    excess -= theta * (site[0] - 0.5 * site[1] * theta)
    peak = excess.max(axis=(3, 4), keepdims=True)
    expected = np.log(np.exp(excess - peak) @ _WEIGHTS)
    logs_marginal = expected.sum(axis=2) - 0.5 * POINTS**2
    weights = np.exp(logs_marginal - logs_marginal.max(axis=2, keepdims=True))
    return points, weights / weights.sum(axis=2, keepdims=True)


def normal_marginals(mean: Array, covariance: Array) -> tuple[Array, Array]:
    """The same layout for plain normal marginals."""
    sd = np.sqrt(np.einsum("pdd->pd", covariance))
    density = np.exp(-0.5 * POINTS**2)
    weights = np.broadcast_to(density / density.sum(), (*mean.shape, POINTS.size))
    return mean[:, :, None] + sd[:, :, None] * POINTS, weights


def cubic(table: Array, rows: Indices, nodes: Array, x: Array) -> Array:
    """Values at x of the functions in `rows` of a table (n_rows, n_nodes), by the cubic through four equal steps.

    Constant beyond the nodes. rows and x broadcast.
    """
    (before, left, right, after), t, _ = _stencil(table, rows, nodes, x)
    outer, inner = t * (t - 1.0), (t + 1.0) * (t - 2.0)
    ends = outer * ((t + 1.0) * after - (t - 2.0) * before) / 6.0
    return np.asarray(ends + inner * ((t - 1.0) * left - t * right) / 2.0)


def cubic_derivatives(table: Array, rows: Indices, nodes: Array, x: Array) -> tuple[Array, Array]:
    """First and second derivatives at x of the same cubics."""
    (before, left, right, after), t, spacing = _stencil(table, rows, nodes, x)
    first = (
        -before * (3 * t * t - 6 * t + 2) / 6
        + left * (3 * t * t - 4 * t - 1) / 2
        - right * (3 * t * t - 2 * t - 2) / 2
        + after * (3 * t * t - 1) / 6
    )
    second = before * (1 - t) + left * (3 * t - 2) + right * (1 - 3 * t) + after * t
    return first / spacing, second / spacing**2


def _stencil(
    table: Array, rows: Indices, nodes: Array, x: Array
) -> tuple[tuple[Array, Array, Array, Array], Array, float]:
    """Four neighbouring values, the place of x among them in steps from the second, and the step."""
    spacing = float(nodes[1] - nodes[0])
    place = (np.clip(x, nodes[0], nodes[-1]) - nodes[0]) / spacing
    cell = np.clip(place.astype(np.intp), 1, len(nodes) - 3)
    flat, at = table.ravel(), rows * len(nodes) + cell
    return (flat[at - 1], flat[at], flat[at + 1], flat[at + 2]), place - cell, spacing
