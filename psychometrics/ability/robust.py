"""Robust ability: answers that contradict the rest of the pattern count less.

The likelihood's score of each answer is multiplied by a weight of its residual. For dichotomous items the residual is
a (theta - b), how far the item lies from the person (Mislevy & Bock 1982, Educational and Psychological Measurement 42,
for the biweight; Schuster & Yuan 2011, J. Educational and Behavioral Statistics 36, for Huber's weight); for items of
several categories it is the standardised (category - expected) / sd (after Filonczuk & Cheng 2025, Behavior Research
Methods 57).
"""

from __future__ import annotations

import numpy as np

from psychometrics.ability.equations import AnswerTable, Responses, integrate_rows
from psychometrics.ability.prior import Prior
from psychometrics.information import derivative_blocks, log_derivatives, pick_answers
from psychometrics.models.base import Array, ItemParameters
from psychometrics.models.registry import probabilities

TUNING = {"huber": 1.0, "biweight": 4.0}
"""Default tuning constants, in residual units."""


def residual_weights(items: ItemParameters, theta: Array, weight: str, tuning: float) -> Array:
    """Weight of each category's answer at each theta: (n_items, K_max, n_theta), 0 to 1."""
    residual = np.abs(_residuals(items, theta))
    if weight == "huber":
        return np.asarray(tuning / np.maximum(residual, tuning))
    return np.asarray(np.where(residual < tuning, (1.0 - (np.minimum(residual, tuning) / tuning) ** 2) ** 2, 0.0))


def _residuals(items: ItemParameters, theta: Array) -> Array:
    table = probabilities(items, theta)
    categories = np.arange(table.shape[1], dtype=np.float64)[None, :, None]
    mean = (table * categories).sum(axis=1, keepdims=True)
    sd = np.sqrt((table * (categories - mean) ** 2).sum(axis=1, keepdims=True))
    standard = np.divide(categories - mean, sd, out=np.zeros_like(table), where=sd > 0)
    distance = (items.discrimination[:, None] * (theta - items.difficulty[:, None]))[:, None, :]
    return np.where(np.isfinite(items.difficulty)[:, None, None], distance, standard)


class RobustEquation:
    """Sum over answers of weight(residual) times d log P / d theta = 0."""

    def __init__(self, items: ItemParameters, nodes: Array, weight: str, tuning: float) -> None:
        self.items, self.nodes, self.weight, self.tuning = items, nodes, weight, tuning
        self._blocks = derivative_blocks(items)
        self._answers = AnswerTable(items.n_categories)
        self._score = self._answers.flatten(self._weighted(nodes))
        self._height = integrate_rows(self._score, nodes)

    def scan(self, responses: Responses, prior: Prior) -> tuple[Array, Array]:
        given = self._answers.indicators(responses)
        return given @ self._height, given @ self._score

    def score(self, theta: Array, responses: Responses, prior: Prior) -> Array:
        return pick_answers(self._weighted(theta), responses)

    def _weighted(self, theta: Array) -> Array:
        first, _ = log_derivatives(self.items, theta, self._blocks)
        return np.asarray(first * residual_weights(self.items, theta, self.weight, self.tuning))

    def sem(self, theta: Array, responses: Responses) -> Array:
        """sqrt(sum of w^2 I) / sum of w I (Magis 2014, Psychometrika 79): (n_persons,), infinite without any weight."""
        first, _ = log_derivatives(self.items, theta, self._blocks)
        weight = residual_weights(self.items, theta, self.weight, self.tuning)
        share = probabilities(self.items, theta) * first**2
        answered = (responses >= 0).T.astype(np.float64)
        spread = np.einsum("ikp,ikp,ikp,ip->p", share, weight, weight, answered)
        slope = np.einsum("ikp,ikp,ip->p", share, weight, answered)
        return np.asarray(np.divide(np.sqrt(spread), slope, out=np.full_like(slope, np.inf), where=slope > 0))
