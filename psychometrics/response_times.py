"""Response times: how fast each person works, how long each item takes, and times that fit neither.

The lognormal model says log t = time_intensity - speed + noise / discrimination (van der Linden 2006). An unusual
pattern of times is one whose residuals around the person's own speed are too large together (Sinharay 2018); an answer
too quick to have been thought about lies below a share of the item's usual time (Wise & Ma 2012), and the share of
answers above it is the response-time effort (Wise & Kong 2005).

Times are long arrays, one entry a timed answer: person (n_times,), item (n_times,), seconds (n_times,).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from psychometrics.models.base import Array

Places = NDArray[np.int64]

MAX_ITERATIONS = 1000
TOLERANCE = 1e-6
"""Largest change of a time intensity or of the logarithm of a variance at which the iterations end."""

NORMATIVE_SHARE = 0.10
LONGEST_THRESHOLD = 10.0
"""Wise & Ma (2012): a tenth of the item's mean time (NT10), and never more than ten seconds."""


@dataclass(frozen=True, slots=True, eq=False)
class LognormalTimes:
    """time_intensity (log seconds), discrimination, n_times: (n_items,); speed, speed_sem: (n_persons,), in log units,
    0 on average; speed_sd of the population. An item without times has the mean intensity and the pooled
    discrimination.
    """

    time_intensity: Array
    discrimination: Array
    n_times: Places
    speed: Array
    speed_sem: Array
    speed_sd: float
    status: str


@dataclass(frozen=True, slots=True, eq=False)
class TimeFit:
    """residual: (n_times,), standard normal for fitting times, negative = faster than expected at this person's speed.

    statistic: (n_persons,) sum of squares, chi-square with `df` for fitting persons; p its upper tail, NaN where df is
    0.
    """

    residual: Array
    speed: Array
    statistic: Array
    df: Places
    p: Array


def fit_lognormal_times(
    person: ArrayLike,
    item: ArrayLike,
    seconds: ArrayLike,
    n_persons: int,
    n_items: int,
    *,
    prior_strength: float = 10.0,
) -> LognormalTimes:
    """Marginal maximum likelihood over persons' speeds by EM.

    prior_strength: how many answers the typical item's residual variance counts for in every item's own, and its
    intensity likewise a tenth of that; 0 = none, which needs two times at least for every item. van der Linden 2006,
    Journal of Educational and Behavioral Statistics 31, 181-204. Raises ValueError on times that are not positive or
    places out of range.
    """
    who, what, log_time = _checked(person, item, seconds, n_persons, n_items)
    n_times = np.bincount(what, minlength=n_items)
    intensity, spread = _start(what, log_time, n_times)
    variance, speed_variance = np.full(n_items, spread), 0.1
    status = f"did not settle in {MAX_ITERATIONS} iterations"
    for _ in range(MAX_ITERATIONS):
        speed, uncertainty = _speeds(who, what, log_time, intensity, variance, speed_variance, n_persons)
        before = np.concatenate([intensity, np.log(variance), [np.log(speed_variance)]])
        intensity = _intensities(who, what, log_time + speed[who], variance, n_times, 0.1 * prior_strength)
        residual = (log_time - intensity[what] + speed[who]) ** 2 + uncertainty[who]
        variance = _variances(what, residual, n_times, prior_strength)
        timed = np.bincount(who, minlength=n_persons) > 0
        speed_variance = max(float((speed**2 + uncertainty)[timed].mean()), 1e-6)
        after = np.concatenate([intensity, np.log(variance), [np.log(speed_variance)]])
        if np.abs(after - before).max() < TOLERANCE:
            status = "converged"
            break
    speed, uncertainty = _speeds(who, what, log_time, intensity, variance, speed_variance, n_persons)
    return LognormalTimes(
        intensity, 1.0 / np.sqrt(variance), n_times, speed, np.sqrt(uncertainty), speed_variance**0.5, status
    )


def _checked(
    person: ArrayLike, item: ArrayLike, seconds: ArrayLike, n_persons: int, n_items: int
) -> tuple[Places, Places, Array]:
    who, what = np.asarray(person, dtype=np.int64), np.asarray(item, dtype=np.int64)
    times = np.asarray(seconds, dtype=np.float64)
    if not (who.shape == what.shape == times.shape and times.ndim == 1 and times.size):
        raise ValueError("person, item and seconds must be vectors of the same length, with one time at least")
    if not (np.isfinite(times).all() and (times > 0).all()):
        raise ValueError(f"seconds[{int(np.argmin(np.isfinite(times) & (times > 0)))}] is not a positive number")
    for name, places, limit in (("person", who, n_persons), ("item", what, n_items)):
        if places.min() < 0 or places.max() >= limit:
            raise ValueError(f"{name} must lie between 0 and {limit - 1}")
    return who, what, np.log(times)


