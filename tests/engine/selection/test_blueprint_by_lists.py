"""A blueprint kept by candidate lists chooses what a look at the whole bank chooses."""

import numpy as np
import pytest

from engine.content.hierarchy import OpenAtoms
from engine.designs import ContentDesign, CountConstraint, Design, SemRule, StoppingDesign, StopRule
from engine.selection.next_item import _by_scores, select_next
from engine.selection.plan import Plan, compile_design
from engine.selection.sitting import Sitting
from engine.selection.standing import stand
from engine.selection.tables import build_pool
from psychometrics.models.base import ItemParameters

N_ITEMS = 300
FIELDS = "abcd"


def blueprint_plan(seed: int, max_items: int = 20, rule: StopRule | None = None, min_items: int = 8) -> Plan:
    rng = np.random.default_rng(seed)
    items = ItemParameters.logistic(rng.lognormal(0.0, 0.3, N_ITEMS), rng.normal(0.0, 1.0, N_ITEMS))
    fields = tuple(FIELDS[number % len(FIELDS)] for number in range(N_ITEMS))
    levels = tuple("low" if number % 3 else "high" for number in range(N_ITEMS))
    constraints = (
        CountConstraint(attribute="competency", min=2, max=6),
        CountConstraint(attribute="competency", value="a", max=5),
    )
    design = Design(
        name="blueprint",
        content=ContentDesign(constraints=constraints),
        stopping=StoppingDesign(min_items=min_items, max_items=max_items, rule=rule),
    )
    pool = build_pool(items, design.ability, competency=fields, attributes={"level": levels})
    return compile_design(design, pool)


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("share", [0.06, 0.3, 1.0])
def test_the_lists_choose_what_the_whole_bank_chooses(share: float, early: bool) -> None:
    rng = np.random.default_rng(int(share * 100))
    plan = blueprint_plan(5, rule=SemRule(at_most=0.1) if early else None)
    assert plan.blueprints.whole.hierarchy is not None
    for number in range(300):
        given = rng.permutation(N_ITEMS)[: rng.integers(0, 20)]
        sitting = Sitting(
            f"{number:032x}", given, rng.integers(0, 2, len(given)), rng.random(N_ITEMS) < share,
        )  # fmt: skip
        assert select_next(plan, sitting) == _by_scores(plan, stand(plan, sitting))


@pytest.mark.parametrize("min_items", [8, 18])
def test_what_is_remembered_of_a_blueprint_is_what_it_says(min_items: int) -> None:
    plan, rng = blueprint_plan(6, min_items=min_items), np.random.default_rng(6)
    hierarchy = plan.blueprints.whole.hierarchy
    assert hierarchy is not None
    remembered = OpenAtoms(hierarchy)
    for _ in range(400):
        counts = rng.integers(0, 6, hierarchy.n_atoms)
        left = rng.integers(0, 60, hierarchy.n_atoms)
        fresh = hierarchy.open_atoms(counts[None], left[None])[0]
        for _ in range(2):
            assert remembered.of(np.stack([counts, left])[None])[0].tolist() == fresh.tolist()
