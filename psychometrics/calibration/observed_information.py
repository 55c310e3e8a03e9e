"""The observed information of a calibration.

Oakes' identity (1999, JRSS-B 61) with its cross derivative in closed form, in which it is Louis' formula (1982, JRSS-B
44): the expected complete-data information less, person by person, the posterior covariance of the complete-data
score. Priors enter with their own curvature, so the errors are those of the mode that is reported.

The score of a person is a smooth function of ability, so its posterior covariance is the sum of the squares of its
coefficients on the polynomials that are orthonormal under the posterior. A few degrees carry it, and what would be one
weighted cross-product a node becomes one a degree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from os import cpu_count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from psychometrics.calibration.blas import one_blas_thread
from psychometrics.calibration.expectation import Block, Expected, Tables, log_posterior
from psychometrics.calibration.marginal_ml import Parameters, Problem, spread, tables
from psychometrics.calibration.maximisation import TINY, Kind, curvature, pseudo_answers
from psychometrics.models.base import Array
from psychometrics.quadrature import normal_weights

HIGHEST_DEGREE = 30
LEFT_OUT = 3e-4
"""A degree that adds less than this share to a parameter's lost information is the last it needs."""
STRAGGLERS = 0.02
"""Share of parameters that need not wait for it, as long as the degree adds less than this to theirs: curves that rise
between two nodes would need every degree there is."""


def observed_information(problem: Problem, blocks: Sequence[Block], parameters: Parameters) -> Array:
    """Minus the Hessian of the objective by the free parameters: items kind by kind in `pack` order (one column for a
    common slope), then free means, then free log sds."""
    answers = tables(problem, parameters)
    scores = score_tables(problem, parameters)
    work = partial(_lost_information, problem=problem, parameters=parameters, tables=answers, scores=scores)
    with one_blas_thread(), ThreadPoolExecutor(cpu_count() or 1) as threads:
        parts = list(threads.map(work, blocks))
    counts, mass = sum(part[1].counts for part in parts), sum(part[1].mass for part in parts)
    lost = np.asarray(sum(part[0] for part in parts), dtype=np.float64)
    complete = _complete_information(problem, parameters, Expected(np.asarray(counts), np.asarray(mass), 0.0))
    return pooled(problem.kinds, complete - lost)


@dataclass(frozen=True, slots=True, eq=False)
class ScoreTable:
    """Scores of one kind: columns (n_items, K - 1 or K, p, n_nodes) relative to base (n_items, p, n_nodes).

    rows (n_items, K): indicator column of each category, -1 where there is none.
    """

    kind: Kind
    columns: Array
    base: Array
    rows: NDArray[np.int64]


def score_tables(problem: Problem, parameters: Parameters) -> list[ScoreTable]:
    """d log P / d free parameters of each kind at the nodes."""
    nodes, found = parameters.population.nodes, []
    for kind, working in zip(problem.kinds, parameters.working, strict=True):
        if not kind.estimated:
            continue
        probability = np.maximum(kind.model.probabilities(working, nodes), TINY)
        score = kind.model.parameter_gradient(working, nodes)[:, kind.free] / probability[:, None]
        score = score.transpose(0, 2, 1, 3)
        rows = problem.layout.column_of[kind.where, : kind.n_categories]
        implied = rows[:, 0] < 0
        base = np.where(implied[:, None, None], score[:, 0], 0.0)
        found.append(ScoreTable(kind, score - base[:, None], base, rows))
    return found


def _lost_information(
    block: Block, *, problem: Problem, parameters: Parameters, tables: Tables, scores: Sequence[ScoreTable]
) -> tuple[Array, Expected]:
    """Sum over a block's persons of the posterior covariance of the score, and the block's expected counts."""
    posterior, logs = log_posterior(block, tables)
    dense = block.columns if isinstance(block.columns, np.ndarray) else block.columns.T.toarray()
    weights = np.ones(len(posterior)) if block.weights is None else block.weights
    weighted = posterior * weights[:, None]
    mass = np.zeros(tables.populations.shape)
    mass[block.group] = weighted.sum(axis=0)
    expected = Expected(np.asarray(dense @ weighted), mass, float(logs @ weights))
    lost = None
    population, answered = population_scores(problem, parameters, block.group), chosen(dense, scores)
    for polynomial in orthonormal(parameters.population.nodes, posterior):
        part = coefficients(answered, polynomial, scores, population)
        part *= np.sqrt(weights)[:, None].astype(part.dtype)
        product = (part.T @ part).astype(np.float64)
        lost = product if lost is None else lost + product
        if _settled(np.diag(product), np.diag(lost)):
            break
    assert lost is not None
    return lost, expected


