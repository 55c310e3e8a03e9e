"""Exposure control: the lots are the experiment they stand for, and rates settle where they are asked to."""

import msgspec
import numpy as np
import pytest

from engine.designs import Design, DesignError, ExposureDesign, StoppingDesign
from engine.exposure.control import rotating_pools
from engine.exposure.eligibility import EligibilityCounts, run_with_eligibility
from engine.exposure.sympson_hetter import calibrate_exposure, exposure_by_group
from engine.selection.ties import keys_of
from engine.simulation.run import Population, draw_abilities, run_plan
from engine.simulation.simulate import Bank, simulate
from tests.engine.selection.banks import dichotomous_bank

BANK = Bank(dichotomous_bank(120, 7))
BASE = Design(name="base", stopping=StoppingDesign(max_items=12))
PEOPLE = draw_abilities(Population(), 1500, 1, 4)


def with_exposure(**options: object) -> Design:
    return msgspec.structs.replace(BASE, exposure=ExposureDesign(**options))  # type: ignore[arg-type]


def test_an_item_is_shown_as_often_as_its_parameter_allows() -> None:
    plan = BANK.plan(with_exposure(exposure_parameters={"item_3": 0.3, "item_4": 0.75}))
    sessions = keys_of(tuple(f"s{i}" for i in range(4000)))
    shown = plan.control.shown(sessions, plan.pool.keys, np.zeros(4000))
    assert shown[:, 2].mean() == pytest.approx(0.3, abs=0.03)
    assert shown[:, 3].mean() == pytest.approx(0.75, abs=0.03)
    assert shown[:, 4:].all()
    np.testing.assert_array_equal(shown, plan.control.shown(sessions, plan.pool.keys, np.zeros(4000)))


def test_sympson_hetter_brings_every_rate_below_the_maximum() -> None:
    free = simulate([BASE], BANK, n_persons=1500, seed=4).designs[0]
    design = calibrate_exposure(with_exposure(maximum_rate=0.3), BANK.plan(BASE).pool, PEOPLE, 9, n_rounds=15)
    held = simulate([design], BANK, n_persons=1500, seed=11).designs[0]
    assert free.exposure.highest_rate == 1.0
    assert held.exposure.highest_rate < 0.3 + 3 * np.sqrt(0.3 * 0.7 / 1500) + 0.01
    assert held.exposure.overlap < free.exposure.overlap
    assert held.length.mean == 12


def test_conditional_sympson_hetter_holds_in_every_ability_group() -> None:
    bounds = (-0.5, 0.5)
    start = with_exposure(maximum_rate=0.4, theta_bounds=bounds)
    design = calibrate_exposure(start, BANK.plan(BASE).pool, PEOPLE, 9, n_rounds=10)
    plan = BANK.plan(design)
    before = exposure_by_group(BANK.plan(start), run_plan(BANK.plan(start), PEOPLE, 5), PEOPLE)
    after = exposure_by_group(plan, run_plan(plan, PEOPLE, 5), PEOPLE)
    assert before.shape == (3, 120)
    assert after.max() < 0.55 < before.max()


def test_parameters_must_fit_the_ability_groups() -> None:
    with pytest.raises(DesignError, match="2 values for 3 ability groups"):
        BANK.plan(with_exposure(theta_bounds=(-1.0, 1.0), exposure_parameters={"item_1": (0.5, 0.4)}))
    with pytest.raises(DesignError, match="'ghost' is not in the pool"):
        BANK.plan(with_exposure(exposure_parameters={"ghost": 0.5}))


def test_sympson_hetter_without_parameters_is_refused() -> None:
    with pytest.raises(DesignError, match="calibrate them first"):
        BANK.plan(with_exposure(method="sympson_hetter", maximum_rate=0.2))


def test_eligibility_probabilities_follow_the_counts() -> None:
    counts = EligibilityCounts.none(1, 3)
    assert counts.probabilities(0.2).tolist() == [[1.0, 1.0, 1.0]]
    for _ in range(4):
        counts = counts.after(0, np.array([True, True, False]), np.array([0]), 1.0)
    assert counts.probabilities(0.2).tolist() == [[0.2, 1.0, 1.0]]
    faded = counts.after(0, np.array([False, True, True]), np.array([1]), 0.5)
    assert faded.eligible.tolist() == [[2.0, 3.0, 1.0]]
    assert faded.given.tolist() == [[2.0, 1.0, 0.0]]


def test_eligibility_settles_at_the_maximum_without_simulations_beforehand() -> None:
    plan = BANK.plan(with_exposure(method="eligibility", maximum_rate=0.25, fading=0.998))
    people = draw_abilities(Population(), 3000, 1, 4)
    sittings = run_with_eligibility(plan, people, 3)
    late = sittings.items[1000:]
    rates = np.bincount(late[late >= 0], minlength=120) / len(late)
    assert rates.max() < 0.25 + 0.03
    assert (sittings.length == 12).all()


def test_rotating_pools_are_alike_and_each_sitting_has_one() -> None:
    items = BANK.items
    pools = rotating_pools(items.difficulty, items.discrimination, 4)
    assert np.bincount(pools).tolist() == [30] * 4
    assert np.ptp([items.difficulty[pools == p].mean() for p in range(4)]) < 0.1
    assert np.ptp([items.discrimination[pools == p].mean() for p in range(4)]) < 0.2
    plan = BANK.plan(with_exposure(n_pools=4))
    sittings = run_plan(plan, PEOPLE[:400], 2)
    used = pools[sittings.items]
    assert (used == used[:, :1]).all()
    assert np.bincount(used[:, 0], minlength=4).min() > 60


def test_exposure_yields_when_nothing_would_be_left() -> None:
    bank = Bank(dichotomous_bank(12, 1))
    values = dict.fromkeys(bank.items.item_id, 0.05)
    outcome = simulate([with_exposure(exposure_parameters=values)], bank, n_persons=50, seed=1).designs[0]
    assert outcome.length.counts[12] == 50


def test_randomesque_spreads_the_first_item() -> None:
    sittings = run_plan(BANK.plan(with_exposure(randomesque=5)), PEOPLE[:500], 1)
    assert len(set(sittings.items[:, 0].tolist())) == 5
