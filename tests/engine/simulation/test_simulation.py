"""The simulator: the fast course equals the general one and the live sitting, seeds hold, errors are as stated."""

import json
from collections.abc import Callable

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.designs import (
    AbilityDesign,
    AnyRule,
    ConfidenceRule,
    ContentDesign,
    CountConstraint,
    DecisionDesign,
    Design,
    DesignError,
    ExposureDesign,
    LossRule,
    ModuleDesign,
    Route,
    SelectionDesign,
    SemRule,
    SprtRule,
    StoppingDesign,
)
from engine.selection.next_item import NextItem, next_step
from engine.selection.plan import Plan
from engine.selection.registry import CRITERIA
from engine.selection.sitting import Sitting
from engine.selection.ties import keys_of
from engine.simulation.cohort import Sittings, longest_test, run_general
from engine.simulation.fast import is_fast, run_fast
from engine.simulation.report import read_report, report_json
from engine.simulation.run import Population, draw_abilities, replay_responses, run_plan
from engine.simulation.simulate import Bank, simulate, simulate_chain, simulate_on_responses
from psychometrics.models.base import ItemParameters
from tests.engine.selection.banks import dichotomous_bank, mixed_bank

BANK = Bank(dichotomous_bank(150, 7), [("add", "subtract", "divide")[i % 3] for i in range(150)])
GUESSING = Bank(dichotomous_bank(150, 8, guessing=True))
MIXED = Bank(mixed_bank(4))
FIXED = Design(name="fixed", stopping=StoppingDesign(max_items=15))
CREDIT = Design(
    name="credit",
    stopping=StoppingDesign(
        min_items=5, max_items=25, rule=AnyRule(rules=(SemRule(at_most=0.3), LossRule(at_most=0.05)))
    ),
    decision=DecisionDesign(cut_theta=(0.4,)),
)
Run = Callable[..., None]


def run_with(run: Run, plan: Plan, theta: np.ndarray) -> Sittings:
    """Sittings by one of the two courses, with answers that depend on person and item alone."""
    into = Sittings.empty(len(theta), longest_test(plan), 1)
    luck = np.random.default_rng(5).random((len(theta), len(plan.pool)))

    def answer(persons: np.ndarray, items: np.ndarray, position: int) -> np.ndarray:
        chances = plan.pool.curves.probabilities(items, theta[persons])
        above = np.cumsum(chances[:, ::-1], axis=1)[:, ::-1][:, 1:]
        return (luck[persons, items][:, None] < above).sum(axis=1)

    keys = keys_of(tuple(f"person {i}" for i in range(len(theta))))
    run(plan, np.arange(len(theta)), keys, np.ones((len(theta), len(plan.pool)), dtype=bool), answer, into)
    return into


@pytest.mark.parametrize("estimator", ["eap", "mle", "map", "wle"])
@pytest.mark.parametrize("bank", [BANK, GUESSING, MIXED], ids=["2pl", "4pl", "mixed"])
@pytest.mark.parametrize("base", [FIXED, CREDIT], ids=["fixed", "credit"])
def test_fast_course_equals_the_general_one_and_the_live_sitting(base: Design, bank: Bank, estimator: str) -> None:
    plan = bank.plan(msgspec.structs.replace(base, ability=AbilityDesign(estimator=estimator)))
    assert is_fast(plan)
    theta = np.random.default_rng(2).normal(size=20)
    fast, general = run_with(run_fast, plan, theta), run_with(run_general, plan, theta)
    assert fast.items.tolist() == general.items.tolist()
    assert fast.reason.tolist() == general.reason.tolist()
    np.testing.assert_allclose(fast.theta, general.theta, atol=1e-9)
    np.testing.assert_allclose(fast.sem, general.sem, atol=1e-9)
    assert fast.credited.tolist() == general.credited.tolist()
    for person in range(6):
        _assert_live_sitting_is_the_same(plan, fast, person)


def _assert_live_sitting_is_the_same(plan: Plan, simulated: Sittings, person: int) -> None:
    sitting, key = Sitting(f"person {person}"), f"person {person}"
    while isinstance(step := next_step(plan, sitting), NextItem):
        place = len(sitting.items)
        assert step.item == simulated.items[person, place]
        category = simulated.categories[person, place]
        sitting = Sitting(key, np.append(sitting.items, step.item), np.append(sitting.categories, category))
    assert step.reason == simulated.reason[person]


def test_a_bank_of_equal_items_is_shared_out_by_the_hash_in_every_course() -> None:
    twins = ItemParameters.logistic(np.full(60, 1.1), np.zeros(60))
    plan = Bank(twins).plan(FIXED)
    theta = np.zeros(30)
    fast, general = run_with(run_fast, plan, theta), run_with(run_general, plan, theta)
    assert fast.items.tolist() == general.items.tolist()
    assert len(set(fast.items[:, 0].tolist())) > 15


def test_same_seed_same_report_other_seed_another() -> None:
    first = simulate([CREDIT], BANK, n_persons=300, seed=1)
    assert simulate([CREDIT], BANK, n_persons=300, seed=1) == first
    assert simulate([CREDIT], BANK, n_persons=300, seed=2) != first
    assert read_report(report_json(first)) == first
    assert json.loads(report_json(first))["assay"] == "simulation/1"


