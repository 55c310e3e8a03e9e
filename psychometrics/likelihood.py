"""The likelihood of answers over a grid of abilities."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from psychometrics.arrays import MISSING, as_responses
from psychometrics.models.base import Array, ItemParameters
from psychometrics.models.registry import log_probabilities


def log_likelihood(items: ItemParameters, responses: Any, theta: ArrayLike) -> Array:
    """log P(answers of a person | theta), items not administered left out.

    items: n_items; responses: (n_persons, n_items); theta: (n_theta,). Returns (n_persons, n_theta).

    Raises ValueError when the number of items differs or an answer is a category its item does not have.
    """
    matrix = as_responses(responses)
    check_categories(matrix, items)
    table = log_probabilities(items, theta)
    total = np.zeros((len(matrix), table.shape[2]))
    for category in range(table.shape[1]):
        has = items.n_categories > category
        total += (matrix[:, has] == category).astype(np.float64) @ table[has, category]
    return total


def check_categories(responses: NDArray[np.int8], items: ItemParameters) -> None:
    """Raise ValueError unless every answer is a category of its item."""
    if responses.shape[1] != len(items):
        raise ValueError(f"responses have {responses.shape[1]} columns for {len(items)} items")
    bad = (responses != MISSING) & (responses >= items.n_categories)
    if bad.any():
        row, column = (int(i) for i in np.argwhere(bad)[0])
        raise ValueError(
            f"responses row {row}: item {items.item_id[column]} has categories 0 to "
            f"{int(items.n_categories[column]) - 1}, not {int(responses[row, column])}"
        )
