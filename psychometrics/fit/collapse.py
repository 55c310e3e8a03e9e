"""Merging sparse cells of a score-by-category table until every expected count is large enough.

The order follows mirt's itemfit (Chalmers 2012, Journal of Statistical Software 48(6)), so that the statistics and
their degrees of freedom can be compared: impossible cells, empty scores, scores of a single person, neighbouring
categories of one score, rare categories, neighbouring scores. A table is (2, n_scores, K): observed, expected.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from psychometrics.models.base import Array

OBSERVED, EXPECTED = 0, 1


def collapse(table: Array, impossible: NDArray[np.bool_], min_expected: float) -> Array:
    """The merged table (2, n_rows, n_columns); expected 0 marks a cell that was merged away.

    table: observed and expected counts (2, n_scores, K); impossible: (n_scores, K), combinations that cannot occur.
    """
    table = _merge_impossible(table, impossible)
    table = table[:, table[OBSERVED].sum(axis=1) > 0]
    if table.shape[1] == 0:
        return table
    sparse = (table[EXPECTED] < min_expected).any(axis=1)
    table = _merge_single_persons(table)
    if table.shape[2] > 2:
        # the marks are those of the rows before single persons were merged, as in mirt
        for row in np.flatnonzero(sparse[: table.shape[1]]):
            table[:, row] = _merge_categories(table[:, row], min_expected)
        table = _merge_rare_categories(table, min_expected)
    return _merge_scores(table, min_expected)


def _merge_impossible(table: Array, impossible: NDArray[np.bool_]) -> Array:
    """Scores near the ends at which some category cannot occur join the nearest full score."""
    rows = np.flatnonzero(impossible.any(axis=1))
    table = np.where(impossible, 0.0, table)
    if rows.size == 0:
        return table
    low = np.arange(rows[0], rows[rows.size // 2 - 1] + 1)
    high = np.arange(rows[rows.size // 2], rows[-1] + 1)
    if low[-1] + 1 >= high[0]:
        return table[:, :0]
    table[:, low[-1] + 1] += table[:, low].sum(axis=1)
    table[:, high[0] - 1] += table[:, high].sum(axis=1)
    return np.delete(table, np.concatenate([low, high]), axis=1)


def _merge_single_persons(table: Array) -> Array:
    keep = np.ones(table.shape[1], dtype=bool)
    for row in range(table.shape[1] - 1):
        if table[OBSERVED, row].sum() == 1:
            table[:, row + 1] += table[:, row]
            keep[row] = False
    table = table[:, keep]
    if table.shape[1] > 1 and table[OBSERVED, -1].sum() == 1:
        table[:, -2] += table[:, -1]
        table = table[:, :-1]
    return table


def _merge_categories(row: Array, min_expected: float) -> Array:
    """One score (2, K): the rarest category joins its rarer neighbour until two are left or all are large enough."""
    cells = row
    while cells.shape[1] > 2:
        expected = cells[EXPECTED]
        rarest = int(np.flatnonzero(expected == expected.min())[-1])
        cells = _merge_into(cells, rarest, _rarer_neighbour(expected, rarest), axis=1)
        if (cells[EXPECTED] >= min_expected).all():
            break
    return np.pad(cells, ((0, 0), (0, row.shape[1] - cells.shape[1])))


def _merge_rare_categories(table: Array, min_expected: float) -> Array:
    enough = min_expected * np.ceil(table.shape[1] * 0.1)
    while table.shape[2] > 2 and table[EXPECTED, :, -1].sum() < enough:
        table = _merge_into(table, table.shape[2] - 1, table.shape[2] - 2, axis=2)
    for column in range(table.shape[2] - 1, 0, -1):
        if (table[EXPECTED, :, column] > 0).mean() < 0.05:
            table = _merge_into(table, column, column - 1, axis=2)
    return table


def _merge_scores(table: Array, min_expected: float) -> Array:
    while table.shape[1] > 1:
        expected = table[EXPECTED]
        sparse = ((expected < min_expected) & (expected != 0)).any(axis=1)
        if not sparse.any():
            break
        row = int(np.argmax(sparse))
        table = _merge_into(table, row, _rarer_neighbour(table[OBSERVED].sum(axis=1), row), axis=1)
    return table


def _rarer_neighbour(counts: Array, place: int) -> int:
    if place == 0:
        return 1
    if place == len(counts) - 1 or counts[place - 1] <= counts[place + 1]:
        return place - 1
    return place + 1


def _merge_into(cells: Array, source: int, target: int, axis: int) -> Array:
    moved = np.moveaxis(cells.copy(), axis, 0)
    moved[target] += moved[source]
    return np.moveaxis(np.delete(moved, source, axis=0), 0, axis)
