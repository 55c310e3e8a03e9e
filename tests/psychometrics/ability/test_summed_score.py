"""Lord-Wingersky against enumeration of every pattern."""

from itertools import product

import numpy as np
import pytest

from psychometrics.ability.estimate import estimate_ability
from psychometrics.ability.summed_score import score_probabilities, summed_score_table
from psychometrics.models.base import ItemParameters
from psychometrics.quadrature import normal_grid
from tests.psychometrics.ability.banks import draw_responses, naive_probabilities, random_bank


def test_score_probabilities_by_enumeration() -> None:
    items = random_bank(("2pl", "grm", "3pl", "gpcm", "nrm"), 5, np.random.default_rng(1))
    theta = np.array([-1.3, 0.4, 2.0])
    found = score_probabilities(items, theta)
    naive = np.zeros_like(found)
    for column, t in enumerate(theta):
        tables = [naive_probabilities(items, i, t) for i in range(5)]
        for pattern in product(*(range(len(table)) for table in tables)):
            naive[sum(pattern), column] += np.prod([table[k] for table, k in zip(tables, pattern, strict=True)])
    np.testing.assert_allclose(found, naive, rtol=1e-12)


def test_the_recursion_worked_by_hand() -> None:
    """Right with probability 1/2, 1/2 and 3/4 at theta 0: 1/16, 5/16, 7/16, 3/16."""
    items = ItemParameters.logistic(1.0, [0.0, 0.0, -np.log(3.0)])
    np.testing.assert_allclose(score_probabilities(items, np.array([0.0]))[:, 0], np.array([1, 5, 7, 3]) / 16)


def test_table_of_rasch_items_is_the_eap_of_any_pattern_with_that_score() -> None:
    items = ItemParameters.logistic(1.0, np.linspace(-2, 2, 9))
    table = summed_score_table(items)
    patterns = np.tril(np.ones((10, 9)), -1)
    found = estimate_ability(patterns, items, "eap")
    np.testing.assert_allclose(table.theta, found.theta, atol=1e-10)
    np.testing.assert_allclose(table.sem, found.sem, atol=1e-10)


def test_table_is_a_distribution_with_the_priors_mean() -> None:
    items = random_bank(("2pl", "grm", "gpcm"), 24, np.random.default_rng(2))
    grid = normal_grid(121, mean=0.3, sd=1.2)
    table = summed_score_table(items, grid)
    assert table.score.tolist() == list(range(int((items.n_categories - 1).sum()) + 1))
    assert table.probability.sum() == pytest.approx(1.0, abs=1e-12)
    assert table.probability @ table.theta == pytest.approx(grid.mean, abs=1e-10)
    total_variance = table.probability @ (table.sem**2 + (table.theta - grid.mean) ** 2)
    assert total_variance == pytest.approx(grid.sd**2, abs=1e-10)
    assert (np.diff(table.theta) > 0).all()


def test_two_hundred_items_neither_underflow_nor_warn() -> None:
    items = ItemParameters.logistic(2.0, np.linspace(-3, 3, 200))
    table = summed_score_table(items)
    assert np.isfinite(table.theta).all()
    assert (np.diff(table.theta) > 0).all()


def test_no_items_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one item"):
        summed_score_table(ItemParameters.from_records([]))


def test_what_summing_costs() -> None:
    """The figure on the page about summed scores: about 7 % more error with discriminations between 0.5 and 2."""
    rng = np.random.default_rng(3)
    items = ItemParameters.logistic(rng.uniform(0.5, 2.0, 30), rng.normal(size=30))
    theta = rng.normal(size=20_000)
    responses = draw_responses(items, theta, rng)
    by_pattern = estimate_ability(responses, items).theta
    by_score = summed_score_table(items).theta[responses.sum(axis=1)]
    cost = np.sqrt(((by_score - theta) ** 2).mean() / ((by_pattern - theta) ** 2).mean())
    assert 1.04 < cost < 1.10
