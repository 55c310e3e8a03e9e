"""Reliability: integrals, simulated truth, and Haberman's subscores."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from psychometrics.ability.estimate import estimate_ability
from psychometrics.models.base import ItemParameters
from psychometrics.quadrature import normal_grid
from psychometrics.reliability import (
    ADDS_VALUE,
    NO_ADDED_VALUE,
    NO_TRUE_VARIANCE,
    empirical_reliability,
    marginal_reliability,
    separation_reliability,
    subscore_value,
)
from tests.psychometrics.fit.banks import dichotomous_bank, draw


def test_marginal_reliability_is_the_integral():
    items = dichotomous_bank(np.random.default_rng(1), 15)

    def integrand(theta):
        p = 1 / (1 + np.exp(-items.discrimination * (theta - items.difficulty)))
        information = (items.discrimination**2 * p * (1 - p)).sum()
        return information / (information + 1) * norm.pdf(theta)

    assert marginal_reliability(items) == pytest.approx(quad(integrand, -10, 10)[0], abs=1e-6)


def test_marginal_reliability_does_not_depend_on_the_unit_of_theta():
    items = ItemParameters.logistic(np.full(10, 1.2), np.linspace(-1, 1, 10))
    stretched = ItemParameters.logistic(np.full(10, 0.6), np.linspace(-2, 2, 10))
    wide = normal_grid(n_nodes=121, lower=-12, upper=12, sd=2.0)
    assert marginal_reliability(stretched, grid=wide) == pytest.approx(marginal_reliability(items), abs=1e-6)


def test_empirical_reliability_is_the_squared_correlation_with_truth():
    rng = np.random.default_rng(2)
    items = dichotomous_bank(rng, 40)
    theta = rng.normal(size=8000)
    responses = draw(items, theta, rng)
    eap = estimate_ability(responses, items, "eap")
    truth = np.corrcoef(eap.theta, theta)[0, 1] ** 2
    assert empirical_reliability(eap.theta, eap.sem) == pytest.approx(truth, abs=0.015)
    wle = estimate_ability(responses, items, "wle")
    inside = np.abs(wle.theta) < 5.9
    separated = separation_reliability(wle.theta[inside], wle.sem[inside])
    assert separated == pytest.approx(np.corrcoef(wle.theta[inside], theta[inside])[0, 1] ** 2, abs=0.02)


def test_empirical_reliability_by_hand():
    assert empirical_reliability([-1.0, 0.0, 1.0], [0.5, 0.5, 0.5]) == pytest.approx(1 / 1.25)
    assert separation_reliability([-1.0, 0.0, 1.0], [0.5, 0.5, 0.5]) == pytest.approx(0.75)
    assert separation_reliability([1.0, 1.0], [0.5, 0.5]) == 0.0


def test_subscores_predict_simulated_truth():
    rng = np.random.default_rng(3)
    n = 200_000
    true = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=n, method="cholesky")
    error = np.array([0.5, 1.5])
    observed = true + rng.normal(size=(n, 2)) * np.sqrt(error)
    found = subscore_value(observed, 1 / (1 + error))
    total = observed.sum(axis=1)
    for k in range(2):
        assert found.from_subscore[k] == pytest.approx(np.corrcoef(true[:, k], observed[:, k])[0, 1] ** 2, abs=0.01)
        assert found.from_total[k] == pytest.approx(np.corrcoef(true[:, k], total)[0, 1] ** 2, abs=0.01)
        design = np.column_stack([np.ones(n), observed[:, k], total])
        fitted = design @ np.linalg.lstsq(design, true[:, k], rcond=None)[0]
        assert found.from_both[k] == pytest.approx(np.corrcoef(fitted, true[:, k])[0, 1] ** 2, abs=0.01)
    assert found.status == (ADDS_VALUE, NO_ADDED_VALUE)


def test_one_subscore_or_none_that_is_true():
    rng = np.random.default_rng(4)
    scores = rng.normal(size=(100, 2))
    found = subscore_value(scores, [0.8, -0.1])
    assert found.status[1] == NO_TRUE_VARIANCE
    assert found.from_total[1] == found.from_both[1] == found.from_subscore[1] == 0.0
    alone = subscore_value(scores[:, :1], [0.8])
    assert (alone.from_total, alone.from_both) == (pytest.approx(0.8), pytest.approx(0.8))


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="theta and sem must be vectors of the same persons"):
        empirical_reliability([1.0], [1.0])
    with pytest.raises(ValueError, match="must be finite"):
        empirical_reliability([1.0, np.inf], [1.0, 1.0])
    with pytest.raises(ValueError, match="one reliability a part"):
        subscore_value([[1.0, 2.0], [2.0, 1.0]], [0.5])
    with pytest.raises(ValueError, match="at most 1"):
        subscore_value([[1.0, 2.0], [2.0, 1.0]], [0.5, 1.5])
    with pytest.raises(ValueError, match="vary"):
        subscore_value([[1.0, 2.0], [1.0, 1.0]], [0.5, 0.5])
