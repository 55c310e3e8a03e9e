"""Content constraints of a design made concrete for a pool: rows of coefficients with bounds, sets and enemies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.designs import (
    ContentDesign,
    CountConstraint,
    DesignError,
    EnemyConstraint,
    SetConstraint,
    SumConstraint,
)

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Attributes = Mapping[str, tuple[str | float | None, ...]]


@dataclass(frozen=True, slots=True)
class Row:
    """low ≤ Σ coefficients·chosen ≤ high; `count` when every coefficient is 0 or 1."""

    name: str
    coefficients: Floats
    low: float
    high: float
    count: bool


@dataclass(frozen=True, slots=True)
class StimulusSets:
    """Items that share a stimulus: members by set, how many sets, how many items of a used set."""

    names: tuple[str, ...]
    members: tuple[Indices, ...]
    low: int
    high: float
    low_items: int
    high_items: float


@dataclass(frozen=True, slots=True)
class Constraints:
    """All content constraints on n_items items."""

    n_items: int
    rows: tuple[Row, ...]
    enemies: tuple[Indices, ...]
    sets: StimulusSets | None

    @property
    def is_empty(self) -> bool:
        """Whether anything is constrained at all."""
        return not (self.rows or self.enemies or self.sets)


def compile_constraints(content: ContentDesign, attributes: Attributes, item_id: tuple[str, ...]) -> Constraints:
    """The design's constraints on these items; DesignError names an attribute or value the pool does not have."""
    rows: list[Row] = []
    enemies: tuple[Indices, ...] = ()
    sets: StimulusSets | None = None
    for constraint in content.constraints:
        match constraint:
            case CountConstraint():
                rows.extend(_count_rows(constraint, attributes))
            case SumConstraint():
                rows.append(_sum_row(constraint, attributes))
            case EnemyConstraint():
                enemies = (*enemies, *_enemy_pairs(_column(attributes, constraint.attribute), item_id))
            case SetConstraint():
                sets = _stimulus_sets(constraint, attributes)
    return Constraints(len(item_id), tuple(rows), enemies, sets)


def violations(constraints: Constraints, chosen: Indices) -> list[str]:
    """A sentence for every constraint a finished test of these items breaks."""
    picked = np.zeros(constraints.n_items)
    picked[chosen] = 1.0
    found = []
    for row in constraints.rows:
        total = float(row.coefficients @ picked)
        if not row.low - 1e-9 <= total <= row.high + 1e-9:
            found.append(f"{row.name} is {total:g}, outside {row.low:g} to {row.high:g}")
    found.extend(
        f"{int(picked[pair].sum())} enemies together" for pair in constraints.enemies if picked[pair].sum() > 1
    )
    if constraints.sets is not None:
        found.extend(_set_violations(constraints.sets, picked))
    return found


def _set_violations(sets: StimulusSets, picked: Floats) -> list[str]:
    used = {name: int(picked[members].sum()) for name, members in zip(sets.names, sets.members, strict=True)}
    used = {name: count for name, count in used.items() if count}
    found = [
        f"stimulus {name} has {count} items, outside {sets.low_items} to {sets.high_items:g}"
        for name, count in used.items()
        if not sets.low_items <= count <= sets.high_items
    ]
    if not sets.low <= len(used) <= sets.high:
        found.append(f"{len(used)} stimuli, outside {sets.low} to {sets.high:g}")
    return found


def _column(attributes: Attributes, name: str) -> tuple[str | float | None, ...]:
    if name not in attributes:
        known = ", ".join(sorted(attributes))
        raise DesignError(f"content: items have no attribute '{name}'; they have {known}.")
    return attributes[name]


def _count_rows(constraint: CountConstraint, attributes: Attributes) -> list[Row]:
    column = _column(attributes, constraint.attribute)
    present = sorted({str(value) for value in column if value is not None and value != ""})
    values = present if constraint.value == "*" else [constraint.value]
    high = np.inf if constraint.max is None else float(constraint.max)
    rows = []
    for value in values:
        has = np.array([str(entry) == value if entry is not None else False for entry in column], dtype=float)
        rows.append(Row(f"{constraint.attribute}={value}", has, float(constraint.min), high, True))
    return rows


def _sum_row(constraint: SumConstraint, attributes: Attributes) -> Row:
    try:
        values = np.array([float(v) if v is not None else 0.0 for v in _column(attributes, constraint.attribute)])
    except (TypeError, ValueError):
        raise DesignError(f"content: attribute '{constraint.attribute}' must be a number to be summed.") from None
    high = np.inf if constraint.max is None else float(constraint.max)
    return Row(f"sum of {constraint.attribute}", values, float(constraint.min), high, False)


def _enemy_pairs(column: tuple[str | float | None, ...], item_id: tuple[str, ...]) -> tuple[Indices, ...]:
    """Pairs from lists of item ids separated by `|`, `;` or spaces; an id outside the pool is no enemy here."""
    place = {name: index for index, name in enumerate(item_id)}
    pairs: set[tuple[int, int]] = set()
    for index, value in enumerate(column):
        for name in str(value or "").replace("|", " ").replace(";", " ").split():
            other = place.get(name, index)
            if other != index:
                pairs.add((min(index, other), max(index, other)))
    return tuple(np.array(pair, dtype=np.intp) for pair in sorted(pairs))


def _stimulus_sets(constraint: SetConstraint, attributes: Attributes) -> StimulusSets:
    column = _column(attributes, constraint.attribute)
    names = tuple(sorted({str(value) for value in column if value is not None and value != ""}))
    members = tuple(np.array([i for i, v in enumerate(column) if v is not None and str(v) == name]) for name in names)
    high = np.inf if constraint.max is None else float(constraint.max)
    high_items = np.inf if constraint.max_items is None else float(constraint.max_items)
    return StimulusSets(names, members, constraint.min, high, constraint.min_items, high_items)
