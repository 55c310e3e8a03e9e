"""Which items can be calibrated at all, and what to say of those that cannot or should be looked at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from psychometrics.models.base import ItemParameters

CALIBRATED = "calibrated"
HELD = "held at its given parameters"
FEW_FOR_GUESSING = 1000
"""Answers below which `auto` does not try to tell guessing from easiness."""
LARGEST_LOCATION = 6.0
WEAK_SLOPE = 0.2
STEEPEST = 25.0
"""Beyond this a curve rises between two nodes of the default grid, and where it rises can no longer be told."""


def count_answers(responses: NDArray[np.int8], n_categories: NDArray[np.int64]) -> NDArray[np.int64]:
    """Answers by item and category: (n_items, K_max)."""
    counts = np.stack([(responses == k).sum(axis=0) for k in range(int(n_categories.max(initial=2)))], axis=1)
    return np.asarray(counts, dtype=np.int64)


def hopeless(counts: NDArray[np.int64], min_responses: int) -> list[str | None]:
    """Why an item cannot be calibrated, or None: (n_items,) from counts (n_items, K_max)."""
    return [_hopeless(row, min_responses) for row in counts]


def _hopeless(row: NDArray[np.int64], min_responses: int) -> str | None:
    n = int(row.sum())
    if n == 0:
        return "not calibrated: nobody answered it"
    if n < min_responses:
        return f"not calibrated: it has {n} answers, at least {min_responses} are needed"
    if np.count_nonzero(row) > 1:
        return None
    only = int(np.flatnonzero(row)[0])
    if row.size == 2 or (row[2:].sum() == 0 and only <= 1):
        everybody = "right, so it is easier" if only else "wrong, so it is harder"
        return f"not calibrated: everybody had it {everybody} than these persons can tell (set to the bound)"
    return f"not calibrated: every answer is in category {only}"


def stand_in(model: str, n_categories: int, row: NDArray[np.int64]) -> dict[str, object]:
    """Parameters of an item that could not be calibrated: slope 1, located at the bound its answers point to."""
    location = 0.0
    if row.sum() and np.count_nonzero(row) == 1:
        location = -LARGEST_LOCATION if row[0] == 0 else LARGEST_LOCATION
    spread = location + 0.5 * (np.arange(n_categories - 1) - 0.5 * (n_categories - 2))
    record: dict[str, object] = {"model": model, "discrimination": 1.0}
    if model == "grm":
        return record | {"thresholds": spread.tolist()}
    if model in ("pcm", "gpcm"):
        return record | {"steps": spread.tolist()}
    if model == "nrm":
        slopes = np.arange(n_categories, dtype=np.float64)
        return record | {"slopes": slopes.tolist(), "intercepts": (-location * slopes).tolist()}
    return record | {"difficulty": location}


def remarks(items: ItemParameters, counts: NDArray[np.int64], converged: bool) -> list[str]:
    """A status sentence for each calibrated item."""
    return [_remark(items, place, counts[place], converged) for place in range(len(items))]


def _remark(items: ItemParameters, place: int, row: NDArray[np.int64], converged: bool) -> str:
    slope = items.discrimination[place]
    found = []
    empty = np.flatnonzero(row[: items.n_categories[place]] == 0)
    if empty.size:
        names = ", ".join(str(k) for k in empty)
        found.append(f"nobody is in category {names}: its parameters rest on half a pseudo-answer")
    if slope < 0:
        found.append("negative discrimination: those who know more have it wrong more often; check the key")
    elif slope > 0.99 * STEEPEST:
        found.append(f"discrimination at its bound of {STEEPEST:g}: it may repeat another item, or too few answered it")
    elif slope < WEAK_SLOPE:
        found.append(f"discrimination below {WEAK_SLOPE}: it hardly tells persons apart")
    located = items.difficulty[place]
    if abs(located) > LARGEST_LOCATION:
        found.append("difficulty lies outside the range of the persons")
    if not converged:
        found.append("the calibration did not converge")
    return f"{CALIBRATED}; {'; '.join(found)}" if found else CALIBRATED
