"""Logistic regression of ordered categories (McCullagh 1980, JRSS B 42); with two categories, the ordinary one.

P(category >= k | x) = 1 / (1 + exp(-(intercept_k + x beta))), one slope for all k.
"""

from __future__ import annotations

import numpy as np
import scipy

from psychometrics.models.base import Array

LARGEST = 50.0
MAX_ITERATIONS = 60


def fit_proportional_odds(design: Array, counts: Array) -> tuple[float, Array] | None:
    """Log-likelihood and beta (n_columns,) by Fisher scoring, steps halved when they overshoot.

    design: (n_cells, n_columns) without a column of ones; counts: (n_cells, n_categories), every category seen.
    None when the coefficients run off, because some column predicts the answers perfectly, or are not determined.
    """
    n_bounds = counts.shape[1] - 1
    above = counts.sum(axis=0)[::-1].cumsum()[::-1][1:] / counts.sum()
    beta = np.concatenate([np.log(above) - np.log1p(-above), np.zeros(design.shape[1])])
    height = _log_likelihood(beta, design, counts)
    for _ in range(MAX_ITERATIONS):
        gradient, information = _derivatives(beta, design, counts)
        try:
            step = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            return None
        new = _log_likelihood(beta + step, design, counts)
        while new < height - 1e-9 and np.abs(step).max() > 1e-8:
            step = step / 2
            new = _log_likelihood(beta + step, design, counts)
        beta, gain, height = beta + step, new - height, new
        if np.abs(beta).max() > LARGEST:
            return None
        if abs(gain) < 1e-10 and np.abs(step).max() < 1e-6:
            return height, beta[n_bounds:]
    return None


def _category_probabilities(beta: Array, design: Array, n_bounds: int) -> tuple[Array, Array]:
    """P(category), (n_cells, n_categories), and the slopes of the cumulative curves, (n_cells, n_bounds)."""
    predictor = beta[:n_bounds] + (design @ beta[n_bounds:])[:, None]
    above = scipy.special.expit(predictor)
    ends = np.concatenate([np.ones((len(design), 1)), above, np.zeros((len(design), 1))], axis=1)
    return -np.diff(ends, axis=1), above * scipy.special.expit(-predictor)


def _log_likelihood(beta: Array, design: Array, counts: Array) -> float:
    probability, _ = _category_probabilities(beta, design, counts.shape[1] - 1)
    if (probability[counts > 0] <= 0).any():
        return -np.inf
    return float((counts * np.log(np.maximum(probability, 1e-300))).sum())


def _derivatives(beta: Array, design: Array, counts: Array) -> tuple[Array, Array]:
    """Gradient and expected information; both by the predictors of the bounds first, then by beta."""
    n_bounds = counts.shape[1] - 1
    probability, slope = _category_probabilities(beta, design, n_bounds)
    safe = np.maximum(probability, 1e-300)
    ratio = counts / safe
    by_bound = slope * (ratio[:, 1:] - ratio[:, :-1])
    total = counts.sum(axis=1)[:, None]
    own = total * slope**2 * (1 / safe[:, 1:] + 1 / safe[:, :-1])
    shared = -total * slope[:, 1:] * slope[:, :-1] / safe[:, 1:-1]
    information = np.zeros((len(beta), len(beta)))
    information[np.arange(n_bounds), np.arange(n_bounds)] = own.sum(axis=0)
    place = np.arange(n_bounds - 1)
    information[place, place + 1] = information[place + 1, place] = shared.sum(axis=0)
    across = own.copy()
    across[:, 1:] += shared
    across[:, :-1] += shared
    information[:n_bounds, n_bounds:] = across.T @ design
    information[n_bounds:, :n_bounds] = information[:n_bounds, n_bounds:].T
    information[n_bounds:, n_bounds:] = (design * across.sum(axis=1)[:, None]).T @ design
    return np.concatenate([by_bound.sum(axis=0), design.T @ by_bound.sum(axis=1)]), information
