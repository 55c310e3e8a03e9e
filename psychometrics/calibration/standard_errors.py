"""Standard errors: the inverse of the observed information, carried to the parameters that are reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from psychometrics.calibration.expectation import Block
from psychometrics.calibration.marginal_ml import Parameters, Problem
from psychometrics.calibration.maximisation import TINY, Kind
from psychometrics.calibration.observed_information import observed_information, pooling
from psychometrics.models.base import Array, Model

if TYPE_CHECKING:
    from psychometrics.calibration.result import CalibrationResult


@dataclass(frozen=True, slots=True, eq=False)
class StandardErrors:
    """parameters, covariances: an item each, names of its estimated parameters and their covariance; groups: errors
    of the estimated mean and sd of each population; status: "positive definite" or a sentence."""

    item_id: tuple[str, ...]
    parameters: tuple[tuple[str, ...], ...]
    covariances: tuple[Array, ...]
    groups: tuple[Mapping[str, float], ...]
    status: str
    calibrated: tuple[bool, ...]

    def names(self, item: str | int) -> tuple[str, ...]:
        """Estimated parameters of an item, lists numbered: discrimination, thresholds_1, ..."""
        return self.parameters[self._place(item)]

    def covariance(self, item: str | int) -> Array:
        """(n_estimated, n_estimated) covariance of an item's reported parameters."""
        return self.covariances[self._place(item)]

    def column(self, parameter: str) -> Array:
        """Standard error of one parameter over the items (n_items,): 0 where it is held or absent, infinite where the
        item could not be calibrated."""
        found = np.where(self.calibrated, 0.0, np.inf)
        for place, names in enumerate(self.parameters):
            if parameter in names:
                index = names.index(parameter)
                found[place] = np.sqrt(self.covariances[place][index, index])
        return found

    def record(self, place: int) -> dict[str, Any]:
        """{"discrimination": 0.1, "thresholds": [...]} of one item, for a document."""
        record: dict[str, Any] = {}
        diagonal = np.sqrt(np.diag(self.covariances[place]))
        for name, value in zip(self.parameters[place], diagonal, strict=True):
            base, _, number = name.partition("_")
            if number:
                record.setdefault(base, []).append(float(value))
            else:
                record[base] = float(value)
        return record

    def covariance_record(self, place: int) -> dict[str, Any]:
        """{"parameters": [...], "matrix": [[...]]} of one item, for a document."""
        return {"parameters": list(self.parameters[place]), "matrix": self.covariances[place].tolist()}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self | None:
        """The errors stored in a calibration document, or None when it holds none."""
        rows = document["items"]
        if not rows or any("covariance" not in row for row in rows):
            return None
        shapes = [len(row["covariance"]["parameters"]) for row in rows]
        return cls(
            item_id=tuple(row["item_id"] for row in rows),
            parameters=tuple(tuple(row["covariance"]["parameters"]) for row in rows),
            covariances=tuple(
                np.array(row["covariance"]["matrix"], dtype=np.float64).reshape(n, n)
                for row, n in zip(rows, shapes, strict=True)
            ),
            groups=tuple(g.get("standard_error", {}) for g in document.get("groups", ())),
            status=document.get("standard_error_status", "positive definite"),
            calibrated=tuple(not row.get("status", "").startswith("not calibrated") for row in rows),
        )

    def _place(self, item: str | int) -> int:
        if isinstance(item, int):
            return item
        if item not in self.item_id:
            raise ValueError(f"there is no item {item!r} in this calibration")
        return self.item_id.index(item)


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What a result keeps of its calibration: the problem, the blocks of persons and the solution."""

    problem: Problem
    blocks: tuple[Block, ...]
    parameters: Parameters
    used: NDArray[np.int64]

    def standard_errors(self, result: CalibrationResult) -> StandardErrors:
        """Invert the observed information and carry it to the reported parameters."""
        information = observed_information(self.problem, self.blocks, self.parameters)
        covariance, status = inverted(information)
        return reported_errors(self, covariance, status, result)


def inverted(information: Array) -> tuple[Array, str]:
    """Inverse and its status; a direction the data do not determine gets the pseudo-inverse and a sentence."""
    if not information.size:
        return information, "positive definite"
    scale = np.sqrt(np.maximum(np.abs(np.diag(information)), TINY))
    scaled = information / np.outer(scale, scale)
    values, vectors = np.linalg.eigh(0.5 * (scaled + scaled.T))
    sound = values > 1e-10
    safe = np.where(sound, values, np.inf)
    inverse = (vectors / safe) @ vectors.T / np.outer(scale, scale)
    if sound.all():
        return inverse, "positive definite"
    return inverse, f"{int((~sound).sum())} directions are not determined by the data; errors leave them out"


def reported_errors(evidence: Evidence, covariance: Array, status: str, result: CalibrationResult) -> StandardErrors:
    """Delta method from working to reported parameters, item by item."""
    problem, parameters = evidence.problem, evidence.parameters
    size = sum(len(k.where) * int(k.free.sum()) for k in problem.kinds)
    size += int(problem.free_mean.sum() + problem.free_sd.sum())
    gather = pooling(problem, size)
    names: list[tuple[str, ...]] = [()] * len(result.items)
    covariances: list[Array] = [np.zeros((0, 0))] * len(result.items)
    place = 0
    for kind, working in zip(problem.kinds, parameters.working, strict=True):
        n_free = int(kind.free.sum())
        if not n_free:
            continue
        labels, jacobian = reported_jacobian(kind, working)
        for item, position in enumerate(evidence.used[kind.where]):
            rows = gather[place : place + n_free]
            inner = jacobian[item] @ (rows @ covariance @ rows.T) @ jacobian[item].T
            names[position], covariances[position] = labels, 0.5 * (inner + inner.T)
            place += n_free
    groups = _group_errors(problem, parameters, np.diag(gather @ covariance @ gather.T)[place:])
    sound = tuple(not text.startswith("not calibrated") for text in result.item_status)
    return StandardErrors(result.items.item_id, tuple(names), tuple(covariances), groups, status, sound)


def reported_jacobian(kind: Kind, working: Array) -> tuple[tuple[str, ...], Array]:
    """Names of the reported parameters that vary, and their derivatives (n_items, n_reported, n_free)."""
    columns, step = [], 1e-6
    for place in np.flatnonzero(kind.free):
        shift = np.zeros(working.shape[1])
        shift[place] = step
        ahead, behind = (_flat(kind.model, working + s * shift)[1] for s in (1, -1))
        columns.append((ahead - behind) / (2 * step))
    labels, _ = _flat(kind.model, working)
    jacobian = np.stack(columns, axis=2)
    varies = [i for i, name in enumerate(labels) if not (kind.model.fixed_slope and name == "discrimination")]
    return tuple(labels[i] for i in varies), jacobian[:, varies]


def _flat(model: Model, working: Array) -> tuple[list[str], Array]:
    """Reported parameters side by side, with names; the origin of a nominal item is no parameter."""
    labels, columns = [], []
    for name, values in model.reported(working).items():
        if values.ndim == 1:
            if np.isfinite(values).all():
                labels.append(name)
                columns.append(values[:, None])
            continue
        skip = 1 if name in ("slopes", "intercepts") else 0
        labels.extend(f"{name}_{k + 1}" for k in range(values.shape[1] - skip))
        columns.append(values[:, skip:])
    return labels, np.concatenate(columns, axis=1)


def _group_errors(problem: Problem, parameters: Parameters, variances: Array) -> tuple[Mapping[str, float], ...]:
    means, sds = np.flatnonzero(problem.free_mean), np.flatnonzero(problem.free_sd)
    found: list[dict[str, float]] = [{} for _ in problem.n_persons]
    for index, group in enumerate(means):
        found[group]["mean"] = float(np.sqrt(variances[index]))
    for index, group in enumerate(sds):
        found[group]["sd"] = float(np.sqrt(variances[means.size + index]) * parameters.population.sd[group])
    return tuple(found)
