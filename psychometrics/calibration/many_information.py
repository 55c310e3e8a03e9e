"""The observed information of a calibration with several dimensions.

Louis' formula as in `observed_information`. Within a dimension the posterior covariance of the score is that of the
one-dimensional posteriors. Between dimensions the joint posterior is the Gaussian of expectation propagation, in which
polynomials of degree r that are orthonormal on either side have the covariance rho^r (Mehler 1866, Journal fuer die
reine und angewandte Mathematik 66). The score of the population is quadratic, and its moments are those of a Gaussian.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from os import cpu_count
from typing import Any

import numpy as np

from psychometrics.calibration.blas import one_blas_thread
from psychometrics.calibration.expectation import Expected
from psychometrics.calibration.expectation_propagation import ManyBlock, ManyTables, Posterior, propagate
from psychometrics.calibration.lost_information import (
    coefficients,
    given_answers,
    item_major,
    orthonormal,
)
from psychometrics.calibration.multidimensional import (
    ManyParameters,
    ManyProblem,
    correlation_penalty,
    many_tables,
    pack_many,
    unpack_many,
)
from psychometrics.calibration.observed_information import diagonal_blocks, items_information, pooled
from psychometrics.calibration.scores import ScoreTable, score_tables
from psychometrics.models.base import Array

DEGREES = 8
LEFT_OUT = 1e-4


def observed_information_many(problem: ManyProblem, blocks: Sequence[ManyBlock], parameters: ManyParameters) -> Array:
    """Minus the Hessian of the objective: items dimension by dimension, then the population (order of `pack_many`)."""
    answers = many_tables(problem, parameters)
    scores = [score_tables(part, own) for part, own in zip(problem.parts, parameters.parts, strict=True)]
    forms = _forms(problem, parameters)
    work = partial(_block_information, tables=answers, scores=scores, forms=forms)
    with one_blas_thread(), ThreadPoolExecutor(cpu_count() or 1) as threads:
        parts = list(threads.map(work, blocks))
    lost = np.asarray(sum(part[0] for part in parts), dtype=np.float64)
    complete = _complete(problem, parameters, [part[1] for part in parts], [part[2] for part in parts])
    kinds = [kind for part in problem.parts for kind in part.kinds]
    order = item_major([kind for kind in kinds if kind.estimated], len(lost))
    return pooled(kinds, complete - lost[np.ix_(order, order)])


def _forms(problem: ManyProblem, parameters: ManyParameters) -> tuple[Array, Array]:
    """The score of each population parameter as linear (n, D) and quadratic (n, D, D) form in theta - mean."""
    precision = np.linalg.inv(parameters.covariance)
    n_dimensions = len(parameters.mean)
    linear = precision[problem.free_mean]
    changes = _covariance_changes(problem, parameters)
    quadratic = 0.5 * precision @ changes @ precision
    return (
        np.concatenate([linear, np.zeros((len(quadratic), n_dimensions))]),
        np.concatenate([np.zeros((len(linear), n_dimensions, n_dimensions)), quadratic]),
    )


def _covariance_changes(problem: ManyProblem, parameters: ManyParameters) -> Array:
    """Derivatives of the covariance by each free log sd and atanh correlation: (n, D, D)."""
    vector = pack_many(problem, parameters)
    n_shape = int(problem.free_sd.sum()) + len(parameters.mean) * (len(parameters.mean) - 1) // 2
    changes, step = [], 1e-6
    for place in range(vector.size - n_shape, vector.size):
        shift = np.zeros(vector.size)
        shift[place] = step
        ahead, behind = (unpack_many(problem, parameters, vector + s * shift).covariance for s in (1, -1))
        changes.append((ahead - behind) / (2 * step))
    return np.array(changes, dtype=np.float64).reshape(-1, *parameters.covariance.shape)


def _block_information(
    block: ManyBlock, *, tables: ManyTables, scores: list[list[ScoreTable]], forms: tuple[Array, Array]
) -> tuple[Array, tuple[Expected, ...], tuple[Array, Array]]:
    """Lost information of a block, its expected counts by dimension and the moments of theta about the mean."""
    posterior = propagate(block, tables, np.float64, 1e-6)
    series = [
        _series(columns, marginal, own, tables.nodes)
        for columns, marginal, own in zip(block.columns, posterior.marginals, scores, strict=True)
    ]
    spread = np.sqrt(np.einsum("ndd->nd", posterior.covariance))
    correlation = posterior.covariance / (spread[:, :, None] * spread[:, None, :])
    items = [
        [_between(series[d], series[e], correlation[:, d, e]) for e in range(len(series))] for d in range(len(series))
    ]
    centred = posterior.mean - tables.mean
    crossed = [_with_population(series[d], d, centred, posterior, spread, forms) for d in range(len(series))]
    lost = np.block([
        [np.block(items), np.concatenate(crossed)],
        [np.concatenate(crossed).T, _population_lost(centred, posterior, forms)],
    ])  # fmt: skip
    counts = tuple(_counts(c, m) for c, m in zip(block.columns, posterior.marginals, strict=True))
    second = posterior.covariance.sum(axis=0) + centred.T @ centred
    return np.asarray(lost, dtype=np.float64), counts, (centred.sum(axis=0), second)


def _counts(columns: Any, marginal: Array) -> Expected:
    dense = columns if isinstance(columns, np.ndarray) else columns.T
    return Expected(np.asarray(dense @ marginal.T, dtype=np.float64), marginal.sum(axis=1)[None], 0.0)


def _series(columns: Any, marginal: Array, scores: list[ScoreTable], nodes: Array) -> list[Array]:
    """Coefficients of the score of one dimension on its orthonormal polynomials, degree 1 first."""
    given, nothing = given_answers(columns, scores), np.zeros((0, nodes.size))
    found: list[Array] = []
    so_far = 0.0
    for degree, polynomial in enumerate(orthonormal(nodes, marginal), start=1):
        part = coefficients(given, polynomial.astype(np.float32), degree, scores, nodes, nothing).astype(np.float64)
        found.append(part)
        size = np.einsum("pn,pn->p", part, part)
        so_far = so_far + size
        if degree >= 2 and ((size <= LEFT_OUT * so_far).all() or degree == DEGREES):
            break
    return found


def _between(first: list[Array], second: list[Array], correlation: Array) -> Array:
    """Sum over persons of rho^r c_r c_r'; on the diagonal rho is 1."""
    product = np.zeros((len(first[0]), len(second[0])))
    power = np.ones_like(correlation)
    for one, other in zip(first, second, strict=False):
        power = power * correlation
        product += (one * power) @ other.T
    return product


