"""Several correlated competencies, each item loading on one (between-item multidimensional models).

EM with the E-step of `expectation_propagation`. The population is let go within a step, mean and covariance, and its
means and spreads are put back into the items (Liu, Rubin & Wu 1998), so that what remains is a correlation matrix.
The log-likelihood is the EP approximation of the marginal one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add

import numpy as np
from numpy.typing import NDArray

from psychometrics.calibration.expectation import Expected, Mapper
from psychometrics.calibration.expectation_propagation import ManyExpected, ManyTables, Sites, expect_many
from psychometrics.calibration.iteration import Estimate, Patience, Progress, Step, iterate
from psychometrics.calibration.marginal_ml import (
    Parameters,
    Problem,
    maximise_items,
    metric,
    pack,
    penalty,
    rescaled,
    tables,
    unpack,
)
from psychometrics.calibration.population import SMALLEST_SD
from psychometrics.models.base import Array

LARGEST_CORRELATION = 0.995
LKJ = 2.0
"""Shape of the prior on the correlation matrix, |R|^(LKJ - 1) (Lewandowski, Kurowicka & Joe 2009, Journal of
Multivariate Analysis 100). Where the answers leave the matrix all but singular, the likelihood alone has its top on the
edge; a matrix that the answers determine is moved by a small part of its standard errors."""
LONG_MEMORY = 20
PATIENCE = Patience(steps=20, rise=0.05)
"""The evidence of expectation propagation is itself good to about 0.001 a person, so that hundredths are not worth
a step."""


@dataclass(frozen=True, slots=True, eq=False)
class ManyProblem:
    """parts: the items of each dimension as a problem of their own, with populations held; free_mean, free_sd
    (n_dimensions,): what of the population is estimated; expand (n_dimensions,): whether its spread goes into the
    items, expand_mean whether its mean does."""

    parts: tuple[Problem, ...]
    n_persons: int
    free_mean: NDArray[np.bool_]
    free_sd: NDArray[np.bool_]
    expand_mean: bool
    expand: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class ManyParameters:
    """Item parameters of each dimension; mean (n_dimensions,) and covariance of the population."""

    parts: tuple[Parameters, ...]
    mean: Array
    covariance: Array


def many_tables(problem: ManyProblem, parameters: ManyParameters) -> ManyTables:
    """Tables of an E-step: a dimension's own table with a flat population."""
    nodes = parameters.parts[0].population.nodes
    found = [tables(part, own) for part, own in zip(problem.parts, parameters.parts, strict=True)]
    base = [t.populations[0] - own.population.log_shares[0] for t, own in zip(found, parameters.parts, strict=True)]
    answers = tuple(t.answers for t in found)
    return ManyTables(answers, tuple(base), nodes, parameters.mean, parameters.covariance)


def total_many(parts: Sequence[ManyExpected]) -> ManyExpected:
    """The sum over blocks, in their order."""
    return ManyExpected(
        tuple(reduce(add, counts) for counts in zip(*(part.counts for part in parts), strict=True)),
        tuple(reduce(add, mass) for mass in zip(*(part.mass for part in parts), strict=True)),
        reduce(add, (part.first for part in parts)),
        reduce(add, (part.second for part in parts)),
        float(sum(part.log_likelihood for part in parts)),
        parts[0].sites,
    )


@dataclass(slots=True)
class Expectation:
    """The E-step over all blocks, its sites started where those of the step before ended.

    Near the end a sweep or two a step are enough, and sites and parameters settle together.
    """

    mapped: Mapper
    sites: list[Sites] | None = None

    def __call__(self, tables: ManyTables) -> ManyExpected:
        """Expected counts, moments and evidence over all persons."""
        parts = self.mapped(expect_many, tables, *([] if self.sites is None else [self.sites]))
        total = total_many(parts)
        if np.isfinite(total.log_likelihood):
            self.sites = [part.sites for part in parts]
        return total


def em_step_many(
    problem: ManyProblem, expectation: Expectation, parameters: ManyParameters, n_steps: int
) -> Step[ManyParameters]:
    """E-step over the blocks, M-step dimension by dimension, population last."""
    expected = expectation(many_tables(problem, parameters))
    own = zip(problem.parts, parameters.parts, strict=True)
    objective = (
        expected.log_likelihood + sum(penalty(part, items) for part, items in own) + correlation_penalty(parameters)
    )
    if not np.isfinite(objective):
        return Step(parameters, np.ones(1), -np.inf, -np.inf)
    updated, lengths = [], []
    for d, (part, items) in enumerate(zip(problem.parts, parameters.parts, strict=True)):
        counted = Expected(expected.counts[d], expected.mass[d][None], 0.0)
        working, information = maximise_items(part, items, counted, n_steps)
        updated.append(replace(items, working=working))
        lengths.append(metric(part, items, information))
    image = _with_population(problem, tuple(updated), parameters, expected)
    return Step(image, _metric_many(problem, parameters, lengths), objective, expected.log_likelihood)


