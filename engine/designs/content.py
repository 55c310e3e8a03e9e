"""What every test must contain: counts, sums, sets of items that stay together, enemies."""

from __future__ import annotations

from typing import Literal

from engine.designs.parts import Part, require


class CountConstraint(Part, frozen=True, kw_only=True, tag="count"):
    """Between `min` and `max` items whose `attribute` has `value`; `*` bounds every value of the attribute alike."""

    attribute: str
    value: str = "*"
    min: int = 0
    max: int | None = None

    def __post_init__(self) -> None:
        _check_bounds(f"{self.attribute}={self.value}", self.min, self.max)


class SumConstraint(Part, frozen=True, kw_only=True, tag="sum"):
    """The sum of a numeric attribute over the test (words, seconds) between `min` and `max`."""

    attribute: str
    min: float = 0.0
    max: float | None = None

    def __post_init__(self) -> None:
        _check_bounds(f"sum of {self.attribute}", self.min, self.max)


class SetConstraint(Part, frozen=True, kw_only=True, tag="sets"):
    """Items sharing a stimulus (a non-empty `attribute`) stay together: how many sets, and items of each set used."""

    attribute: str = "stimulus"
    min: int = 0
    max: int | None = None
    min_items: int = 1
    max_items: int | None = None

    def __post_init__(self) -> None:
        _check_bounds(f"sets of {self.attribute}", self.min, self.max)
        _check_bounds(f"items in a set of {self.attribute}", self.min_items, self.max_items)


class EnemyConstraint(Part, frozen=True, kw_only=True, tag="enemies"):
    """At most one item of every group of enemies: items naming each other in `attribute`."""

    attribute: str = "enemy_of"


Constraint = CountConstraint | SumConstraint | SetConstraint | EnemyConstraint


def _check_bounds(name: str, low: float, high: float | None) -> None:
    require(low >= 0, f"content: {name} has min {low}; a minimum cannot be negative.")
    require(high is None or low <= high, f"content: {name} has min {low} above max {high}; lower the minimum.")


class ContentDesign(Part, frozen=True, kw_only=True):
    """What every test must contain; `auto` takes the greedy rule where it is exact and shadow tests elsewhere."""

    constraints: tuple[Constraint, ...] = ()
    method: Literal["auto", "hierarchical", "shadow"] = "auto"
