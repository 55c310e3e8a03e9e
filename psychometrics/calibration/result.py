"""What a calibration found, as a record and as a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from psychometrics.calibration.standard_errors import StandardErrors
from psychometrics.models.base import Array, ItemParameters

FORMAT = "calibration/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A population: mean and sd of theta, how many persons, and the histogram when one was estimated."""

    group: str
    mean: float
    sd: float
    n_persons: int
    nodes: tuple[float, ...] = ()
    weights: tuple[float, ...] = ()
    dimension: str | None = None


class Evidence(Protocol):
    """What a result keeps of its calibration to compute standard errors from, on demand."""

    def standard_errors(self, result: CalibrationResult) -> StandardErrors:
        """Invert the observed information and carry it to the reported parameters."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CalibrationResult:
    """Item parameters, populations, and how far they can be trusted.

    log_likelihood: the marginal one, without priors. status: "converged" or a sentence. item_status: a sentence an
    item. correlations: (n_dimensions, n_dimensions) among `dimensions`, or None. competency: the dimension of each
    item, or None. notes: what was left out of the data, in words.
    """

    log_likelihood: float
    status: str
    n_iterations: int
    n_persons: int
    n_responses: int
    items: ItemParameters
    item_status: tuple[str, ...]
    item_responses: NDArray[np.int64]
    groups: tuple[Group, ...]
    dimensions: tuple[str, ...] = ()
    competency: tuple[str | None, ...] = ()
    correlations: Array | None = None
    notes: tuple[str, ...] = ()
    estimator: str = "mml"
    _evidence: Evidence | None = field(default=None, repr=False)
    _errors: list[StandardErrors] = field(default_factory=list, repr=False)

    @property
    def converged(self) -> bool:
        """Whether the iteration ended where an EM step is worth less than its tolerance."""
        return self.status == "converged"

    def standard_errors(self) -> StandardErrors:
        """Standard errors and covariances from the observed information; computed once, on demand.

        Raises ValueError when the result comes from an estimator or a document that has none.
        """
        if not self._errors:
            if self._evidence is None:
                raise ValueError(f"a calibration by {self.estimator} without its data has no standard errors")
            self._errors.append(self._evidence.standard_errors(self))
        return self._errors[0]

    def covariance(self, item: str | int) -> Array:
        """Covariance matrix of an item's estimated parameters, in the order of `standard_errors().names(item)`."""
        return self.standard_errors().covariance(item)

    def to_document(self, *, standard_errors: bool = True) -> dict[str, Any]:
        """The calibration as a JSON document ("assay": "calibration/1"); no NaN in it."""
        errors = self.standard_errors() if standard_errors and (self._evidence or self._errors) else None
        document: dict[str, Any] = {
            "assay": FORMAT, "estimator": self.estimator, "log_likelihood": self.log_likelihood, "status": self.status,
            "n_iterations": self.n_iterations, "n_persons": self.n_persons, "n_responses": self.n_responses,
            "notes": list(self.notes), "groups": [_group(g, place, errors) for place, g in enumerate(self.groups)],
            "dimensions": list(self.dimensions),
            "correlations": [] if self.correlations is None else self.correlations.tolist(),
        }  # fmt: skip
        if errors is not None:
            document["standard_error_status"] = errors.status
            if errors.correlations is not None:
                document["correlation_standard_errors"] = errors.correlations.tolist()
        records = self.items.to_records()
        for place, record in enumerate(records):
            record["competency"] = self.competency[place] if self.competency else None
            record["n_responses"] = int(self.item_responses[place])
            record["status"] = self.item_status[place]
            if errors is not None:
                record["standard_error"] = errors.record(place)
                record["covariance"] = errors.covariance_record(place)
        return document | {"items": records}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """A result as it was stored. Raises ValueError when the document is not a calibration."""
        if document.get("assay") != FORMAT:
            raise ValueError(f"the document is {document.get('assay')!r}, not {FORMAT!r}")
        rows: Sequence[Mapping[str, Any]] = document["items"]
        errors = StandardErrors.from_document(document)
        correlations = document.get("correlations") or None
        return cls(
            log_likelihood=document["log_likelihood"], status=document["status"],
            n_iterations=document["n_iterations"], n_persons=document["n_persons"],
            n_responses=document["n_responses"], items=ItemParameters.from_records(rows),
            item_status=tuple(row.get("status", "") for row in rows),
            item_responses=np.array([row.get("n_responses", 0) for row in rows], dtype=np.int64),
            groups=tuple(_group_from(g) for g in document.get("groups", ())),
            dimensions=tuple(document.get("dimensions", ())),
            competency=tuple(row.get("competency") for row in rows),
            correlations=None if correlations is None else np.array(correlations, dtype=np.float64),
            notes=tuple(document.get("notes", ())), estimator=document.get("estimator", "mml"),
            _errors=[] if errors is None else [errors],
        )  # fmt: skip


def _group(group: Group, place: int, errors: StandardErrors | None) -> dict[str, Any]:
    record: dict[str, Any] = {"group": group.group, "mean": group.mean, "sd": group.sd, "n_persons": group.n_persons}
    if group.dimension is not None:
        record["dimension"] = group.dimension
    if group.weights:
        record |= {"nodes": list(group.nodes), "weights": list(group.weights)}
    if errors is not None:
        record["standard_error"] = dict(errors.groups[place])
    return record


def _group_from(record: Mapping[str, Any]) -> Group:
    return Group(
        group=record["group"], mean=record["mean"], sd=record["sd"], n_persons=record["n_persons"],
        nodes=tuple(record.get("nodes", ())), weights=tuple(record.get("weights", ())),
        dimension=record.get("dimension"),
    )  # fmt: skip
