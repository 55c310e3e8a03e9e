"""Person fit where several correlated competencies are measured: an uneven profile is not misfit.

lz* with one ability for all answers mistakes a learner who is strong in one competency and weak in another for one
whose answers contradict each other. Here every competency has its own ability, estimated together as the mode of the
joint posterior; the correction of Snijders then holds competency by competency (Hong, Lin & Cheng 2021). The lower tail
takes the third moment into account, because the normal table promises too few small values in short tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from psychometrics.ability.expectation_propagation import laplace
from psychometrics.ability.multidimensional import NODES, competency_log_likelihood
from psychometrics.arrays import as_responses
from psychometrics.fit.person_fit import AT_BOUND, BOUND, COMPUTED, person_status
from psychometrics.fit.residuals import blocks
from psychometrics.information import log_derivatives
from psychometrics.models.base import Array, ItemParameters
from psychometrics.models.registry import log_probabilities

SMALLEST_SKEWNESS = 1e-3
"""Below it the normal table is used: the gamma distribution's shape would exceed what its functions can compute
well."""


@dataclass(frozen=True, slots=True, eq=False)
class ProfileFit:
    """statistic, p, skewness: (n_persons,); theta: (n_persons, n_dimensions), the joint mode, in logits.

    statistic has mean 0 and variance 1 for fitting persons and is very negative for misfit; p: probability of a value
    this low; both NaN exactly where status (n_persons,) says why.
    """

    statistic: Array
    p: Array
    skewness: Array
    theta: Array
    status: tuple[str, ...]


def profile_lz_star(
    items: ItemParameters, responses: Any, dimension: ArrayLike, covariance: ArrayLike, *, mean: ArrayLike = 0.0
) -> ProfileFit:
    """lz* over competencies, under a normal population.

    responses: (n_persons, n_items), missing allowed; dimension: (n_items,) counted from 0; covariance: (n_dimensions,
    n_dimensions) of the abilities in the population, mean: a number or (n_dimensions,).

    With the mode theta_d, the score s and its covariance c_d I_d with the log-likelihood, and the slope r_d of the log
    prior, the sum over d of l - E + c_d r_d has mean 0 and variance sum of V_d - c_d^2 I_d. Snijders 2001,
    Psychometrika 66, 331-342; Hong, Lin & Cheng 2021, Psychometrika 86, 464-488; three moments: Molenaar & Hoijtink
    1990, Psychometrika 55, 75-106.

    Raises ValueError when the answers do not fit the items or the shapes disagree.
    """
    matrix, home = as_responses(responses), np.asarray(dimension)
    prior = np.atleast_2d(np.asarray(covariance, dtype=np.float64))
    centre = np.broadcast_to(np.asarray(mean, dtype=np.float64), (len(prior),)).copy()
    logs = competency_log_likelihood(matrix, items, home, len(prior), NODES)
    theta = laplace(logs, NODES, centre, prior).mean
    slope = np.asarray(-np.linalg.solve(prior, (theta - centre).T).T, dtype=np.float64)
    deviation, variance, third = np.zeros((3, len(matrix)))
    for place in range(len(prior)):
        own = np.flatnonzero(home == place)
        for block in blocks(len(matrix), max(1, len(own)) * items.max_categories):
            parts = _parts(items.take(own), matrix[block][:, own], theta[block, place], slope[block, place])
            for total, part in zip((deviation, variance, third), parts):
                total[block] += part
    return _result(matrix, theta, deviation, variance, third)


def _result(matrix: NDArray[np.int8], theta: Array, deviation: Array, variance: Array, third: Array) -> ProfileFit:
    found = person_status(matrix, variance)
    status = np.where((found == COMPUTED) & (np.abs(theta) >= BOUND).any(axis=1), AT_BOUND, found)
    good = status == COMPUTED
    scale = np.sqrt(np.where(good, variance, 1.0))
    statistic = np.where(good, deviation / scale, np.nan)
    skewness = np.where(good, third / scale**3, np.nan)
    return ProfileFit(statistic, lower_tail(statistic, skewness), skewness, theta, tuple(status.tolist()))


def _parts(items: ItemParameters, answers: NDArray[np.int8], theta: Array, slope: Array) -> tuple[Array, Array, Array]:
    """Corrected deviation, variance and third central moment of one competency, (n_block,) each."""
    if not len(items):
        return (np.zeros(len(theta)),) * 3
    logs = log_probabilities(items, theta)
    table = np.exp(logs)
    logs = np.where(table > 0, logs, 0.0)
    score = log_derivatives(items, theta)[0]
    answered = (answers >= 0).T[:, None, :]
    weights = table * answered
    information = (weights * score**2).sum(axis=(0, 1))
    share = (weights * score * logs).sum(axis=(0, 1)) / np.where(information > 0, information, 1.0)
    centred = logs - (table * logs).sum(axis=1, keepdims=True) - share * score
    chosen = np.take_along_axis(centred + share * score, np.maximum(answers, 0).T[:, None, :].astype(np.int64), axis=1)
    return (
        (chosen * answered).sum(axis=(0, 1)) + share * slope,
        (weights * centred**2).sum(axis=(0, 1)),
        (weights * centred**3).sum(axis=(0, 1)),
    )


def lower_tail(statistic: ArrayLike, skewness: ArrayLike) -> Array:
    """P(value <= statistic) of a distribution with mean 0, variance 1 and this skewness; all shapes equal.

    A shifted gamma (Pearson's type III) matches the three moments, as Molenaar & Hoijtink (1990) do with a chi-square.
    """
    z, skew = np.asarray(statistic, dtype=np.float64), np.asarray(skewness, dtype=np.float64)
    size = np.abs(skew)
    plain = ~(size > SMALLEST_SKEWNESS)
    shape = 4.0 / np.where(plain, 1.0, size) ** 2
    left = scipy.special.gammaincc(shape, np.maximum(shape - z * np.sqrt(shape), 0.0))
    right = scipy.special.gammainc(shape, np.maximum(shape + z * np.sqrt(shape), 0.0))
    return np.asarray(np.where(plain, scipy.special.ndtr(z), np.where(skew < 0, left, right)), dtype=np.float64)