def _start(what: Places, log_time: Array, n_times: Places) -> tuple[Array, float]:
    """Mean log time of each item (of all, where an item has none) and the spread around it."""
    centre: Array = np.where(
        n_times > 0, np.bincount(what, log_time, len(n_times)) / np.maximum(n_times, 1), log_time.mean()
    )
    return np.asarray(centre, dtype=np.float64), max(float(((log_time - centre[what]) ** 2).mean()), 1e-4)


def _speeds(
    who: Places, what: Places, log_time: Array, intensity: Array, variance: Array, speed_variance: float, n_persons: int
) -> tuple[Array, Array]:
    """Posterior mean and variance of each person's speed."""
    weight = 1.0 / variance[what]
    precision = np.bincount(who, weight, n_persons) + 1.0 / speed_variance
    pull = np.bincount(who, weight * (intensity[what] - log_time), n_persons)
    return np.asarray(pull / precision, dtype=np.float64), np.asarray(1.0 / precision, dtype=np.float64)


def _intensities(who: Places, what: Places, level: Array, variance: Array, n_times: Places, strength: float) -> Array:
    """Means of the speed-corrected log times, drawn to the mean over items by `strength` answers."""
    sums = np.bincount(what, level, len(n_times))
    centre = float((sums[n_times > 0] / n_times[n_times > 0]).mean())
    counted = n_times + strength
    return np.asarray(np.where(counted > 0, (sums + strength * centre) / np.where(counted > 0, counted, 1.0), centre))


def _variances(what: Places, squares: Array, n_times: Places, strength: float) -> Array:
    pooled = float(squares.mean())
    counted = n_times + strength
    sums = np.bincount(what, squares, len(n_times)) + strength * pooled
    return np.asarray(np.maximum(np.where(counted > 0, sums / np.where(counted > 0, counted, 1.0), pooled), 1e-6))


def time_fit(times: LognormalTimes, person: ArrayLike, item: ArrayLike, seconds: ArrayLike) -> TimeFit:
    """How well each person's times agree with one speed.

    The speed is estimated by maximum likelihood from the same times, which leaves a chi-square with one degree of
    freedom less than times. Sinharay 2018, Journal of Educational Measurement 55, 457-476. Arguments and errors as for
    `fit_lognormal_times`.
    """
    n_persons = len(times.speed)
    who, what, log_time = _checked(person, item, seconds, n_persons, len(times.n_times))
    weight = times.discrimination[what] ** 2
    total = np.bincount(who, weight, n_persons)
    gap = times.time_intensity[what] - log_time
    speed = np.bincount(who, weight * gap, n_persons) / np.where(total > 0, total, 1.0)
    error = speed[who] - gap
    statistic = np.asarray(np.bincount(who, weight * error**2, n_persons), dtype=np.float64)
    df = np.maximum(np.bincount(who, minlength=n_persons) - 1, 0).astype(np.int64)
    spread = np.sqrt(np.maximum(1.0 / weight - 1.0 / total[who], 1e-12))
    p = np.where(df > 0, scipy.special.gammaincc(np.maximum(df, 1) / 2.0, statistic / 2.0), np.nan)
    return TimeFit(
        np.asarray(np.where(df[who] > 0, error / spread, 0.0)), np.asarray(speed, dtype=np.float64), statistic, df, p
    )


def rapid_thresholds(
    item: ArrayLike, seconds: ArrayLike, n_items: int, *, share: float = NORMATIVE_SHARE,
    longest: float = LONGEST_THRESHOLD, pooled_answers: float = 10.0,
) -> Array:  # fmt: skip
    """Seconds below which an answer counts as a rapid guess, (n_items,): the normative threshold method.

    A share of the item's mean time, at most `longest` seconds. The mean of all times counts as `pooled_answers` answers
    to every item, so that an item seen by few has a threshold too. Wise & Ma 2012, annual meeting of the NCME,
    Vancouver.
    """
    _, what, log_time = _checked(np.zeros_like(np.asarray(item)), item, seconds, 1, n_items)
    times = np.exp(log_time)
    counted = np.bincount(what, minlength=n_items) + pooled_answers
    sums = np.bincount(what, times, n_items) + pooled_answers * times.mean()
    mean = np.where(counted > 0, sums / np.where(counted > 0, counted, 1.0), times.mean())
    return np.asarray(np.minimum(share * mean, longest), dtype=np.float64)


def response_time_effort(person: ArrayLike, rapid: ArrayLike, n_persons: int) -> Array:
    """Share of each person's timed answers that are not rapid guesses, (n_persons,); NaN for somebody without times.

    Wise & Kong 2005, Applied Measurement in Education 18, 163-183.
    """
    who, quick = np.asarray(person, dtype=np.int64), np.asarray(rapid, dtype=bool)
    if who.shape != quick.shape:
        raise ValueError("person and rapid must be vectors of the same length")
    counted = np.bincount(who, minlength=n_persons)
    hurried = np.bincount(who, quick.astype(np.float64), n_persons)
    return np.asarray(np.where(counted > 0, 1.0 - hurried / np.maximum(counted, 1), np.nan), dtype=np.float64)
