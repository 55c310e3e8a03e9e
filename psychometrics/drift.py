"""Has an item become easier or harder than it was calibrated? A running alarm, and the size of the change.

The alarm is a CUSUM of log-likelihood ratios (Page 1954), the item made easier by a given shift against the item as
calibrated, each answer weighed by what was expected of that very person: the risk-adjusted form of Steiner, Cook,
Farewell & Treasure (2000), which for items in adaptive tests goes back to Veerkamp & Glas (2000). Its mean time to a
false alarm is at least exp(limit) answers (Lorden 1971); the exact one is found by simulation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from psychometrics.models.base import Array

SMALLEST = 1e-12
"""A predicted probability below this is raised to it, so that one impossible answer does not decide alone for ever."""


@dataclass(frozen=True, slots=True, eq=False)
class Cusum:
    """path: (n_answers,) of one item in order of time; alarm: the place of the first value above the limit, -1 for
    none; onset: where the path last left 0 before the alarm (or before the end), the likeliest place of the change.
    """

    path: Array
    alarm: int
    onset: int


@dataclass(frozen=True, slots=True, eq=False)
class Drift:
    """shift: how much easier the item is than calibrated, in logits of ability, negative = harder; standard_error; p of
    the likelihood-ratio test of no shift. at_bound: the likelihood still rises at the largest shift considered.
    """

    shift: float
    standard_error: float
    p: float
    at_bound: bool


def cusum(ratios: ArrayLike, limit: float) -> Cusum:
    """max(0, sum so far + log-likelihood ratio), answer after answer, (n_answers,).

    Page 1954, Biometrika 41, 100-115. Raises ValueError for a limit that is not positive.
    """
    if not limit > 0:
        raise ValueError(f"limit must be positive, not {limit}")
    steps = np.asarray(ratios, dtype=np.float64)
    total = np.cumsum(steps)
    lowest = np.minimum(np.minimum.accumulate(total), 0.0)
    path = total - lowest
    beyond = np.flatnonzero(path > limit)
    alarm = int(beyond[0]) if beyond.size else -1
    upto = path[: alarm + 1] if alarm >= 0 else path
    zeros = np.flatnonzero(upto <= 0)
    return Cusum(path, alarm, int(zeros[-1]) + 1 if zeros.size else 0)


def log_ratios(chance: ArrayLike, shifts: ArrayLike, shift: float) -> Array:
    """log P(answer | item easier by shift) - log P(answer | as calibrated), (n_answers,), from predictions at the
    shifts."""
    logs = np.log(np.maximum(np.asarray(chance, dtype=np.float64), SMALLEST))
    known = np.asarray(shifts, dtype=np.float64).tolist()
    if shift not in known or 0.0 not in known:
        raise ValueError(f"shifts must hold 0 and {shift}")
    return np.asarray(logs[:, known.index(shift)] - logs[:, known.index(0.0)])


def estimate_drift(chance: ArrayLike, shifts: ArrayLike) -> Drift:
    """The shift that explains these answers to one item best.

    chance: (n_answers, n_shifts), P(answer | earlier answers of the person, item easier by the shift); shifts:
    (n_shifts,) equally spaced, 0 among them. The maximum is that of the parabola through the best shift and its
    neighbours. The test of shift 0 is the likelihood-ratio form of Glas's (1998, Statistica Sinica 8, 647-667) test of
    item parameter drift.
    """
    moved = np.asarray(shifts, dtype=np.float64)
    table = np.log(np.maximum(np.asarray(chance, dtype=np.float64), SMALLEST)).sum(axis=0)
    if moved.size < 3 or 0.0 not in moved.tolist() or not np.allclose(np.diff(moved), moved[1] - moved[0]):
        raise ValueError("shifts must be three or more equally spaced numbers, with 0 among them")
    width = moved[1] - moved[0]
    best = int(np.argmax(table))
    middle = min(max(best, 1), len(moved) - 2)
    low, peak, high = table[middle - 1 : middle + 2]
    bend = min((low - 2.0 * peak + high) / width**2, -SMALLEST)
    step = float(np.clip(-(high - low) / (2.0 * width) / bend, -width, width))
    top = max(peak + (high - low) / (2.0 * width) * step + 0.5 * bend * step**2, peak)
    gain = 2.0 * (top - table[moved.tolist().index(0.0)])
    p = float(scipy.special.chdtrc(1.0, max(float(gain), 0.0)))
    return Drift(float(moved[middle] + step), float((-bend) ** -0.5), p, best in (0, len(moved) - 1))
