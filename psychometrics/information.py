"""What an item tells about ability: derivatives of log-probabilities, Fisher information, characteristic curves.

Every formula is written on the derivatives of log P rather than of P, because those stay finite and exact where P
itself underflows: an item of discrimination 150, or an ability of 40, needs no special case.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from psychometrics.models.base import Array, ItemParameters, Model
from psychometrics.models.graded import GradedResponse
from psychometrics.models.logistic import TwoParameter
from psychometrics.models.nominal import NominalResponse
from psychometrics.models.registry import kinds, probabilities

Derivatives = tuple[Array, Array]


@dataclass(frozen=True, slots=True, eq=False)
class DerivativeBlock:
    """Items of one family and number of categories: where they stand in the bank, and their derivatives at a theta."""

    where: NDArray[np.int64]
    n_categories: int
    compute: Callable[[Array], Derivatives]


def derivative_blocks(items: ItemParameters) -> tuple[DerivativeBlock, ...]:
    """The bank prepared for repeated calls of `log_derivatives` (one block a model and number of categories)."""
    return tuple(
        DerivativeBlock(where, n_categories, _family(model, items.take(where), n_categories))
        for model, n_categories, where in kinds(items)
    )


def log_derivatives(
    items: ItemParameters, theta: ArrayLike, blocks: Sequence[DerivativeBlock] | None = None
) -> Derivatives:
    """First and second derivatives of log P(category | theta) by theta, two arrays (n_items, K_max, n_theta).

    theta: (n_theta,) in logits. Zero in categories an item does not have. `blocks` saves the preparation when the same
    bank is evaluated again and again.

    Graded model: Samejima (1969), Psychometrika Monograph 17. Divide-by-total models (partial credit, nominal): Bock
    (1972), Psychometrika 37. Logistic models with asymptotes: Magis (2013), APM 37.
    """
    points = np.atleast_1d(np.asarray(theta, dtype=np.float64))
    shape = (len(items), items.max_categories, points.size)
    first, second = np.zeros(shape), np.zeros(shape)
    for block in derivative_blocks(items) if blocks is None else blocks:
        first[block.where, : block.n_categories], second[block.where, : block.n_categories] = block.compute(points)
    return first, second


def item_information(items: ItemParameters, theta: ArrayLike) -> Array:
    """Expected (Fisher) information of each item: (n_items, n_theta), per squared logit.

    sum_k P_k (d log P_k / d theta)^2, which is a^2 (P - c)^2 (d - P)^2 / ((d - c)^2 P Q) for logistic items, Samejima's
    (1969) sum for the graded model, and the variance of the scored category for divide-by-total models (Muraki 1993,
    APM 17; Bock 1972, Psychometrika 37).
    """
    first, _ = log_derivatives(items, theta)
    return np.asarray((probabilities(items, theta) * first**2).sum(axis=1))


def test_information(items: ItemParameters, theta: ArrayLike) -> Array:
    """Information of all items together: (n_theta,). Its inverse square root is the standard error of ML."""
    return np.asarray(item_information(items, theta).sum(axis=0))


test_information.__test__ = False  # type: ignore[attr-defined]  # the word is psychometric; collectors take it for a test


def warm_correction(items: ItemParameters, theta: ArrayLike) -> Array:
    """Warm's J of each item, sum_k P'_k P''_k / P_k: (n_items, n_theta); Warm (1989), Psychometrika 54, eq. 19 ff."""
    first, second = log_derivatives(items, theta)
    return np.asarray((probabilities(items, theta) * first * (second + first**2)).sum(axis=1))


def item_expected_score(items: ItemParameters, theta: ArrayLike) -> Array:
    """Expected category of each item, sum_k k P_k: (n_items, n_theta), in points."""
    table = probabilities(items, theta)
    return np.asarray(np.einsum("ikt,k->it", table, np.arange(table.shape[1], dtype=np.float64)))


def test_characteristic_curve(items: ItemParameters, theta: ArrayLike) -> Array:
    """Expected total score: (n_theta,), in points from 0 to sum(n_categories - 1)."""
    return np.asarray(item_expected_score(items, theta).sum(axis=0))


test_characteristic_curve.__test__ = False  # type: ignore[attr-defined]


def domain_score(items: ItemParameters, theta: ArrayLike) -> Array:
    """Expected proportion of the domain's points: (n_theta,), 0 to 1 (Lord 1980, Applications of IRT, ch. 4)."""
    if not len(items):
        raise ValueError("items: a domain of no items has no score; give at least one item")
    return np.asarray(test_characteristic_curve(items, theta) / float((items.n_categories - 1).sum()))


