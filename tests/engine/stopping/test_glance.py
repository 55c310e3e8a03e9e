"""A glance never says "no" where the rules say yes, and live steps are the same with it and without."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.designs import (
    AbilityDesign,
    AllRule,
    AnyRule,
    ConfidenceRule,
    DecisionDesign,
    Design,
    GlrRule,
    InformationRule,
    LengthRule,
    LossRule,
    SemReductionRule,
    SemRule,
    SprtRule,
    StoppingDesign,
    StopRule,
    TimeRule,
)
from engine.selection import next_item
from engine.selection.course import course_of
from engine.selection.next_item import NextItem, next_step
from engine.selection.plan import Plan, compile_design
from engine.selection.sitting import Sitting
from engine.selection.standing import stand
from engine.selection.tables import build_pool
from engine.stopping.glance import decided_competencies, glances_of, may_end, sure_end
from engine.stopping.rules import decided_by_competency
from engine.stopping.stop import content_complete, stop_reasons
from psychometrics.models.base import ItemParameters
from tests.engine.selection.test_together import nested_plan

RNG = np.random.default_rng(8)
ITEMS = ItemParameters.logistic(RNG.lognormal(0.1, 0.3, 60), RNG.normal(0.0, 1.0, 60), 0.15)
COMPETENCY = [("add", "take", "times")[place % 3] for place in range(60)]
LEAVES: list[StopRule] = [
    LengthRule(items=9),
    TimeRule(seconds=100.0),
    SemRule(at_most=0.45),
    ConfidenceRule(alpha=0.2),
    LossRule(at_most=0.12),
    SprtRule(alpha=0.15, beta=0.15, delta=0.4),
    GlrRule(alpha=0.15, beta=0.15, delta=0.4),
    SemReductionRule(below=0.02),
    InformationRule(below=0.3),
]
RULES: list[StopRule] = [
    *LEAVES,
    AnyRule(rules=(LEAVES[3], LEAVES[4])),
    AllRule(rules=(LEAVES[2], AnyRule(rules=(LEAVES[0], LEAVES[5])))),
]


def plan_with(rule: StopRule, structure: str, cuts: tuple[float, ...]) -> Plan:
    ability = AbilityDesign(structure=structure)  # type: ignore[arg-type]
    scope = "competencies" if structure == "competencies" else "overall"
    design = Design(
        name="glance", ability=ability, decision=DecisionDesign(cut_theta=cuts),
        stopping=StoppingDesign(min_items=3, max_items=20, rule=rule, scope=scope),  # type: ignore[arg-type]
    )  # fmt: skip
    return compile_design(design, build_pool(ITEMS, ability, competency=COMPETENCY))


PLANS = {
    (number, structure): plan_with(rule, structure, (-0.2, 0.6))
    for number, rule in enumerate(RULES)
    for structure in ("overall", "competencies")
}


def some_sitting(seed: int) -> Sitting:
    """A few answers that lean one way, so that rules hold now and then."""
    rng = np.random.default_rng(seed)
    n_given, ease = int(rng.integers(0, 21)), rng.uniform(0.0, 1.0)
    given_items = rng.permutation(60)[:n_given]
    categories = (rng.random(n_given) < ease).astype(np.intp)
    return Sitting(f"glance {seed}", given_items, categories, None, float(rng.uniform(0.0, 200.0)))


@pytest.mark.parametrize("structure", ["overall", "competencies"])
@pytest.mark.parametrize("number", range(len(RULES)))
@settings(max_examples=40, deadline=None)
@given(st.integers(0, 100_000))
def test_never_no_where_the_rules_say_yes(number: int, structure: str, seed: int) -> None:
    plan, sitting = PLANS[number, structure], some_sitting(seed)
    standing = stand(plan, sitting)
    if stop_reasons(plan, standing)[0]:
        assert may_end(plan, sitting, glances_of(standing))


@pytest.mark.parametrize("number", range(len(RULES)))
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 100_000))
def test_an_end_beyond_doubt_is_the_end_by_the_rules(number: int, seed: int) -> None:
    plan, sitting = PLANS[number, "overall"], some_sitting(seed)
    assert sure(plan, sitting) in (None, stop_reasons(plan, stand(plan, sitting))[0])


@pytest.mark.parametrize("rule", [SemRule(at_most=0.6), ConfidenceRule(alpha=0.3), LossRule(at_most=0.1)])
def test_no_end_is_beyond_doubt_before_the_content_is_complete(rule: StopRule) -> None:
    plan, told = nested_plan(rule), []
    for seed in range(300):
        sitting = some_sitting(seed)
        by_rules = stop_reasons(plan, stand(plan, sitting))[0]
        assert sure(plan, sitting) in (None, by_rules)
        told.append((bool(by_rules), sure(plan, sitting) is not None))
    assert set(told) == {(True, True), (False, False)}
    incomplete = [seed for seed in range(300) if not complete(plan, some_sitting(seed))]
    assert any(may_end(plan, some_sitting(seed), glances_of(stand(plan, some_sitting(seed)))) for seed in incomplete)


def sure(plan: Plan, sitting: Sitting) -> str | None:
    course = course_of(plan, sitting)
    assert course is not None
    return sure_end(plan, sitting, course, glances_of(stand(plan, sitting))[0])


def complete(plan: Plan, sitting: Sitting) -> bool:
    return bool(content_complete(plan, stand(plan, sitting))[0])


def test_it_says_yes_often_enough_to_be_worth_asking() -> None:
    sittings, heard = [some_sitting(seed) for seed in range(200)], 0
    for number, rule in enumerate(RULES):
        plan = PLANS[number, "overall"]
        over = [one for one in sittings if stop_reasons(plan, stand(plan, one))[0] and len(one.items) < 20]
        told = [one for one in over if sure(plan, one)]
        is_open = isinstance(rule, GlrRule | SemReductionRule | InformationRule)
        assert len(told) >= (0 if is_open else 0.98 * len(over)), rule
        heard += bool(told)
    assert heard >= 5


def test_it_says_no_often_enough_to_be_worth_asking() -> None:
    sittings = [some_sitting(seed) for seed in range(200)]
    for number, rule in enumerate(RULES):
        plan = PLANS[number, "overall"]
        going = [one for one in sittings if not stop_reasons(plan, stand(plan, one))[0] and len(one.items)]
        left = [one for one in going if may_end(plan, one, glances_of(stand(plan, one)))]
        is_open = isinstance(rule, GlrRule | SemReductionRule | InformationRule)
        assert len(left) <= (len(going) if is_open else 0.02 * len(going)), rule


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 100_000), st.integers(0, len(RULES) - 1), st.sampled_from(["overall", "competencies"]))
def test_the_step_is_the_same_without_a_glance(seed: int, number: int, structure: str) -> None:
    plan, sitting = PLANS[number, structure], some_sitting(seed)
    quick = next_step(plan, sitting)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(next_item, "may_end", lambda plan, sitting, glances: True)
        patch.setattr(next_item, "sure_end", lambda plan, sitting, course, glance: None)
        full = next_step(plan, sitting)
    assert quick == full
    assert isinstance(quick, NextItem) or quick.sentence


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 100_000), st.integers(0, len(RULES) - 1))
def test_competencies_are_decided_alike(seed: int, number: int) -> None:
    plan = PLANS[number, "competencies"]
    standing = stand(plan, some_sitting(seed))
    assert decided_competencies(plan, standing).tolist() == decided_by_competency(plan, standing).tolist()
