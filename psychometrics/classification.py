"""How often would a decision at a cut be right, and how often the same again?

Accuracy: the observed and the true category agree. Consistency: two parallel observations agree. All methods return the
same record; they differ in what they know: `rudner` theta and its error, `lee` item parameters and a summed-score rule,
`livingston_lewis` observed scores and their reliability.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from psychometrics.ability.summed_score import score_probabilities
from psychometrics.information import test_characteristic_curve
from psychometrics.models.base import Array, ItemParameters
from psychometrics.quadrature import Grid, normal_grid


@dataclass(frozen=True, slots=True, eq=False)
class Classification:
    """Agreement of categories 0 (below every cut) to n_cuts.

    accuracy, consistency: probabilities; kappa: consistency beyond chance. false_positive, false_negative: probability
    that the observed category is above, below the true one. joint: (n_cuts + 1, n_cuts + 1), P(true, observed);
    both: the same for two parallel observations. conditional_accuracy: (n_persons or n_nodes,), one entry a person.
    """

    accuracy: float
    consistency: float
    kappa: float
    false_positive: float
    false_negative: float
    joint: Array
    both: Array
    conditional_accuracy: Array


def rudner(
    theta: ArrayLike, sem: ArrayLike, cut_theta: ArrayLike, *, weights: ArrayLike | None = None
) -> Classification:
    """Accuracy from theta and its standard error, taking an estimate as normal around its true value.

    theta, sem: (n_persons,) estimates with their errors, or nodes of a population with 1 / sqrt(information) there;
    cut_theta: one or several ascending cuts in logits, reached when theta is at or above; weights: (n_persons,), equal
    unless given, for instance the weights of a grid.

    Rudner 2001, Practical Assessment, Research & Evaluation 7(14); 2005, 10(13). Raises ValueError when the vectors do
    not agree, a number is not finite, sem is negative or cuts do not ascend.
    """
    place, error = _vector(theta, "theta"), _vector(sem, "sem")
    if place.shape != error.shape or (error < 0).any():
        raise ValueError(f"sem must hold one number of 0 or more for each of the {place.size} values of theta")
    cuts = _cuts(cut_theta, "cut_theta")
    with np.errstate(divide="ignore"):
        distance = (cuts - place[:, None]) / error[:, None] if (error > 0).all() else _distance(cuts, place, error)
    below = np.concatenate([np.zeros((place.size, 1)), scipy.special.ndtr(distance), np.ones((place.size, 1))], axis=1)
    true = np.searchsorted(cuts, place, side="right")
    return _agreement(true, np.diff(below, axis=1), _weights(weights, place.size))


def lee(
    items: ItemParameters,
    cut_score: ArrayLike,
    *,
    grid: Grid | None = None,
    theta: ArrayLike | None = None,
) -> Classification:
    """Accuracy of a summed-score rule, from the distribution of the score at each ability.

    items: the form; cut_score: one or several ascending scores, passed when the summed score is at or above; the true
    category is that of the expected score. Averaged over grid (N(0, 1) on 601 nodes unless given: the true category
    jumps at the cut, so a coarse grid misplaces it), or over theta (n_persons,) when that is given.

    Lee 2010, Journal of Educational Measurement 47, 1-17. Raises ValueError on cuts that do not ascend or theta that is
    not finite.
    """
    cuts = _cuts(cut_score, "cut_score")
    population = grid or normal_grid(n_nodes=601)
    nodes = population.nodes if theta is None else _vector(theta, "theta")
    weights = population.weights if theta is None else np.full(nodes.size, 1.0 / nodes.size)
    distribution = score_probabilities(items, nodes).T
    category = np.searchsorted(cuts, np.arange(distribution.shape[1]), side="right")
    observed = distribution @ np.eye(cuts.size + 1)[category]
    true = np.searchsorted(cuts, test_characteristic_curve(items, nodes), side="right")
    return _agreement(true, observed, weights)


@dataclass(frozen=True, slots=True, eq=False)
class TrueScores:
    """A four-parameter beta distribution of true proportion scores, and the effective number of items behind them."""

    effective_length: int
    shape: tuple[float, float]
    bounds: tuple[float, float]
    n_moments: int


def livingston_lewis(
    scores: ArrayLike,
    reliability: float,
    cut_score: ArrayLike,
    *,
    minimum: float = 0.0,
    maximum: float,
    n_nodes: int = 401,
) -> tuple[Classification, TrueScores]:
    """Accuracy from observed scores of any kind and their reliability.

    scores: (n_persons,) between minimum and maximum, the bounds of the score scale; reliability: of these scores,
    strictly between 0 and 1; cut_score: one or several ascending scores, passed at or above. The scores act like the
    number right on a test of the effective length; true scores follow a four-parameter beta with the same moments
    (two parameters, on [0, 1], when four do not fit), errors are binomial.

    Livingston & Lewis 1995, Journal of Educational Measurement 32, 179-197; moments by Hanson 1991, ACT Research Report
    91-5. Raises ValueError when scores leave the scale, do not vary, or reliability or cuts are out of range.
    """
    observed, cuts = _vector(scores, "scores"), _cuts(cut_score, "cut_score")
    _check_scale(observed, reliability, minimum, maximum)
    length = _effective_length(observed, reliability, minimum, maximum)
    true_scores = _fit_true_scores((observed - minimum) / (maximum - minimum) * length, length)
    nodes, weights = _beta_nodes(true_scores, n_nodes)
    cut_proportion = (cuts - minimum) / (maximum - minimum)
    # the half keeps a cut that falls on a whole number of effective items on its own side of rounding
    reached = np.ceil(cut_proportion * length - 0.5)
    below = np.concatenate(
        [np.zeros((n_nodes, 1)), scipy.stats.binom.cdf(reached - 1, length, nodes[:, None]), np.ones((n_nodes, 1))],
        axis=1,
    )
    true = np.searchsorted(cut_proportion, nodes, side="right")
    return _agreement(true, np.diff(below, axis=1), weights), true_scores


def _agreement(true: NDArray[np.int64], observed: Array, weights: Array) -> Classification:
    """From the true category (n,), P(observed category) (n, n_categories) and weights (n,) that sum to 1."""
    n_categories = observed.shape[1]
    joint = np.zeros((n_categories, n_categories))
    np.add.at(joint, true, observed * weights[:, None])
    both = observed.T @ (observed * weights[:, None])
    margin = both.sum(axis=0)
    chance, consistency = float((margin**2).sum()), float(np.trace(both))
    return Classification(
        accuracy=float(np.trace(joint)),
        consistency=consistency,
        kappa=(consistency - chance) / (1.0 - chance) if chance < 1.0 else 1.0,
        false_positive=float(np.triu(joint, k=1).sum()),
        false_negative=float(np.tril(joint, k=-1).sum()),
        joint=joint,
        both=both,
        conditional_accuracy=observed[np.arange(len(true)), true],
    )


def _distance(cuts: Array, place: Array, error: Array) -> Array:
    """As the quotient, with an exact estimate (error 0) on its own side of every cut."""
    gap = cuts - place[:, None]
    exact = np.where(gap > 0, np.inf, -np.inf)
    return np.where(error[:, None] > 0, gap / np.where(error > 0, error, 1.0)[:, None], exact)


def _effective_length(scores: Array, reliability: float, minimum: float, maximum: float) -> int:
    mean, variance = float(scores.mean()), float(scores.var())
    length = ((mean - minimum) * (maximum - mean) - reliability * variance) / (variance * (1.0 - reliability))
    return max(1, round(length))


def _fit_true_scores(number_right: Array, length: int) -> TrueScores:
    """Beta with the moments of the true proportions, taken from factorial moments of the number right."""
    order = min(4, length)
    product, falling = np.ones_like(number_right), 1.0
    raw = [1.0]
    for step in range(order):
        product = product * (number_right - step)
        falling *= length - step
        raw.append(float(product.mean()) / falling)
    if order == 4 and (fitted := _four_parameter(raw)) is not None:
        return TrueScores(length, fitted[0], fitted[1], 4)
    return TrueScores(length, _two_parameter(raw), (0.0, 1.0), 2)


def _four_parameter(raw: list[float]) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Shape and bounds from mean, variance, skewness and kurtosis, or None when they leave the unit interval."""
    _, m1, m2, m3, m4 = raw
    variance = m2 - m1**2
    if variance <= 0:
        return None
    skewness = (m3 - 3 * m1 * m2 + 2 * m1**3) / variance**1.5
    kurtosis = (m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4) / variance**2
    size = 6 * (kurtosis - skewness**2 - 1) / (6 + 3 * skewness**2 - 2 * kurtosis)
    spread = 1 - 24 * (size + 1) / ((size + 2) * (size + 3) * kurtosis - 3 * (size - 6) * (size + 1))
    if not (size > 0 and 0 <= spread < 1):
        return None
    half = 0.5 * size * np.sqrt(spread)
    first, second = (0.5 * size - half, 0.5 * size + half) if skewness > 0 else (0.5 * size + half, 0.5 * size - half)
    if first <= 0 or second <= 0:
        return None
    width = float(np.sqrt(variance * size**2 * (size + 1) / (first * second)))
    low = m1 - width * first / size
    return None if low < 0 or low + width > 1 else ((float(first), float(second)), (float(low), float(low + width)))


