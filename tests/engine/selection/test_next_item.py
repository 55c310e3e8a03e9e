"""The live step: fast and slow paths agree, delicate pools and patterns, blueprints, stimuli, modules."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.content.constraints import violations
from engine.delivery import check_start
from engine.designs import (
    AbilityDesign,
    ContentDesign,
    CountConstraint,
    Design,
    DesignError,
    EnemyConstraint,
    ExposureDesign,
    ModuleDesign,
    Route,
    SetConstraint,
    StoppingDesign,
    SumConstraint,
)
from engine.errors import NoItemLeft
from engine.selection.next_item import NextItem, next_step, select_next
from engine.selection.plan import Plan, check_learner, compile_design
from engine.selection.ranking import allowed_items, best_items
from engine.selection.sitting import Sitting
from engine.selection.standing import stand
from engine.selection.tables import build_pool
from psychometrics.models.base import ItemParameters
from tests.engine.selection.banks import dichotomous_bank, mixed_bank


def take_test(plan: Plan, key: str, answers: np.random.Generator | int) -> tuple[Sitting, str]:
    """A sitting to its end, with random answers or always the same category."""
    sitting = Sitting(key)
    while isinstance(step := next_step(plan, sitting), NextItem):
        most = int(plan.pool.curves.n_categories[step.item]) - 1
        category = min(answers, most) if isinstance(answers, int) else int(answers.integers(most + 1))
        sitting = Sitting(key, np.append(sitting.items, step.item), np.append(sitting.categories, category))
    return sitting, step.reason


@pytest.mark.parametrize("estimator", ["eap", "mle"])
@pytest.mark.parametrize("kind", ["2pl", "4pl", "steep", "cliffs", "mixed"])
def test_candidate_lists_choose_what_a_full_scan_chooses(kind: str, estimator: str) -> None:
    rng = np.random.default_rng(1)
    banks = {
        "2pl": dichotomous_bank(400, 1),
        "4pl": dichotomous_bank(400, 2, guessing=True),
        "steep": ItemParameters.logistic(rng.uniform(0.05, 6.0, 300), rng.uniform(-4, 4, 300), 0.5),
        "cliffs": ItemParameters.logistic(rng.uniform(20.0, 200.0, 300), rng.uniform(-3, 3, 300), 0.1),
        "mixed": mixed_bank(3),
    }
    ability = AbilityDesign(estimator=estimator)
    design = Design(name="mfi", ability=ability, stopping=StoppingDesign(max_items=30))
    plan = compile_design(design, build_pool(banks[kind], ability))
    for number in range(4):
        sitting, reason = take_test(plan, str(number), np.random.default_rng(number))
        assert reason == "max_items"
        for length in range(30):
            part = Sitting(str(number), sitting.items[:length], sitting.categories[:length])
            standing = stand(plan, part)
            assert best_items(plan, standing, allowed_items(plan, standing))[0] == sitting.items[length]


@pytest.mark.parametrize("estimator", ["eap", "map", "mle", "wle"])
@pytest.mark.parametrize("category", [0, 1])
def test_perfect_patterns_never_break_the_course(estimator: str, category: int) -> None:
    ability = AbilityDesign(estimator=estimator)
    design = Design(name="perfect", ability=ability, stopping=StoppingDesign(max_items=12))
    plan = compile_design(design, build_pool(dichotomous_bank(40, 1), ability))
    sitting, reason = take_test(plan, "p", category)
    standing = stand(plan, sitting)
    assert reason == "max_items"
    assert -6.0 <= standing.theta[0, 0] <= 6.0
    assert np.isfinite(standing.sem).all()


@pytest.mark.parametrize(
    "items",
    [
        ItemParameters.logistic([0.05, 6.0, 1.0], [0.0, 9.0, -9.0], [0.5, 0.5, 0.0]),
        ItemParameters.logistic([1.0], [0.0]),
    ],
)
def test_tiny_and_extreme_pools_end_for_a_stated_reason(items: ItemParameters) -> None:
    design = Design(name="tiny", stopping=StoppingDesign(max_items=10))
    plan = compile_design(design, build_pool(items, design.ability))
    for category in (0, 1):
        sitting, reason = take_test(plan, "t", category)
        assert sorted(sitting.items.tolist()) == list(range(len(items)))
        assert reason == "pool_exhausted"


def test_an_empty_pool_is_refused_with_a_sentence() -> None:
    items = dichotomous_bank(3).take(np.zeros(0, dtype=int))
    design = Design(name="empty")
    with pytest.raises(DesignError, match="no items"):
        compile_design(design, build_pool(items, design.ability))


def test_a_category_nobody_chose_is_no_obstacle() -> None:
    plan = compile_design(Design(name="poly"), build_pool(mixed_bank(), AbilityDesign()))
    sitting, _ = take_test(plan, "z", 0)
    assert np.isfinite(stand(plan, sitting).theta).all()


def test_theta_far_out_stays_on_the_grid() -> None:
    items = ItemParameters.logistic(np.full(30, 2.0), np.linspace(-9, 9, 30))
    ability = AbilityDesign(lower=-12.0, upper=12.0, n_nodes=241, prior_sd=3.0)
    plan = compile_design(Design(name="far", ability=ability), build_pool(items, ability))
    sitting, _ = take_test(plan, "f", 1)
    assert 6.0 < stand(plan, sitting).theta[0, 0] < 12.0


def test_bad_answers_are_refused() -> None:
    plan = compile_design(Design(name="x"), build_pool(dichotomous_bank(5), AbilityDesign()))
    with pytest.raises(ValueError, match="given twice"):
        stand(plan, Sitting("s", np.array([1, 1]), np.array([0, 1])))
    with pytest.raises(ValueError, match="categories must lie"):
        stand(plan, Sitting("s", np.array([1]), np.array([2])))
    with pytest.raises(ValueError, match="positions 0 to 4"):
        stand(plan, Sitting("s", np.array([9]), np.array([0])))
    with pytest.raises(ValueError, match="give one each"):
        Sitting("s", np.array([1]), np.zeros(0, dtype=int))


ATTRIBUTES = {
    "level": [("easy", "medium", "hard")[i % 3] for i in range(120)],
    "words": [30.0 + (i * 7) % 60 for i in range(120)],
    "enemy_of": [f"item_{i + 2}" if i % 10 == 0 else None for i in range(120)],
    "stimulus": [f"text {i // 5}" if i < 60 else None for i in range(120)],
}
COMPETENCY = [("add", "subtract", "multiply", "divide")[(i // 2) % 4] for i in range(120)]
COUNT = (
    CountConstraint(attribute="competency", min=2, max=6),
    CountConstraint(attribute="level", min=2, max=8),
)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.integers(8, 16), st.booleans())
def test_no_sitting_ever_violates(seed: int, length: int, with_sets: bool) -> None:
    constraints = (*COUNT, SumConstraint(attribute="words", max=60.0 * length), EnemyConstraint())
    if with_sets:
        constraints = (*constraints, SetConstraint(min=1, max=2, min_items=2, max_items=4))
    design = Design(
        name="blueprint",
        content=ContentDesign(constraints=constraints),
        stopping=StoppingDesign(min_items=length, max_items=length),
        exposure=ExposureDesign(randomesque=2),
    )
    pool = build_pool(dichotomous_bank(120, 3), design.ability, competency=COMPETENCY, attributes=ATTRIBUTES)
    plan = compile_design(design, pool)
    assert plan.blueprints.whole.shadow is not None
    sitting, reason = take_test(plan, str(seed), np.random.default_rng(seed))
    assert reason == "max_items"
    assert violations(plan.constraints, sitting.items) == []
    texts = [ATTRIBUTES["stimulus"][i] for i in sitting.items]
    runs = [text for text, before in zip(texts, [None, *texts], strict=False) if text and text != before]
    assert not with_sets or len(runs) == len(set(runs)) <= 2


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(10, 20))
def test_greedy_sittings_never_violate(seed: int, length: int) -> None:
    design = Design(
        name="nested",
        content=ContentDesign(constraints=COUNT[:1]),
        stopping=StoppingDesign(min_items=8, max_items=length),
    )
    pool = build_pool(dichotomous_bank(120, 3), design.ability, competency=COMPETENCY)
    plan = compile_design(design, pool)
    assert plan.blueprints.whole.hierarchy is not None
    sitting, _ = take_test(plan, str(seed), np.random.default_rng(seed))
    assert violations(plan.constraints, sitting.items) == []
    assert len(sitting.items) == length


def test_an_impossible_blueprint_is_refused_before_anyone_sits() -> None:
    design = Design(
        name="impossible",
        content=ContentDesign(constraints=(CountConstraint(attribute="competency", value="add", min=35),)),
        stopping=StoppingDesign(max_items=40),
    )
    pool = build_pool(dichotomous_bank(120, 3), design.ability, competency=COMPETENCY)
    with pytest.raises(DesignError, match="competency=add lacks 5"):
        compile_design(design, pool)


def test_a_learner_who_has_seen_too_much_is_told_before_the_sitting() -> None:
    design = Design(
        name="again",
        content=ContentDesign(constraints=(CountConstraint(attribute="competency", value="add", min=3),)),
        stopping=StoppingDesign(min_items=5, max_items=10),
    )
    pool = build_pool(dichotomous_bank(120, 3), design.ability, competency=COMPETENCY)
    plan = compile_design(design, pool)
    unseen = np.ones(120, dtype=bool)
    check_learner(plan, unseen)
    unseen[[i for i, name in enumerate(COMPETENCY) if name == "add"][:-1]] = False
    with pytest.raises(DesignError, match="competency=add lacks 2"):
        check_learner(plan, unseen)
    with pytest.raises(NoItemLeft, match=r"competency=add lacks 2\. Nothing was started"):
        check_start(plan, Sitting("k", eligible=unseen))
    check_start(plan, Sitting("k"))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["auto", "shadow"]), st.floats(0.02, 0.3))
def test_a_learner_is_refused_exactly_when_no_test_is_left(seed: int, method: str, share: float) -> None:
    design = Design(
        name="again",
        content=ContentDesign(constraints=COUNT[:1], method=method),  # type: ignore[arg-type]
        stopping=StoppingDesign(min_items=9, max_items=12),
    )
    pool = build_pool(dichotomous_bank(120, 3), design.ability, competency=COMPETENCY)
    unseen = np.random.default_rng(seed).random(120) < share
    counts = [sum(unseen[i] for i, name in enumerate(COMPETENCY) if name == own) for own in set(COMPETENCY)]
    possible = min(counts) >= 2 and sum(min(count, 6) for count in counts) >= 9
    try:
        check_learner(compile_design(design, pool), unseen)
    except DesignError:
        assert not possible
    else:
        assert possible


MODULES = (
    ModuleDesign(
        key="start", stage=1, items=("item_1", "item_2"), routes=(Route(to="low", below=0.0), Route(to="high"))
    ),
    ModuleDesign(key="low", stage=2, items=("item_3", "item_4")),
    ModuleDesign(key="high", stage=2, items=("item_5", "item_6")),
)


def test_modules_route_by_theta_and_linear_forms_keep_their_order() -> None:
    pool = build_pool(dichotomous_bank(8), AbilityDesign())
    plan = compile_design(Design(name="stages", form="multistage", modules=MODULES), pool)
    low, reason = take_test(plan, "m", 0)
    high, _ = take_test(plan, "m", 1)
    assert (low.items.tolist(), high.items.tolist(), reason) == ([0, 1, 2, 3], [0, 1, 4, 5], "form_complete")
    line = compile_design(Design(name="line", form="linear", items=("item_7", "item_2")), pool)
    assert take_test(line, "l", 1)[0].items.tolist() == [6, 1]


def test_a_route_taken_is_not_reconsidered() -> None:
    pool = build_pool(dichotomous_bank(8), AbilityDesign())
    plan = compile_design(Design(name="stages", form="multistage", modules=MODULES), pool)
    step = select_next(plan, Sitting("m", np.array([0, 1, 2]), np.array([0, 0, 1])))
    assert step == NextItem(3)


@pytest.mark.parametrize(
    ("modules", "sentence"),
    [
        ((ModuleDesign(key="a", stage=2, items=("item_1",)),), "stage = 1"),
        ((ModuleDesign(key="a", stage=1, items=("nowhere",)),), "'nowhere' is not in the pool"),
        ((ModuleDesign(key="a", stage=1, items=()),), "has no items"),
        ((ModuleDesign(key="a", stage=1, items=("item_1",), routes=(Route(to="b"),)),), "does not exist"),
        ((ModuleDesign(key="a", stage=1, items=("item_1",), routes=(Route(to="a"),)),), "next stage"),
        ((MODULES[0], MODULES[0]), "same key"),
    ],
)
def test_modules_are_checked(modules: tuple[ModuleDesign, ...], sentence: str) -> None:
    pool = build_pool(dichotomous_bank(8), AbilityDesign())
    with pytest.raises(DesignError, match=sentence):
        compile_design(Design(name="bad", form="multistage", modules=modules), pool)
