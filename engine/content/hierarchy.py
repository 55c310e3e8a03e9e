"""The greedy rule for blueprints whose groups are nested or apart: exact, and without an optimiser.

When constrained groups of items form a hierarchy, the sets of items that can still be completed to a legal test are
the independent sets of a generalised matroid, so taking the best item whose group is still open is what a
mixed-integer programme would choose (Federgruen & Groenevelt 1986 on greedy procedures over such sets).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.content.constraints import Constraints, Row

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Atoms are the finest groups; `atom` (n_items,). Nodes come children first, the root (whole test) last.

    low, high: (n_nodes,). contains: (n_nodes, n_atoms). children, own_atoms: what each node consists of.
    """

    atom: NDArray[np.intp]
    names: tuple[str, ...]
    low: Counts
    high: Counts
    contains: NDArray[np.bool_]
    children: tuple[tuple[int, ...], ...]
    own_atoms: tuple[tuple[int, ...], ...]

    @property
    def n_atoms(self) -> int:
        """Number of atoms."""
        return int(self.contains.shape[1])

    def open_atoms(self, counts: Counts, available: Counts) -> NDArray[np.bool_]:
        """Atoms from which one more item leaves the blueprint completable: (n_persons, n_atoms).

        counts: items given and available: items left, both (n_persons, n_atoms).
        """
        step = np.eye(self.n_atoms, dtype=np.int64)[None]
        given = counts[:, None, :] + step
        left = available[:, None, :] - step
        return np.asarray((left >= 0).diagonal(axis1=1, axis2=2) & self._completable(given, left))

    def completable(self, counts: Counts, available: Counts) -> NDArray[np.bool_]:
        """Whether the tests can still be completed: (n_persons,)."""
        return self._completable(counts[:, None, :], available[:, None, :])[:, 0]

    def satisfied(self, counts: Counts) -> NDArray[np.bool_]:
        """Whether all minima and maxima below the root hold now, so that the test may end: (n_persons,)."""
        totals = counts @ self.contains[:-1].T.astype(np.int64)
        return np.asarray(((totals >= self.low[:-1]) & (totals <= self.high[:-1])).all(axis=1))

    def _completable(self, given: Counts, left: Counts) -> NDArray[np.bool_]:
        shape = given.shape[:2]
        need: list[Counts] = []
        room: list[Counts] = []
        legal = np.ones(shape, dtype=bool)
        for node, (children, atoms) in enumerate(zip(self.children, self.own_atoms, strict=True)):
            count = given[..., self.contains[node]].sum(axis=-1)
            below = sum((need[child] for child in children), np.zeros(shape, dtype=np.int64))
            space = sum((room[child] for child in children), left[..., list(atoms)].sum(axis=-1))
            need.append(np.maximum(self.low[node] - count, below))
            room.append(np.minimum(self.high[node] - count, space))
            legal &= need[node] <= room[node]
        return legal


class OpenAtoms:
    """`Hierarchy.open_atoms` for sittings whose states recur: worked out once for each state of the counts.

    More items left in an atom than the longest test holds make no difference, so the states of a large bank are few.
    """

    _MOST = 20_000

    def __init__(self, hierarchy: Hierarchy) -> None:
        self.hierarchy = hierarchy
        self._enough = int(hierarchy.high[-1]) + 1
        self._known: dict[bytes, NDArray[np.bool_]] = {}

    def of(self, tallies: Counts) -> list[NDArray[np.bool_]]:
        """Atoms from which one more item leaves the blueprint completable, (n_atoms,) for each tally.

        tallies: (n_persons, 2, n_atoms) items given, and items that are free.
        """
        tallies = tallies.copy()
        np.minimum(tallies[:, 1], self._enough, out=tallies[:, 1])
        found = []
        for tally in tallies:
            known = self._known.get(tally.tobytes())
            found.append(self._work_out(tally) if known is None else known)
        return found

    def _work_out(self, tally: Counts) -> NDArray[np.bool_]:
        if len(self._known) >= self._MOST:
            self._known.clear()
        is_open: NDArray[np.bool_] = self.hierarchy.open_atoms(tally[:1], tally[1:])[0]
        self._known[tally.tobytes()] = is_open
        return is_open


def build_hierarchy(constraints: Constraints, min_items: int, max_items: int) -> Hierarchy | None:
    """The hierarchy of a design's groups, or None when they overlap or are more than counts of items."""
    if constraints.enemies or constraints.sets or not all(row.count for row in constraints.rows):
        return None
    merged = _merge_equal(constraints.rows)
    sets = [row.coefficients > 0 for row in merged]
    order = sorted(range(len(sets)), key=lambda i: int(sets[i].sum()))
    if not _nested([sets[i] for i in order]):
        return None
    rows = [merged[i] for i in order]
    everything = Row("items", np.ones(constraints.n_items), float(min_items), float(max_items), True)
    return _assemble([*rows, everything])


def _merge_equal(rows: tuple[Row, ...]) -> list[Row]:
    """Rows over the same items become one with the tighter bounds."""
    merged: dict[bytes, Row] = {}
    for row in rows:
        key = (row.coefficients > 0).tobytes()
        other = merged.get(key)
        if other is not None:
            low, high = max(row.low, other.low), min(row.high, other.high)
            row = Row(f"{other.name} and {row.name}", row.coefficients, low, high, True)
        merged[key] = row
    return list(merged.values())


def _nested(sets: list[NDArray[np.bool_]]) -> bool:
    return all(
        not (small & large).any() or not (small & ~large).any()
        for place, small in enumerate(sets)
        for large in sets[place + 1 :]
    )


def _assemble(rows: list[Row]) -> Hierarchy:
    membership = np.array([row.coefficients > 0 for row in rows])
    columns, atom = np.unique(membership, axis=1, return_inverse=True)
    parents = [_parent(membership, node) for node in range(len(rows))]
    children = tuple(tuple(c for c, parent in enumerate(parents) if parent == node) for node in range(len(rows)))
    smallest = [int(np.flatnonzero(columns[:, a])[0]) for a in range(columns.shape[1])]
    return Hierarchy(
        atom=np.asarray(atom).reshape(-1),
        names=tuple(row.name for row in rows),
        low=np.array([int(np.ceil(row.low)) for row in rows]),
        high=np.array([int(min(row.high, membership.shape[1])) for row in rows]),
        contains=columns,
        children=children,
        own_atoms=tuple(tuple(a for a, s in enumerate(smallest) if s == node) for node in range(len(rows))),
    )


def _parent(membership: NDArray[np.bool_], node: int) -> int | None:
    """The next larger group around a node; the last row holds everything."""
    for other in range(node + 1, len(membership)):
        if not (membership[node] & ~membership[other]).any():
            return other
    return None
