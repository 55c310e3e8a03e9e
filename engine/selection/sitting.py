"""One learner's sitting as the pure rules see it, and what follows from its answers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.selection.ties import key_of

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


def _no_items() -> Indices:
    return np.zeros(0, dtype=np.intp)


@dataclass(frozen=True, slots=True)
class Sitting:
    """What has happened in a sitting.

    items: positions in the pool of the items given, in order; categories: their scored categories (same length).
    eligible: (n_items,) False for items this learner may not see (seen before, withdrawn, another pool); None for all.
    """

    session_key: str
    items: Indices = field(default_factory=_no_items)
    categories: Indices = field(default_factory=_no_items)
    eligible: NDArray[np.bool_] | None = None
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if len(self.items) != len(self.categories):
            raise ValueError(f"{len(self.items)} items were given, {len(self.categories)} categories; give one each.")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where n_persons sittings of equal length stand.

    items, categories: (n_persons, n_given). likelihood, posterior: (n_persons, n_dimensions, n_nodes).
    theta, sem: (n_persons, n_dimensions) by the design's estimator; covariance: (…, n_dimensions, n_dimensions).
    eligible: (n_persons, n_items), items already given excluded. keys: (n_persons,) session keys.
    """

    keys: NDArray[np.uint64]
    items: Indices
    categories: Indices
    likelihood: Floats
    posterior: Floats
    theta: Floats
    sem: Floats
    covariance: Floats
    eligible: NDArray[np.bool_]
    seconds: Floats

    @property
    def position(self) -> int:
        """Items given so far."""
        return int(self.items.shape[1])

    def rows(self, where: NDArray[np.bool_] | Indices) -> Standing:
        """The standing of some of the persons."""
        return Standing(*(getattr(self, name)[where] for name in self.__slots__))


def session_key(sitting: Sitting) -> NDArray[np.uint64]:
    """The sitting's key as an array of one."""
    return np.array([key_of(sitting.session_key)], dtype=np.uint64)
