"""A simulated field test of the sample bank: who would have answered what, had there been persons.

No real person has answered these items. True parameters are drawn for each item, true abilities for each person, and
answers follow the two-parameter logistic model (Birnbaum, 1968, in Lord & Novick, chs. 17-20) without guessing. Items
are dealt into blocks and each person sees three of them, in a cyclic linked design (Frey, Hartig & Rupp, 2009).
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MISSING = -1
ITEMS_PER_BLOCK = 20
BLOCK_OFFSETS = (0, 1, 3)
"""Form i holds the blocks i, i + 1 and i + 3 (cyclic), so that each block meets six others."""

LEVEL_DIFFICULTY = {"foundation": -1.2, "working": 0.0, "advanced": 1.2}
DIFFICULTY_SD = 0.5
DISCRIMINATION_MEAN = 1.1
DISCRIMINATION_LOG_SD = 0.25

COMPETENCIES = ("tables", "averages", "chance", "sampling", "spreadsheets")
CORRELATIONS = np.array(
    [
        [1.00, 0.80, 0.70, 0.70, 0.75],
        [0.80, 1.00, 0.75, 0.75, 0.70],
        [0.70, 0.75, 1.00, 0.80, 0.60],
        [0.70, 0.75, 0.80, 1.00, 0.60],
        [0.75, 0.70, 0.60, 0.60, 1.00],
    ]
)
"""Correlations of the abilities, in the order of COMPETENCIES."""


@dataclass(frozen=True, slots=True)
class FieldTest:
    """Simulated answers and the truth they were drawn from.

    `responses` int8 (n_persons, n_items), MISSING where the form did not hold the item; `theta` (n_persons, 5)
    in logits, columns as COMPETENCIES; `discrimination` and `difficulty` (n_items,); `form` (n_persons,).
    """

    item_id: tuple[str, ...]
    person_id: tuple[str, ...]
    responses: NDArray[np.int8]
    form: NDArray[np.int64]
    theta: NDArray[np.float64]
    discrimination: NDArray[np.float64]
    difficulty: NDArray[np.float64]
    origin: str


def simulate_field_test(items: Sequence[Mapping[str, Any]], n_persons: int, seed: int) -> FieldTest:
    """Simulated answers of `n_persons` persons to about 60 of the items each; equal arguments give equal answers.

    Raises:
        ValueError: for an unknown competency or level, fewer than 80 items, or fewer persons than forms.
    """
    _check(items, n_persons)
    rng = np.random.default_rng(seed)
    discrimination, difficulty = draw_parameters(items, rng)
    theta = rng.multivariate_normal(np.zeros(len(COMPETENCIES)), CORRELATIONS, size=n_persons, method="cholesky")
    blocks = deal_blocks(items)
    form = rng.permutation(np.arange(n_persons) % (blocks.max() + 1))
    own = theta[:, [COMPETENCIES.index(item["competency"]) for item in items]]
    probability = 1.0 / (1.0 + np.exp(-discrimination * (own - difficulty)))
    right = rng.random(probability.shape) < probability
    return FieldTest(
        item_id=tuple(str(item["item_id"]) for item in items),
        person_id=tuple(f"simulated-{number:05d}" for number in range(1, n_persons + 1)),
        responses=np.where(shown(form, blocks), right, MISSING).astype(np.int8),
        form=form,
        theta=theta,
        discrimination=discrimination,
        difficulty=difficulty,
        origin=f"simulated field test, seed {seed}; no real persons",
    )


def _check(items: Sequence[Mapping[str, Any]], n_persons: int) -> None:
    if len(items) < 4 * ITEMS_PER_BLOCK:
        raise ValueError(f"items holds {len(items)} items; linked forms need at least {4 * ITEMS_PER_BLOCK}.")
    for item in items:
        if item["competency"] not in COMPETENCIES:
            raise ValueError(f"Item {item['item_id']}: competency '{item['competency']}' is none of {COMPETENCIES}.")
        if item["level"] not in LEVEL_DIFFICULTY:
            raise ValueError(f"Item {item['item_id']}: level '{item['level']}' is none of {tuple(LEVEL_DIFFICULTY)}.")
    if n_persons < len(items) // ITEMS_PER_BLOCK:
        raise ValueError(f"n_persons is {n_persons}; each of {len(items) // ITEMS_PER_BLOCK} forms needs a person.")


def draw_parameters(
    items: Sequence[Mapping[str, Any]], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """True discrimination (lognormal) and difficulty (normal around that of the item's level), each (n_items,)."""
    middle = np.log(DISCRIMINATION_MEAN) - DISCRIMINATION_LOG_SD**2 / 2
    discrimination = rng.lognormal(middle, DISCRIMINATION_LOG_SD, len(items))
    usual = np.array([LEVEL_DIFFICULTY[item["level"]] for item in items])
    return discrimination, rng.normal(usual, DIFFICULTY_SD)


def deal_blocks(items: Sequence[Mapping[str, Any]]) -> NDArray[np.int64]:
    """The block of each item (n_items,): dealt like cards by competency and level, so that blocks are alike."""
    n_blocks = len(items) // ITEMS_PER_BLOCK
    order = sorted(range(len(items)), key=lambda place: (items[place]["competency"], items[place]["level"], place))
    blocks = np.empty(len(items), dtype=np.int64)
    blocks[order] = np.arange(len(items)) % n_blocks
    return blocks


def shown(form: NDArray[np.int64], blocks: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which item stood on whose form: (n_persons, n_items)."""
    n_blocks = int(blocks.max()) + 1
    held = (form[:, None] + np.array(BLOCK_OFFSETS)) % n_blocks
    result: NDArray[np.bool_] = (blocks[None, None, :] == held[:, :, None]).any(axis=1)
    return result


def write_csv(path: Path, field_test: FieldTest, answers: Sequence[Sequence[str]] | None = None) -> None:
    """A wide response file: person_id, the form and the origin as covariates, an empty cell for an item not shown.

    The cells are categories, or the raw `answers` where they are handed in: an items file with keys scores those.
    """
    scored = [["" if cell == MISSING else str(cell) for cell in row] for row in field_test.responses.tolist()]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["person_id", "cov_form", "cov_origin", *field_test.item_id])
        for person, form, cells in zip(field_test.person_id, field_test.form.tolist(), answers or scored):
            writer.writerow([person, form + 1, field_test.origin, *cells])
