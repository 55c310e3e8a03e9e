"""Distributions of the summed score of all items but one, given ability (Lord & Wingersky 1984, APM 8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from psychometrics.models.base import Array


def add_items(distribution: Array, tables: Sequence[Array]) -> Array:
    """Distribution of a score after adding items.

    distribution: (n_scores, n_nodes), P(score | theta) so far; tables: P(category | theta) of each item to add,
    (K, n_nodes). Returns (n_scores + sum of (K - 1), n_nodes).
    """
    for table in tables:
        n_scores = len(distribution)
        grown = np.zeros((n_scores + len(table) - 1, distribution.shape[1]))
        for category, probability in enumerate(table):
            grown[category : category + n_scores] += distribution * probability
        distribution = grown
    return distribution


def rest_score_distributions(tables: Sequence[Array]) -> Iterator[tuple[int, Array]]:
    """For each item its place and P(sum of the other items | theta).

    Halving the test recursively adds every item to about log2(n_items) partial sums, and never divides: exact where
    dividing one item out of the total would lose digits.
    """
    yield from _without_each(tables, list(range(len(tables))), np.ones((1, tables[0].shape[1])))


def _without_each(tables: Sequence[Array], places: list[int], others: Array) -> Iterator[tuple[int, Array]]:
    if len(places) == 1:
        yield places[0], others
        return
    left, right = places[: len(places) // 2], places[len(places) // 2 :]
    yield from _without_each(tables, left, add_items(others, [tables[i] for i in right]))
    yield from _without_each(tables, right, add_items(others, [tables[i] for i in left]))