def _with_population(
    problem: ManyProblem, parts: tuple[Parameters, ...], before: ManyParameters, expected: ManyExpected
) -> ManyParameters:
    """Moments of the expected posterior; what is held at 0 or 1 goes into the items."""
    centre = expected.first / problem.n_persons
    second = expected.second / problem.n_persons
    removed = centre if problem.expand_mean else np.zeros_like(centre)
    mean = np.where(problem.free_mean, centre, before.mean)
    about = centre if problem.expand_mean else mean
    covariance = second - np.outer(about, centre) - np.outer(centre, about) + np.outer(about, about)
    correlation, spread = _likeliest(covariance, problem.n_persons)
    scale = np.where(problem.expand, spread, 1.0)
    moved = tuple(
        rescaled(part, own, float(m), float(s))
        for part, own, m, s in zip(problem.parts, parts, removed, scale, strict=True)
    )
    sd = np.where(problem.free_sd, spread, np.sqrt(np.diag(before.covariance)))
    return ManyParameters(moved, mean, admissible(correlation) * np.outer(sd, sd))


def _likeliest(covariance: Array, n_persons: int) -> tuple[Array, Array]:
    """Correlations and standard deviations for which log density and prior together are largest.

    Where the derivative by the covariance V vanishes, (n - k) V = n S - k V diag(V)^-1 V with k = 2 (LKJ - 1); k / n is
    small, so that putting the right side back in a few times solves it.
    """
    weight = 2 * (LKJ - 1) / n_persons
    found = covariance
    for _ in range(4):
        found = (covariance - weight * (found / np.diag(found)) @ found) / (1 - weight)
    spread = np.sqrt(np.maximum(np.diag(found), SMALLEST_SD**2))
    return np.asarray(found / np.outer(spread, spread), dtype=np.float64), spread


def correlation_penalty(parameters: ManyParameters) -> float:
    """Log prior of the correlation matrix, without its constant."""
    sd = np.sqrt(np.diag(parameters.covariance))
    _, log_determinant = np.linalg.slogdet(parameters.covariance / np.outer(sd, sd))
    return float((LKJ - 1) * log_determinant)


def admissible(correlation: Array) -> Array:
    """The nearest thing to a correlation matrix that can be inverted: eigenvalues lifted, diagonal 1."""
    values, vectors = np.linalg.eigh(0.5 * (correlation + correlation.T))
    if values.min() < 1.0 - LARGEST_CORRELATION:
        lifted = (vectors * np.maximum(values, 1.0 - LARGEST_CORRELATION)) @ vectors.T
        spread = np.sqrt(np.diag(lifted))
        correlation = lifted / np.outer(spread, spread)
    return np.asarray(correlation, dtype=np.float64)


def pack_many(problem: ManyProblem, parameters: ManyParameters) -> Array:
    """Items dimension by dimension, free means, free log sds, then atanh of the correlations below the diagonal."""
    items = [pack(part, own) for part, own in zip(problem.parts, parameters.parts, strict=True)]
    sd = np.sqrt(np.diag(parameters.covariance))
    correlation = parameters.covariance / np.outer(sd, sd)
    below = correlation[np.tril_indices(len(sd), -1)]
    free = [parameters.mean[problem.free_mean], np.log(sd[problem.free_sd])]
    return np.concatenate([*items, *free, np.arctanh(np.clip(below, -LARGEST_CORRELATION, LARGEST_CORRELATION))])


def unpack_many(problem: ManyProblem, like: ManyParameters, vector: Array) -> ManyParameters:
    """The inverse of `pack_many`."""
    parts, place = [], 0
    for part, own in zip(problem.parts, like.parts, strict=True):
        size = pack(part, own).size
        parts.append(unpack(part, own, vector[place : place + size]))
        place += size
    mean, sd = like.mean.copy(), np.sqrt(np.diag(like.covariance))
    n_means, n_sds = int(problem.free_mean.sum()), int(problem.free_sd.sum())
    mean[problem.free_mean] = vector[place : place + n_means]
    logs = np.clip(vector[place + n_means : place + n_means + n_sds], np.log(SMALLEST_SD), 3.0)
    sd[problem.free_sd] = np.exp(logs)
    correlation = np.eye(len(sd))
    rows, columns = np.tril_indices(len(sd), -1)
    correlation[rows, columns] = correlation[columns, rows] = np.tanh(vector[place + n_means + n_sds :])
    return ManyParameters(tuple(parts), mean, admissible(correlation) * np.outer(sd, sd))


def _metric_many(problem: ManyProblem, parameters: ManyParameters, items: Sequence[Array]) -> Array:
    n = float(problem.n_persons)
    sd = np.sqrt(np.diag(parameters.covariance))
    mean = (np.sqrt(n) / sd)[problem.free_mean]
    n_pairs = len(sd) * (len(sd) - 1) // 2
    return np.concatenate(
        [*items, mean, np.full(int(problem.free_sd.sum()), np.sqrt(2 * n)), np.full(n_pairs, np.sqrt(n))]
    )


def estimate_many(
    problem: ManyProblem,
    mapped: Mapper,
    start: ManyParameters,
    *,
    tolerance: float,
    max_iterations: int,
    progress: Progress | None = None,
) -> Estimate[ManyParameters]:
    """Iterate `em_step_many` until a step is worth less than `tolerance` in log-likelihood."""
    expectation = Expectation(mapped)
    return iterate(
        lambda parameters: em_step_many(problem, expectation, parameters, 2),
        lambda parameters: pack_many(problem, parameters),
        lambda like, vector: unpack_many(problem, like, vector),
        start,
        tolerance=tolerance,
        max_iterations=max_iterations,
        progress=progress,
        patience=PATIENCE,
        memory=LONG_MEMORY,
    )