def _settled(added: Array, so_far: Array) -> bool:
    share = added / np.maximum(so_far, TINY)
    return bool((share > LEFT_OUT).mean() <= STRAGGLERS and (share <= STRAGGLERS).all())


def orthonormal(nodes: Array, posterior: Array) -> Iterator[Array]:
    """Yield posterior * psi_r (n_persons, n_nodes), r = 1, 2, ...: orthonormal under each posterior (Stieltjes)."""
    before = np.zeros_like(posterior)
    now = np.ones_like(posterior)
    norm = np.zeros((len(posterior), 1))
    for _ in range(HIGHEST_DEGREE):
        centre = (posterior * now**2) @ nodes
        following = (nodes - centre[:, None]) * now - norm * before
        norm = np.sqrt(np.maximum((posterior * following**2).sum(axis=1, keepdims=True), 1e-200))
        before, now = now, following / norm
        yield posterior * now


def chosen(dense: Any, scores: Sequence[ScoreTable]) -> list[list[NDArray[np.float32] | None]]:
    """Who chose what: for each table and category (n_persons, n_items) of 0 and 1, or None without a column."""
    return [
        [
            None if (rows < 0).all() else np.where(rows[:, None] >= 0, dense[rows], 0).T.astype(np.float32)
            for rows in table.rows.T
        ]
        for table in scores
    ]


def coefficients(
    answered: list[list[NDArray[np.float32] | None]], polynomial: Array, scores: Sequence[ScoreTable], population: Array
) -> NDArray[np.float32]:
    """Coefficients of every person's score on one polynomial: (n_persons, n_parameters), float32."""
    small = polynomial.astype(np.float32)
    parts = [_kind_coefficients(given, small, table) for given, table in zip(answered, scores, strict=True)]
    parts.append(small @ population.T.astype(np.float32))
    return np.concatenate(parts, axis=1)


def _kind_coefficients(
    answered: list[NDArray[np.float32] | None], polynomial: NDArray[np.float32], table: ScoreTable
) -> NDArray[np.float32]:
    n_items, _, width, n_nodes = table.columns.shape
    base = table.base.reshape(-1, n_nodes).astype(np.float32)
    found = (polynomial @ base.T).reshape(-1, n_items, width)
    for category, given in enumerate(answered):
        if given is not None:
            column = table.columns[:, category].reshape(-1, n_nodes).astype(np.float32)
            share = (polynomial @ column.T).reshape(-1, n_items, width)
            share *= given[:, :, None]
            found += share
    return found.reshape(len(polynomial), n_items * width)


def population_scores(problem: Problem, parameters: Parameters, group: int) -> Array:
    """d log density / d (free means, free log sds) at the nodes for a person of a group: (n_free, n_nodes)."""
    population = parameters.population
    if population.weights is not None:
        return np.zeros((0, population.nodes.size))
    mean, log_sd, _ = normal_scores(population.nodes, population.mean[group], population.sd[group])
    means = [mean * (g == group) for g in np.flatnonzero(problem.free_mean)]
    sds = [log_sd * (g == group) for g in np.flatnonzero(problem.free_sd)]
    return np.array([*means, *sds], dtype=np.float64).reshape(-1, population.nodes.size)


