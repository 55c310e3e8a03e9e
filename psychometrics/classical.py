"""Classical item statistics, aware of items that were not administered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from psychometrics.arrays import MISSING, as_responses
from psychometrics.models.base import Array

COMPUTED = "computed"
NO_ANSWERS = "nobody answered the item"
NO_VARIATION = "everybody who answered the item got the same score, so nothing correlates with it"
NO_OTHERS = "nobody who answered the item answered another one whose scores vary"
NEGATIVE = "the item-total correlation is negative: check the key"


@dataclass(frozen=True, slots=True, eq=False)
class ClassicalStatistics:
    """Items, all (n_items,), and the test they form; NaN exactly where status says why.

    p_value: mean score over the maximum score, so the proportion correct of a dichotomous item; sd of the score;
    item_total: correlation of the score with the proportion of the other items' points (corrected for overlap, and for
    complete data the correlation with the sum of the others); alpha_if_deleted. n_answers: (n_items,).
    alpha (Cronbach) and omega (McDonald, one factor) of the test, NaN with fewer than two varying items.
    """

    p_value: Array
    mean: Array
    sd: Array
    item_total: Array
    alpha_if_deleted: Array
    n_answers: NDArray[np.int64]
    status: tuple[str, ...]
    alpha: float
    omega: float


def classical_statistics(responses: Any, max_score: ArrayLike | None = None) -> ClassicalStatistics:
    """Difficulty, discrimination and internal consistency of a test.

    responses: (n_persons, n_items) scored categories; max_score: (n_items,), the highest category seen unless given.
    Lord & Novick 1968, Statistical Theories of Mental Test Scores, ch. 15. Raises ValueError when max_score does not
    fit the answers.
    """
    answers = as_responses(responses)
    maximum = _maximum(answers, max_score)
    has = answers != MISSING
    score = np.where(has, answers, 0).astype(np.float64)
    n = has.sum(axis=0)
    mean = score.sum(axis=0) / np.maximum(n, 1)
    sd = np.sqrt(np.where(has, (score - mean) ** 2, 0.0).sum(axis=0) / np.maximum(n - 1, 1))
    item_total = _item_total(score, has, maximum)
    covariance, _ = pairwise_covariance(answers)
    status = _status(n, sd, item_total)
    return ClassicalStatistics(
        p_value=np.where(n > 0, mean / maximum, np.nan), mean=np.where(n > 0, mean, np.nan),
        sd=np.where(n > 1, sd, np.nan), item_total=item_total, alpha_if_deleted=_alpha_if_deleted(covariance),
        n_answers=n.astype(np.int64), status=status, alpha=_alpha(covariance), omega=_omega(covariance)[0],
    )  # fmt: skip


def cronbach_alpha(responses: Any) -> float:
    """Coefficient alpha from pairwise covariances; NaN with fewer than two items that vary together.

    responses: (n_persons, n_items). With gaps, the average variance and the average covariance of the pairs that were
    answered together stand for all, which for complete data is Cronbach's formula (1951, Psychometrika 16, 297-334).
    """
    return _alpha(pairwise_covariance(as_responses(responses))[0])


def mcdonald_omega(responses: Any) -> tuple[float, Array]:
    """Omega of a one-factor model and its loadings (n_items,) in units of the scores.

    responses: (n_persons, n_items). Loadings minimise the squared residual covariances of correlations (minres) over
    the pairs answered together; omega = (sum of loadings)² / ((sum of loadings)² + sum of unique variances).
    McDonald 1999, Test Theory, ch. 6. NaN with fewer than three items that vary together.
    """
    return _omega(pairwise_covariance(as_responses(responses))[0])


def pairwise_covariance(answers: NDArray[np.int8]) -> tuple[Array, NDArray[np.int64]]:
    """Covariances (n_items, n_items) over the persons who answered both items, NaN below two, and their numbers."""
    has = (answers != MISSING).astype(np.float64)
    score = np.where(answers != MISSING, answers, 0).astype(np.float64)
    n = has.T @ has
    sums = score.T @ has
    product = score.T @ score - sums * sums.T / np.maximum(n, 1)
    return np.where(n >= 2, product / np.maximum(n - 1, 1), np.nan), n.astype(np.int64)


def _maximum(answers: NDArray[np.int8], given: ArrayLike | None) -> Array:
    seen = np.asarray(np.maximum(answers.max(axis=0, initial=0), 1), dtype=np.float64)
    if given is None:
        return seen
    maximum = np.asarray(given, dtype=np.float64)
    if maximum.shape != seen.shape or (maximum < answers.max(axis=0, initial=0)).any() or (maximum <= 0).any():
        raise ValueError(
            f"max_score must hold one positive number for each of the {len(seen)} items, not below any score given"
        )
    return maximum


def _item_total(score: Array, has: NDArray[np.bool_], maximum: Array) -> Array:
    points, possible = score.sum(axis=1), has @ maximum
    result = np.full(score.shape[1], np.nan)
    for item in range(score.shape[1]):
        rest_possible = possible - has[:, item] * maximum[item]
        who = has[:, item] & (rest_possible > 0)
        rest = (points[who] - score[who, item]) / rest_possible[who]
        own = score[who, item]
        if own.size > 1 and np.ptp(own) > 0 and np.ptp(rest) > 0:
            result[item] = np.corrcoef(own, rest)[0, 1]
    return result


def _alpha(covariance: Array) -> float:
    k = len(covariance)
    variance, pairs = np.diag(covariance), covariance[~np.eye(k, dtype=bool)]
    if k < 2 or not np.isfinite(pairs).any() or not np.isfinite(variance).any() or np.nanmax(variance) <= 0:
        return float("nan")
    return _alpha_from_averages(k, float(np.nanmean(variance)), float(np.nanmean(pairs)))


def _alpha_from_averages(k: int, variance: float, covariance: float) -> float:
    total = variance + (k - 1) * covariance
    return k * covariance / total if total > 0 else float("nan")


def _alpha_if_deleted(covariance: Array) -> Array:
    k = len(covariance)
    if k < 3:
        return np.full(k, np.nan)
    known = np.isfinite(covariance)
    value = np.where(known, covariance, 0.0)
    own, own_known = np.diag(value), np.diag(known)
    off, off_known = value.sum(axis=1) - own, known.sum(axis=1) - own_known
    pairs = np.maximum(off_known.sum() - 2 * off_known, 1)
    mean_covariance = (off.sum() - 2 * off) / pairs
    mean_variance = (own.sum() - own) / np.maximum(own_known.sum() - own_known, 1)
    total = mean_variance + (k - 2) * mean_covariance
    return np.where(total > 0, (k - 1) * mean_covariance / np.where(total > 0, total, 1.0), np.nan)


def _omega(covariance: Array) -> tuple[float, Array]:
    sd = np.sqrt(np.where(np.diag(covariance) > 0, np.diag(covariance), np.nan))
    varies = np.isfinite(sd)
    loadings = np.full(len(sd), np.nan)
    known = np.isfinite(covariance[np.ix_(varies, varies)]) & ~np.eye(int(varies.sum()), dtype=bool)
    if varies.sum() < 3 or not known.any(axis=1).all():
        return float("nan"), loadings
    correlation = covariance[np.ix_(varies, varies)] / np.outer(sd[varies], sd[varies])
    standardised = _minres(np.where(known, correlation, 0.0), known.astype(np.float64))
    loadings[varies] = standardised * sd[varies]
    unique = (np.maximum(1 - standardised**2, 0.0) * sd[varies] ** 2).sum()
    common = loadings[varies].sum() ** 2
    return float(common / (common + unique)), loadings


def _minres(correlation: Array, known: Array) -> Array:
    """Loadings of one factor by least squares of the off-diagonal (Harman & Jones 1966, Psychometrika 31)."""

    def loss(loadings: Array) -> tuple[float, Array]:
        residual = (correlation - np.outer(loadings, loadings)) * known
        return 0.5 * float((residual**2).sum()), -2.0 * residual @ loadings

    start = np.sqrt(np.maximum(correlation.sum(axis=1) / np.maximum(known.sum(axis=1), 1), 0.01))
    found = scipy.optimize.minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(-0.999, 0.999)] * len(start),
                     options={"maxiter": 1000, "ftol": 1e-14, "gtol": 1e-9})  # fmt: skip
    return np.asarray(found.x if found.x.sum() >= 0 else -found.x, dtype=np.float64)


def _status(n: NDArray[np.int64], sd: Array, item_total: Array) -> tuple[str, ...]:
    conditions = [n == 0, sd == 0, ~np.isfinite(item_total), item_total < 0]
    return tuple(np.select(conditions, [NO_ANSWERS, NO_VARIATION, NO_OTHERS, NEGATIVE], COMPUTED).tolist())