def test_a_larger_cohort_begins_with_the_smaller_one() -> None:
    people = Population()
    few, many = draw_abilities(people, 200, 1, 3), draw_abilities(people, 1500, 1, 3)
    np.testing.assert_array_equal(few, many[:200])
    plan = BANK.plan(FIXED)
    np.testing.assert_array_equal(run_plan(plan, few, 3).items, run_plan(plan, many, 3).items[:200])


def test_designs_side_by_side_meet_the_same_learners() -> None:
    other = msgspec.structs.replace(FIXED, name="random", selection=SelectionDesign(criterion="random"))
    report = simulate([FIXED, other], BANK, n_persons=600, seed=4)
    adaptive, random = report.designs
    assert adaptive.precision[0].rmse < 0.85 * random.precision[0].rmse
    assert adaptive.test_information_used > 0.9 > random.test_information_used
    assert adaptive.exposure.overlap > random.exposure.overlap == pytest.approx(15 / 150, abs=0.01)
    assert [band.n_persons for band in adaptive.precision[0].bands] == [
        band.n_persons for band in random.precision[0].bands
    ]


def test_stated_errors_are_honest_in_the_reference_population() -> None:
    outcome = simulate([FIXED], BANK, n_persons=6000, seed=5).designs[0]
    precision = outcome.precision[0]
    assert precision.sem_ratio == pytest.approx(1.0, abs=0.04)
    assert precision.coverage == pytest.approx(0.95, abs=0.012)
    assert abs(precision.bias) < 4 * precision.rmse / np.sqrt(6000)
    assert outcome.length.counts[15] == 6000
    assert outcome.reasons == {"max_items": 1.0}


@pytest.mark.parametrize("number", range(20))
def test_a_promised_bound_on_wrong_credit_is_kept(number: int) -> None:
    """With credit at P(theta ≥ cut) ≥ 1 − bound, no more than `bound` of the credited lie below the cut."""
    rng = np.random.default_rng([77, number])
    bound, cut = float(rng.uniform(0.05, 0.25)), float(rng.uniform(-0.8, 0.8))
    rules = (LossRule(at_most=bound), SemRule(at_most=0.35), SprtRule(delta=0.3), ConfidenceRule(alpha=0.2))
    design = Design(
        name=f"design {number}",
        ability=AbilityDesign(n_nodes=(41, 61, 121)[number % 3]),
        stopping=StoppingDesign(min_items=int(rng.integers(3, 8)), max_items=30, rule=rules[number % 4]),
        decision=DecisionDesign(cut_theta=(cut,), credit_probability=1.0 - bound),
    )
    bank = Bank(dichotomous_bank(120, number, guessing=number % 2 == 0))
    decided = simulate([design], bank, n_persons=1500, seed=number).designs[0].classification[0]
    assert decided.wrong_credit_share is not None
    assert decided.wrong_credit_error is not None
    assert decided.wrong_credit_share <= bound + 2 * decided.wrong_credit_error
    assert decided.accuracy > 0.7


def test_mistakes_gather_at_the_cut() -> None:
    decided = simulate([CREDIT], BANK, n_persons=4000, seed=6).designs[0].classification[0]
    by_distance = {band.lower: band.accuracy for band in decided.distance}
    assert by_distance[1.0] > 0.99
    assert by_distance[0.0] < by_distance[0.25] < by_distance[0.5] < by_distance[1.0]
    assert sum(band.n_persons for band in decided.distance) == 4000


@pytest.mark.parametrize("criterion", sorted(CRITERIA))
def test_every_criterion_runs_a_cohort(criterion: str) -> None:
    design = msgspec.structs.replace(CREDIT, name=criterion, selection=SelectionDesign(criterion=criterion))
    outcome = simulate([design], Bank(dichotomous_bank(40, 2)), n_persons=12, seed=1).designs[0]
    assert outcome.constraint_violations == 0


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 5), st.integers(6, 12), st.sampled_from(["maximum_information", "progressive", "random"]))
def test_random_designs_never_violate(low: int, high: int, criterion: str) -> None:
    design = Design(
        name="random design",
        selection=SelectionDesign(criterion=criterion),
        content=ContentDesign(constraints=(CountConstraint(attribute="competency", min=low, max=high),)),
        stopping=StoppingDesign(min_items=3, max_items=18, rule=SemRule(at_most=0.4)),
        exposure=ExposureDesign(randomesque=2, n_pools=2),
    )
    outcome = simulate([design], BANK, n_persons=60, seed=low).designs[0]
    assert outcome.constraint_violations == 0
    assert "" not in outcome.reasons


def test_several_competencies_are_estimated_and_decided_together() -> None:
    design = Design(
        name="competencies",
        ability=AbilityDesign(structure="competencies"),
        selection=SelectionDesign(criterion="a_optimality"),
        stopping=StoppingDesign(min_items=9, max_items=45, scope="competencies", rule=LossRule(at_most=0.1)),
        decision=DecisionDesign(cut_theta=(0.0,)),
    )
    outcome = simulate([design], BANK, n_persons=600, seed=8).designs[0]
    assert [p.ability for p in outcome.precision] == ["add", "divide", "subtract"]
    for precision in outcome.precision:
        assert precision.sem_ratio == pytest.approx(1.0, abs=0.1)
    assert outcome.length.mean < 45
    assert all(c.accuracy > 0.85 for c in outcome.classification)