CUT_RANGE = (-12.0, 12.0)
"""Where `cut_theta` looks: no bank that measures anybody has its cut outside."""


def cut_theta(items: ItemParameters, cut_score: float) -> float:
    """The theta whose expected domain score is `cut_score` (a proportion, 0 < cut_score < 1): the inverse of the curve.

    Raises ValueError when the score is not reached on [-12, 12] (a guessing floor, or an upper asymptote below 1), and
    when it is reached at several abilities because some item's expected score falls with ability: that item is named.
    """
    from scipy.optimize import brentq

    grid = np.linspace(*CUT_RANGE, 2401)
    excess = domain_score(items, grid) - float(cut_score)
    crossings = np.flatnonzero((excess[:-1] < 0) != (excess[1:] < 0))
    if not len(crossings):
        low, high = float(excess.min() + cut_score), float(excess.max() + cut_score)
        raise ValueError(
            f"cut_score {cut_score} is never the expected domain score of these items, which runs from {low:.3f} to "
            f"{high:.3f}; choose a cut between them"
        )
    if len(crossings) > 1:
        raise ValueError(
            f"cut_score {cut_score} is the expected domain score of {len(crossings)} different abilities, because the "
            f"expected score of item {_falling_item(items, grid)} falls with ability; re-key or leave out that item"
        )
    lower, upper = grid[crossings[0]], grid[crossings[0] + 1]
    return float(brentq(lambda t: float(domain_score(items, t)[0]) - cut_score, lower, upper, xtol=1e-13))


def _falling_item(items: ItemParameters, grid: Array) -> str:
    return items.item_id[int(np.diff(item_expected_score(items, grid), axis=1).min(axis=1).argmin())]


def most_informative_theta(items: ItemParameters) -> tuple[Array, Array]:
    """Where each item's information is largest, and how large: two arrays (n_items,).

    Logistic items solve the stationary equation in P, whose root between the asymptotes is unique (Birnbaum 1968 for
    the 3PL; Magis 2013, APM 37, for the 4PL); the others are searched on a grid and refined. An item of
    discrimination 0 is reported at its difficulty with information 0.
    """
    theta, height = np.zeros(len(items)), np.zeros(len(items))
    for model, _, where in kinds(items):
        block = items.take(where)
        theta[where] = _logistic_peak(model, block) if isinstance(model, TwoParameter) else _searched_peak(block)
    for place in range(len(items)):
        height[place] = item_information(items.take([place]), theta[place])[0, 0]
    return theta, height


def _logistic_peak(model: Model, items: ItemParameters) -> Array:
    """Bisection in P of 2(c + d - 2P) P(1 - P) + (2P - 1)(P - c)(d - P) = 0, the derivative of log I by P."""
    c, d = _asymptotes(model, items)
    low, high = c.copy(), d.copy()
    for _ in range(60):
        p = (low + high) / 2
        rising = 2 * (c + d - 2 * p) * p * (1 - p) + (2 * p - 1) * (p - c) * (d - p) > 0
        low, high = np.where(rising, p, low), np.where(rising, high, p)
    p = (low + high) / 2
    slope = np.where(items.discrimination == 0, np.inf, items.discrimination)
    return np.asarray(items.difficulty + np.log((p - c) / (d - p)) / slope)


def _searched_peak(items: ItemParameters) -> Array:
    """Grid search, then eight zooms by ten around the best node (the peak is flat: 1e-8 in theta is all there is)."""
    centre = np.zeros(len(items))
    for place in range(len(items)):
        half, alone = 12.0, items.take([place])
        for n_nodes in (961, *[21] * 8):
            points = centre[place] + np.linspace(-half, half, n_nodes)
            centre[place] = points[int(item_information(alone, points)[0].argmax())]
            half = 2 * half / (n_nodes - 1)
    return centre


def observed_information(items: ItemParameters, responses: NDArray[np.int8], theta: Array) -> Array:
    """Minus the second derivative of each person's log-likelihood at that person's theta: (n_persons,).

    responses: (n_persons, n_items), missing left out; theta: (n_persons,). May be negative under guessing (Lord 1980).
    """
    _, second = log_derivatives(items, theta)
    return -pick_answers(second, responses)


