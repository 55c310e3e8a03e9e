"""What is lost by not seeing the abilities: the posterior covariance of the complete-data score, summed over persons.

The score of a person is a smooth function of ability, so its posterior covariance is the sum of the squares of its
coefficients on the polynomials that are orthonormal under the posterior. A few degrees carry it, and what would be one
weighted cross-product a node becomes one a degree.

Where the logits are linear in theta, what an answer adds to the score is linear too and has no coefficient beyond the
first degree. If nobody skipped anything either, the rest of the score is the same for everybody, so that the degrees
from the second on are needed only as a sum over persons, (n_nodes, n_nodes), which is known in closed form.

Arrays run parameters, items, nodes, persons here, so that products with 0/1 indicators are products of long rows.
Products run in float32; what is summed over blocks is float64.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from psychometrics.calibration.expectation import Block, Expected, Tables, posterior_masses
from psychometrics.calibration.maximisation import TINY, Kind
from psychometrics.calibration.scores import ScoreTable
from psychometrics.calibration.sparse_information import BELOW, squares
from psychometrics.models.base import Array

Float32 = NDArray[np.float32]

HIGHEST_DEGREE = 30
LEFT_OUT = 3e-4
"""A degree that adds less than this share to a parameter's lost information is the last it needs."""
STRAGGLERS = 0.02
"""Share of parameters that need not wait for it, as long as the degree adds less than this to theirs: curves that rise
between two nodes would need every degree there is."""
NARROWEST = 1e-12
"""Squared length below which a polynomial is rounding: the posterior sits on fewer nodes than it has degrees."""


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """Who answered the items of one kind, and how: answered (n_items, n_persons), or None when nobody skipped, and for
    each category but the first chose (n_items, n_persons)."""

    answered: Float32 | None
    chose: tuple[Float32, ...]


def given_answers(columns: Any, scores: Sequence[ScoreTable]) -> list[Given]:
    """Indicators by kind, from dense (n_columns, n_persons) or sparse (n_persons, n_columns) columns."""
    dense = columns if isinstance(columns, np.ndarray) else columns.T.toarray()
    return [_given(dense, table) for table in scores]


def _given(dense: Any, table: ScoreTable) -> Given:
    chose = tuple(_rows(dense, rows) for rows in table.rows.T[1:])
    if table.complete:
        return Given(None, chose)
    first = table.rows[:, :1]
    answered = np.where(first >= 0, _rows(dense, first[:, 0]), 0.0)
    for part in chose:
        answered = answered + part
    return Given(np.where(first >= 0, answered, 1.0).astype(np.float32), chose)


def _rows(dense: Any, rows: NDArray[np.int64]) -> Float32:
    """Rows as float32, without a copy where they follow one another."""
    follow = rows.size > 0 and rows[0] >= 0 and bool((np.diff(rows) == 1).all())
    chosen = dense[rows[0] : rows[-1] + 1] if follow else dense[rows]
    return np.asarray(chosen, dtype=np.float32)


