"""Marginal maximum likelihood by an accelerated EM algorithm over a grid of abilities.

Bock & Aitkin (1981), Psychometrika 46, with the M-step expanded by the mean and spread of the reference population,
which are then put back into the items (parameter expansion: Liu, Rubin & Wu 1998, Biometrika 85): the direction in
which plain EM crawls, the common scale of all slopes, is solved in closed form at every step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from psychometrics.calibration.blocks import Layout, group_tables
from psychometrics.calibration.expectation import Expected, Mapper, Tables, expect, total
from psychometrics.calibration.iteration import Estimate, Progress, Step, iterate
from psychometrics.calibration.maximisation import Kind, item_values, maximise, pseudo_answers
from psychometrics.calibration.population import SMALLEST_SD, Population, moments, updated
from psychometrics.calibration.priors import Prior, log_prior
from psychometrics.models.base import Array


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """What is estimated and what is held: kinds of items, priors, and which populations are free.

    free_mean, free_sd: (n_groups,); expand_mean, expand_sd: whether the reference population, held at N(0, 1), is
    let go within an M-step and its mean and sd put into the items.
    """

    kinds: tuple[Kind, ...]
    layout: Layout
    n_persons: NDArray[np.int64]
    priors: Mapping[str, Prior]
    free_mean: NDArray[np.bool_]
    free_sd: NDArray[np.bool_]
    expand_mean: bool
    expand_sd: bool


@dataclass(frozen=True, slots=True, eq=False)
class Parameters:
    """Working parameters of each kind (n_items, n_parameters), and the populations."""

    working: tuple[Array, ...]
    population: Population


def tables(problem: Problem, parameters: Parameters) -> Tables:
    """Tables of an E-step at these parameters."""
    population = parameters.population
    shape = (*problem.layout.column_of.shape, population.nodes.size)
    log_probability = np.zeros(shape)
    for kind, working in zip(problem.kinds, parameters.working, strict=True):
        values = kind.model.log_probabilities(working, population.nodes)
        log_probability[kind.where, : kind.n_categories] = values
    return group_tables(problem.layout, log_probability, population.log_shares)


def em_step(problem: Problem, mapped: Mapper, parameters: Parameters, n_steps: int) -> Step[Parameters]:
    """E-step over the blocks and M-step over kinds and populations."""
    expected = total(mapped(expect, tables(problem, parameters)))
    objective = expected.log_likelihood + penalty(problem, parameters)
    if not np.isfinite(objective):
        return Step(parameters, np.ones(1), -np.inf, -np.inf)
    working, information = maximise_items(problem, parameters, expected, n_steps)
    population = updated(parameters.population, expected.mass, problem.free_mean, problem.free_sd)
    image = _put_back(problem, Parameters(working, population), expected.mass)
    return Step(image, metric(problem, parameters, information), objective, expected.log_likelihood)


def penalty(problem: Problem, parameters: Parameters) -> float:
    """Log priors and pseudo-answers: what the objective adds to the log-likelihood."""
    value, population = 0.0, parameters.population
    for kind, working in zip(problem.kinds, parameters.working, strict=True):
        if kind.estimated:
            value += float(log_prior(kind.model, working, problem.priors).sum())
            if kind.empty.any():
                pseudo = pseudo_answers(kind, spread(population))
                value += float(item_values(kind, working, pseudo, population.nodes, {}).sum())
    return value


def spread(population: Population) -> Array:
    """Where pseudo-answers lie: evenly on the inner nodes, whatever the population does."""
    inner = np.abs(population.nodes) <= 3.0
    return np.asarray(inner / inner.sum(), dtype=np.float64)


def maximise_items(
    problem: Problem, parameters: Parameters, expected: Expected, n_steps: int
) -> tuple[tuple[Array, ...], list[Array]]:
    mass, nodes = expected.mass.sum(axis=0), parameters.population.nodes
    results, information = [], []
    for kind, working in zip(problem.kinds, parameters.working, strict=True):
        if kind.estimated:
            counts = problem.layout.counts(expected.counts, mass, kind.where, kind.n_categories)
            if kind.empty.any():
                counts = counts + pseudo_answers(kind, spread(parameters.population))
            working, inner = maximise(kind, working, counts, nodes, problem.priors, n_steps)
            information.append(inner)
        results.append(working)
    return tuple(results), information


def _put_back(problem: Problem, parameters: Parameters, mass: Array) -> Parameters:
    """Move mean and sd of the reference group into the items: theta = mean + sd * theta', all groups alike."""
    if not problem.expand_mean or _bounded_slope(problem, parameters):
        return parameters
    mean, sd = (values[0] for values in moments(parameters.population.nodes, mass))
    sd = sd if problem.expand_sd else 1.0
    return rescaled(problem, parameters, float(mean), float(sd))


