"""Laws that every criterion obeys, on random banks and sittings."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.designs.measuring import ABBREVIATIONS
from engine.selection.next_item import NextItem, next_step
from engine.selection.plan import compile_design
from engine.selection.registry import CRITERIA
from engine.selection.sitting import Sitting
from engine.selection.tables import build_pool
from engine.selection.ties import choose, hashes, key_of, keys_of, rounded, uniforms
from engine.stopping.stop import REASONS, Stop
from psychometrics.models.base import ItemParameters
from tests.engine.selection.banks import dichotomous_bank, mixed_bank
from tests.engine.selection.situations import plan_for, sitting_after

BANK = dichotomous_bank(30, 5, guessing=True)
PLANS = {name: plan_for(BANK, name) for name in CRITERIA}
MIXED = {name: plan_for(mixed_bank(2), name) for name in CRITERIA}


@pytest.mark.parametrize("criterion", sorted(CRITERIA))
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 19), st.integers(0, 10_000), st.sets(st.integers(0, 29), max_size=25))
def test_never_an_ineligible_or_repeated_item(criterion: str, n_given: int, seed: int, barred: set[int]) -> None:
    sitting = sitting_after(BANK, n_given, seed)
    eligible = np.ones(30, dtype=bool)
    eligible[list(barred)] = False
    step = next_step(PLANS[criterion], Sitting("k", sitting.items, sitting.categories, eligible))
    if isinstance(step, NextItem):
        assert eligible[step.item]
        assert step.item not in sitting.items
    else:
        assert step.reason in REASONS
        assert not np.setdiff1d(np.flatnonzero(eligible), sitting.items).size


@pytest.mark.parametrize("criterion", sorted(CRITERIA))
def test_the_order_of_the_bank_does_not_matter(criterion: str) -> None:
    plan, order = PLANS[criterion], np.random.default_rng(3).permutation(30)
    place = np.argsort(order)
    shuffled = compile_design(plan.design, build_pool(BANK.take(order), plan.design.ability))
    for n_given in (0, 1, 7, 15):
        sitting = sitting_after(BANK, n_given, n_given)
        first = next_step(plan, sitting)
        second = next_step(shuffled, Sitting("s", place[sitting.items], sitting.categories))
        assert isinstance(first, NextItem)
        assert isinstance(second, NextItem)
        assert order[second.item] == first.item


@pytest.mark.parametrize("criterion", sorted(CRITERIA))
def test_polytomous_and_mixed_banks_run_to_the_end(criterion: str) -> None:
    plan, sitting = MIXED[criterion], Sitting("m")
    rng = np.random.default_rng(1)
    while isinstance(step := next_step(plan, sitting), NextItem):
        category = int(rng.integers(plan.pool.curves.n_categories[step.item]))
        sitting = Sitting("m", np.append(sitting.items, step.item), np.append(sitting.categories, category))
    assert step.reason == "max_items"
    assert len(set(sitting.items.tolist())) == 20


@pytest.mark.parametrize("criterion", sorted(set(CRITERIA) - {"random", "progressive", "proportional"}))
def test_equal_items_are_separated_by_session_never_by_position(criterion: str) -> None:
    items = ItemParameters.logistic(np.full(8, 1.2), np.full(8, 0.3), item_id=[f"twin {i}" for i in range(8)])
    plan = plan_for(items, criterion, n_strata=1)
    chosen = {key: next_step(plan, Sitting(key)) for key in map(str, range(60))}
    assert {key: next_step(plan, Sitting(key)) for key in chosen} == chosen
    assert len({step.item for step in chosen.values() if isinstance(step, NextItem)}) == 8
    backwards = compile_design(plan.design, build_pool(items.take(np.arange(8)[::-1]), plan.design.ability))
    for key, step in chosen.items():
        other = next_step(backwards, Sitting(key))
        assert isinstance(step, NextItem)
        assert isinstance(other, NextItem)
        assert other.item == 7 - step.item


def test_last_bits_cannot_change_a_choice() -> None:
    scores = np.array([[0.7, 0.7 * (1 + 2e-16), 0.7 * (1 - 2e-16), 0.1]])
    keys, session = keys_of(("a", "b", "c", "d")), np.array([key_of("s")])
    wiggled = scores[:, [2, 1, 0, 3]]
    assert choose(scores, session, 3, keys) == choose(wiggled, session, 3, keys)
    assert np.ptp(rounded(scores)[0, :3]) == 0.0


def test_hashes_do_not_depend_on_shape_and_look_uniform() -> None:
    sessions, items = keys_of(tuple(map(str, range(300)))), keys_of(tuple(f"i{n}" for n in range(200)))
    table = uniforms(sessions[:, None], 4, items)
    assert table[17, 23] == uniforms(sessions[17:18], 4, items[23:24])[0]
    assert table.min() > 0.0
    assert table.max() < 1.0
    observed = np.histogram(table, bins=20, range=(0, 1))[0]
    assert ((observed - 3000) ** 2 / 3000).sum() < 50
    assert hashes(sessions[:1], 1, items[:1]) != hashes(sessions[:1], 2, items[:1])


def test_one_of_the_best_stays_among_them_and_uses_them_all() -> None:
    scores = np.tile(np.arange(10.0), (500, 1))
    chosen = choose(scores, keys_of(tuple(map(str, range(500)))), 0, keys_of(tuple("abcdefghij")), best_of=3)
    assert set(chosen.tolist()) == {7, 8, 9}
    assert np.bincount(chosen)[7:].min() > 120


def test_an_empty_row_has_no_choice() -> None:
    assert choose(np.full((1, 3), -np.inf), keys_of(("s",)), 0, keys_of(("a", "b", "c"))).tolist() == [-1]


@pytest.mark.parametrize("abbreviation", sorted(ABBREVIATIONS))
def test_abbreviations_mean_the_same(abbreviation: str) -> None:
    sitting = sitting_after(BANK, 5)
    assert next_step(plan_for(BANK, abbreviation), sitting) == next_step(PLANS[ABBREVIATIONS[abbreviation]], sitting)


def test_a_stop_is_not_an_item() -> None:
    assert not isinstance(Stop("sem", "x"), NextItem)
