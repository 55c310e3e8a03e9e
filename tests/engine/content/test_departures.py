"""Whole tests listed around a relaxed one: the best of all, or an honest 'too many'."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.content import departures
from engine.content.constraints import Constraints, Row, violations
from engine.content.shadow_test import NoShadowTest, build_shadow_model
from tests.engine.content.test_shadow_test import oracle

Floats = NDArray[np.float64]


def narrow(seed: int, n_items: int, width: float) -> Constraints:
    """Two crossing counts, and words between two bounds that are close to each other."""
    rng = np.random.default_rng(seed)
    level, kind = rng.integers(3, size=n_items), rng.integers(2, size=n_items)
    rows = [Row(f"level={v}", (level == v).astype(float), 1.0, 3.0, True) for v in range(3)]
    rows += [Row(f"kind={v}", (kind == v).astype(float), 2.0, 4.0, True) for v in range(2)]
    rows.append(Row("words", rng.integers(20, 90, size=n_items).astype(float), 300.0 - width, 300.0, False))
    return Constraints(n_items, tuple(rows), (), None)


def best_of_all(constraints: Constraints, worth: Floats, length: int) -> float | None:
    """By looking at every test there is."""
    tests = [np.array(test) for test in itertools.combinations(range(constraints.n_items), length)]
    legal = [worth[test].sum() for test in tests if not violations(constraints, test)]
    return float(max(legal)) if legal else None


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 100_000), st.sampled_from([0.0, 4.0, 40.0]))
def test_no_other_test_of_a_small_pool_is_better(seed: int, width: float) -> None:
    constraints = narrow(seed, 14, width)
    worth = np.random.default_rng(seed).random(14).round(2)  # ties and columns without loss among them
    best = best_of_all(constraints, worth, 5)
    solver = build_shadow_model(constraints, 5, 5).solver()
    if best is None:
        with pytest.raises(NoShadowTest):
            solver.assemble(worth, np.zeros(0, dtype=np.intp))
        return
    test = solver.assemble(worth, np.zeros(0, dtype=np.intp))
    assert test.value == pytest.approx(best, abs=1e-9)
    assert violations(constraints, test.items) == []
    assert test.gap < 1e-8


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 100_000))
def test_listing_and_branching_find_tests_of_the_same_worth(seed: int) -> None:
    constraints, rng = narrow(seed, 150, 60.0), np.random.default_rng(seed)
    model = build_shadow_model(constraints, 5, 5)
    worth, nothing = rng.random(150), np.zeros(0, dtype=np.intp)
    listed = model.solver().assemble(worth, nothing)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(departures, "MOST_SETS", 0)
        branched = model.solver().assemble(worth, nothing)
    assert listed.value == pytest.approx(branched.value, abs=1e-7)
    assert listed.value == pytest.approx(oracle(model, worth, nothing), abs=1e-6)


def test_a_word_count_between_two_bounds_is_proven_at_the_relaxation_at_most_steps() -> None:
    """What made most steps dear: the relaxation is never whole there, and listing still takes no second node."""
    constraints, rng = narrow(7, 400, 60.0), np.random.default_rng(7)
    solver, given_items, nodes = build_shadow_model(constraints, 5, 5).solver(), np.zeros(0, dtype=np.intp), []
    for _ in range(5):
        worth = rng.random(400)
        test = solver.assemble(worth, given_items)
        nodes.append(test.n_nodes)
        free = np.setdiff1d(test.items, given_items)
        given_items = np.append(given_items, free[worth[free].argmax()])
    assert nodes.count(1) >= 4
