"""The shortest legal test comes first, so that a rule is heard as soon as the design allows; every path agrees."""

from unittest.mock import patch

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.content.constraints import compile_constraints, violations
from engine.content.feasibility import InfeasibleDesign, find_shortages, shortest_legal_test
from engine.designs import (
    Constraint,
    ContentDesign,
    CountConstraint,
    Design,
    EnemyConstraint,
    ExposureDesign,
    SemRule,
    SetConstraint,
    StoppingDesign,
    SumConstraint,
)
from engine.selection.next_item import NextItem, next_step
from engine.selection.plan import Plan, compile_design
from engine.selection.sitting import Sitting
from engine.selection.tables import build_pool
from engine.simulation.run import Population, draw_abilities, run_plan, session_keys
from engine.stopping.stop import Stop
from tests.engine.selection.banks import dichotomous_bank

N_ITEMS = 120
COMPETENCY = [("add", "subtract", "multiply", "divide")[(i // 2) % 4] for i in range(N_ITEMS)]
ATTRIBUTES = {
    "level": [("easy", "medium", "hard")[i % 3] for i in range(N_ITEMS)],
    "words": [30.0 + (i * 7) % 60 for i in range(N_ITEMS)],
    "enemy_of": [f"item_{i + 2}" if i % 10 == 0 else None for i in range(N_ITEMS)],
    "stimulus": [f"text {i // 5}" if i < 60 else None for i in range(N_ITEMS)],
}
COUNTS = (CountConstraint(attribute="competency", min=2, max=5),)
CROSSED = (
    *COUNTS,
    CountConstraint(attribute="level", min=2, max=9),
    SumConstraint(attribute="words", min=100.0, max=900.0),
    EnemyConstraint(),
)
SATISFIED = SemRule(at_most=9.0)
"""A rule that holds from the first item on, so that only the content can make a sitting longer."""


def plan_of(constraints: tuple[Constraint, ...], shortest: int, longest: int, **content: object) -> Plan:
    design = Design(
        name="blueprint",
        content=ContentDesign(constraints=constraints, **content),  # type: ignore[arg-type]
        stopping=StoppingDesign(min_items=shortest, max_items=longest, rule=SATISFIED),
    )
    pool = build_pool(dichotomous_bank(N_ITEMS, 3), design.ability, competency=COMPETENCY, attributes=ATTRIBUTES)
    return compile_design(design, pool)


def with_rule(plan: Plan, at_most: float) -> Plan:
    stopping = msgspec.structs.replace(plan.design.stopping, rule=SemRule(at_most=at_most))
    return compile_design(msgspec.structs.replace(plan.design, stopping=stopping), plan.pool)


def take(plan: Plan, key: str, rng: np.random.Generator) -> tuple[Sitting, Stop]:
    sitting = Sitting(key)
    while isinstance(step := next_step(plan, sitting), NextItem):
        category = int(rng.integers(2))
        sitting = Sitting(key, np.append(sitting.items, step.item), np.append(sitting.categories, category))
    return sitting, step


@pytest.mark.parametrize("constraints", [COUNTS, CROSSED])
@pytest.mark.parametrize("seed", range(5))
def test_a_satisfied_rule_ends_the_test_at_min_items(constraints: tuple[Constraint, ...], seed: int) -> None:
    plan = plan_of(constraints, 10, 18)
    sitting, stop = take(plan, str(seed), np.random.default_rng(seed))
    assert (len(sitting.items), stop.reason) == (10, "sem")
    assert violations(plan.constraints, sitting.items) == []


@pytest.mark.parametrize("constraints", [COUNTS, CROSSED])
@pytest.mark.parametrize("seed", range(5))
def test_after_the_core_every_further_item_keeps_the_test_legal(constraints: tuple[Constraint, ...], seed: int) -> None:
    plan = with_rule(plan_of(constraints, 10, 18), 0.01)
    sitting, stop = take(plan, str(seed), np.random.default_rng(seed))
    for length in range(10, len(sitting.items) + 1):
        assert violations(plan.constraints, sitting.items[:length]) == []
    if len(sitting.items) < 18:
        assert stop.reason == "pool_exhausted"
        others = np.setdiff1d(np.arange(N_ITEMS), sitting.items)
        assert all(violations(plan.constraints, np.append(sitting.items, other)) for other in others)


def test_a_blueprint_too_large_for_min_items_takes_the_smallest_length_that_holds_it() -> None:
    plan = plan_of((CountConstraint(attribute="competency", min=3, max=5),), 5, 20)
    assert plan.blueprints.core_items == 12
    sitting, stop = take(plan, "k", np.random.default_rng(1))
    assert (len(sitting.items), stop.reason) == (12, "sem")


def test_item_sets_are_complete_when_the_rule_is_heard() -> None:
    constraints = (*COUNTS, SetConstraint(min=2, max=3, min_items=3, max_items=4))
    plan = plan_of(constraints, 9, 16)
    for seed in range(4):
        sitting, stop = take(plan, str(seed), np.random.default_rng(seed))
        assert (len(sitting.items), stop.reason) == (9, "sem")
        assert violations(plan.constraints, sitting.items) == []


def test_a_design_without_a_rule_is_one_piece() -> None:
    design = Design(
        name="fixed", content=ContentDesign(constraints=COUNTS), stopping=StoppingDesign(min_items=8, max_items=12)
    )
    pool = build_pool(dichotomous_bank(N_ITEMS, 3), design.ability, competency=COMPETENCY)
    blueprints = compile_design(design, pool).blueprints
    assert blueprints.core_items == 0
    assert blueprints.core is blueprints.whole


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 4), st.integers(1, 6), st.integers(0, 3))
def test_the_shortest_legal_test_is_the_first_length_without_shortages(least: int, shortest: int, hard: int) -> None:
    content = ContentDesign(
        constraints=(
            CountConstraint(attribute="competency", min=least, max=5),
            CountConstraint(attribute="level", value="hard", min=hard),
            SumConstraint(attribute="words", min=60.0 * least),
        )
    )
    constraints = compile_constraints(
        content, {**{name: tuple(column) for name, column in ATTRIBUTES.items()}, "competency": tuple(COMPETENCY)},
        dichotomous_bank(N_ITEMS, 3).item_id,
    )  # fmt: skip
    tried = next(length for length in range(shortest, 21) if not find_shortages(constraints, length, length))
    assert shortest_legal_test(constraints, shortest, 20) == tried


def test_no_legal_length_is_refused_with_what_is_missing() -> None:
    content = ContentDesign(constraints=(CountConstraint(attribute="competency", value="add", min=31),))
    constraints = compile_constraints(content, {"competency": tuple(COMPETENCY)}, tuple(map(str, range(N_ITEMS))))
    with pytest.raises(InfeasibleDesign, match="competency=add lacks 1"):
        shortest_legal_test(constraints, 5, 40)


@pytest.mark.parametrize("constraints", [COUNTS, CROSSED, ()])
@pytest.mark.parametrize("best_of", [1, 3])
def test_the_live_step_and_the_cohort_give_the_same_items(constraints: tuple[Constraint, ...], best_of: int) -> None:
    plan = with_rule(plan_of(constraints, 10, 16), 0.42)
    design = msgspec.structs.replace(plan.design, exposure=ExposureDesign(randomesque=best_of))
    plan, n_persons = compile_design(design, plan.pool), 12
    truth = draw_abilities_of(n_persons)
    together = run_plan(plan, truth, 4)
    keys = session_keys(4, 0, n_persons)
    assert len(set(together.length.tolist())) > 1
    for person in range(n_persons):
        length = int(together.length[person])
        for position in range(length + 1):
            sitting = Sitting("x", together.items[person, :position], together.categories[person, :position])
            step = step_with_key(plan, sitting, keys[person])
            if position < length:
                assert step == NextItem(int(together.items[person, position]))
            else:
                assert isinstance(step, Stop)
                assert step.reason == together.reason[person]


def draw_abilities_of(n_persons: int) -> np.ndarray:
    return draw_abilities(Population(), n_persons, 1, 4)


def step_with_key(plan: Plan, sitting: Sitting, key: np.uint64) -> NextItem | Stop:
    """The live step under a key that is a number already."""
    keys = np.array([key], dtype=np.uint64)
    with (
        patch("engine.selection.standing.session_key", lambda _: keys),
        patch("engine.selection.next_item.session_key", lambda _: keys),
    ):
        return next_step(plan, sitting)


def test_greedy_and_shadow_tests_choose_the_same_items() -> None:
    greedy = with_rule(plan_of(COUNTS, 10, 16), 0.42)
    shadow = with_rule(plan_of(COUNTS, 10, 16, method="shadow"), 0.42)
    assert shadow.blueprints.core.shadow is not None
    truth = draw_abilities_of(8)
    first, second = run_plan(greedy, truth, 4), run_plan(shadow, truth, 4)
    assert np.array_equal(first.items, second.items)
    assert first.reason.tolist() == second.reason.tolist()


def test_a_learner_who_cannot_fill_the_shortest_test_fills_a_longer_one() -> None:
    """Whole texts of three items: ten items need other texts than those of this learner, who has twelve."""
    stimulus = [f"text {i // 3}" for i in range(12)] + ["pair"] * 2 + [f"four {i // 4}" for i in range(8)]
    design = Design(
        name="texts",
        content=ContentDesign(constraints=(SetConstraint(min_items=3, max_items=4),)),
        stopping=StoppingDesign(min_items=10, max_items=12, rule=SATISFIED),
    )
    pool = build_pool(dichotomous_bank(len(stimulus), 3), design.ability, attributes={"stimulus": stimulus})
    plan = compile_design(design, pool)
    assert plan.blueprints.core_items == 10
    eligible = np.arange(len(stimulus)) < 12
    sitting = Sitting("k", eligible=eligible)
    while isinstance(step := next_step(plan, sitting), NextItem):
        items, categories = np.append(sitting.items, step.item), np.append(sitting.categories, 1)
        sitting = Sitting("k", items, categories, eligible)
    assert len(sitting.items) == 12
    assert violations(plan.constraints, sitting.items) == []
