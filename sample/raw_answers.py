"""What simulated persons would have written: the key where they are right, a plausible mistake where they are wrong.

Which mistake is drawn apart from ability: each wrong option has a popularity of its own, so that the sample's
distractors can be looked at. Like the field test itself, nothing here comes from real persons.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sample.field_test import MISSING, FieldTest

LETTERS = "ABCDEF"
POPULARITY = 2.0
"""Concentration of the Dirichlet distribution of popularities: the larger, the more alike the mistakes."""


def raw_answers(field_test: FieldTest, items: Sequence[Mapping[str, Any]], seed: int) -> list[list[str]]:
    """A cell for each person and item: "B", "A|C", "42", or "" where the item was not shown.

    Raises:
        ValueError: when the items are not those of the field test.
    """
    if tuple(item["item_id"] for item in items) != field_test.item_id:
        raise ValueError("items must be those of the field test, in the same order; hand in the list it was drawn for.")
    rng = np.random.default_rng(seed)
    columns = [_column(item, field_test.responses[:, place], rng) for place, item in enumerate(items)]
    return [list(row) for row in zip(*columns)]


def _column(item: Mapping[str, Any], responses: NDArray[np.int8], rng: np.random.Generator) -> list[str]:
    wrong = mistakes(item)
    popularity = rng.dirichlet(np.full(len(wrong), POPULARITY))
    drawn = rng.choice(len(wrong), size=len(responses), p=popularity)
    said = {MISSING: "", 1: str(item["key"])}
    return [said.get(int(response), wrong[mistake]) for response, mistake in zip(responses, drawn)]


def mistakes(item: Mapping[str, Any]) -> list[str]:
    """Wrong answers to an item: the other options, the right set with one option too many or too few, wrong numbers."""
    if item["type"] == "numeric":
        return _wrong_numbers(float(item["key"]), float(item["tolerance"]))
    letters = LETTERS[: len(item["options"])]
    right = set(item["key"].split("|"))
    if item["type"] == "choice":
        return [letter for letter in letters if letter not in right]
    changed = [right ^ {letter} for letter in letters]
    return ["|".join(sorted(answer)) for answer in changed]


def _wrong_numbers(key: float, tolerance: float) -> list[str]:
    """Twice, half and ten times the right number, and one unit off, as far as they are really wrong."""
    tried = (2 * key, key / 2, 10 * key, key + 1, key - 1)
    wrong = [f"{number:.10g}" for number in tried if abs(number - key) > 1.5 * tolerance]
    return list(dict.fromkeys(wrong))