def _bounded_slope(problem: Problem, parameters: Parameters) -> bool:
    """Whether a slope is at its bound, where a change of scale would carry it across."""
    pairs = zip(problem.kinds, parameters.working, strict=True)
    return any(bool((np.abs(w[:, 0]) >= 0.999 * k.upper[0]).any()) for k, w in pairs if k.estimated)


def rescaled(problem: Problem, parameters: Parameters, mean: float, sd: float) -> Parameters:
    """The same model on the scale theta' = (theta - mean) / sd; the reference population keeps its parameters."""
    population = parameters.population
    working = tuple(
        kind.model.rescaled(w, mean, sd) if kind.estimated else w
        for kind, w in zip(problem.kinds, parameters.working, strict=True)
    )
    means = np.where(problem.free_mean, (population.mean - mean) / sd, population.mean)
    sds = np.where(problem.free_sd, np.maximum(population.sd / sd, SMALLEST_SD), population.sd)
    return Parameters(working, replace(population, mean=means, sd=sds))


def pack(problem: Problem, parameters: Parameters) -> Array:
    """The free parameters as one vector: items kind by kind, means, log sds, histogram weights."""
    population = parameters.population
    items = [w[:, k.free].ravel() for k, w in zip(problem.kinds, parameters.working, strict=True)]
    if population.weights is not None:
        return np.concatenate([*items, population.weights.ravel()])
    return np.concatenate([*items, population.mean[problem.free_mean], np.log(population.sd[problem.free_sd])])


def unpack(problem: Problem, like: Parameters, vector: Array) -> Parameters:
    """The inverse of `pack`, held parameters taken from `like` and bounds kept."""
    working, place = [], 0
    for kind, old in zip(problem.kinds, like.working, strict=True):
        new, n_free = old.copy(), int(kind.free.sum())
        new[:, kind.free] = vector[place : place + len(old) * n_free].reshape(len(old), n_free)
        place += len(old) * n_free
        working.append(np.where(kind.free, np.clip(new, kind.lower, kind.upper), old))
    return Parameters(tuple(working), _unpack_population(problem, like.population, vector[place:]))


def _unpack_population(problem: Problem, like: Population, rest: Array) -> Population:
    if like.weights is not None:
        weights = np.maximum(rest.reshape(like.weights.shape), 0.0)
        return replace(like, weights=weights / weights.sum(axis=1, keepdims=True))
    mean, sd = like.mean.copy(), like.sd.copy()
    n_means = int(problem.free_mean.sum())
    mean[problem.free_mean] = np.clip(rest[:n_means], like.nodes[0], like.nodes[-1])
    sd[problem.free_sd] = np.clip(np.exp(np.clip(rest[n_means:], -5, 5)), SMALLEST_SD, like.nodes[-1])
    return replace(like, mean=mean, sd=sd)


def metric(problem: Problem, parameters: Parameters, information: Sequence[Array]) -> Array:
    """Square roots of the complete-data information of each free parameter, in the order of `pack`."""
    kinds = [kind for kind in problem.kinds if kind.estimated]
    parts = [
        np.sqrt(np.maximum(np.einsum("ipp->ip", inner)[:, kind.free], 1e-12)).ravel()
        for kind, inner in zip(kinds, information, strict=True)
    ]
    population, n = parameters.population, problem.n_persons.astype(np.float64)
    if population.weights is not None:
        return np.concatenate([*parts, np.sqrt(n[:, None] / np.maximum(population.weights, 1e-4)).ravel()])
    mean = (np.sqrt(n) / population.sd)[problem.free_mean]
    return np.concatenate([*parts, mean, np.sqrt(2 * n)[problem.free_sd]])


def estimate(
    problem: Problem,
    mapped: Mapper,
    start: Parameters,
    *,
    tolerance: float,
    max_iterations: int,
    n_steps: int = 2,
    progress: Progress | None = None,
) -> Estimate[Parameters]:
    """Iterate `em_step` from the start until a step is worth less than `tolerance` in log-likelihood."""
    return iterate(
        lambda parameters: em_step(problem, mapped, parameters, n_steps),
        lambda parameters: pack(problem, parameters),
        lambda like, vector: unpack(problem, like, vector),
        start,
        tolerance=tolerance,
        max_iterations=max_iterations,
        progress=progress,
    )
