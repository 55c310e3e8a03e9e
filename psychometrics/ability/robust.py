"""Robust ability: answers to items far from the person's level, where luck and slips decide, count less.

The likelihood's score of each answer is multiplied by a weight of the item's residual, a (theta - b) for dichotomous
items: Mislevy & Bock (1982), Educational and Psychological Measurement 42, for Tukey's biweight; Schuster & Yuan
(2011), J. Educational and Behavioral Statistics 36, for Huber's weight. For items of several categories the residual
is the logit of the expected proportion of the item's score, which is a (theta - b) again when there are two. It depends
on theta and the item but not on the answer, so the weighted equation stays unbiased where the model holds.
"""

from __future__ import annotations

import numpy as np

from psychometrics.ability.equations import AnswerTable, Responses
from psychometrics.ability.prior import Prior
from psychometrics.derivatives import derivative_blocks, first_derivatives
from psychometrics.information import item_information, pick_answers
from psychometrics.models.base import Array, ItemParameters
from psychometrics.models.registry import log_probabilities, probabilities

TUNING = {"huber": 1.0, "biweight": 4.0}
"""Default tuning constants, in residual units."""


def residual_weights(items: ItemParameters, theta: Array, weight: str, tuning: float) -> Array:
    """Weight of each item at each theta: (n_items, n_theta), 0 to 1."""
    residual = np.abs(item_residuals(items, theta))
    if weight == "huber":
        return np.asarray(tuning / np.maximum(residual, tuning))
    return np.asarray((1.0 - (np.minimum(residual, tuning) / tuning) ** 2) ** 2)


def item_residuals(items: ItemParameters, theta: Array) -> Array:
    """How far each item lies from theta, in logits of its score: (n_items, n_theta), positive where it is easy."""
    residual = items.discrimination[:, None] * (theta - items.difficulty[:, None])
    several = np.flatnonzero(~np.isfinite(items.difficulty))
    if several.size:
        residual[several] = _score_logits(items.take(several), theta)
    return np.asarray(residual)


def _score_logits(items: ItemParameters, theta: Array) -> Array:
    """Logit of the expected share of the score; nominal categories, which have no order, score their slopes."""
    categories = np.arange(items.max_categories, dtype=np.float64)
    slopes = items.slopes[:, : items.max_categories]
    score = np.where(np.isfinite(slopes[:, :1]), np.nan_to_num(slopes), categories)
    table = probabilities(items, theta)
    present = categories < items.n_categories[:, None]
    low = np.where(present, score, np.inf).min(axis=1, keepdims=True)
    high = np.where(present, score, -np.inf).max(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        gained = np.log(np.einsum("ikt,ik->it", table, score - low))
        return np.asarray(np.nan_to_num(gained - np.log(np.einsum("ikt,ik->it", table, high - score))))


class RobustEquation:
    """Sum over answers of weight(residual) times d log P / d theta = 0.

    A weighted score may have several roots; the one of largest likelihood counts.
    """

    def __init__(self, items: ItemParameters, nodes: Array, weight: str, tuning: float) -> None:
        self.items, self.nodes, self.weight, self.tuning = items, nodes, weight, tuning
        self._blocks = derivative_blocks(items)
        self._answers = AnswerTable(items.n_categories)
        self._score = self._answers.flatten(self._weighted(nodes))
        self._height = self._answers.flatten(log_probabilities(items, nodes))

    def scan(self, responses: Responses, prior: Prior) -> tuple[Array, Array]:
        given = self._answers.indicators(responses)
        return given @ self._height, given @ self._score

    def score(self, theta: Array, responses: Responses, prior: Prior) -> Array:
        return pick_answers(self._weighted(theta), responses)

    def _weighted(self, theta: Array) -> Array:
        first = first_derivatives(self.items, theta, self._blocks)
        return np.asarray(first * self._weights(theta)[:, None, :])

    def _weights(self, theta: Array) -> Array:
        return residual_weights(self.items, theta, self.weight, self.tuning)

    def sem(self, theta: Array, responses: Responses) -> Array:
        """sqrt(sum of w^2 I) / sum of w I (Magis 2016, Psychometrika 81): (n_persons,), infinite without any weight."""
        weight = self._weights(theta) * (responses >= 0).T
        slope = weight * item_information(self.items, theta)
        spread, total = np.sqrt((weight * slope).sum(axis=0)), slope.sum(axis=0)
        return np.asarray(np.divide(spread, total, out=np.full_like(total, np.inf), where=total > 0))
