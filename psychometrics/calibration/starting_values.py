"""Where the iteration starts: slopes of 1 and intercepts from the proportions of answers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from psychometrics.calibration.maximisation import Kind
from psychometrics.models.base import Array

SHRUNK = 1.2
"""A logit of a proportion understates the intercept, because ability varies; for slopes of 1 by about this factor."""
GUESSING_LOGIT = -1.5
UPPER_LOGIT = 3.0


def starting_values(kind: Kind, counts: NDArray[np.int64]) -> Array:
    """Working parameters (n_items, n_parameters) from counts of answers (n_items, K)."""
    smoothed = counts + 0.5
    if kind.model.name == "grm":
        above = smoothed[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
        return _with_slope(SHRUNK * np.log(above / (smoothed.sum(axis=1, keepdims=True) - above)))
    logs = np.log(smoothed[:, 1:] / smoothed[:, :1])
    if kind.model.name == "nrm":
        slopes = np.broadcast_to(np.arange(1.0, kind.n_categories) / (kind.n_categories - 1), logs.shape)
        return np.concatenate([slopes, logs], axis=1)
    working = _with_slope(SHRUNK * logs)
    if not kind.model.polytomous:
        asymptotes = [GUESSING_LOGIT, UPPER_LOGIT][: len(kind.lower) - 2]
        working = np.concatenate([working, np.broadcast_to(asymptotes, (len(counts), len(asymptotes)))], axis=1)
    return np.clip(working, kind.lower, kind.upper)


def _with_slope(intercepts: Array) -> Array:
    return np.concatenate([np.ones((len(intercepts), 1)), intercepts], axis=1)
