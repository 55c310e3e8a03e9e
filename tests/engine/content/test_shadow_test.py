"""Shadow tests are optimal (against scipy.milp), legal, warm or cold, and never fail open."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from engine.content.constraints import Constraints, Row, StimulusSets, violations
from engine.content.shadow_test import NoShadowTest, ShadowModel, build_shadow_model


def crossed(seed: int, n_items: int = 120, with_sets: bool = False) -> Constraints:
    """Crossing counts, a sum, enemies, and optionally passages."""
    rng = np.random.default_rng(seed)
    rows = []
    for name, n_values, low, high in (("level", 3, 3, 7), ("type", 4, 2, 6), ("key", 4, 2, 5)):
        value = rng.integers(n_values, size=n_items)
        rows += [Row(f"{name}={v}", (value == v).astype(float), low, high, True) for v in range(n_values)]
    rows.append(Row("words", rng.integers(20, 90, size=n_items).astype(float), 500.0, 800.0, False))
    pairs = tuple(np.sort(pair) for pair in rng.permutation(n_items)[:20].reshape(10, 2))
    sets = None
    if with_sets:
        members = tuple(np.arange(6 * s, 6 * s + 6) for s in range(n_items // 6))
        sets = StimulusSets(tuple(map(str, range(len(members)))), members, 3, 5, 3, 5)
    return Constraints(n_items, tuple(rows), pairs, sets)


def oracle(model: ShadowModel, worth: NDArray[np.float64], given_items: NDArray[np.intp]) -> float | None:
    """The optimum from scratch, None when there is none."""
    programme = model.programme
    low = np.zeros(programme.n_variables)
    low[given_items] = 1.0
    cost = np.concatenate([-worth, np.zeros(programme.n_variables - len(worth))])
    solved = milp(
        cost,
        integrality=np.ones(len(cost)),
        bounds=Bounds(low, 1.0),
        constraints=LinearConstraint(programme.matrix, programme.low, programme.high),
        options={"mip_rel_gap": 0.0},
    )
    return None if solved.x is None else float(-solved.fun)


@pytest.mark.parametrize("with_sets", [False, True])
@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000))
def test_warm_steps_are_optimal_and_legal(with_sets: bool, seed: int) -> None:
    constraints, rng = crossed(seed, with_sets=with_sets), np.random.default_rng(seed)
    model = build_shadow_model(constraints, 15, 15)
    solver, given_items = model.solver(), np.zeros(0, dtype=np.intp)
    for _ in range(4):
        worth = rng.random(120)
        best = oracle(model, worth, given_items)
        if best is None:
            with pytest.raises(NoShadowTest):
                solver.assemble(worth, given_items)
            return
        test = solver.assemble(worth, given_items)
        assert test.value == pytest.approx(best, abs=1e-6)
        assert worth[test.items].sum() == pytest.approx(test.value, abs=1e-9)
        assert test.gap < 1e-8
        assert violations(constraints, test.items) == []
        assert np.isin(given_items, test.items).all()
        free = np.setdiff1d(test.items, given_items)
        given_items = np.append(given_items, free[worth[free].argmax()])


def test_a_gap_is_kept_and_reported() -> None:
    constraints = crossed(3, with_sets=True)
    model = build_shadow_model(constraints, 15, 15)
    worth = np.random.default_rng(4).random(120)
    test = model.solver().assemble(worth, np.zeros(0, dtype=np.intp), gap=0.02)
    best = oracle(model, worth, np.zeros(0, dtype=np.intp))
    assert best is not None
    assert test.value >= best * 0.98 - 1e-9
    assert test.bound >= best - 1e-9
    assert test.gap <= 0.02 + 1e-9


def test_barred_items_stay_out_and_too_many_barred_are_no_test() -> None:
    model = build_shadow_model(crossed(5), 15, 15)
    worth, solver = np.random.default_rng(1).random(120), model.solver()
    first = solver.assemble(worth, np.zeros(0, dtype=np.intp))
    eligible = np.ones(120, dtype=bool)
    eligible[first.items] = False
    second = solver.assemble(worth, np.zeros(0, dtype=np.intp), eligible)
    assert not np.intersect1d(first.items, second.items).size
    with pytest.raises(NoShadowTest, match="larger pool"):
        solver.assemble(worth, np.zeros(0, dtype=np.intp), np.zeros(120, dtype=bool))
    assert solver.assemble(worth, np.zeros(0, dtype=np.intp)).value == pytest.approx(first.value)


def test_enemies_that_are_all_enemies_share_one_row() -> None:
    pairs = tuple(np.array(p) for p in ((0, 1), (0, 2), (1, 2), (3, 4)))
    programme = build_shadow_model(Constraints(6, (), pairs, None), 2, 2).programme
    assert programme.names.count("enemies") == 2
    test = build_shadow_model(Constraints(6, (), pairs, None), 3, 3).solver()
    chosen = test.assemble(np.array([3.0, 2.9, 2.8, 1.0, 0.9, 0.1]), np.zeros(0, dtype=np.intp)).items
    assert chosen.tolist() == [0, 3, 5]
