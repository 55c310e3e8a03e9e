"""What an item tells about ability: Fisher information, Warm's correction, characteristic curves and their inverse."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from psychometrics.derivatives import asymptotes, derivative_blocks, log_derivatives, warm_terms
from psychometrics.models.base import Array, ItemParameters, Model
from psychometrics.models.logistic import TwoParameter
from psychometrics.models.registry import kinds, probabilities


def item_information(items: ItemParameters, theta: ArrayLike) -> Array:
    """Expected (Fisher) information of each item: (n_items, n_theta), per squared logit.

    sum_k P_k (d log P_k / d theta)^2, which is a^2 (P - c)^2 (d - P)^2 / ((d - c)^2 P Q) for logistic items, Samejima's
    (1969) sum for the graded model, and the variance of the scored category for divide-by-total models (Muraki 1993,
    APM 17; Bock 1972, Psychometrika 37).
    """
    points = np.atleast_1d(np.asarray(theta, dtype=np.float64))
    table = np.zeros((len(items), points.size))
    for block in derivative_blocks(items):
        table[block.where] = block.family.information(points)
    return table


def test_information(items: ItemParameters, theta: ArrayLike) -> Array:
    """Information of all items together: (n_theta,). Its inverse square root is the standard error of ML."""
    return np.asarray(item_information(items, theta).sum(axis=0))


test_information.__test__ = False  # type: ignore[attr-defined]  # the word is psychometric; collectors take it for a test


def warm_correction(items: ItemParameters, theta: ArrayLike) -> Array:
    """Warm's J of each item, sum_k P'_k P''_k / P_k: (n_items, n_theta); Warm (1989), Psychometrika 54, eq. 19 ff."""
    return warm_terms(items, theta)[1]


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

    def gap(theta: float) -> float:
        return float(domain_score(items, theta)[0]) - cut_score

    # one value alone and one among many may differ in the last bit: such a cut lies on a node
    if (gap(lower) < 0) == (gap(upper) < 0):
        return float(min(lower, upper, key=lambda theta: abs(gap(theta))))
    return float(brentq(gap, lower, upper, xtol=1e-13))


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
    c, d = asymptotes(model, items)
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


def expected_information(items: ItemParameters, responses: NDArray[np.int8], theta: Array) -> Array:
    """Fisher information of the items each person answered, at that person's theta: (n_persons,)."""
    return np.asarray(np.einsum("ip,pi->p", item_information(items, theta), (responses >= 0).astype(np.float64)))


__all__ = [
    "cut_theta",
    "domain_score",
    "expected_information",
    "item_expected_score",
    "item_information",
    "log_derivatives",
    "most_informative_theta",
    "observed_information",
    "pick_answers",
    "test_characteristic_curve",
    "test_information",
    "warm_correction",
]
