"""The observed information of a calibration.

Oakes' identity (1999, JRSS-B 61) with its cross derivative in closed form, in which it is Louis' formula (1982, JRSS-B
44): the expected complete-data information less, person by person, the posterior covariance of the complete-data
score. Priors enter with their own curvature, so the errors are those of the mode that is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from os import cpu_count

import numpy as np
from numpy.typing import NDArray

from psychometrics.calibration.blas import one_blas_thread
from psychometrics.calibration.expectation import Block, Expected, total
from psychometrics.calibration.lost_information import item_major, lost_information
from psychometrics.calibration.marginal_ml import Parameters, Problem, spread, tables
from psychometrics.calibration.maximisation import Kind, curvature, pseudo_answers
from psychometrics.calibration.scores import score_tables
from psychometrics.models.base import Array
from psychometrics.quadrature import normal_weights


def observed_information(problem: Problem, blocks: Sequence[Block], parameters: Parameters) -> Array:
    """Minus the Hessian of the objective by the free parameters: items kind by kind in `pack` order (one column for a
    common slope), then free means, then free log sds."""
    n_groups = len(parameters.population.mean)
    work = partial(
        lost_information,
        tables=tables(problem, parameters),
        scores=score_tables(problem, parameters),
        populations=[population_scores(problem, parameters, group) for group in range(n_groups)],
        nodes=parameters.population.nodes,
    )
    lost, expected = _summed(work, blocks)
    order = item_major([kind for kind in problem.kinds if kind.estimated], len(lost))
    return pooled(problem.kinds, _complete_information(problem, parameters, expected) - lost[np.ix_(order, order)])


def _summed(work: Callable[[Block], tuple[Array, Expected]], blocks: Sequence[Block]) -> tuple[Array, Expected]:
    """Lost information and expected counts over the blocks, added up as they come: a matrix a block would not fit."""
    with one_blas_thread(), ThreadPoolExecutor(cpu_count() or 1) as threads:
        parts = iter(threads.map(work, blocks))
        lost, expected = next(parts)
        for more, own in parts:
            lost += more
            expected = total([expected, own])
    return lost, expected


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
    population = _population_information(problem, parameters, expected.mass)
    return diagonal_blocks([*items_information(problem, parameters, expected), population])


def diagonal_blocks(blocks: Sequence[Array]) -> Array:
    """Square matrices down the diagonal of one."""
    ends = np.cumsum([0, *(len(block) for block in blocks)])
    whole = np.zeros((ends[-1], ends[-1]))
    for start, end, block in zip(ends[:-1], ends[1:], blocks, strict=True):
        whole[start:end, start:end] = block
    return whole


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
