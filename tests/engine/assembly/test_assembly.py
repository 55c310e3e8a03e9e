"""Parallel forms: legal, apart, near the bound, and equal to brute force where that can be counted."""

from itertools import combinations

import numpy as np
import pytest

from engine.assembly import assemble_forms
from engine.content.constraints import Constraints, Row, StimulusSets, violations
from engine.content.feasibility import InfeasibleDesign
from engine.designs import DesignError
from engine.selection.curves import curves_of
from tests.engine.selection.banks import dichotomous_bank


def pool(n_items: int, seed: int = 1) -> tuple[Constraints, np.ndarray]:
    rng = np.random.default_rng(seed)
    level = rng.integers(3, size=n_items)
    rows = tuple(Row(f"level={v}", (level == v).astype(float), 1, 5, True) for v in range(3))
    curves = curves_of(dichotomous_bank(n_items, seed))
    return Constraints(n_items, rows, (np.array([0, 1]),), None), curves.information(
        np.arange(n_items), np.array([[-0.5], [0.5]])
    )


def test_forms_are_legal_disjoint_and_near_the_bound() -> None:
    constraints, information = pool(90)
    forms = assemble_forms(constraints, information, n_forms=4, n_items=12, seconds=5.0)
    assert [len(chosen) for chosen in forms.forms] == [12] * 4
    assert np.bincount(np.concatenate(forms.forms)).max() == 1
    assert all(violations(constraints, chosen) == [] for chosen in forms.forms)
    np.testing.assert_allclose(forms.information, [information[:, chosen].sum(axis=1) for chosen in forms.forms])
    assert forms.value == pytest.approx(forms.information.min())
    assert forms.value <= forms.bound
    assert forms.gap < 0.05


def test_one_small_form_equals_brute_force() -> None:
    constraints, information = pool(14)
    forms = assemble_forms(constraints, information, n_forms=1, n_items=5)
    best = max(
        information[:, list(chosen)].sum(axis=1).min()
        for chosen in combinations(range(14), 5)
        if not violations(constraints, np.array(chosen))
    )
    assert forms.value == pytest.approx(best, rel=1.1e-3)
    assert forms.bound >= best - 1e-9


def test_forms_meet_a_target() -> None:
    constraints, information = pool(90)
    target = np.array([3.0, 3.2])
    forms = assemble_forms(constraints, information, n_forms=3, n_items=12, target=target, seconds=5.0)
    assert np.abs(forms.information - target).max() == pytest.approx(forms.value)
    assert forms.value < 0.1
    assert forms.bound <= forms.value


def test_items_may_be_used_more_than_once_only_when_allowed() -> None:
    constraints, information = pool(30)
    with pytest.raises(InfeasibleDesign):
        assemble_forms(constraints, information, n_forms=4, n_items=10)
    forms = assemble_forms(constraints, information, n_forms=4, n_items=10, max_use=2, seconds=5.0)
    assert np.bincount(np.concatenate(forms.forms)).max() == 2


def test_common_items_link_all_forms() -> None:
    constraints, information = pool(100)
    forms = assemble_forms(constraints, information, n_forms=3, n_items=12, common=[4, 7, 9], seconds=5.0)
    uses = np.bincount(np.concatenate(forms.forms), minlength=100)
    assert uses[[4, 7, 9]].tolist() == [3, 3, 3]
    assert np.delete(uses, [4, 7, 9]).max() == 1
    assert forms.value <= forms.bound
    assert all(violations(constraints, chosen) == [] for chosen in forms.forms)


def test_stimuli_stay_together_in_forms() -> None:
    curves = curves_of(dichotomous_bank(40, 5))
    members = tuple(np.arange(4 * s, 4 * s + 4) for s in range(10))
    sets = StimulusSets(tuple(map(str, range(10))), members, 2, 3, 3, 4)
    constraints = Constraints(40, (), (), sets)
    forms = assemble_forms(
        constraints, curves.information(np.arange(40), np.array([[0.0]])), n_forms=2, n_items=9, seconds=5.0
    )
    assert all(violations(constraints, chosen) == [] for chosen in forms.forms)


def test_mistakes_are_named() -> None:
    constraints, information = pool(20)
    with pytest.raises(DesignError, match="3 columns for 20 items"):
        assemble_forms(constraints, np.ones((1, 3)), n_forms=1, n_items=5)
    with pytest.raises(DesignError, match="2 numbers above 0"):
        assemble_forms(constraints, information, n_forms=1, n_items=5, target=[1.0])
    with pytest.raises(DesignError, match="at least 1"):
        assemble_forms(constraints, information, n_forms=0, n_items=5)
    with pytest.raises(InfeasibleDesign, match="items lacks 5"):
        assemble_forms(constraints, information, n_forms=1, n_items=25)