def orthonormal(nodes: Array, posterior: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield posterior * psi_r (n_nodes, n_persons), r = 1, 2, ...: polynomials orthonormal under each posterior.

    Stieltjes' recurrence, run on root(posterior) * psi_r, whose squares sum to 1: nothing over- or underflows.
    """
    root = np.sqrt(posterior)
    points = nodes.astype(posterior.dtype)[:, None]
    before, now, norm = np.zeros_like(root), root, np.zeros(1, dtype=root.dtype)
    for _ in range(HIGHEST_DEGREE):
        centre = (now**2 * points).sum(axis=0)
        following = (points - centre) * now
        following -= norm * before
        norm = np.sqrt(np.maximum((following**2).sum(axis=0), NARROWEST))
        following /= norm
        before, now = now, following
        yield root * now


def coefficients(
    given: Sequence[Given],
    polynomial: Float32,
    degree: int,
    scores: Sequence[ScoreTable],
    nodes: Array,
    population: Array,
) -> Float32:
    """Coefficients (n_parameters, n_persons) of every person's score on one polynomial, parameter-major by kind."""
    spread = nodes.astype(np.float32) @ polynomial if degree == 1 else None
    pairs = zip(given, scores, strict=True)
    parts = [_kind_coefficients(own, polynomial, table, spread) for own, table in pairs]
    parts.append(population.astype(np.float32) @ polynomial)
    return np.concatenate(parts)


def _kind_coefficients(given: Given, polynomial: Float32, table: ScoreTable, spread: Float32 | None) -> Float32:
    width, n_items, n_nodes = table.base.shape
    found = (table.base.reshape(-1, n_nodes) @ polynomial).reshape(width, n_items, -1)
    if given.answered is not None:
        found *= given.answered
    for category, chose in enumerate(given.chose):
        if table.rise is None:
            share = (table.beyond[category].reshape(-1, n_nodes) @ polynomial).reshape(width, n_items, -1)
            share *= chose
            found += share
        elif spread is not None:
            for parameter in np.flatnonzero(table.rise[category]):
                found[parameter] += np.float32(table.rise[category, parameter]) * (chose * spread)
    return found.reshape(width * n_items, -1)


def lost_information(
    block: Block, *, tables: Tables, scores: Sequence[ScoreTable], populations: Sequence[Array], nodes: Array
) -> tuple[Array, Expected]:
    """A block's lost information, parameter-major by kind, and its expected counts.

    populations: for each group the score of the free population parameters at the nodes (n_free, n_nodes).
    """
    posterior, logs = posterior_masses(block, tables)
    weights = np.ones(logs.size, dtype=np.float32) if block.weights is None else block.weights.astype(np.float32)
    weighted = posterior * weights
    expected = _expected(block, weighted, logs, tables)
    population, root = populations[block.group], np.sqrt(weights)
    series = (polynomial * root for polynomial in orthonormal(nodes, posterior))
    if _mostly_empty(block.columns, scores):
        return _until_settled(squares(block.columns, series, scores, population)), expected
    given = given_answers(block.columns, scores)
    if all(table.complete and table.rise is not None for table in scores):
        rest = np.diag(weighted.sum(axis=1, dtype=np.float64)) - _gram(posterior * root)
        return _lost_in_closed_form(given, next(series), scores, nodes, population, rest), expected
    degrees = enumerate(series, start=1)
    return _until_settled(_gram(coefficients(given, p, r, scores, nodes, population)) for r, p in degrees), expected


def _mostly_empty(columns: Any, scores: Sequence[ScoreTable]) -> bool:
    n_items = sum(table.base.shape[1] for table in scores)
    return not isinstance(columns, np.ndarray) and bool(columns.nnz < BELOW * columns.shape[0] * n_items)


def _expected(block: Block, weighted: Float32, logs: Array, tables: Tables) -> Expected:
    columns = block.columns if isinstance(block.columns, np.ndarray) else block.columns.T
    mass = np.zeros(tables.populations.shape)
    mass[block.group] = weighted.sum(axis=1, dtype=np.float64)
    counts = columns.astype(np.float32, copy=False) @ weighted.T
    total = float(logs.sum() if block.weights is None else logs @ block.weights)
    return Expected(np.asarray(counts, dtype=np.float64), mass, total)


def _gram(rows: Float32) -> Array:
    return np.asarray(rows @ rows.T, dtype=np.float64)


def _lost_in_closed_form(
    given: Sequence[Given],
    first: Float32,
    scores: Sequence[ScoreTable],
    nodes: Array,
    population: Array,
    rest: Array,
) -> Array:
    """First degree person by person; from the second on the common part alone, whose squares over all degrees sum to
    diag(posterior) - posterior posterior', here `rest` (n_nodes, n_nodes) over persons."""
    common = np.concatenate([*(table.base.reshape(-1, nodes.size) for table in scores), population])
    beyond = rest - _gram(first)
    rest_of_it: Array = common @ beyond @ common.T
    return _gram(coefficients(given, first, 1, scores, nodes, population)) + rest_of_it


def _until_settled(degrees: Iterator[Array]) -> Array:
    """The sum over the degrees until one adds next to nothing."""
    lost = next(degrees)
    for added in degrees:
        lost = lost + added
        if _settled(np.diag(added), np.diag(lost)):
            break
    return lost


def _settled(added: Array, so_far: Array) -> bool:
    share = added / np.maximum(so_far, TINY)
    return bool((share > LEFT_OUT).mean() <= STRAGGLERS and (share <= STRAGGLERS).all())


def item_major(kinds: Sequence[Kind], size: int) -> NDArray[np.int64]:
    """Where the rows of `pack` order (items, each with its parameters) stand in parameter-major order: (size,)."""
    order: list[NDArray[np.int64]] = []
    after = 0
    for kind in kinds:
        n_items, n_free = len(kind.where), int(kind.free.sum())
        order.append(after + np.arange(n_items * n_free).reshape(n_free, n_items).T.ravel())
        after += n_items * n_free
    return np.concatenate([*order, after + np.arange(size - after)])
