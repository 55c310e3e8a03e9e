"""Post-hoc simulation on real answers: an adaptive half of a test orders people almost as the whole test does."""

import csv
from pathlib import Path

import numpy as np
import pytest

from engine.designs import Design, SelectionDesign, StoppingDesign
from engine.simulation.simulate import Bank, simulate_on_responses
from psychometrics import calibrate


def _scored(folder: Path) -> tuple[list[str], np.ndarray]:
    """Right and wrong answers to the 16 items of the International Cognitive Ability Resource sample test."""
    with (folder / "key.csv").open(encoding="utf-8") as file:
        key = {row["item_id"]: row["key"] for row in csv.DictReader(file)}
    with (folder / "answers.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = list(key)
    table = [[-1 if row[n] in ("", "NA") else int(row[n] == key[n]) for n in names] for row in rows]
    return names, np.array(table, dtype=np.int8)


def test_eight_chosen_items_of_sixteen_tell_more_than_eight_at_random(shared_data: Path) -> None:
    names, responses = _scored(shared_data / "icar16")
    items = calibrate(responses, "2pl", item_id=names).items
    chosen = Design(name="chosen", stopping=StoppingDesign(max_items=8))
    drawn = Design(name="drawn", selection=SelectionDesign(criterion="random"), stopping=StoppingDesign(max_items=8))
    best, chance = simulate_on_responses([chosen, drawn], Bank(items), responses, seed=1).designs
    assert best.precision[0].correlation == pytest.approx(0.95, abs=0.04)
    assert best.precision[0].rmse < chance.precision[0].rmse
    assert best.constraint_violations == 0
    assert best.length.longest == 8
