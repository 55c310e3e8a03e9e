"""What is carried from answer to answer, and what is worked out for many at once, is what one sitting alone tells."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.designs import (
    ConfidenceRule,
    ContentDesign,
    CountConstraint,
    DecisionDesign,
    Design,
    LossRule,
    SemRule,
    SprtRule,
    StoppingDesign,
)
from engine.selection.course import Course, course_of
from engine.selection.next_item import Estimated, NextItem, step_and_estimate
from engine.selection.plan import Plan, compile_design
from engine.selection.sitting import Sitting
from engine.selection.tables import build_pool
from engine.selection.together import steps_together
from tests.engine.selection.banks import dichotomous_bank, mixed_bank

LEVELS = {"level": [("easy", "medium", "hard")[i % 3] for i in range(120)]}
COMPETENCY = [("add", "subtract", "multiply", "divide")[(i // 2) % 4] for i in range(120)]
RULES = (
    None, SemRule(at_most=0.4), ConfidenceRule(alpha=0.1), LossRule(at_most=0.02),
    SprtRule(alpha=0.1, beta=0.1, delta=0.3),
)  # fmt: skip


def nested_plan(rule: object, *, has_content: bool = True) -> Plan:
    """Up to 20 items, with nested groups; a rule makes the first items those of a core."""
    counts = (CountConstraint(attribute="competency", min=2, max=9),)
    design = Design(
        name="together",
        content=ContentDesign(constraints=counts if has_content else ()),
        stopping=StoppingDesign(min_items=8, max_items=20, rule=rule),  # type: ignore[arg-type]
        decision=DecisionDesign(cut_theta=(0.3,)),
    )
    pool = build_pool(dichotomous_bank(120, 3, guessing=True), design.ability, competency=COMPETENCY, attributes=LEVELS)
    return compile_design(design, pool)


def histories(plan: Plan, n_sittings: int, rng: np.random.Generator) -> list[Sitting]:
    """Adaptive sittings of various lengths, some of which may not see every item."""
    found = []
    for number in range(n_sittings):
        eligible = rng.random(len(plan.pool)) < rng.choice([0.7, 1.0])
        sitting = Sitting(f"sitting {number}", eligible=eligible, seconds=60.0)
        for _ in range(rng.integers(20)):
            step = step_and_estimate(plan, sitting).step
            if not isinstance(step, NextItem):
                break
            categories = np.append(sitting.categories, rng.integers(2))
            sitting = Sitting(sitting.session_key, np.append(sitting.items, step.item), categories, eligible, 60.0)
        found.append(sitting)
    return found


def carried(plan: Plan, sitting: Sitting) -> Course | None:
    """The course of a sitting, carried from answer to answer."""
    course = course_of(plan, Sitting(sitting.session_key, eligible=sitting.eligible))
    for item, category in zip(sitting.items.tolist(), sitting.categories.tolist(), strict=True):
        course = None if course is None else course.after(plan, item, category)
    return course


def stepped(plan: Plan, sittings: Sequence[Sitting], courses: Sequence[Course | None]) -> list[Estimated]:
    return steps_together(plan, courses, sittings.__getitem__)


def bits(course: Course) -> tuple[object, ...]:
    return course.n_given, *(part.tobytes() for part in (course.blocks, course.product, course.free, course.tally))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("has_content", [True, False])
def test_many_at_once_go_on_as_each_alone_to_the_same_bits(rule: object, has_content: bool) -> None:
    plan, rng = nested_plan(rule, has_content=has_content), np.random.default_rng(7)
    sittings = histories(plan, 60, rng)
    courses = [carried(plan, sitting) for sitting in sittings]
    for sitting, course in zip(sittings, courses, strict=True):
        fresh = course_of(plan, sitting)
        assert course is not None
        assert fresh is not None
        assert bits(course) == bits(fresh)
    alone = [step_and_estimate(plan, sitting) for sitting in sittings]
    assert stepped(plan, sittings, courses) == alone
    assert stepped(plan, sittings, [None] * 60) == alone
    assert [stepped(plan, [s], [c])[0] for s, c in zip(sittings, courses, strict=True)] == alone
    assert sum(isinstance(step.step, NextItem) for step in alone) > 40


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 40))
def test_company_and_order_change_no_bit(seed: int, n_sittings: int) -> None:
    plan, rng = nested_plan(RULES[2]), np.random.default_rng(seed)
    sittings = histories(plan, n_sittings, rng)
    courses = [carried(plan, sitting) for sitting in sittings]
    together = stepped(plan, sittings, courses)
    order = rng.permutation(n_sittings)[: n_sittings // 2]
    some = stepped(plan, [sittings[i] for i in order], [courses[i] for i in order])
    assert some == [together[i] for i in order]


def test_a_product_that_underflows_leaves_no_course_and_the_step_stands() -> None:
    design = Design(name="far", stopping=StoppingDesign(max_items=20))
    items = dichotomous_bank(40, 5)
    plan = compile_design(design, build_pool(items, design.ability))
    plan.pool.probability[:8] = 1e-60
    sitting = Sitting("far", np.arange(8), np.ones(8, dtype=np.intp))
    assert carried(plan, sitting) is None
    assert course_of(plan, sitting) is None
    alone = step_and_estimate(plan, sitting)
    usual = Sitting("usual", np.arange(8, 12), np.zeros(4, dtype=np.intp))
    pair = stepped(plan, [sitting, usual], [None, course_of(plan, usual)])
    assert pair == [alone, step_and_estimate(plan, usual)]
    part = Sitting("part", np.arange(6), np.ones(6, dtype=np.intp))
    assert course_of(plan, part) is not None
    assert stepped(plan, [part, usual], [course_of(plan, part), course_of(plan, usual)]) == [
        step_and_estimate(plan, part), pair[1],
    ]  # fmt: skip


def test_banks_of_every_model_go_together() -> None:
    design = Design(name="mixed", stopping=StoppingDesign(max_items=20))
    plan = compile_design(design, build_pool(mixed_bank(), design.ability))
    sittings = histories(plan, 30, np.random.default_rng(2))
    assert stepped(plan, sittings, [carried(plan, one) for one in sittings]) == [
        step_and_estimate(plan, one) for one in sittings
    ]


def test_nobody_waits() -> None:
    assert stepped(nested_plan(None), [], []) == []
