"""The response matrix: whatever the caller holds becomes one validated int8 array."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MISSING = -1
"""The code of an item that was not administered."""

MAX_CATEGORY = 126


def as_responses(x: Any) -> NDArray[np.int8]:
    """Scored categories as an int8 matrix.

    x: (n_persons, n_items), anything `numpy.asarray` understands (lists, pandas, polars); a whole number from 0 a
    category, `MISSING`, NaN or None where the item was not administered.

    Raises ValueError naming the first row and column (counted from 0) that is not such a number.
    """
    if isinstance(x, np.ndarray) and x.dtype == np.int8 and x.ndim == 2:
        return _checked_bounds(x)
    raw = np.asarray(x)
    if raw.ndim != 2:
        raise ValueError(f"responses must be a matrix of persons by items, not an array of {raw.ndim} dimension(s)")
    if raw.dtype.kind == "b":
        return raw.astype(np.int8)
    if raw.dtype.kind in "iu":
        return _checked_bounds(raw)
    if raw.dtype.kind not in "f":
        raw = _to_float(raw)
    absent = np.isnan(raw)
    whole = np.where(absent, MISSING, raw)
    _refuse(whole != np.floor(whole), raw, "is not a whole category")
    return _checked_bounds(whole)


def _to_float(raw: NDArray[Any]) -> NDArray[np.float64]:
    """Objects (None, Decimal, text of digits) to float64; None becomes NaN."""
    cells = raw.astype(object)
    try:
        return np.where(cells == np.array(None), np.nan, cells).astype(np.float64)
    except (TypeError, ValueError):
        for row, column in np.ndindex(raw.shape):
            _float_or_raise(raw[row, column], row, column)
        raise


def _float_or_raise(cell: Any, row: int, column: int) -> None:
    try:
        float("nan" if cell is None else cell)
    except (TypeError, ValueError):
        raise ValueError(
            f"responses row {row}, column {column}: {str(cell)!r} is not a number; score the answers first, and leave "
            f"items that were not administered as {MISSING} or NaN"
        ) from None


def _checked_bounds(raw: NDArray[Any]) -> NDArray[np.int8]:
    if raw.size and (raw.min() < MISSING or raw.max() > MAX_CATEGORY):
        outside = (raw < MISSING) | (raw > MAX_CATEGORY)
        _refuse(outside, raw, f"is outside {MISSING} (not administered) to {MAX_CATEGORY}")
    return raw.astype(np.int8, copy=False)


def _refuse(bad: NDArray[np.bool_], raw: NDArray[Any], why: str) -> None:
    if bad.any():
        row, column = (int(i) for i in np.argwhere(bad)[0])
        raise ValueError(f"responses row {row}, column {column}: {raw[row, column]} {why}")
