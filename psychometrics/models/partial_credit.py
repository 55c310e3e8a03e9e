"""Partial credit (Masters 1982, Psychometrika 47) and generalised partial credit (Muraki 1992, APM 16).

P(k | theta) is proportional to exp(sum_{j <= k} a (theta - step_j)).
Working parameters: slope = a and cumulated intercepts -a (step_1 + ... + step_k), k = 1 ... K - 1.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from psychometrics.models.base import Array, ItemParameters, Model
from psychometrics.models.logistic import MINIMAL_SLOPE


class GeneralisedPartialCredit(Model):
    """Ordered categories by adjacent logits."""

    name: ClassVar[str] = "gpcm"
    polytomous: ClassVar[bool] = True

    def parameter_names(self, n_categories: int) -> tuple[str, ...]:
        return ("slope", *(f"intercept_{k}" for k in range(1, n_categories)))

    def working(self, items: ItemParameters) -> Array:
        slope = items.discrimination[:, None]
        bounds = int(items.n_categories[0]) - 1
        return np.concatenate([slope, -slope * np.cumsum(items.steps[:, :bounds], axis=1)], axis=1)

    def reported(self, working: Array) -> dict[str, Array]:
        slope = working[:, :1]
        safe = np.where(np.abs(slope) < MINIMAL_SLOPE, np.copysign(MINIMAL_SLOPE, slope), slope)
        steps = -np.diff(working[:, 1:], axis=1, prepend=0.0) / safe
        return {"discrimination": working[:, 0].copy(), "steps": steps}

    def slope_weights(self, n_columns: int) -> Array:
        return np.arange(1.0, n_columns + 1)

    def logit_rise(self, n_categories: int) -> Array:
        rise = np.zeros((n_categories - 1, n_categories))
        rise[:, 0] = np.arange(1, n_categories)
        return rise

    def log_probabilities(self, working: Array, theta: Array) -> Array:
        categories = np.arange(working.shape[1], dtype=np.float64)
        return softmax_logs(working[:, :1] * categories, _with_zero(working[:, 1:]), theta)

    def parameter_gradient(self, working: Array, theta: Array) -> Array:
        probability = self.probabilities(working, theta)
        categories = np.arange(working.shape[1], dtype=np.float64)
        slope = theta * centred(probability, np.broadcast_to(categories, (len(working), categories.size)))
        return np.concatenate([slope[:, None], indicator_gradient(probability)], axis=1)

    def theta_gradient(self, working: Array, theta: Array) -> Array:
        categories = np.arange(working.shape[1], dtype=np.float64)
        return centred(self.probabilities(working, theta), working[:, :1] * categories)


class PartialCredit(GeneralisedPartialCredit):
    """Slopes are 1 and the standard deviation of the population is free."""

    name: ClassVar[str] = "pcm"
    fixed_slope: ClassVar[bool] = True


def softmax_logs(slopes: Array, intercepts: Array, theta: Array) -> Array:
    """Normalised slope_k theta + intercept_k: slopes, intercepts (n_items, K) -> (n_items, K, n_nodes)."""
    predictor = slopes[:, :, None] * theta + intercepts[:, :, None]
    predictor -= predictor.max(axis=1, keepdims=True)
    return np.asarray(predictor - np.log(np.exp(predictor).sum(axis=1, keepdims=True)), dtype=np.float64)


def centred(probability: Array, score: Array) -> Array:
    """P_k (score_k - mean score): (n_items, K, n_nodes), for scores (n_items, K)."""
    mean = np.einsum("ikq,ik->iq", probability, score)
    return np.asarray(probability * (score[:, :, None] - mean[:, None, :]), dtype=np.float64)


def indicator_gradient(probability: Array) -> Array:
    """dP_k / d intercept_m = P_k (1[k = m] - P_m), m = 1 ... K - 1: (n_items, K - 1, K, n_nodes)."""
    gradient = -probability[:, 1:, None, :] * probability[:, None, :, :]
    for m in range(1, probability.shape[1]):
        gradient[:, m - 1, m] += probability[:, m]
    return np.asarray(gradient, dtype=np.float64)


def _with_zero(columns: Array) -> Array:
    return np.concatenate([np.zeros((len(columns), 1)), columns], axis=1)
