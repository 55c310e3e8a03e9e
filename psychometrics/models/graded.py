"""The graded response model (Samejima 1969, Psychometrika Monograph 17).

P(X >= k | theta) = 1 / (1 + exp(-a (theta - threshold_k))), thresholds ascending.
Working parameters: slope = a and intercepts -a threshold_k, descending.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from psychometrics.models.base import Array, ItemParameters, Model, expit, log_expit
from psychometrics.models.logistic import MINIMAL_SLOPE


class GradedResponse(Model):
    """Ordered categories by cumulative logits."""

    name: ClassVar[str] = "grm"
    polytomous: ClassVar[bool] = True

    def parameter_names(self, n_categories: int) -> tuple[str, ...]:
        return ("slope", *(f"intercept_{k}" for k in range(1, n_categories)))

    def working(self, items: ItemParameters) -> Array:
        slope = items.discrimination[:, None]
        bounds = int(items.n_categories[0]) - 1
        return np.concatenate([slope, -slope * items.thresholds[:, :bounds]], axis=1)

    def reported(self, working: Array) -> dict[str, Array]:
        slope = working[:, :1]
        safe = np.where(np.abs(slope) < MINIMAL_SLOPE, np.copysign(MINIMAL_SLOPE, slope), slope)
        return {"discrimination": working[:, 0].copy(), "thresholds": -working[:, 1:] / safe}

    def log_probabilities(self, working: Array, theta: Array) -> Array:
        """log(S_k - S_{k+1}) as log S_k + log(1 - S_{k+1}) + log(1 - exp(z_{k+1} - z_k)): no cancellation.

        Intercepts out of order give NaN, which an estimator's line search refuses.
        """
        reach = working[:, :1, None] * theta + working[:, 1:, None]
        ends = np.zeros((len(working), 1, theta.size))
        log_above = np.concatenate([ends, log_expit(reach)], axis=1)
        log_below = np.concatenate([log_expit(-reach), ends], axis=1)
        gap = np.diff(working[:, 1:], axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            inner = np.log(-np.expm1(gap))
        none = np.zeros((len(working), 1))
        width = inner if working.shape[1] > 2 else np.zeros((len(working), 0))
        between = np.concatenate([none, width, none], axis=1)
        return np.asarray(log_above + log_below + between[:, :, None], dtype=np.float64)

    def parameter_gradient(self, working: Array, theta: Array) -> Array:
        steep = self._steepness(working, theta)
        n_items, n_bounds, n_nodes = steep.shape
        gradient = np.zeros((n_items, n_bounds + 1, n_bounds + 1, n_nodes))
        gradient[:, 0] = theta * _between(steep)
        for k in range(n_bounds):
            gradient[:, k + 1, k + 1] = steep[:, k]
            gradient[:, k + 1, k] = -steep[:, k]
        return gradient

    def theta_gradient(self, working: Array, theta: Array) -> Array:
        gradient = working[:, :1, None] * _between(self._steepness(working, theta))
        return np.asarray(gradient, dtype=np.float64)

    @staticmethod
    def _steepness(working: Array, theta: Array) -> Array:
        above = expit(working[:, :1, None] * theta + working[:, 1:, None])
        return above * (1.0 - above)


def _between(steep: Array) -> Array:
    """w_k - w_{k+1} with zeros beyond both ends: (n_items, K, n_nodes)."""
    ends = np.zeros((len(steep), 1, steep.shape[2]))
    return -np.diff(np.concatenate([ends, steep, ends], axis=1), axis=1)