def normal_scores(nodes: Array, mean: float, sd: float) -> tuple[Array, Array, tuple[Array, Array, Array]]:
    """Derivatives of the log weights of a normal population on a grid, whose ends cut it off.

    Scores by mean and by log sd (n_nodes,), and minus the second derivatives: mean, both, log sd (n_nodes,).
    """
    weights = normal_weights(nodes, mean, sd)
    z = (nodes - mean) / sd
    first, second = float(weights @ z), float(weights @ z**2)
    variance = float(weights @ z**2) - first**2
    cross = float(weights @ z**3) - first * second
    fourth = float(weights @ z**4) - second**2
    both = (2 * (z - first) + (cross - first)) / sd
    curvature = (np.full(z.shape, variance / sd**2), both, 2 * (z**2 - second) + fourth)
    return (z - first) / sd, z**2 - second, curvature


def _complete_information(problem: Problem, parameters: Parameters, expected: Expected) -> Array:
    """Minus the Hessian of the expected complete log-likelihood: blocks of items, then populations."""
    from scipy.linalg import block_diag

    population = _population_information(problem, parameters, expected.mass)
    return np.asarray(block_diag(*items_information(problem, parameters, expected), population), dtype=np.float64)


def items_information(problem: Problem, parameters: Parameters, expected: Expected) -> list[Array]:
    """Complete-data information of every estimated item, kind by kind: (n_free, n_free) each."""
    nodes, mass = parameters.population.nodes, expected.mass.sum(axis=0)
    blocks: list[Array] = []
    for kind, working in zip(problem.kinds, parameters.working, strict=True):
        if kind.estimated:
            counts = problem.layout.counts(expected.counts, mass, kind.where, kind.n_categories)
            counts = counts + pseudo_answers(kind, spread(parameters.population))
            blocks.extend(item_information(problem, kind, working, counts, nodes))
    return blocks


def item_information(problem: Problem, kind: Kind, working: Array, counts: Array, nodes: Array) -> Array:
    """Exact complete-data information of each item (n_items, n_free, n_free), by differences of the gradient."""
    free, step = np.flatnonzero(kind.free), 1e-5
    columns = []
    for place in free:
        shift = np.zeros(working.shape[1])
        shift[place] = step
        ahead, _ = curvature(kind, working + shift, counts, nodes, problem.priors)
        behind, _ = curvature(kind, working - shift, counts, nodes, problem.priors)
        columns.append((behind - ahead)[:, free] / (2 * step))
    return np.stack(columns, axis=2) if columns else np.zeros((len(working), 0, 0))


def _population_information(problem: Problem, parameters: Parameters, mass: Array) -> Array:
    population = parameters.population
    means, sds = np.flatnonzero(problem.free_mean), np.flatnonzero(problem.free_sd)
    size = means.size + sds.size
    information = np.zeros((size, size))
    for g in range(len(mass)):
        _, _, curvature = normal_scores(population.nodes, population.mean[g], population.sd[g])
        i, j = np.flatnonzero(means == g), means.size + np.flatnonzero(sds == g)
        mean, both, log_sd = (float(mass[g] @ values) for values in curvature)
        information[np.ix_(i, i)] = mean
        information[np.ix_(j, j)] = log_sd
        information[np.ix_(i, j)] = both
        information[np.ix_(j, i)] = both
    return information


def pooled(kinds: Sequence[Kind], information: Array) -> Array:
    """One row and column for a slope common to many items."""
    if not any(kind.model.common_slope for kind in kinds):
        return information
    target = pooling(kinds, len(information))
    gather = np.zeros((len(information), int(target.max(initial=-1)) + 1))
    gather[np.arange(len(information)), target] = 1.0
    return np.asarray(gather.T @ information @ gather, dtype=np.float64)


def pooling(kinds: Sequence[Kind], size: int) -> NDArray[np.int64]:
    """Where each of the item-wise columns, and of the population columns after them, lives after pooling: (size,)."""
    targets: list[NDArray[np.int64]] = []
    after = 0
    for kind in kinds:
        n_items, n_free = len(kind.where), int(kind.free.sum())
        if kind.model.common_slope and kind.estimated:
            own = after + 1 + np.arange(n_items)
            targets.append(np.stack([np.full(n_items, after), own], axis=1).ravel())
            after += 1 + n_items
        else:
            targets.append(after + np.arange(n_items * n_free))
            after += n_items * n_free
    before = sum(target.size for target in targets)
    return np.concatenate([*targets, after + np.arange(size - before)])
