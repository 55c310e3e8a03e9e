"""Several competencies, from prepared data to a result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from psychometrics.calibration.assembly import item_sentences, iteration_status, reported_items, running, start_items
from psychometrics.calibration.blocks import is_sparse, lay_out, make_blocks
from psychometrics.calibration.expectation import mapper
from psychometrics.calibration.expectation_propagation import ManyBlock
from psychometrics.calibration.iteration import Estimate
from psychometrics.calibration.many_information import observed_information_many
from psychometrics.calibration.marginal_ml import Parameters, Problem
from psychometrics.calibration.maximisation import Kind
from psychometrics.calibration.multidimensional import ManyParameters, ManyProblem, estimate_many
from psychometrics.calibration.one_dimension import scale_prior
from psychometrics.calibration.population import standard_population
from psychometrics.calibration.preparation import Prepared, make_kinds
from psychometrics.calibration.result import CalibrationResult, Group
from psychometrics.calibration.standard_errors import StandardErrors, at_bounds, inverted, item_errors
from psychometrics.models.base import Array

MOST_DIMENSIONS = 12


def calibrate_dimensions(
    prepared: Prepared,
    labels: tuple[str, ...],
    nodes: Array,
    executor: Any,
    progress: Callable[[int, float], None] | None,
    *,
    tolerance: float,
    max_iterations: int,
) -> CalibrationResult:
    """Calibrate items that load on the dimension of their label; dimensions stand in sorted order."""
    names = _dimensions(prepared, labels)
    used = [np.array([i for i in prepared.used if labels[i] == name], dtype=np.int64) for name in names]
    parts, blocks = _parts(prepared, used)
    problem = _problem(prepared, parts, names, labels)
    population = standard_population(nodes, 1, False)
    start = ManyParameters(
        tuple(Parameters(start_items(prepared, p.kinds, u), population) for p, u in zip(parts, used, strict=True)),
        np.zeros(len(names)), np.eye(len(names)) * 0.7 + 0.3,
    )  # fmt: skip
    with running(executor) as pool:
        found = estimate_many(
            problem, mapper(pool, blocks), start,
            tolerance=tolerance, max_iterations=max_iterations, progress=progress,
        )  # fmt: skip
    evidence = ManyEvidence(problem, tuple(blocks), found.parameters, tuple(used))
    return _result(prepared, problem, found, names, labels, used, evidence)


def _dimensions(prepared: Prepared, labels: tuple[str, ...]) -> tuple[str, ...]:
    if len(prepared.group_names) > 1:
        raise ValueError("groups cannot be combined with dimensions; calibrate the groups together or one by one")
    names = tuple(sorted(set(labels)))
    if len(names) > MOST_DIMENSIONS:
        raise ValueError(
            f"dimensions has {len(names)} competencies; at most {MOST_DIMENSIONS} can be calibrated at once"
        )
    calibrated = {labels[i] for i in prepared.used}
    for name in names:
        if name not in calibrated:
            raise ValueError(f"dimension {name!r} has no item that can be calibrated; leave its items out")
    return names


def _parts(prepared: Prepared, used: list[NDArray[np.int64]]) -> tuple[tuple[Problem, ...], list[ManyBlock]]:
    """A problem for each dimension, and blocks of persons that hold every dimension's columns."""
    nobody = np.zeros(len(prepared.responses), dtype=np.int64)
    held = np.zeros(1, dtype=bool)
    n_persons = np.array([len(prepared.responses)])
    parts, columns = [], []
    for positions in used:
        responses = np.ascontiguousarray(prepared.responses[:, positions])
        sparse = is_sparse(responses)
        layout = lay_out(responses, prepared.n_categories[positions], sparse)
        kinds = make_kinds(prepared, positions)
        parts.append(Problem(kinds, layout, n_persons, prepared.priors, held, held, False, False))
        columns.append([b.columns for b in make_blocks(responses, nobody, layout, sparse, collapse=False)])
    sizes = [_persons(c) for c in columns[0]]
    blocks = [ManyBlock(own, size) for own, size in zip(zip(*columns, strict=True), sizes, strict=True)]
    return tuple(parts), blocks


def _persons(columns: Any) -> int:
    return int(columns.shape[1] if isinstance(columns, np.ndarray) else columns.shape[0])


