"""How much of the variation in scores is true: reliability on the theta scale and the worth of subscores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from psychometrics.information import test_information
from psychometrics.models.base import Array, ItemParameters
from psychometrics.quadrature import Grid, normal_grid

COMPUTED = "computed"
ADDS_VALUE = "the subscore predicts its own true score better than the total score does"
NO_ADDED_VALUE = "the total score predicts the true subscore at least as well, so the subscore alone adds nothing"
NO_TRUE_VARIANCE = "the subscore's reliability is 0 or less, so it has no true score to predict"


def marginal_reliability(items: ItemParameters, *, grid: Grid | None = None) -> float:
    """Average share of true variance in theta over a population: the mean of I(theta) / (I(theta) + 1 / sd²).

    grid: the population, N(0, 1) unless given; its sd is the spread theta has there. Green, Bock, Humphreys, Linn &
    Reckase 1984, Journal of Educational Measurement 21, 347-360, in the form of Thissen & Wainer 2001, Test Scoring.
    """
    population = grid or normal_grid()
    information = test_information(items, population.nodes)
    return float(population.weights @ (information / (information + 1.0 / population.sd**2)))


def empirical_reliability(theta: ArrayLike, sem: ArrayLike) -> float:
    """Share of true variance in posterior means: var(theta) / (var(theta) + mean(sem²)).

    theta, sem: (n_persons,) EAP or MAP estimates with posterior standard deviations. For ML or WLE, whose variance
    already holds the error, use `separation_reliability`. Raises ValueError with fewer than two persons, or numbers
    that are not finite.
    """
    estimate, error = _estimates(theta, sem)
    true = estimate.var(ddof=1)
    return float(true / (true + np.mean(error**2)))


def separation_reliability(theta: ArrayLike, sem: ArrayLike) -> float:
    """Share of true variance in ML or WLE estimates: (var(theta) - mean(sem²)) / var(theta), at least 0.

    theta, sem: (n_persons,). Wright & Masters 1982, Rating Scale Analysis, ch. 5. Raises as `empirical_reliability`.
    """
    estimate, error = _estimates(theta, sem)
    total = estimate.var(ddof=1)
    return float(max(1.0 - np.mean(error**2) / total, 0.0)) if total > 0 else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class SubscoreValue:
    """Proportional reduction of mean squared error when a true subscore is predicted, all (n_subscores,).

    from_subscore: by the subscore itself, which is its reliability; from_total: by the total score; from_both: by both.
    status says whether the subscore is worth reporting.
    """

    from_subscore: Array
    from_total: Array
    from_both: Array
    status: tuple[str, ...]


def subscore_value(subscores: ArrayLike, reliability: ArrayLike) -> SubscoreValue:
    """Do subscores say more than the total score they sum to?

    subscores: (n_persons, n_subscores) of parts that share no item; reliability: (n_subscores,), for instance alpha.
    Haberman 2008, Journal of Educational and Behavioral Statistics 33, 204-229. Raises ValueError when the shapes do
    not agree, a subscore does not vary or a reliability is above 1.
    """
    scores, rho = _subscores(subscores, reliability)
    covariance = np.atleast_2d(np.cov(scores, rowvar=False))
    variance, total = np.diag(covariance), covariance.sum()
    true = rho * variance
    with_total = covariance.sum(axis=1) - variance + true
    safe = np.where(rho > 0, true, 1.0)
    from_total = np.where(rho > 0, np.minimum(with_total**2 / (safe * total), 1.0), 0.0)
    from_both = np.where(rho > 0, _both(true, with_total, variance, covariance.sum(axis=1), total), 0.0)
    status = np.where(rho <= 0, NO_TRUE_VARIANCE, np.where(rho > from_total, ADDS_VALUE, NO_ADDED_VALUE))
    return SubscoreValue(np.maximum(rho, 0.0), from_total, from_both, tuple(status.tolist()))


def _both(true: Array, with_total: Array, variance: Array, shared: Array, total: float) -> Array:
    """Squared multiple correlation of the true subscore with subscore and total, by the inverse of a 2 x 2 matrix."""
    determinant = variance * total - shared**2
    usable = determinant > 1e-10 * variance * total
    explained = true**2 * total - 2 * true * with_total * shared + with_total**2 * variance
    reduced = explained / (np.where(usable, determinant, 1.0) * np.where(true > 0, true, 1.0))
    return np.asarray(np.where(usable, np.clip(reduced, 0.0, 1.0), true / variance), dtype=np.float64)


def _estimates(theta: ArrayLike, sem: ArrayLike) -> tuple[Array, Array]:
    estimate, error = np.asarray(theta, dtype=np.float64), np.asarray(sem, dtype=np.float64)
    if estimate.ndim != 1 or estimate.shape != error.shape or estimate.size < 2:
        raise ValueError(
            f"theta and sem must be vectors of the same persons, at least 2: {estimate.shape}, {error.shape}"
        )
    if not (np.isfinite(estimate).all() and np.isfinite(error).all()):
        raise ValueError("theta and sem must be finite: leave out persons without an estimate")
    return estimate, error


def _subscores(subscores: ArrayLike, reliability: ArrayLike) -> tuple[Array, Array]:
    scores, rho = np.asarray(subscores, dtype=np.float64), np.asarray(reliability, dtype=np.float64)
    if scores.ndim != 2 or len(scores) < 2 or rho.shape != (scores.shape[1],):
        raise ValueError(f"subscores must be persons by parts with one reliability a part: {scores.shape}, {rho.shape}")
    if not np.isfinite(scores).all() or (scores.std(axis=0) == 0).any():
        raise ValueError("subscores must be finite and vary: leave out persons with gaps and parts without spread")
    if not np.isfinite(rho).all() or (rho > 1).any():
        raise ValueError("reliability must be finite and at most 1")
    return scores, rho