def pick_answers(table: Array, responses: NDArray[np.int8]) -> Array:
    """Sum of a table (n_items, K, n_persons) over each person's answers (n_persons, n_items): (n_persons,)."""
    answered = responses.T >= 0
    chosen = np.where(answered, responses.T, 0).astype(np.intp)
    values = np.take_along_axis(table, chosen[:, None, :], axis=1)[:, 0, :]
    return np.asarray(np.einsum("ip,ip->p", values, answered.astype(np.float64)))


def _family(model: Model, items: ItemParameters, n_categories: int) -> Callable[[Array], Derivatives]:
    if isinstance(model, TwoParameter):
        return _logistic_family(items, *_asymptotes(model, items))
    if isinstance(model, GradedResponse):
        return _graded_family(items.discrimination[:, None], items.thresholds[:, : n_categories - 1])
    if isinstance(model, NominalResponse):
        slopes = items.slopes[:, :n_categories]
    else:
        slopes = items.discrimination[:, None] * np.arange(n_categories, dtype=np.float64)
    return _softmax_family(model, model.working(items), slopes)


def _asymptotes(model: Model, items: ItemParameters) -> tuple[Array, Array]:
    """Guessing and upper where the model has them, 0 and 1 elsewhere."""
    names = model.parameter_names(2)
    guessing = items.guessing if "guessing_logit" in names else np.zeros(len(items))
    return guessing, items.upper if "upper_logit" in names else np.ones(len(items))


def _logistic_family(items: ItemParameters, guessing: Array, upper: Array) -> Callable[[Array], Derivatives]:
    """With s = expit(a(theta - b)): P'/P = a r (1 - s), where r = (d - c)s / P is the part of P that is not guessed."""
    a, b, c, d = (x[:, None] for x in (items.discrimination, items.difficulty, guessing, upper))
    plain = bool((c == 0).all() and (d == 1).all())

    def compute(theta: Array) -> Derivatives:
        s, t = _tails(a * (theta - b))
        if plain:
            second = -(a * a) * s * t
            return np.stack([-a * s, a * t], axis=1), np.stack([second, second], axis=1)
        known = _share((d - c) * s, c)
        slipped = _share((d - c) * t, 1.0 - d)
        first = np.stack([-a * slipped * s, a * known * t], axis=1)
        wrong = -(a * a) * slipped * s * (t - s + slipped * s)
        right = a * a * known * t * (t - s - known * t)
        return first, np.stack([wrong, right], axis=1)

    return compute


def _tails(z: Array) -> tuple[Array, Array]:
    """expit(z) and expit(-z), each to full relative precision."""
    small = np.exp(-np.abs(z))
    large = 1.0 / (1.0 + small)
    small *= large
    return np.where(z >= 0, large, small), np.where(z >= 0, small, large)


def _share(part: Array, rest: Array) -> Array:
    """part / (part + rest), 1 where there is no rest even if part has underflowed to 0."""
    return np.divide(part, part + rest, out=np.ones_like(part), where=(rest > 0) & (part + rest > 0))


def _graded_family(slope: Array, thresholds: Array) -> Callable[[Array], Derivatives]:
    """d log P_k = a (1 - S_k - S_{k+1}), d2 log P_k = -a^2 (S_k(1 - S_k) + S_{k+1}(1 - S_{k+1})), S_k = P(X >= k)."""
    a = slope[:, :, None]

    def compute(theta: Array) -> Derivatives:
        above, below = _tails(a * (theta - thresholds[:, :, None]))
        zero = np.zeros((len(above), 1, theta.size))
        reach, fail = np.concatenate([above, zero], axis=1), np.concatenate([zero, below], axis=1)
        steep = np.concatenate([zero, above * below, zero], axis=1)
        return a * (fail - reach), -(a * a) * (steep[:, :-1] + steep[:, 1:])

    return compute


def _softmax_family(model: Any, working: Array, slopes: Array) -> Callable[[Array], Derivatives]:
    """d log P_k = slope_k - mean slope, d2 log P_k = -variance of the slopes (one value for all categories)."""
    score = slopes[:, :, None]

    def compute(theta: Array) -> Derivatives:
        p = np.exp(model.log_probabilities(working, theta))
        first = score - (p * score).sum(axis=1, keepdims=True)
        variance = (p * first**2).sum(axis=1, keepdims=True)
        return first, np.broadcast_to(-variance, first.shape)

    return compute


def expected_information(items: ItemParameters, responses: NDArray[np.int8], theta: Array) -> Array:
    """Fisher information of the items each person answered, at that person's theta: (n_persons,)."""
    return np.asarray(np.einsum("ip,pi->p", item_information(items, theta), (responses >= 0).astype(np.float64)))