def _problem(
    prepared: Prepared, parts: tuple[Problem, ...], names: tuple[str, ...], labels: tuple[str, ...]
) -> ManyProblem:
    held = prepared.fixed_place()
    anchored = np.array([
        any(label == name and item in held for label, item in zip(labels, prepared.item_id, strict=True))
        for name in names
    ])  # fmt: skip
    fixed_slope = np.array([any(kind.model.fixed_slope for kind in part.kinds) for part in parts])
    loose = not scale_prior(prepared.priors) and not held
    return ManyProblem(
        parts, len(prepared.responses), free_mean=anchored, free_sd=anchored | fixed_slope,
        expand_mean=loose, expand=loose & ~fixed_slope,
    )  # fmt: skip


def _result(
    prepared: Prepared,
    problem: ManyProblem,
    found: Estimate[ManyParameters],
    names: tuple[str, ...],
    labels: tuple[str, ...],
    used: list[NDArray[np.int64]],
    evidence: ManyEvidence,
) -> CalibrationResult:
    kinds: list[Kind] = []
    working: list[Array] = []
    for part, own, positions in zip(problem.parts, found.parameters.parts, used, strict=True):
        kinds.extend(replace(kind, where=positions[kind.where]) for kind in part.kinds)
        working.extend(own.working)
    everything = np.arange(len(prepared.item_id))
    items = reported_items(prepared, kinds, working, everything)
    sd = np.sqrt(np.diag(found.parameters.covariance))
    groups = [
        Group(group="all", dimension=name, mean=float(m), sd=float(s), n_persons=problem.n_persons)
        for name, m, s in zip(names, found.parameters.mean, sd, strict=True)
    ]
    return CalibrationResult(
        log_likelihood=found.log_likelihood,
        status=iteration_status(found.converged, found.n_iterations, found.gain),
        n_iterations=found.n_iterations,
        n_persons=problem.n_persons,
        n_responses=int(prepared.counts.sum()),
        items=items,
        item_status=item_sentences(prepared, items, found.converged),
        item_responses=prepared.counts.sum(axis=1),
        groups=tuple(groups),
        dimensions=names,
        competency=labels,
        correlations=found.parameters.covariance / np.outer(sd, sd),
        notes=prepared.notes,
        _evidence=evidence,
    )


@dataclass(frozen=True, slots=True, eq=False)
class ManyEvidence:
    """The problem, the blocks of persons and the solution; positions of each dimension's items in the bank."""

    problem: ManyProblem
    blocks: tuple[ManyBlock, ...]
    parameters: ManyParameters
    used: tuple[NDArray[np.int64], ...]

    def standard_errors(self, result: CalibrationResult) -> StandardErrors:
        """Invert the observed information and carry it to the reported parameters."""
        information = observed_information_many(self.problem, self.blocks, self.parameters)
        kinds = [kind for part in self.problem.parts for kind in part.kinds]
        working = [values for own in self.parameters.parts for values in own.working]
        covariance, status = inverted(information, at_bounds(kinds, working, len(information)))
        positions = [
            used[kind.where] for part, used in zip(self.problem.parts, self.used, strict=True) for kind in part.kinds
        ]
        names, covariances, rest = item_errors(kinds, working, positions, covariance, len(result.items))
        groups, correlations = self._population_errors(np.sqrt(np.diag(rest)))
        calibrated = tuple(not text.startswith("not calibrated") for text in result.item_status)
        return StandardErrors(
            result.items.item_id, tuple(names), tuple(covariances), groups, status, calibrated, correlations
        )

    def _population_errors(self, errors: Array) -> tuple[tuple[dict[str, float], ...], Array]:
        """Errors of means, sds (estimated as logarithms) and correlations (estimated as atanh)."""
        sd = np.sqrt(np.diag(self.parameters.covariance))
        correlation = self.parameters.covariance / np.outer(sd, sd)
        groups: list[dict[str, float]] = [{} for _ in sd]
        means, sds = np.flatnonzero(self.problem.free_mean), np.flatnonzero(self.problem.free_sd)
        for d, error in zip(means, errors[: means.size], strict=True):
            groups[d]["mean"] = float(error)
        for d, error in zip(sds, errors[means.size : means.size + sds.size], strict=True):
            groups[d]["sd"] = float(error * sd[d])
        found = np.zeros_like(correlation)
        rows, columns = np.tril_indices(len(sd), -1)
        below = errors[means.size + sds.size :] * (1 - correlation[rows, columns] ** 2)
        found[rows, columns] = found[columns, rows] = below
        return tuple(groups), found