def test_repeated_attempts_use_up_the_bank() -> None:
    outcome = simulate([FIXED], BANK, n_persons=200, seed=9, attempts=4).designs[0]
    left = [attempt.mean_items_left for attempt in outcome.attempts]
    assert left == [135.0, 120.0, 105.0, 90.0]
    assert outcome.attempts[3].mean_sem > outcome.attempts[0].mean_sem
    exhausted = simulate([FIXED], Bank(dichotomous_bank(20, 1)), n_persons=20, seed=1, attempts=2).designs[0]
    assert exhausted.attempts[1].exhausted_share == 1.0
    assert exhausted.attempts[1].mean_length == 5.0


def test_a_chain_credits_fewer_wrongly_than_its_first_test() -> None:
    post = msgspec.structs.replace(CREDIT, name="post-test")
    report = simulate_chain(CREDIT, post, BANK, n_persons=3000, seed=10)
    chain, first = report.chain, report.designs[0].classification[0]
    assert chain is not None
    assert first.false_credit is not None
    assert chain.false_credit is not None
    assert chain.false_credit < first.false_credit
    assert chain.credited <= chain.passed_pre_test == pytest.approx(first.credited)
    assert report.designs[1].n_persons == round(chain.passed_pre_test * 3000)


def test_real_answers_are_replayed_and_none_invented() -> None:
    rng = np.random.default_rng(3)
    theta = rng.normal(size=(80, 1))
    plan = BANK.plan(FIXED)
    responses = (rng.random((80, 150)) < plan.pool.curves.probability_right(np.arange(150), theta)).astype(np.int8)
    responses[rng.random((80, 150)) < 0.85] = -1
    sittings = replay_responses(plan, responses, 1)
    for person in range(80):
        given_items = sittings.items[person, : sittings.length[person]]
        assert (responses[person, given_items] >= 0).all()
        assert responses[person, given_items].tolist() == sittings.categories[person, : len(given_items)].tolist()
        assert len(given_items) == min(15, int((responses[person] >= 0).sum()))
    report = simulate_on_responses([FIXED], BANK, responses, seed=1)
    assert report.source == "responses"
    assert report.designs[0].precision[0].rmse < 0.35


def test_modules_and_forms_run_in_the_same_simulator() -> None:
    ids = BANK.items.item_id
    modules = (
        ModuleDesign(key="a", stage=1, items=ids[:8], routes=(Route(to="b", below=0.0), Route(to="c"))),
        ModuleDesign(key="b", stage=2, items=ids[8:16]),
        ModuleDesign(key="c", stage=2, items=ids[16:24]),
    )
    staged = Design(name="stages", form="multistage", modules=modules)
    line = Design(name="line", form="linear", items=ids[:16])
    stages, form = simulate([staged, line], BANK, n_persons=500, seed=2).designs
    assert stages.reasons == form.reasons == {"form_complete": 1.0}
    assert stages.length.counts[16] == form.length.counts[16] == 500
    assert form.exposure.highest_rate == 1.0
    rates = {item.item_id: item.exposure_rate for item in stages.exposure.items}
    assert rates[ids[8]] + rates[ids[16]] == pytest.approx(1.0)


def test_the_clock_runs_on_expected_times() -> None:
    bank = Bank(BANK.items, attributes={"seconds": [60.0] * 150})
    timed = Design(name="timed", stopping=StoppingDesign(max_items=15, max_seconds=400.0))
    outcome = simulate([timed], bank, n_persons=20, seed=1).designs[0]
    assert outcome.reasons == {"max_seconds": 1.0}
    assert outcome.length.counts[7] == 20
    untimed = simulate([timed], BANK, n_persons=20, seed=1).designs[0]
    assert untimed.reasons == {"max_items": 1.0}


def test_progress_is_told_and_bad_requests_are_refused() -> None:
    told: list[tuple[int, int]] = []
    simulate([FIXED], BANK, n_persons=1100, seed=1, progress=lambda done, total: told.append((done, total)))
    assert told == [(1024, 1100), (1100, 1100)]
    with pytest.raises(DesignError, match="at least one design"):
        simulate([], BANK, n_persons=10, seed=1)
    with pytest.raises(DesignError, match="at least 2"):
        simulate([FIXED], BANK, n_persons=1, seed=1)
    with pytest.raises(DesignError, match="attempts is 0"):
        simulate([FIXED], BANK, n_persons=10, seed=1, attempts=0)
    with pytest.raises(DesignError, match="columns for 150 items"):
        simulate_on_responses([FIXED], BANK, np.zeros((5, 3), dtype=np.int8), seed=1)
    with pytest.raises(DesignError, match="both with decision"):
        simulate_chain(FIXED, CREDIT, BANK, n_persons=10, seed=1)
