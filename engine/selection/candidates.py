"""Exact maximum information without looking at the whole bank.

Ability is cut into narrow cells. For each cell the items are sorted by an upper bound of their information on it, and
for each rank we keep how far down the list an item could still beat it. A search then looks at the first free item and
the few that could overtake it: the same item as a full scan, at a cost that hardly depends on the size of the bank.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.selection.curves import Curves, logistic_peaks

Floats = NDArray[np.float64]

CELL_WIDTH = 1.0 / 128.0
LIST_LENGTH = 96
_SAFETY = 4.0
_TIE = 1.0 - 1e-9


@dataclass(frozen=True, slots=True)
class CandidateLists:
    """order: (n_cells, length) items, best bound first; reach: the last rank that could beat each rank.

    `complete` says that the lists hold the whole bank; otherwise a reach of `length` means "look at every item".
    """

    lower: float
    width: float
    order: NDArray[np.int32]
    reach: NDArray[np.int16]
    complete: bool

    def cell(self, theta: Floats) -> NDArray[np.intp]:
        """The cell of each ability; abilities beyond the grid fall into the outermost cells."""
        return np.clip((theta - self.lower) / self.width, 0, len(self.order) - 1).astype(np.intp)


def candidate_lists(curves: Curves, lower: float, upper: float) -> CandidateLists:
    """Lists for cells of about CELL_WIDTH between the two abilities."""
    n_cells = max(1, int(np.ceil((upper - lower) / CELL_WIDTH)))
    edges = np.linspace(lower, upper, n_cells + 1)
    length = min(LIST_LENGTH, len(curves))
    order = np.empty((n_cells, length), dtype=np.int32)
    reach = np.empty((n_cells, length), dtype=np.int16)
    rows = np.arange(len(curves))[None, :]
    peaks = np.where(curves.family == 0, logistic_peaks(curves), np.nan)
    for start in range(0, n_cells, 64):
        stop = min(start + 64, n_cells)
        ends = edges[max(start - 1, 0) : stop + 2]
        information = curves.information(rows, ends[:, None])
        low, high = _bounds(information, curves.family == 0)
        _lift_to_peaks(high, curves, peaks, ends)
        inner = slice(start - max(start - 1, 0), start - max(start - 1, 0) + stop - start)
        order[start:stop], reach[start:stop] = _sorted_lists(low[inner], high[inner], length)
    return CandidateLists(lower, (upper - lower) / n_cells, order, reach, length == len(curves))


def _bounds(information: Floats, unimodal: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Lower and upper bounds of each item on each cell from its values at the edges.

    A logistic item's information has one peak, so its edges bound it on every other cell. Else a smooth curve leaves
    its chord between two edges by at most h²/8·|I''|; the second difference estimates h²·I'', and a safety factor
    covers its change within the neighbouring cells.
    """
    bend = np.zeros_like(information)
    if len(information) > 2:
        bend[1:-1] = np.abs(np.diff(information, n=2, axis=0))
        bend[0], bend[-1] = bend[1], bend[-2]
    margin = np.where(unimodal, 0.0, _SAFETY / 8.0 * np.maximum(bend[:-1], bend[1:]))
    left, right = information[:-1], information[1:]
    return np.minimum(left, right) - margin, np.maximum(left, right) + margin


def _lift_to_peaks(high: Floats, curves: Curves, peaks: Floats, ends: Floats) -> None:
    """On the cell that holds an item's peak the bound is the information there."""
    inside = np.flatnonzero((peaks >= ends[0]) & (peaks <= ends[-1]))
    if len(inside):
        cell = np.clip(np.searchsorted(ends, peaks[inside], side="right") - 1, 0, len(high) - 1)
        high[cell, inside] = np.maximum(high[cell, inside], curves.information(inside, peaks[inside]))


def _sorted_lists(low: Floats, high: Floats, length: int) -> tuple[NDArray[np.int32], NDArray[np.int16]]:
    n_items = low.shape[1]
    rows = np.arange(len(low))[:, None]
    kept = np.argpartition(-high, length - 1, axis=1)[:, :length] if length < n_items else np.arange(n_items)[None, :]
    kept = np.broadcast_to(kept, (len(low), length))
    kept = kept[rows, np.argsort(-high[rows, kept], axis=1, kind="stable")]
    bound, floor = high[rows, kept], low[rows, kept] * _TIE
    reach = np.stack([np.searchsorted(-bound[c], -floor[c], side="right") - 1 for c in range(len(low))])
    if length < n_items:
        reach[reach >= length - 1] = length
    return kept.astype(np.int32), np.maximum(reach, np.arange(length)).astype(np.int16)
