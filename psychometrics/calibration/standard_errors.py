"""Standard errors: the inverse of the observed information, carried to the parameters that are reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from psychometrics.calibration.maximisation import TINY, Kind
from psychometrics.calibration.observed_information import pooling
from psychometrics.models.base import Array, Model


@dataclass(frozen=True, slots=True, eq=False)
class StandardErrors:
    """parameters, covariances: an item each, names of its estimated parameters and their covariance.

    groups: errors of the estimated mean and sd of each population; correlations: (n_dimensions, n_dimensions), or
    None; status: "positive definite" or a sentence.
    """

    item_id: tuple[str, ...]
    parameters: tuple[tuple[str, ...], ...]
    covariances: tuple[Array, ...]
    groups: tuple[Mapping[str, float], ...]
    status: str
    calibrated: tuple[bool, ...]
    correlations: Array | None = None

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
        stored = document.get("correlation_standard_errors")
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
            correlations=None if stored is None else np.array(stored, dtype=np.float64),
            calibrated=tuple(not row.get("status", "").startswith("not calibrated") for row in rows),
        )

    def _place(self, item: str | int) -> int:
        if isinstance(item, int):
            return item
        if item not in self.item_id:
            raise ValueError(f"there is no item {item!r} in this calibration")
        return self.item_id.index(item)


SINGULAR = 1e-10
"""An eigenvalue of the information, scaled to a unit diagonal, that is no more than this is none."""
EDGE = 1e-3


def at_bounds(kinds: Sequence[Kind], working: Sequence[Array], size: int) -> NDArray[np.bool_]:
    """Which rows of an information matrix belong to parameters at a bound, where the likelihood has no top: (size,)."""
    found = np.zeros(size, dtype=bool)
    flags = [
        ((values <= kind.lower + EDGE) | (values >= kind.upper - EDGE))[:, kind.free].ravel()
        for kind, values in zip(kinds, working, strict=True)
    ]
    columns = np.concatenate(flags)
    found[pooling(kinds, columns.size)[columns]] = True
    return found


def inverted(information: Array, held: NDArray[np.bool_]) -> tuple[Array, str]:
    """Inverse over the rows that are not held (0 in those that are) and its status.

    A direction the data do not determine gets the pseudo-inverse and a sentence.
    """
    inverse = np.zeros_like(information)
    free = np.ix_(~held, ~held)
    inverse[free], status = _inverted(information[free])
    return inverse, status


def _inverted(information: Array) -> tuple[Array, str]:
    if not information.size:
        return information, "positive definite"
    scale = np.sqrt(np.maximum(np.abs(np.diag(information)), TINY))
    scaled = 0.5 * (information + information.T) / np.outer(scale, scale)
    try:
        root = np.linalg.inv(np.linalg.cholesky(scaled - SINGULAR * np.eye(len(scaled))))
        return root.T @ root / np.outer(scale, scale), "positive definite"
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(scaled)
    sound = values > SINGULAR
    inverse = (vectors / np.where(sound, values, np.inf)) @ vectors.T / np.outer(scale, scale)
    return inverse, f"{int((~sound).sum())} directions are not determined by the data; errors leave them out"


def item_errors(
    kinds: Sequence[Kind],
    working: Sequence[Array],
    positions: Sequence[NDArray[np.int64]],
    covariance: Array,
    n_items: int,
) -> tuple[list[tuple[str, ...]], list[Array], Array]:
    """Delta method from working to reported parameters, item by item.

    positions: where each kind's items stand in the bank. Returns names and covariances by item, and the covariance of
    what follows the items (the population).
    """
    names: list[tuple[str, ...]] = [()] * n_items
    covariances: list[Array] = [np.zeros((0, 0))] * n_items
    n_columns = sum(len(kind.where) * int(kind.free.sum()) for kind in kinds)
    target, place = pooling(kinds, n_columns), 0
    for kind, values, where in zip(kinds, working, positions, strict=True):
        n_free = int(kind.free.sum())
        if not n_free:
            continue
        labels, jacobian = reported_jacobian(kind, values)
        for item, position in enumerate(where):
            own = target[place : place + n_free]
            inner = jacobian[item] @ covariance[np.ix_(own, own)] @ jacobian[item].T
            varies = np.diag(inner) > 0
            names[position] = tuple(name for name, moves in zip(labels, varies, strict=True) if moves)
            covariances[position] = 0.5 * (inner + inner.T)[np.ix_(varies, varies)]
            place += n_free
    rest = int(target.max(initial=-1)) + 1
    return names, covariances, covariance[rest:, rest:]


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
