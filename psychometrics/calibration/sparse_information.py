"""Lost information where a person answered few of the items: the work follows the answers and not persons times items.

The coefficients of `lost_information`, kept only where there is an answer, so that their products are sparse too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from psychometrics.calibration.scores import ScoreTable
from psychometrics.models.base import Array

BELOW = 0.05
"""Share of answers given below which sparse products are the faster."""
AT_ONCE = 200_000
"""Answers whose scores at all nodes are held at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """One parameter of every item of a kind: its row among all parameters (n_columns,), -1 in columns of other kinds,
    and the score of each column's category (n_columns, n_nodes)."""

    row: NDArray[np.int64]
    score: NDArray[np.float32]


def terms(scores: Sequence[ScoreTable], n_columns: int) -> list[Term]:
    """The scores by column of a sparse block, where every category of every item has one."""
    found, after = [], 0
    for table in scores:
        width, n_items, n_nodes = table.base.shape
        for parameter in range(width):
            row, score = np.full(n_columns, -1), np.zeros((n_columns, n_nodes), dtype=np.float32)
            for category, columns in enumerate(table.rows.T):
                row[columns] = after + np.arange(n_items)
                more = table.beyond[category - 1, parameter] if category else 0.0
                score[columns] = table.base[parameter] + more
            found.append(Term(row, score))
            after += n_items
    return found


def squares(
    columns: Any, series: Iterator[NDArray[Any]], scores: Sequence[ScoreTable], population: Array
) -> Iterator[Array]:
    """Yield, degree by degree, the sum over persons of the squared coefficients: (n_parameters, n_parameters).

    columns: CSR (n_persons, n_columns) of 0 and 1; series: polynomials times posterior (n_nodes, n_persons).
    """
    from scipy.sparse import csr_array, hstack

    found = terms(scores, columns.shape[1])
    n_items = sum(table.base.shape[0] * table.base.shape[1] for table in scores)
    person = np.repeat(np.arange(columns.shape[0]), np.diff(columns.indptr))
    for polynomial in series:
        across = np.ascontiguousarray(polynomial.T, dtype=np.float32)
        parts = [_entries(term, person, columns.indices, across) for term in found]
        places = (np.concatenate([p[1] for p in parts]), np.concatenate([p[2] for p in parts]))
        given = csr_array((np.concatenate([p[0] for p in parts]), places), shape=(columns.shape[0], n_items))
        whole = hstack([given, csr_array(across @ population.T.astype(np.float32))]).tocsr()
        yield np.asarray((whole.T @ whole).toarray(), dtype=np.float64)


def _entries(
    term: Term, person: NDArray[np.int64], column: NDArray[Any], across: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
    """Coefficient, person and parameter of each answer that the term is about."""
    own = np.flatnonzero(term.row[column] >= 0)
    values = np.empty(own.size, dtype=np.float32)
    for start in range(0, own.size, AT_ONCE):
        part = own[start : start + AT_ONCE]
        pairs = term.score[column[part]], across[person[part]]
        values[start : start + AT_ONCE] = np.einsum("eq,eq->e", *pairs)
    return values, person[own], term.row[column[own]]
