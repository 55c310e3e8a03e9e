"""Person fit: is a pattern of answers as likely as patterns of that ability usually are?

lz standardises the log-likelihood of the pattern by its mean and variance at the estimated ability (Drasgow, Levine &
Williams 1985). Because the ability is estimated from the same answers, lz varies less than a standard normal; lz*
takes that into account (Snijders 2001; Sinharay 2016 for items with more than two categories).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from psychometrics.ability.estimate import estimate_ability
from psychometrics.arrays import MISSING
from psychometrics.fit.populations import Populations, as_populations
from psychometrics.fit.residuals import blocks, prepare
from psychometrics.information import log_derivatives
from psychometrics.models.base import Array, ItemParameters
from psychometrics.models.registry import log_probabilities
from psychometrics.quadrature import Grid

Method = Literal["mle", "map", "wle"]

COMPUTED = "computed"
NO_ANSWERS = "nothing was answered, so there is no pattern to judge"
NO_VARIANCE = "at this ability every answer is as good as certain, so no pattern can be told from another"
AT_BOUND = "the ability has no interior estimate (it lies at -6 or 6), and lz* is defined only for one"


@dataclass(frozen=True, slots=True, eq=False)
class PersonFit:
    """Person fit, all (n_persons,): statistic is standard normal for fitting persons, very negative for misfit.

    p: probability of a value this low; theta: the ability used, in logits; NaN exactly where status says why.
    """

    statistic: Array
    p: Array
    theta: Array
    status: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Moments:
    """Sums over the answered items of a block of persons, all (n_block,)."""

    deviation: Array
    variance: Array
    covariance: Array
    information: Array
    bias: Array


def lz(
    items: ItemParameters, responses: Any, *, theta: ArrayLike | None = None, grid: Grid | Populations | None = None
) -> PersonFit:
    """Standardised log-likelihood of each pattern.

    responses: (n_persons, n_items); theta: (n_persons,), the posterior mean under grid (N(0, 1) unless given) when it
    is absent. Drasgow, Levine & Williams 1985, British Journal of Mathematical and Statistical Psychology 38, 67-86.
    Raises ValueError on answers that do not fit the items or a theta that is not finite.
    """
    answers, ability = prepare(items, responses, theta, grid)
    moments = _all_moments(items, answers, ability)
    return _person_fit(moments.deviation, moments.variance, ability, person_status(answers, moments.variance))


def lz_star(
    items: ItemParameters,
    responses: Any,
    *,
    method: Method = "map",
    theta: ArrayLike | None = None,
    grid: Grid | Populations | None = None,
) -> PersonFit:
    """Standardised log-likelihood, corrected for the ability being estimated.

    responses: (n_persons, n_items); method: how theta was or is to be estimated, by its estimating equation (mle: the
    score is 0; map: the score plus the slope of the normal log prior of grid's mean and sd is 0; wle: Warm's equation).
    theta: (n_persons,); when it is absent it is solved here on [-6, 6].

    Snijders 2001, Psychometrika 66, 331-342; Sinharay 2016, Psychometrika 81, 992-1013. Raises ValueError on an unknown
    method, answers that do not fit the items or a theta that is not finite.
    """
    if method not in ("mle", "map", "wle"):
        raise ValueError(f"method must be mle, map or wle, not {method!r}")
    answers, ability = prepare(items, responses, np.zeros(len(responses)) if theta is None else theta, grid)
    origin = as_populations(grid, len(answers))
    if theta is None:
        ability = estimate_ability(answers, items, method, prior=(origin.mean, origin.sd)).theta
    moments = _all_moments(items, answers, ability)
    weight = moments.covariance / np.where(moments.information > 0, moments.information, 1.0)
    variance = moments.variance - weight * moments.covariance
    deviation = moments.deviation + weight * _prior_slope(method, ability, moments, origin)
    status = person_status(answers, variance)
    if method != "map":
        bound = (np.abs(ability) >= BOUND - 1e-6) & (status == COMPUTED)
        status = np.where(bound, AT_BOUND, status)
    return _person_fit(deviation, variance, ability, status)


BOUND = 6.0


def _prior_slope(method: Method, theta: Array, moments: _Moments, origin: Populations) -> Array:
    """r0 of Snijders: what the estimating equation adds to the score."""
    if method == "map":
        return np.asarray(-(theta - origin.mean) / origin.sd**2, dtype=np.float64)
    if method == "wle":
        return np.asarray(0.5 * moments.bias / np.where(moments.information > 0, moments.information, 1.0))
    return np.zeros_like(theta)


def _all_moments(items: ItemParameters, answers: NDArray[np.int8], theta: Array) -> _Moments:
    names = ("deviation", "variance", "covariance", "information", "bias")
    found = [_moments(items, answers[b], theta[b]) for b in blocks(len(answers), len(items) * items.max_categories)]
    return _Moments(**{name: np.concatenate([np.zeros(0), *(getattr(part, name) for part in found)]) for name in names})


def _moments(items: ItemParameters, answers: NDArray[np.int8], theta: Array) -> _Moments:
    """Log-likelihood minus its mean, its variance, its covariance with the score, information and Warm's J."""
    logs = log_probabilities(items, theta)
    table = np.exp(logs)
    logs = np.where(table > 0, logs, 0.0)
    slope, curvature = log_derivatives(items, theta)
    answered = (answers != MISSING).T
    mean = (table * logs).sum(axis=1)

    def total(per_category: Array) -> Array:
        return np.asarray(((table * per_category).sum(axis=1) * answered).sum(axis=0), dtype=np.float64)

    return _Moments(
        deviation=_chosen(logs, answers).sum(axis=1) - (mean * answered).sum(axis=0),
        variance=total((logs - mean[:, None, :]) ** 2),
        covariance=total(slope * logs),
        information=total(slope**2),
        bias=total(slope * (curvature + slope**2)),
    )


def _chosen(table: Array, answers: NDArray[np.int8]) -> Array:
    """The entry of each person's own answer, (n_persons, n_items), 0 where nothing was answered."""
    picked = np.take_along_axis(table, np.maximum(answers, 0).T[:, None, :].astype(np.int64), axis=1)[:, 0, :].T
    return np.where(answers != MISSING, picked, 0.0)


def person_status(answers: NDArray[np.int8], variance: Array) -> NDArray[np.str_]:
    """Whether each pattern can be judged, (n_persons,): `COMPUTED` or the reason why not."""
    some = (answers != MISSING).any(axis=1)
    return np.where(~some, NO_ANSWERS, np.where(variance > 1e-12, COMPUTED, NO_VARIANCE))


def _person_fit(deviation: Array, variance: Array, theta: Array, status: NDArray[np.str_]) -> PersonFit:
    good = status == COMPUTED
    statistic = np.where(good, deviation / np.sqrt(np.where(good, variance, 1.0)), np.nan)
    return PersonFit(
        statistic, np.asarray(scipy.special.ndtr(statistic), dtype=np.float64), theta, tuple(status.tolist())
    )
