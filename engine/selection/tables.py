"""A pool as tables: what a sitting and a simulated cohort look up instead of computing.

A pool is split into blocks, one a dimension of ability (one block when the ability is overall). Probabilities on the
grid are kept in double precision for the posterior and in single precision for ranking whole banks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.designs import AbilityDesign, DesignError
from engine.selection.candidates import CandidateLists, candidate_lists
from engine.selection.curves import Curves, curves_of, logistic_peaks
from engine.selection.ties import Keys, keys_of
from psychometrics.models.base import ItemParameters
from psychometrics.models.registry import probabilities

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Attributes = Mapping[str, Sequence[str | float | None]]


@dataclass(frozen=True)
class Block:
    """The items of one dimension: `where` they stand in the pool, their curves, and their tables on the grid."""

    where: Indices
    curves: Curves
    nodes: Floats
    probability: Floats

    def __len__(self) -> int:
        return len(self.where)

    @cached_property
    def information(self) -> Floats:
        """Information at the nodes (n_items, n_nodes)."""
        rows = np.arange(len(self))[:, None]
        return np.ascontiguousarray(self.curves.information(rows, self.nodes[None, :]))

    @cached_property
    def by_category(self) -> tuple[Floats, ...]:
        """Probabilities of each category, (n_nodes, n_items): the fastest layout for weighted sums over nodes."""
        return tuple(np.ascontiguousarray(self.probability[:, k].T) for k in range(self.probability.shape[1]))

    @cached_property
    def logarithms(self) -> tuple[Floats, ...]:
        """Logarithms of `by_category`; 0 in categories an item does not have."""
        tiny = np.finfo(np.float64).tiny
        present = np.arange(self.probability.shape[1])[:, None] < self.curves.n_categories[None, :]
        return tuple(
            np.log(np.where(present[k], np.maximum(table, tiny), 1.0)) for k, table in enumerate(self.by_category)
        )

    @cached_property
    def squares(self) -> Floats:
        """Sum of the squared probabilities over the categories, (n_nodes, n_items)."""
        return np.asarray(sum(table * table for table in self.by_category))

    @cached_property
    def peak(self) -> Floats:
        """Ability at which each item informs most: exact for logistic items, else the best node."""
        best = self.nodes[self.information.argmax(axis=1)]
        return np.where(self.curves.family == 0, logistic_peaks(self.curves), best)

    @cached_property
    def candidates(self) -> CandidateLists:
        """Items per narrow cell of ability, most informative first."""
        return candidate_lists(self.curves, float(self.nodes[0]), float(self.nodes[-1]))


@dataclass(frozen=True)
class Pool:
    """Operational items ready for selection: parameters, competency, attributes, keys and tables."""

    items: ItemParameters
    competencies: tuple[str, ...]
    competency: NDArray[np.int16]
    dimension: NDArray[np.int16]
    attributes: Mapping[str, tuple[str | float | None, ...]]
    keys: Keys
    nodes: Floats
    curves: Curves
    probability: Floats
    blocks: tuple[Block, ...]

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def n_dimensions(self) -> int:
        """Number of abilities estimated: 1, or one a competency."""
        return len(self.blocks)

    @cached_property
    def index(self) -> dict[str, int]:
        """Position of every item id."""
        return {item_id: place for place, item_id in enumerate(self.items.item_id)}

    def positions(self, item_ids: Sequence[str]) -> Indices:
        """Positions of these items; DesignError names the first that the pool does not hold."""
        absent = [item_id for item_id in item_ids if item_id not in self.index]
        if absent:
            raise DesignError(f"Item '{absent[0]}' is not in the pool; add it or leave it out of the design.")
        return np.array([self.index[item_id] for item_id in item_ids], dtype=np.intp)


def build_pool(
    items: ItemParameters,
    ability: AbilityDesign,
    *,
    competency: Sequence[str] | None = None,
    attributes: Attributes | None = None,
) -> Pool:
    """The pool of these items under an ability design.

    competency: (n_items,) names, all alike when absent. attributes: further columns of n_items values for content
    constraints (level, type, words, stimulus, enemy_of, …; None = has none). Raises DesignError when a column is not
    as long as the items, or an item id appears twice.
    """
    names = tuple(competency) if competency is not None else ("",) * len(items)
    columns = {name: tuple(values) for name, values in (attributes or {}).items()} | {"competency": names}
    _check_columns(items, columns)
    competencies = tuple(sorted(set(names)))
    membership = np.array([competencies.index(name) for name in names], dtype=np.int16)
    dimension = membership if ability.structure == "competencies" else np.zeros(len(items), dtype=np.int16)
    nodes = np.linspace(ability.lower, ability.upper, ability.n_nodes)
    table = np.ascontiguousarray(probabilities(items, nodes))
    n_dimensions = len(competencies) if ability.structure == "competencies" else 1
    return Pool(
        items=items,
        competencies=competencies,
        competency=membership,
        dimension=dimension,
        attributes=columns,
        keys=keys_of(items.item_id),
        nodes=nodes,
        curves=curves_of(items),
        probability=table,
        blocks=tuple(_block(items, table, nodes, np.flatnonzero(dimension == c)) for c in range(n_dimensions)),
    )


def _block(items: ItemParameters, table: Floats, nodes: Floats, where: Indices) -> Block:
    return Block(where, curves_of(items.take(where)), nodes, np.ascontiguousarray(table[where]))


def _check_columns(items: ItemParameters, columns: Mapping[str, tuple[str | float | None, ...]]) -> None:
    for name, values in columns.items():
        if len(values) != len(items):
            raise DesignError(f"Attribute '{name}' has {len(values)} values for {len(items)} items; give one an item.")
    seen: set[str] = set()
    for item_id in items.item_id:
        if item_id in seen:
            raise DesignError(f"Item '{item_id}' is in the pool twice; keep one of the two.")
        seen.add(item_id)
