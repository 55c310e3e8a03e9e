"""A published bank as the engine reads it: items by position, frozen tables for the record, a pool for selection."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.decisions import DomainCurve, Posterior
from engine.designs import AbilityDesign
from engine.selection.tables import Pool, build_pool
from itembank.items import Item
from psychometrics.ability.record import RecordedScore, score_of_record
from psychometrics.ability.record_tables import RecordTables, record_tables
from psychometrics.models.base import ItemParameters

Row = tuple[float, ...]

ASSUMED_CORRELATION = 0.7
"""Between competencies of a bank that was calibrated on one dimension (decision 0012)."""

ASSUMED_RANGE = (0.5, 0.9)
"""Where that correlation may lie: a gap report states nothing that does not hold at both ends (decision 0012)."""


@dataclass(frozen=True)
class FrozenBank:
    """One published version; nothing in it ever changes, so it may be kept in memory.

    items, item_ids, pretest: over all positions, pretest items behind the operational ones. competency, parameters,
    tables: over the operational items alone, which are all that selection and scores ever see.
    tables: n_operational × n_categories × n_nodes, exactly as published. `grid`: nodes and prior weights of the record.
    """

    version_id: int
    version_uuid: str
    key: str
    number: int
    parameter_version: str
    items: tuple[Item, ...]
    item_ids: tuple[int, ...]
    pretest: tuple[bool, ...]
    competency: tuple[str, ...]
    parameters: ItemParameters
    tables: tuple[tuple[Row, ...], ...]
    grid: tuple[Row, Row]
    dimensions: tuple[str, ...]
    correlations: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        if any(self.pretest[: self.n_operational]) or not all(self.pretest[self.n_operational :]):
            raise ValueError(f"Bank {self.key}: pretest items must stand behind the operational ones.")

    def __len__(self) -> int:
        return len(self.items)

    @property
    def n_operational(self) -> int:
        """How many items count; they hold the first positions."""
        return len(self.tables)

    @property
    def nodes(self) -> Row:
        return self.grid[0]

    @cached_property
    def place_of(self) -> dict[int, int]:
        """Position of every operational item by its id in the database."""
        return {item_id: place for place, item_id in enumerate(self.item_ids[: self.n_operational])}

    @cached_property
    def seedable(self) -> tuple[int, ...]:
        """Positions of the pretest items that give away no operational item: enemies of one are never seeded."""
        counting = self.items[: self.n_operational]
        keys = {item.key for item in counting}
        named = {enemy for item in counting for enemy in item.facts.enemies}
        return tuple(
            place
            for place in range(self.n_operational, len(self))
            if self.items[place].key not in named and keys.isdisjoint(self.items[place].facts.enemies)
        )

    @cached_property
    def competencies(self) -> tuple[str, ...]:
        """The competencies that the bank measures, sorted."""
        return tuple(sorted(set(self.competency)))

    @cached_property
    def curve(self) -> DomainCurve:
        """Expected percent of the whole domain at every node."""
        return self.curve_of(range(self.n_operational))

    def curve_of(self, positions: Sequence[int]) -> DomainCurve:
        """Expected percent of the domain made of these items, by exactly rounded sums over the frozen tables."""
        most = math.fsum(len(self.tables[position]) - 1 for position in positions)
        percents: list[float] = []
        for node in range(len(self.nodes)):
            parts = [
                category * row[node]
                for position in positions
                for category, row in enumerate(self.tables[position])
                if category
            ]
            percents.append(max(100.0 * math.fsum(parts) / most, percents[-1] if percents else 0.0))
        return DomainCurve(nodes=self.nodes, percents=tuple(percents))

    @cached_property
    def competency_correlations(self) -> NDArray[np.float64]:
        """Correlations of `competencies`: estimated where the calibration did, else `ASSUMED_CORRELATION`."""
        if not self.has_correlations:
            return self._alike(ASSUMED_CORRELATION)
        known = {name: place for place, name in enumerate(self.dimensions)}
        order = [known[name] for name in self.competencies]
        return np.array(self.correlations)[np.ix_(order, order)]

    @property
    def has_correlations(self) -> bool:
        """Whether the calibration estimated the correlations of all competencies."""
        return bool(self.correlations) and set(self.competencies) <= set(self.dimensions)

    @cached_property
    def possible_correlations(self) -> tuple[NDArray[np.float64], ...]:
        """The ends of what the correlations may be where they are assumed; none where they were estimated."""
        return () if self.has_correlations else tuple(self._alike(value) for value in ASSUMED_RANGE)

    def _alike(self, correlation: float) -> NDArray[np.float64]:
        n = len(self.competencies)
        return np.full((n, n), correlation) + (1.0 - correlation) * np.eye(n)

    @cached_property
    def competency_curves(self) -> dict[str, DomainCurve]:
        """The domain curve of every competency."""
        return {
            name: self.curve_of([place for place, own in enumerate(self.competency) if own == name])
            for name in self.competencies
        }

    def score(
        self, positions: Sequence[int], categories: Sequence[int], competency: str | None = None
    ) -> RecordedScore:
        """The score of record of these answers (to items of one competency only, when named)."""
        counted = self._counted(positions, categories, competency)
        return score_of_record([self.tables[position][category] for position, category in counted], *self.grid)

    def posterior(
        self, positions: Sequence[int], categories: Sequence[int], competency: str | None = None
    ) -> Posterior:
        """The posterior behind the score of record."""
        counted = self._counted(positions, categories, competency)
        weights = self._record_tables.posterior([place for place, _ in counted], [answer for _, answer in counted])
        return Posterior(nodes=self.nodes, weights=tuple(weights))

    def _counted(
        self, positions: Sequence[int], categories: Sequence[int], competency: str | None
    ) -> list[tuple[int, int]]:
        return [
            (position, category)
            for position, category in zip(positions, categories)
            if not self.pretest[position] and competency in (None, self.competency[position])
        ]

    @cached_property
    def _record_tables(self) -> RecordTables:
        return record_tables(self.tables, self.grid[1])

    @cached_property
    def attributes(self) -> dict[str, tuple[str | float | None, ...]]:
        """What content constraints may name, for the operational items."""
        items = self.items[: self.n_operational]
        facts = [item.facts for item in items]
        return {
            "level": tuple(fact.level or None for fact in facts),
            "type": tuple(fact.item_type or None for fact in facts),
            "words": tuple(float(fact.word_count) for fact in facts),
            "seconds": tuple(fact.usual_seconds or 0.0 for fact in facts),
            "stimulus": tuple(item.content.stimulus_key or None for item in items),
            "enemy_of": tuple("|".join(fact.enemies) or None for fact in facts),
            "key": tuple(_key_position(item) for item in items),
        }

    def pool(self, ability: AbilityDesign) -> Pool:
        """The operational items as selection sees them under an ability design."""
        return build_pool(self.parameters, ability, competency=self.competency, attributes=self.attributes)


def _key_position(item: Item) -> str | None:
    """Which choice is right, for balance of the answer key; None where that has no meaning."""
    responses = item.scoring.responses
    return responses[0].correct[0] if len(responses) == 1 and len(responses[0].correct) == 1 else None
