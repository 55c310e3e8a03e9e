"""What is believed about a person before the first answer: a normal distribution, or weights on a grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from psychometrics.models.base import Array
from psychometrics.quadrature import Grid

N_NODES = 121
"""Nodes on the bounds when no grid is given: a spacing of 0.1 logits on [-6, 6]."""


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """A prior on grid nodes.

    nodes: (n_nodes,); log_weights: (1 or n_persons, n_nodes), normalised; mean, sd: (1 or n_persons,).
    `tabulated` is the log-weights' spline when the prior is not normal.
    """

    nodes: Array
    log_weights: Array
    mean: Array
    sd: Array
    tabulated: Any = None

    def rows(self, persons: slice | NDArray[np.intp]) -> Prior:
        """The same prior for some of the persons."""
        if len(self.mean) == 1:
            return self
        return Prior(self.nodes, self.log_weights[persons], self.mean[persons], self.sd[persons])

    def log_density(self, theta: Array) -> Array:
        """Log-density up to a constant: (1 or n_persons, n_theta) at common points theta (n_theta,)."""
        if self.tabulated is not None:
            return np.asarray(self.tabulated(theta)[None, :])
        return np.asarray(-0.5 * ((theta - self.mean[:, None]) / self.sd[:, None]) ** 2)

    def slopes(self, theta: Array) -> Array:
        """Derivative of the log-density: (1 or n_persons, n_theta) at common points theta (n_theta,)."""
        if self.tabulated is not None:
            return np.asarray(self.tabulated(theta, 1)[None, :])
        return np.asarray((self.mean[:, None] - theta) / self.sd[:, None] ** 2)

    @property
    def support(self) -> tuple[float, float]:
        """Where the prior is positive: everywhere when normal, else the outermost nodes that carry weight."""
        if self.tabulated is None:
            return -np.inf, np.inf
        carried = self.nodes[np.isfinite(self.log_weights[0])]
        return float(carried[0]), float(carried[-1])

    def slope(self, theta: Array) -> Array:
        """Derivative of the log-density at each person's theta: (n_persons,)."""
        if self.tabulated is not None:
            return np.asarray(self.tabulated(theta, 1))
        return np.asarray((self.mean - theta) / self.sd**2)

    def precision(self, theta: Array) -> Array:
        """Minus the second derivative of the log-density: what the prior adds to the information."""
        if self.tabulated is not None:
            return np.asarray(-self.tabulated(theta, 2))
        return np.asarray(np.broadcast_to(1.0 / self.sd**2, theta.shape))


def make_prior(prior: Any, grid: Any, bounds: tuple[float, float], n_persons: int) -> Prior:
    """The prior on its nodes.

    prior: None (the grid's own weights, else N(0, 1)), a tuple (mean, sd) of numbers or (n_persons,) arrays, a
    `Grid`, or weights (n_nodes,) on the grid.
    grid: None (121 nodes on the bounds), a `Grid` or ascending nodes (n_nodes,).

    Raises ValueError when sizes disagree, an sd is not positive or a weight is negative.
    """
    if isinstance(prior, Grid):
        grid = prior if grid is None else grid
        prior = prior.weights
    elif prior is None:
        prior = grid.weights if isinstance(grid, Grid) else (0.0, 1.0)
    nodes = _nodes(grid, bounds)
    if isinstance(prior, tuple):
        return _normal(nodes, prior, n_persons)
    return _tabulated(nodes, prior)


def _nodes(grid: Any, bounds: tuple[float, float]) -> Array:
    if grid is None:
        return np.linspace(bounds[0], bounds[1], N_NODES)
    nodes = np.asarray(grid.nodes if isinstance(grid, Grid) else grid, dtype=np.float64)
    if nodes.ndim != 1 or nodes.size < 2 or not (np.diff(nodes) > 0).all() or not np.isfinite(nodes).all():
        raise ValueError("grid must be a Grid or at least two ascending finite nodes")
    return nodes


def _normal(nodes: Array, prior: tuple[Any, ...], n_persons: int) -> Prior:
    if len(prior) != 2:
        raise ValueError(f"prior must be (mean, sd), got a tuple of {len(prior)}; hand weights over as an array")
    mean, sd = np.broadcast_arrays(*(np.atleast_1d(np.asarray(x, dtype=np.float64)) for x in prior))
    if mean.shape not in ((1,), (n_persons,)):
        raise ValueError(f"prior mean and sd must be numbers or one per person ({n_persons}), got shape {mean.shape}")
    bad = ~(np.isfinite(mean) & np.isfinite(sd) & (sd > 0))
    if bad.any():
        row = int(np.argmax(bad))
        raise ValueError(f"prior of person {row}: mean {mean[row]} and sd {sd[row]} must be finite and sd positive")
    exponent = -0.5 * ((nodes - mean[:, None]) / sd[:, None]) ** 2
    return Prior(nodes, _log_normalised(exponent), mean, sd)


def _tabulated(nodes: Array, prior: Any) -> Prior:
    weights = np.asarray(prior, dtype=np.float64)
    if weights.shape != nodes.shape:
        raise ValueError(f"prior has weights of shape {weights.shape} for a grid of {nodes.size} nodes")
    if not ((weights >= 0).all() and np.isfinite(weights).all() and weights.sum() > 0):
        raise ValueError("prior weights must be finite, none negative and not all 0")
    with np.errstate(divide="ignore"):
        logs = _log_normalised(np.log(weights)[None, :])
    share = weights / weights.sum()
    mean = float(share @ nodes)
    sd = float(np.sqrt(share @ (nodes - mean) ** 2))
    return Prior(nodes, logs, np.array([mean]), np.array([sd]), _spline(nodes, logs[0]))


def _spline(nodes: Array, log_weights: Array) -> Any:
    """Cubic spline of the log-density through the nodes that carry weight."""
    from scipy.interpolate import CubicSpline

    carried: NDArray[np.bool_] = np.isfinite(log_weights)
    if carried.sum() < 2:
        return CubicSpline([nodes[0], nodes[-1]], [0.0, 0.0])
    return CubicSpline(nodes[carried], log_weights[carried], bc_type="natural")


def _log_normalised(exponent: Array) -> Array:
    peak = exponent.max(axis=1, keepdims=True)
    return np.asarray(exponent - peak - np.log(np.exp(exponent - peak).sum(axis=1, keepdims=True)))