def _two_parameter(raw: list[float]) -> tuple[float, float]:
    mean = min(max(raw[1], 1e-6), 1 - 1e-6)
    variance = raw[2] - raw[1] ** 2 if len(raw) > 2 else 0.0
    variance = min(max(variance, 1e-8), mean * (1 - mean) * (1 - 1e-8))
    size = mean * (1 - mean) / variance - 1
    return mean * size, (1 - mean) * size


def _beta_nodes(true_scores: TrueScores, n_nodes: int) -> tuple[Array, Array]:
    """Quantiles in the middle of equally likely slices: any shape of beta, also one that rises without bound."""
    share = (np.arange(n_nodes) + 0.5) / n_nodes
    low, high = true_scores.bounds
    nodes = low + (high - low) * scipy.stats.beta.ppf(share, *true_scores.shape)
    return np.asarray(nodes, dtype=np.float64), np.full(n_nodes, 1.0 / n_nodes)


def _vector(values: ArrayLike, name: str) -> Array:
    vector = np.asarray(values, dtype=np.float64)
    if vector.ndim != 1 or vector.size == 0 or not np.isfinite(vector).all():
        raise ValueError(f"{name} must be a vector of at least one finite number")
    return vector


def _cuts(values: ArrayLike, name: str) -> Array:
    cuts = _vector(np.atleast_1d(np.asarray(values, dtype=np.float64)), name)
    if (np.diff(cuts) <= 0).any():
        raise ValueError(f"{name} must ascend, got {cuts.tolist()}")
    return cuts


def _weights(given: ArrayLike | None, n: int) -> Array:
    if given is None:
        return np.full(n, 1.0 / n)
    weights = _vector(given, "weights")
    if weights.size != n or (weights < 0).any() or weights.sum() <= 0:
        raise ValueError(f"weights must hold {n} numbers of 0 and more, not all 0")
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def _check_scale(scores: Array, reliability: float, minimum: float, maximum: float) -> None:
    if not 0 < reliability < 1:
        raise ValueError(f"reliability must lie strictly between 0 and 1, not {reliability}")
    if not (minimum < maximum and minimum <= scores.min() and scores.max() <= maximum):
        raise ValueError(f"scores must lie between minimum {minimum} and maximum {maximum}")
    if np.ptp(scores) == 0:
        raise ValueError("scores do not vary, so they cannot tell persons apart")
