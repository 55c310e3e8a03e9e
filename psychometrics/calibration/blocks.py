"""Responses as indicator columns in blocks of persons: the form in which an E-step is two matrix products.

Dense columns hold one row for every category an item needs; an item nobody skipped leaves out category 0, whose log
probability moves into a term common to all. When most cells are missing the columns are sparse instead, with one entry
for each answer given, so that the work follows the answers and not persons times items.
"""

from __future__ import annotations

from dataclasses import dataclass
from os import cpu_count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from psychometrics.arrays import MISSING
from psychometrics.calibration.expectation import Block, Tables
from psychometrics.models.base import Array

PERSONS_PER_BLOCK = 8192
SMALLEST_BLOCK = 512
SPARSE_BELOW = 0.2
"""Share of answers given below which sparse products are the faster (measured at 61 nodes on two cores)."""
FLOAT_BYTES = 2**30
"""Indicator columns up to this size are kept as float32, larger ones as int8 and converted block by block."""
FEW_PATTERNS = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """column_of (n_items, K_max): the column of a category, -1 where the category is left out or absent."""

    column_of: NDArray[np.int64]
    n_columns: int

    @property
    def referenced(self) -> NDArray[np.bool_]:
        """Items whose category 0 is implied by the others (n_items,)."""
        return self.column_of[:, 0] < 0

    def answers(self, log_probability: Array) -> tuple[Array, Array]:
        """Table (n_columns, n_nodes) and common term (n_nodes,) from log probabilities (n_items, K_max, n_nodes)."""
        table = np.zeros((self.n_columns, log_probability.shape[2]))
        base = log_probability[self.referenced, 0]
        items, categories = np.nonzero(self.column_of >= 0)
        table[self.column_of[items, categories]] = log_probability[items, categories]
        implied = self.referenced[items]
        table[self.column_of[items[implied], categories[implied]]] -= log_probability[items[implied], 0]
        return table, base.sum(axis=0)

    def counts(self, counts: Array, mass: Array, where: NDArray[np.int64], n_categories: int) -> Array:
        """Expected answers (n_items, K, n_nodes) of the items at `where`, from columns and mass of persons."""
        columns = self.column_of[where, :n_categories]
        full = np.where((columns >= 0)[:, :, None], counts[columns], 0.0)
        implied = columns[:, 0] < 0
        full[implied, 0] = np.maximum(mass - full[implied].sum(axis=1), 0.0)
        return np.asarray(full, dtype=np.float64)


def lay_out(responses: NDArray[np.int8], n_categories: NDArray[np.int64], sparse: bool) -> Layout:
    """Columns category by category, so that a block is filled by one comparison a category."""
    complete = np.zeros(responses.shape[1], dtype=bool) if sparse else (responses != MISSING).all(axis=0)
    column_of = np.full((responses.shape[1], int(n_categories.max(initial=2))), -1, dtype=np.int64)
    n_columns = 0
    for category in range(column_of.shape[1]):
        needs = (n_categories > category) & ~(complete & (category == 0))
        column_of[needs, category] = n_columns + np.arange(needs.sum())
        n_columns += int(needs.sum())
    return Layout(column_of, n_columns)


def is_sparse(responses: NDArray[np.int8]) -> bool:
    """Whether sparse products pay."""
    return responses.size > 0 and float((responses != MISSING).mean()) < SPARSE_BELOW


def make_blocks(
    responses: NDArray[np.int8], groups: NDArray[np.int64], layout: Layout, sparse: bool, collapse: bool = True
) -> list[Block]:
    """Blocks of at most `PERSONS_PER_BLOCK` persons of one group each; `collapse` lets equal persons share a column."""
    blocks = []
    as_float = layout.n_columns * len(responses) * 4 <= FLOAT_BYTES
    for group in np.unique(groups):
        rows = responses if (groups == group).all() else responses[groups == group]
        rows, weights = _collapsed(rows, layout) if collapse else (rows, None)
        size = _block_size(len(rows))
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            columns = _sparse(part, layout) if sparse else _dense(part, layout, as_float)
            blocks.append(Block(columns, int(group), None if weights is None else weights[start : start + size]))
    return blocks


def _block_size(n_persons: int) -> int:
    """Even blocks, as many as keep every core at work, none of them large."""
    cores = cpu_count() or 1
    n_blocks = cores * max(1, -(-n_persons // (cores * PERSONS_PER_BLOCK)))
    return max(SMALLEST_BLOCK, -(-n_persons // n_blocks))


def group_tables(layout: Layout, log_probability: Array, log_weights: Array) -> Tables:
    """E-step tables; log_weights: (n_groups, n_nodes)."""
    answers, base = layout.answers(log_probability)
    return Tables(answers, log_weights + base)


def _dense(rows: NDArray[np.int8], layout: Layout, as_float: bool) -> NDArray[Any]:
    columns = np.empty((layout.n_columns, len(rows)), dtype=np.float32 if as_float else np.int8)
    across = np.ascontiguousarray(rows.T)
    for category in range(layout.column_of.shape[1]):
        has = np.flatnonzero(layout.column_of[:, category] >= 0)
        if has.size:
            first = layout.column_of[has[0], category]
            chosen = across if has.size == len(across) else across[has]
            np.equal(chosen, category, out=columns[first : first + has.size], casting="unsafe")
    return columns


def _sparse(rows: NDArray[np.int8], layout: Layout) -> Any:
    from scipy.sparse import csr_array

    answered = rows != MISSING
    persons, items = np.nonzero(answered)
    indptr = np.concatenate([[0], np.cumsum(answered.sum(axis=1))]).astype(np.int32)
    columns = layout.column_of[items, rows[persons, items]].astype(np.int32)
    return csr_array((np.ones(len(items), dtype=np.float32), columns, indptr), shape=(len(rows), layout.n_columns))


def _collapsed(rows: NDArray[np.int8], layout: Layout) -> tuple[NDArray[np.int8], Array | None]:
    """Identical persons once, with their number, when a test is so short that there are few different ones."""
    radix = (layout.column_of >= 0).sum(axis=1) + 1
    if radix.size > 12 or np.prod(radix.astype(np.float64)) > min(FEW_PATTERNS, len(rows)):
        return rows, None
    place = np.concatenate([[1], np.cumprod(radix[:-1])])
    _, first, counts = np.unique((rows.astype(np.int64) + 1) @ place, return_index=True, return_counts=True)
    return rows[first], counts.astype(np.float64)
