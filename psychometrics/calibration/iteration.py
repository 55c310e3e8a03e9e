"""The outer loop of every EM algorithm here: step, judge, accelerate, and never go down."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from psychometrics.calibration.acceleration import MEMORY, Anderson
from psychometrics.models.base import Array

Progress = Callable[[int, float], None]
P = TypeVar("P")

NOISE = 1e-7
"""Relative rounding of a log-likelihood summed from float32 products; a fall beyond it is real."""
STALLED_GAIN = 1e-3


@dataclass(frozen=True, slots=True)
class Patience:
    """When nothing rises any more: over so many steps the objective gained less than `rise`, or than a tenth of the
    rounding of its sum."""

    steps: int = 40
    rise: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Step(Generic[P]):
    """One EM step from a point: its image, the metric there, and the objective and log-likelihood at the point."""

    image: P
    metric: Array
    objective: float
    log_likelihood: float


@dataclass(frozen=True, slots=True, eq=False)
class Estimate(Generic[P]):
    """Where the iteration ended: gain is the log-likelihood still to be had, judged by the last EM step."""

    parameters: P
    log_likelihood: float
    n_iterations: int
    converged: bool
    gain: float


def iterate(
    em_step: Callable[[P], Step[P]],
    pack: Callable[[P], Array],
    unpack: Callable[[P, Array], P],
    start: P,
    *,
    tolerance: float,
    max_iterations: int,
    progress: Progress | None,
    patience: Patience = Patience(),
    memory: int = MEMORY,
) -> Estimate[P]:
    """Accelerated steps until one is worth less than `tolerance` in log-likelihood.

    The worth of a step is half its squared length in the metric of the complete-data information, which is the gain
    of one Newton step on the expected log-likelihood. A point where the objective fell is given up for the plain EM
    image of the point before. Where rounding can no longer tell one point from the next, nothing rises for many steps,
    and a gain that is small by then is as good as none.
    """
    mixing, here, best, fallback = Anderson(memory), start, -np.inf, start
    gain, log_likelihood, mixed = np.inf, -np.inf, False
    recent: deque[float] = deque(maxlen=patience.steps)
    for iteration in range(1, max_iterations + 1):
        step = em_step(here)
        if mixed and not step.objective >= best - NOISE * abs(best):
            mixing.forget()
            here, mixed = fallback, False
            continue
        best, log_likelihood, fallback = max(best, step.objective), step.log_likelihood, step.image
        point, image = pack(here), pack(step.image)
        gain = 0.5 * float((((image - point) * step.metric) ** 2).sum())
        if progress is not None:
            progress(iteration, log_likelihood)
        recent.append(best)
        if gain < tolerance or (gain < STALLED_GAIN and _stalled(recent, patience)):
            return Estimate(here, log_likelihood, iteration, True, gain)
        here, mixed = unpack(step.image, mixing.propose(point, image, step.metric)), True
    return Estimate(fallback, log_likelihood, max_iterations, False, gain)


def _stalled(recent: deque[float], patience: Patience) -> bool:
    """Whether the best objective hardly rose over the last steps."""
    enough = max(patience.rise, 0.1 * NOISE * abs(recent[-1]))
    return len(recent) == patience.steps and recent[-1] - recent[0] < enough
