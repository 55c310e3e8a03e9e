"""How many questions a learner is told are left: true in every form of test, exact where the form is fixed."""

import numpy as np
import pytest

from engine.delivery import length_of, range_left
from engine.designs import (
    Design,
    LengthRule,
    ModuleDesign,
    PretestDesign,
    Route,
    SemRule,
    StoppingDesign,
)
from engine.selection.next_item import NextItem, next_step
from engine.selection.plan import Plan, compile_design
from engine.selection.sitting import Sitting
from engine.selection.tables import build_pool
from psychometrics.models.base import ItemParameters

NAMES = [f"q{number:02}" for number in range(40)]
BANK = ItemParameters.from_records(
    [
        {"item_id": name, "model": "2pl", "discrimination": 1.2, "difficulty": number / 10 - 2, "guessing": 0.0}
        for number, name in enumerate(NAMES)
    ]
)
DESIGNS = {
    "ends by a rule": Design(
        name="a", stopping=StoppingDesign(min_items=4, max_items=15, rule=SemRule(at_most=0.55))
    ),
    "of one length": Design(name="b", stopping=StoppingDesign(min_items=9, max_items=9)),
    "a length rule": Design(name="c", stopping=StoppingDesign(min_items=3, max_items=20, rule=LengthRule(items=7))),
    "a fixed form": Design(name="d", form="linear", items=tuple(NAMES[:12])),
    "two stages": Design(
        name="e", form="multistage",
        modules=(
            ModuleDesign(key="start", stage=1, items=tuple(NAMES[:3]),
                         routes=(Route(to="short", below=0.0), Route(to="long"))),
            ModuleDesign(key="short", stage=2, items=tuple(NAMES[3:6])),
            ModuleDesign(key="long", stage=2, items=tuple(NAMES[6:14])),
        ),
    ),
}  # fmt: skip


def sat(plan: Plan, seed: int) -> int:
    """How many questions a learner is asked who answers by lot."""
    rng = np.random.default_rng(seed)
    items: list[int] = []
    categories: list[int] = []
    chance = rng.random()
    while True:
        step = next_step(plan, Sitting(f"s{seed}", np.array(items, dtype=int), np.array(categories, dtype=int)))
        if not isinstance(step, NextItem):
            return len(items)
        items.append(step.item)
        categories.append(int(rng.random() < chance))


@pytest.mark.parametrize("name", DESIGNS)
def test_what_is_said_to_be_left_holds_at_every_question(name: str) -> None:
    plan = compile_design(DESIGNS[name], build_pool(BANK, DESIGNS[name].ability))
    lengths = {sat(plan, seed) for seed in range(25)}
    for length in lengths:
        for answered in range(length):
            least, most = range_left(plan, answered)
            assert least <= length - answered <= most
    if name in ("of one length", "a fixed form"):
        assert {length_of(plan.design)} == {(length, length) for length in lengths}
    if name == "two stages":
        assert lengths == set(length_of(plan.design))


def test_seeded_questions_are_counted_and_not_told_apart() -> None:
    seeded = Design(
        name="s", stopping=StoppingDesign(min_items=8, max_items=12), pretest=PretestDesign(items=2, first_position=3)
    )
    plan = compile_design(seeded, build_pool(BANK, seeded.ability))
    assert length_of(seeded) == (8, 14)
    assert [range_left(plan, answered) for answered in (0, 7, 8, 13)] == [(8, 14), (1, 7), (1, 6), (1, 1)]
