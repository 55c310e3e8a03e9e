"""Posterior modes after every next answer: roots of the slope, one maximum of the posterior each, inside the grid."""

import numpy as np
import pytest
from scipy.optimize import brentq

from engine.selection.curves import Curves, curves_of
from engine.selection.modes import modes_after, tabulate
from psychometrics.models.base import ItemParameters
from tests.engine.selection.banks import dichotomous_bank, mixed_bank

ENDS = (-6.0, 6.0)


def slope_of(curves: Curves, items: list[int], categories: list[int], theta: float) -> float:
    """Derivative of the log posterior under N(0, 1), one answer after another."""
    total = -theta
    for item, category in zip(items, categories, strict=True):
        total += float(curves.score(np.array([item]), np.array([category]), np.array([theta]))[0])
    return total


def starts(n_categories: int, n_items: int, at: float) -> np.ndarray:
    return np.full((n_categories, n_items), at)


@pytest.mark.parametrize("kind", ["plain", "steep"])
@pytest.mark.parametrize("n_given", [0, 1, 6, 20])
def test_a_mode_is_the_root_of_the_slope(kind: str, n_given: int) -> None:
    rng = np.random.default_rng(n_given)
    slopes = rng.lognormal(0.0, 0.3, 40) if kind == "plain" else rng.uniform(0.05, 6.0, 40)
    curves = curves_of(ItemParameters.logistic(slopes, rng.normal(0.0, 1.2, 40)))
    given_items, categories = rng.permutation(40)[:n_given], rng.integers(2, size=n_given)
    table = tabulate(curves, given_items, categories, 0.0, 1.0)
    category = np.array([[0], [1]])
    found = modes_after(curves, table, category, starts(2, 40, 0.1), ENDS)
    for k in (0, 1):
        for item in range(0, 40, 5):
            answers = ([*given_items.tolist(), item], [*categories.tolist(), k])
            root = brentq(lambda theta, a=answers: slope_of(curves, *a, theta), *ENDS, xtol=1e-12)  # type: ignore[misc]
            assert found[k, item] == pytest.approx(root, abs=2e-8)


@pytest.mark.parametrize("bank", [dichotomous_bank(30, guessing=True), mixed_bank()], ids=["guessing", "mixed"])
def test_modes_of_any_items_are_stationary_and_maxima(bank: ItemParameters) -> None:
    curves, rng = curves_of(bank), np.random.default_rng(3)
    n_items = len(curves)
    given_items = rng.permutation(n_items)[:8]
    categories = np.array([rng.integers(curves.n_categories[item]) for item in given_items])
    most = int(curves.n_categories.max())
    category = np.minimum(np.arange(most)[:, None], curves.n_categories - 1).astype(np.intp)
    table = tabulate(curves, given_items, categories, 0.0, 1.0)
    found = modes_after(curves, table, category, starts(most, n_items, 0.2), ENDS)
    for k in range(most):
        for item in range(n_items):
            answers = ([*given_items.tolist(), item], [*categories.tolist(), int(category[k, item])])
            here = found[k, item]
            assert slope_of(curves, *answers, here) == pytest.approx(0.0, abs=1e-6)
            assert slope_of(curves, *answers, here - 1e-3) > 0 > slope_of(curves, *answers, here + 1e-3)


def test_a_mode_beyond_the_grid_is_its_end_and_a_bad_start_does_not_matter() -> None:
    curves = curves_of(ItemParameters.logistic([1.0, 2.0], [9.0, -9.0]))
    table = tabulate(curves, np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp), 0.0, 0.0)
    found = modes_after(curves, table, np.array([[0], [1]]), starts(2, 2, 0.0), ENDS)
    assert found == pytest.approx(np.array([[-6.0, -6.0], [6.0, 6.0]]), abs=1e-12)
    own = tabulate(curves, np.array([0]), np.array([1]), 0.0, 1.0)
    far = modes_after(curves, own, np.array([[0], [1]]), starts(2, 2, -5.9), ENDS)
    near = modes_after(curves, own, np.array([[0], [1]]), starts(2, 2, 0.5), ENDS)
    assert far == pytest.approx(near, abs=1e-7)
