"""The equations whose root is an ability estimate: likelihood, posterior mode, Warm's weighted likelihood.

Each is a sum over answers of a function of theta, so over common nodes it is one matrix product of answers (one column
an item and category) with a table, and at a person's own theta a pick from the same functions.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from psychometrics.ability.prior import Prior
from psychometrics.derivatives import derivative_blocks, first_derivatives, warm_terms
from psychometrics.information import pick_answers
from psychometrics.models.base import Array, ItemParameters
from psychometrics.models.registry import log_probabilities

Responses = NDArray[np.int8]


class Equation(Protocol):
    """What the root search needs of an estimator."""

    nodes: Array

    def scan(self, responses: Responses, prior: Prior) -> tuple[Array, Array]:
        """The objective up to a constant and its derivative on the nodes: two arrays (n_persons, n_nodes)."""

    def score(self, theta: Array, responses: Responses, prior: Prior) -> Array:
        """The derivative at each person's own theta: (n_persons,)."""


class AnswerTable:
    """Functions of theta, one for each item and category: what a pattern of answers adds up from."""

    def __init__(self, n_categories: NDArray[np.int64]) -> None:
        self.item = np.repeat(np.arange(len(n_categories)), n_categories)
        self.category = np.concatenate([np.arange(k) for k in n_categories] or [np.arange(0)])

    def flatten(self, table: Array) -> Array:
        """(n_items, K_max, n_nodes) -> one row for each category that exists."""
        return np.ascontiguousarray(table[self.item, self.category])

    def indicators(self, responses: Responses) -> Array:
        """1 where the person gave that category: (n_persons, rows of the flat table)."""
        return np.asarray(responses[:, self.item] == self.category, dtype=np.float64)


class LikelihoodEquation:
    """Maximum likelihood (Lord 1980, ch. 4): sum of d log P(answer) / d theta = 0."""

    def __init__(self, items: ItemParameters, nodes: Array) -> None:
        self.items, self.nodes = items, nodes
        self._blocks = derivative_blocks(items)
        self._answers = AnswerTable(items.n_categories)
        self._height = self._answers.flatten(log_probabilities(items, nodes))
        self._score = self._answers.flatten(first_derivatives(items, nodes, self._blocks))

    def scan(self, responses: Responses, prior: Prior) -> tuple[Array, Array]:
        given = self._answers.indicators(responses)
        return given @ self._height, given @ self._score

    def score(self, theta: Array, responses: Responses, prior: Prior) -> Array:
        return pick_answers(first_derivatives(self.items, theta, self._blocks), responses)


class PosteriorEquation(LikelihoodEquation):
    """Posterior mode (Birnbaum 1969, J. Math. Psych. 6): the likelihood's score plus the slope of the log-prior."""

    def scan(self, responses: Responses, prior: Prior) -> tuple[Array, Array]:
        height, score = super().scan(responses, prior)
        return height + prior.log_density(self.nodes), score + prior.slopes(self.nodes)

    def score(self, theta: Array, responses: Responses, prior: Prior) -> Array:
        return super().score(theta, responses, prior) + prior.slope(theta)


class WarmEquation(LikelihoodEquation):
    """Weighted likelihood, Warm's own equation: score + J / (2 I) = 0 (Warm 1989, Psychometrika 54).

    With guessing this is not the mode under Jeffreys' prior (score + I' / (2 I)); the two agree for Rasch, 2PL and
    partial credit items only. Where the equation has several roots, the one with the largest weighted likelihood
    counts, the weight being exp of the integral of J / (2 I).
    """

    def __init__(self, items: ItemParameters, nodes: Array) -> None:
        super().__init__(items, nodes)
        _, self._correction, self._information = warm_terms(items, nodes, self._blocks)

    def scan(self, responses: Responses, prior: Prior) -> tuple[Array, Array]:
        height, score = super().scan(responses, prior)
        answered = (responses >= 0).astype(np.float64)
        pull = _half_ratio(answered @ self._correction, answered @ self._information)
        return height + integrate_rows(pull, self.nodes), score + pull

    def score(self, theta: Array, responses: Responses, prior: Prior) -> Array:
        first, correction, information = warm_terms(self.items, theta, self._blocks)
        answered = (responses >= 0).T
        pull = _half_ratio((correction * answered).sum(axis=0), (information * answered).sum(axis=0))
        return pick_answers(first, responses) + pull


def _half_ratio(bend: Array, information: Array) -> Array:
    """J / (2 I), 0 where the information has underflowed."""
    return np.divide(bend, 2.0 * information, out=np.zeros_like(bend), where=information > 0)


def integrate_rows(values: Array, nodes: Array) -> Array:
    """Cumulative integral along the last axis by the trapezoidal rule, 0 at the first node."""
    total = np.zeros_like(values)
    np.cumsum((values[..., 1:] + values[..., :-1]) * (0.5 * np.diff(nodes)), axis=-1, out=total[..., 1:])
    return total
