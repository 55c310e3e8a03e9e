"""One ability: groups, held items, normal or histogram populations, around `marginal_ml`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from psychometrics.calibration.assembly import (
    item_sentences,
    iteration_status,
    reported_items,
    running,
    start_items,
)
from psychometrics.calibration.blocks import is_sparse, lay_out, make_blocks
from psychometrics.calibration.expectation import Block, expect_exactly, mapper, total
from psychometrics.calibration.iteration import Estimate
from psychometrics.calibration.marginal_ml import Parameters, Problem, estimate, penalty, rescaled, tables
from psychometrics.calibration.observed_information import observed_information
from psychometrics.calibration.population import Population, moments, standard_population
from psychometrics.calibration.preparation import Prepared, make_kinds
from psychometrics.calibration.priors import ASYMPTOTES, Prior
from psychometrics.calibration.result import CalibrationResult, Group
from psychometrics.calibration.standard_errors import StandardErrors, at_bounds, inverted, item_errors
from psychometrics.calibration.starting_values import routes
from psychometrics.models.base import Array

FLATTER = 100.0
"""How much looser the tolerance is for a histogram, whose likelihood is flat in the weights that tend to 0."""


@dataclass(frozen=True, slots=True, eq=False)
class OneEvidence:
    """The problem, the blocks of persons and the solution: what standard errors are computed from."""

    problem: Problem
    blocks: tuple[Block, ...]
    parameters: Parameters
    used: NDArray[np.int64]

    def standard_errors(self, result: CalibrationResult) -> StandardErrors:
        """Invert the observed information and carry it to the reported parameters."""
        problem, parameters = self.problem, self.parameters
        information = observed_information(problem, self.blocks, parameters)
        held = at_bounds(problem.kinds, parameters.working, len(information))
        covariance, status = inverted(information, held)
        positions = [self.used[kind.where] for kind in problem.kinds]
        names, covariances, rest = item_errors(
            problem.kinds, parameters.working, positions, covariance, len(result.items)
        )
        groups = _group_errors(problem, parameters.population, np.sqrt(np.diag(rest)))
        calibrated = tuple(not text.startswith("not calibrated") for text in result.item_status)
        return StandardErrors(result.items.item_id, tuple(names), tuple(covariances), groups, status, calibrated)


def _group_errors(problem: Problem, population: Population, errors: Array) -> tuple[Mapping[str, float], ...]:
    """Errors of free means and of free sds, which are estimated as logarithms."""
    means, sds = np.flatnonzero(problem.free_mean), np.flatnonzero(problem.free_sd)
    found: list[dict[str, float]] = [{} for _ in problem.n_persons]
    for group, error in zip(means, errors[: means.size], strict=True):
        found[group]["mean"] = float(error)
    for group, error in zip(sds, errors[means.size :], strict=True):
        found[group]["sd"] = float(error * population.sd[group])
    return tuple(found)


def calibrate_one_dimension(
    prepared: Prepared,
    nodes: Array,
    histogram: bool,
    executor: Any,
    progress: Callable[[int, float], None] | None,
    *,
    tolerance: float,
    max_iterations: int,
) -> CalibrationResult:
    """Calibrate what was prepared on a grid of nodes (n_nodes,)."""
    used = prepared.used
    responses = prepared.responses if used.size == len(prepared.item_id) else prepared.responses[:, used]
    sparse = is_sparse(responses)
    layout = lay_out(responses, prepared.n_categories[used], sparse)
    blocks = make_blocks(responses, prepared.groups, layout, sparse)
    kinds = make_kinds(prepared, used)
    n_groups = len(prepared.group_names)
    sizes = np.bincount(prepared.groups, minlength=n_groups)
    problem = Problem(kinds, layout, sizes, prepared.priors, **freedom(prepared, kinds, n_groups, histogram))
    population = standard_population(nodes, n_groups, histogram)
    with running(executor) as pool:
        mapped = mapper(pool, blocks)
        tolerance = tolerance * FLATTER if histogram else tolerance
        tried = [
            estimate(
                problem, mapped, Parameters(start_items(prepared, kinds, used, route), population),
                tolerance=tolerance, max_iterations=max_iterations, progress=progress,
            )
            for route in routes(kinds, prepared.counts[used].sum(axis=1))
        ]  # fmt: skip
        found = max(tried, key=lambda one: one.log_likelihood + penalty(problem, one.parameters))
        exact = total(mapped(expect_exactly, tables(problem, found.parameters)))
    found = replace(found, log_likelihood=exact.log_likelihood)
    if histogram and prepared.fixed is None:
        found = replace(found, parameters=_standardised(problem, found.parameters))
    return _result(prepared, problem, found, OneEvidence(problem, tuple(blocks), found.parameters, used))


def freedom(prepared: Prepared, kinds: Any, n_groups: int, histogram: bool) -> dict[str, Any]:
    """Which populations are free, and whether the reference may be let go within a step.

    A prior on slopes or locations pulls towards the scale of the reference population; letting that population go
    would then not have the mode as its fixed point.
    """
    fixed_slope = any(kind.model.fixed_slope for kind in kinds)
    free_mean = np.ones(n_groups, dtype=bool)
    free_sd = free_mean.copy()
    expand = prepared.fixed is None and not scale_prior(prepared.priors) and not histogram
    if prepared.fixed is None:
        free_mean[0], free_sd[0] = False, fixed_slope
    if histogram:
        free_mean[:] = free_sd[:] = False
    return {
        "free_mean": free_mean, "free_sd": free_sd, "expand_mean": expand, "expand_sd": expand and not fixed_slope,
    }  # fmt: skip


def scale_prior(priors: Mapping[str, Prior]) -> bool:
    """Whether a prior depends on the scale of theta."""
    return any(name not in ASYMPTOTES for name in priors)


def _standardised(problem: Problem, parameters: Parameters) -> Parameters:
    """The same histograms and curves with the reference group at mean 0 (and sd 1): the nodes move with the scale."""
    population = parameters.population
    mean, sd = (float(values[0]) for values in moments(population.nodes, population.shares))
    sd = 1.0 if any(kind.model.fixed_slope for kind in problem.kinds) else sd
    moved = rescaled(problem, parameters, mean, sd)
    nodes = (population.nodes - mean) / sd
    means, sds = moments(nodes, population.shares)
    return Parameters(moved.working, Population(nodes, means, sds, population.weights))


def _result(
    prepared: Prepared, problem: Problem, found: Estimate[Parameters], evidence: OneEvidence
) -> CalibrationResult:
    items = reported_items(prepared, problem.kinds, found.parameters.working, evidence.used)
    return CalibrationResult(
        log_likelihood=found.log_likelihood,
        status=iteration_status(found.converged, found.n_iterations, found.gain),
        n_iterations=found.n_iterations,
        n_persons=len(prepared.responses),
        n_responses=int(prepared.counts.sum()),
        items=items,
        item_status=item_sentences(prepared, items, found.converged),
        item_responses=prepared.counts.sum(axis=1),
        groups=_groups(prepared, problem, found.parameters.population),
        notes=prepared.notes,
        _evidence=evidence,
    )


def _groups(prepared: Prepared, problem: Problem, population: Population) -> tuple[Group, ...]:
    groups = []
    for place, name in enumerate(prepared.group_names):
        group = Group(
            group=name,
            mean=float(population.mean[place]),
            sd=float(population.sd[place]),
            n_persons=int(problem.n_persons[place]),
        )
        if population.weights is not None:
            nodes, weights = population.nodes.tolist(), population.weights[place].tolist()
            group = replace(group, nodes=tuple(nodes), weights=tuple(weights))
        groups.append(group)
    return tuple(groups)