def _with_population(
    series: list[Array], d: int, centred: Array, posterior: Posterior, spread: Array, forms: tuple[Array, Array]
) -> Array:
    """Covariance of a dimension's item scores with the population's: (n_item_parameters, n_population)."""
    linear, quadratic = forms
    own = posterior.covariance[:, :, d]
    slope = own @ linear.T + 2 * np.einsum("ni,kij,nj->nk", centred, quadratic, own, optimize=True)
    curve = np.sqrt(2.0) * np.einsum("ni,kij,nj->nk", own, quadratic, own, optimize=True)
    first = slope / spread[:, d : d + 1]
    second = curve / spread[:, d : d + 1] ** 2
    return np.asarray(series[0] @ first + series[1] @ second, dtype=np.float64)


def _population_lost(centred: Array, posterior: Posterior, forms: tuple[Array, Array]) -> Array:
    """Posterior covariance of the linear and quadratic forms, summed over persons."""
    linear, quadratic = forms
    direction = linear[None] + 2 * np.einsum("ni,kij->nkj", centred, quadratic, optimize=True)
    first = np.einsum("nki,nij,nlj->kl", direction, posterior.covariance, direction, optimize=True)
    turned = np.einsum("kij,njl->nkil", quadratic, posterior.covariance, optimize=True)
    second = 2 * np.einsum("nkij,nlji->kl", turned, turned, optimize=True)
    return np.asarray(first + second, dtype=np.float64)


def _complete(
    problem: ManyProblem,
    parameters: ManyParameters,
    counts: list[tuple[Expected, ...]],
    moments: list[tuple[Array, Array]],
) -> Array:
    blocks: list[Array] = []
    for d, (part, own) in enumerate(zip(problem.parts, parameters.parts, strict=True)):
        merged = Expected(np.asarray(sum(c[d].counts for c in counts)), np.asarray(sum(c[d].mass for c in counts)), 0.0)
        blocks.extend(items_information(part, own, merged))
    first = np.asarray(sum(m[0] for m in moments), dtype=np.float64)
    second = np.asarray(sum(m[1] for m in moments), dtype=np.float64)
    blocks.append(_population_complete(problem, parameters, first, second))
    return diagonal_blocks(blocks)


def _population_complete(problem: ManyProblem, parameters: ManyParameters, first: Array, second: Array) -> Array:
    """Minus the Hessian, by differences, of the expected log density of theta and of the prior of the correlations."""
    vector = pack_many(problem, parameters)
    n_items = vector.size - int(problem.free_mean.sum() + problem.free_sd.sum())
    n_items -= len(parameters.mean) * (len(parameters.mean) - 1) // 2
    size, step = vector.size - n_items, 1e-3

    def value(shift: Array) -> float:
        moved = unpack_many(problem, parameters, vector + np.concatenate([np.zeros(n_items), shift]))
        delta = moved.mean - parameters.mean
        about = second - np.outer(delta, first) - np.outer(first, delta) + problem.n_persons * np.outer(delta, delta)
        _, log_determinant = np.linalg.slogdet(moved.covariance)
        trace = np.trace(np.linalg.solve(moved.covariance, about))
        return float(-0.5 * (problem.n_persons * log_determinant + trace)) + correlation_penalty(moved)

    shifts = step * np.eye(size)
    hessian = np.zeros((size, size))
    for i in range(size):
        for j in range(i + 1):
            corners = [s * t * value(s * shifts[i] + t * shifts[j]) for s in (1, -1) for t in (1, -1)]
            hessian[i, j] = hessian[j, i] = sum(corners) / (4 * step**2)
    return -hessian
