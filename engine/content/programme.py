"""The linear programme of a blueprint: items (and stimulus sets) as 0/1 variables, constraints as rows.

Item sets follow van der Linden (2005, Linear Models for Optimal Test Design, ch. 7): a variable for every stimulus,
and rows that tie the number of its items to whether it is used. A row for every item (x ≤ z) says nothing new about
whole tests but cuts away most fractional ones, which decides how fast a proof of optimality is found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.content.constraints import Constraints, StimulusSets

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Programme:
    """low ≤ matrix @ x ≤ high with x in {0, 1}: items first, then one variable a stimulus set."""

    names: tuple[str, ...]
    matrix: Floats
    low: Floats
    high: Floats
    n_items: int

    @property
    def n_variables(self) -> int:
        """Items and stimulus sets."""
        return int(self.matrix.shape[1])


@dataclass(slots=True)
class _Rows:
    n_variables: int
    names: list[str]
    lines: list[Floats]
    low: list[float]
    high: list[float]

    def add(self, name: str, where: NDArray[np.intp], values: Floats | float, low: float, high: float) -> None:
        line = np.zeros(self.n_variables)
        line[where] = values
        self.names.append(name)
        self.lines.append(line)
        self.low.append(low)
        self.high.append(high)


def build_programme(constraints: Constraints, min_items: int, max_items: int) -> Programme:
    """The programme of tests of min_items to max_items items under these constraints."""
    n_items = constraints.n_items
    n_sets = len(constraints.sets.names) if constraints.sets else 0
    rows = _Rows(n_items + n_sets, [], [], [], [])
    items = np.arange(n_items)
    rows.add("items", items, 1.0, float(min_items), float(max_items))
    for row in constraints.rows:
        rows.add(row.name, items, row.coefficients, row.low, row.high)
    for clique in _cliques(constraints.enemies):
        rows.add("enemies", clique, 1.0, 0.0, 1.0)
    if constraints.sets is not None:
        _add_sets(rows, constraints.sets, n_items)
    return Programme(tuple(rows.names), np.array(rows.lines), np.array(rows.low), np.array(rows.high), n_items)


def _add_sets(rows: _Rows, sets: StimulusSets, n_items: int) -> None:
    variables = n_items + np.arange(len(sets.names))
    rows.add("stimuli", variables, 1.0, float(sets.low), sets.high)
    for variable, name, members in zip(variables, sets.names, sets.members, strict=True):
        both = np.append(members, variable)
        ones = np.ones(len(members))
        rows.add(f"stimulus {name} (least)", both, np.append(ones, -float(sets.low_items)), 0.0, np.inf)
        most = min(sets.high_items, float(len(members)))
        if most < len(members):
            rows.add(f"stimulus {name} (most)", both, np.append(ones, -most), -np.inf, 0.0)
        for member in members:
            rows.add(f"stimulus {name} (used)", np.array([member, variable]), np.array([1.0, -1.0]), -np.inf, 0.0)


def _cliques(pairs: tuple[NDArray[np.intp], ...]) -> list[NDArray[np.intp]]:
    """Pairs of enemies merged greedily into groups in which everyone is an enemy of everyone: fewer, tighter rows."""
    partners: dict[int, set[int]] = {}
    for first, second in ((int(pair[0]), int(pair[1])) for pair in pairs):
        partners.setdefault(first, set()).add(second)
        partners.setdefault(second, set()).add(first)
    left = {(int(pair[0]), int(pair[1])) for pair in pairs}
    cliques = []
    while left:
        group = list(min(left))
        for other in sorted(partners[group[0]]):
            if other not in group and all(other in partners[member] for member in group):
                group.append(other)
        left -= {(a, b) for a in group for b in group if a < b}
        cliques.append(np.array(sorted(group), dtype=np.intp))
    return cliques
