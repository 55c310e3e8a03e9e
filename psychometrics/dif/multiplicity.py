"""Testing many items at once: p-values adjusted so that a bank of fair items raises few false alarms."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from psychometrics.models.base import Array

ADJUSTMENTS = ("holm", "bh", "none")


def adjust(p: ArrayLike, how: str = "bh") -> Array:
    """Adjusted p-values (n,); NaN stays NaN and is not counted among the tests.

    how: "holm" bounds the chance of one false alarm among all (Holm 1979, Scandinavian Journal of Statistics 6); "bh"
    bounds the share of false alarms among the items flagged (Benjamini & Hochberg 1995, JRSS B 57); "none".
    Raises ValueError for another name or a p-value outside 0 to 1.
    """
    values = np.asarray(p, dtype=np.float64)
    known = np.isfinite(values)
    if how not in ADJUSTMENTS:
        raise ValueError(f"the adjustment must be one of {', '.join(ADJUSTMENTS)}, not {how!r}")
    if (values[known] < 0).any() or (values[known] > 1).any():
        raise ValueError("p-values must lie between 0 and 1")
    adjusted = values.copy()
    if how != "none":
        adjusted[known] = _holm(values[known]) if how == "holm" else _benjamini_hochberg(values[known])
    return adjusted


def _holm(p: Array) -> Array:
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    return _restored(np.minimum(stepped, 1.0), order)


def _benjamini_hochberg(p: Array) -> Array:
    order = np.argsort(p, kind="stable")
    ratios = p[order] * p.size / np.arange(1, p.size + 1)
    return _restored(np.minimum(np.minimum.accumulate(ratios[::-1])[::-1], 1.0), order)


def _restored(values: Array, order: np.typing.NDArray[np.intp]) -> Array:
    result = np.empty_like(values)
    result[order] = values
    return result
