"""Derivatives of log-probabilities by theta, one class a family of response models.

They stay finite and exact where the probability itself underflows: an item of discrimination 150, or an ability of 40,
needs no special case. Information follows without probabilities wherever there is a closed form for it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from psychometrics.models.base import Array, ItemParameters, Model
from psychometrics.models.graded import GradedResponse
from psychometrics.models.logistic import TwoParameter
from psychometrics.models.nominal import NominalResponse
from psychometrics.models.registry import kinds


class Family(ABC):
    """Items of one model and number of categories; theta is (n_theta,), tables are (n_items, K, n_theta)."""

    @abstractmethod
    def first(self, theta: Array) -> Array:
        """d log P_k / d theta."""

    @abstractmethod
    def both(self, theta: Array) -> tuple[Array, Array]:
        """First and second derivatives of log P_k."""

    @abstractmethod
    def information(self, theta: Array) -> Array:
        """I = sum_k P_k (d log P_k / d theta)^2: (n_items, n_theta)."""

    @abstractmethod
    def warm(self, theta: Array) -> tuple[Array, Array, Array]:
        """d log P_k, and for Warm's estimator J = sum_k P'_k P''_k / P_k and I, (n_items, n_theta) each."""


@dataclass(frozen=True, slots=True, eq=False)
class DerivativeBlock:
    """Where items of one family stand in the bank, and the family."""

    where: NDArray[np.int64]
    n_categories: int
    family: Family


def derivative_blocks(items: ItemParameters) -> tuple[DerivativeBlock, ...]:
    """The bank prepared for repeated calls (one block a model and number of categories)."""
    return tuple(
        DerivativeBlock(where, n_categories, _family(model, items.take(where), n_categories))
        for model, n_categories, where in kinds(items)
    )


def first_derivatives(
    items: ItemParameters, theta: ArrayLike, blocks: Sequence[DerivativeBlock] | None = None
) -> Array:
    """d log P(category | theta) / d theta: (n_items, K_max, n_theta), 0 in categories an item does not have."""
    points = np.atleast_1d(np.asarray(theta, dtype=np.float64))
    table = np.zeros((len(items), items.max_categories, points.size))
    for block in derivative_blocks(items) if blocks is None else blocks:
        table[block.where, : block.n_categories] = block.family.first(points)
    return table


def log_derivatives(
    items: ItemParameters, theta: ArrayLike, blocks: Sequence[DerivativeBlock] | None = None
) -> tuple[Array, Array]:
    """First and second derivatives of log P(category | theta) by theta, two arrays (n_items, K_max, n_theta).

    theta: (n_theta,) in logits. Zero in categories an item does not have. `blocks` saves the preparation when the same
    bank is evaluated again and again.

    Graded model: Samejima (1969), Psychometrika Monograph 17. Divide-by-total models (partial credit, nominal): Bock
    (1972), Psychometrika 37. Logistic models with asymptotes: Magis (2013), APM 37.
    """
    points = np.atleast_1d(np.asarray(theta, dtype=np.float64))
    first, second = np.zeros((2, len(items), items.max_categories, points.size))
    for block in derivative_blocks(items) if blocks is None else blocks:
        first[block.where, : block.n_categories], second[block.where, : block.n_categories] = block.family.both(points)
    return first, second


def warm_terms(
    items: ItemParameters, theta: ArrayLike, blocks: Sequence[DerivativeBlock] | None = None
) -> tuple[Array, Array, Array]:
    """d log P_k (n_items, K_max, n_theta), and J and I of Warm (1989, Psychometrika 54), (n_items, n_theta) each."""
    points = np.atleast_1d(np.asarray(theta, dtype=np.float64))
    first = np.zeros((len(items), items.max_categories, points.size))
    correction, information = np.zeros((2, len(items), points.size))
    for block in derivative_blocks(items) if blocks is None else blocks:
        own = block.family.warm(points)
        first[block.where, : block.n_categories], correction[block.where], information[block.where] = own
    return first, correction, information


def _family(model: Model, items: ItemParameters, n_categories: int) -> Family:
    if isinstance(model, TwoParameter):
        return _Logistic(items, *asymptotes(model, items))
    if isinstance(model, GradedResponse):
        return _Graded(model, items, n_categories)
    if isinstance(model, NominalResponse):
        return _DivideByTotal(model, items, items.slopes[:, :n_categories])
    return _DivideByTotal(model, items, items.discrimination[:, None] * np.arange(n_categories, dtype=np.float64))


def asymptotes(model: Model, items: ItemParameters) -> tuple[Array, Array]:
    """Guessing and upper where the model has them, 0 and 1 elsewhere: two arrays (n_items,)."""
    names = model.parameter_names(2)
    guessing = items.guessing if "guessing_logit" in names else np.zeros(len(items))
    return guessing, items.upper if "upper_logit" in names else np.ones(len(items))


class _Logistic(Family):
    """With s = expit(a (theta - b)): P'/P = a r (1 - s), r = (d - c) s / P the share of P that is not guessing.

    Likewise -P'/Q = -a q s, q = (d - c)(1 - s) / Q the share of Q that is not slipping.
    """

    def __init__(self, items: ItemParameters, guessing: Array, upper: Array) -> None:
        self.a, self.b, self.c, self.d = (x[:, None] for x in (items.discrimination, items.difficulty, guessing, upper))
        self.plain = bool((guessing == 0).all() and (upper == 1).all())

    def first(self, theta: Array) -> Array:
        s, t = _tails(self.a * (theta - self.b))
        if self.plain:
            return np.stack([-self.a * s, self.a * t], axis=1)
        known, honest = self._shares(s, t)
        return np.stack([-self.a * honest * s, self.a * known * t], axis=1)

    def both(self, theta: Array) -> tuple[Array, Array]:
        a = self.a
        s, t = _tails(a * (theta - self.b))
        if self.plain:
            bend = -(a * a) * s * t
            return np.stack([-a * s, a * t], axis=1), np.stack([bend, bend], axis=1)
        known, honest = self._shares(s, t)
        wrong = -(a * a) * honest * s * (t - s + honest * s)
        right = a * a * known * t * (t - s - known * t)
        return np.stack([-a * honest * s, a * known * t], axis=1), np.stack([wrong, right], axis=1)

    def information(self, theta: Array) -> Array:
        """-(P'/P)(-P'/Q): P and Q cancel for every dichotomous item, since P (P'/P) + Q (-P'/Q) = 0."""
        first = self.first(theta)
        return np.asarray(-first[:, 0] * first[:, 1])

    def warm(self, theta: Array) -> tuple[Array, Array, Array]:
        first, second = self.both(theta)
        wrong, right = first[:, 0], first[:, 1]
        information = -wrong * right
        gap = right - wrong
        rise = np.divide(information, gap, out=np.zeros_like(gap), where=gap != 0)
        bend = second[:, 1] - second[:, 0] + right * right - wrong * wrong
        return first, rise * bend, information

    def _shares(self, s: Array, t: Array) -> tuple[Array, Array]:
        span = self.d - self.c
        return _share(span * s, self.c), _share(span * t, 1.0 - self.d)


class _Graded(Family):
    """d log P_k = a (1 - S_k - S_{k+1}), d2 log P_k = -a^2 (S_k (1 - S_k) + S_{k+1} (1 - S_{k+1})), S_k = P(X >= k)."""

    def __init__(self, model: Model, items: ItemParameters, n_categories: int) -> None:
        self.model, self.working = model, model.working(items)
        self.a = items.discrimination[:, None, None]
        self.thresholds = items.thresholds[:, : n_categories - 1, None]

    def first(self, theta: Array) -> Array:
        return self._first(*_tails(self.a * (theta - self.thresholds)))

    def both(self, theta: Array) -> tuple[Array, Array]:
        above, below = _tails(self.a * (theta - self.thresholds))
        zero = np.zeros((len(above), 1, theta.size))
        steep = np.concatenate([zero, above * below, zero], axis=1)
        return self._first(above, below), -(self.a * self.a) * (steep[:, :-1] + steep[:, 1:])

    def information(self, theta: Array) -> Array:
        probability = self.model.probabilities(self.working, theta)
        return np.asarray((probability * self.first(theta) ** 2).sum(axis=1))

    def warm(self, theta: Array) -> tuple[Array, Array, Array]:
        first, second = self.both(theta)
        weighted = self.model.probabilities(self.working, theta) * first
        return first, (weighted * (second + first**2)).sum(axis=1), (weighted * first).sum(axis=1)

    def _first(self, above: Array, below: Array) -> Array:
        zero = np.zeros((len(above), 1, above.shape[2]))
        reach, fail = np.concatenate([above, zero], axis=1), np.concatenate([zero, below], axis=1)
        return np.asarray(self.a * (fail - reach))


class _DivideByTotal(Family):
    """d log P_k = slope_k - mean slope, d2 log P_k = -variance of the slopes, whatever the category."""

    def __init__(self, model: Model, items: ItemParameters, slopes: Array) -> None:
        self.model, self.working, self.slopes = model, model.working(items), slopes[:, :, None]

    def first(self, theta: Array) -> Array:
        return self._centred(theta)[1]

    def both(self, theta: Array) -> tuple[Array, Array]:
        p, first = self._centred(theta)
        return first, np.broadcast_to(-(p * first**2).sum(axis=1, keepdims=True), first.shape)

    def information(self, theta: Array) -> Array:
        p, first = self._centred(theta)
        return np.asarray((p * first**2).sum(axis=1))

    def warm(self, theta: Array) -> tuple[Array, Array, Array]:
        """J is the third central moment of the slopes and I the second."""
        p, first = self._centred(theta)
        squares = p * first**2
        return first, (squares * first).sum(axis=1), squares.sum(axis=1)

    def _centred(self, theta: Array) -> tuple[Array, Array]:
        p = self.model.probabilities(self.working, theta)
        return p, np.asarray(self.slopes - (p * self.slopes).sum(axis=1, keepdims=True))


def _tails(z: Array) -> tuple[Array, Array]:
    """expit(z) and expit(-z), each to full relative precision."""
    small = np.exp(-np.abs(z))
    large = 1.0 / (1.0 + small)
    small *= large
    right = z >= 0
    return np.where(right, large, small), np.where(right, small, large)


def _share(part: Array, rest: Array) -> Array:
    """part / (part + rest), 1 where there is no rest even if part has underflowed to 0."""
    return np.divide(part, part + rest, out=np.ones_like(part), where=(rest > 0) & (part + rest > 0))
