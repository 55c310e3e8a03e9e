"""Robust weights: textbook formulas, the naive equation, and what they are for."""

import numpy as np
import pytest
from scipy.optimize import brentq

from psychometrics.ability.estimate import estimate_ability
from psychometrics.ability.robust import item_residuals, residual_weights
from psychometrics.information import item_information
from psychometrics.models.base import ItemParameters
from tests.psychometrics.ability.banks import draw_responses, naive_probabilities, random_bank


def test_the_two_weight_functions() -> None:
    items = ItemParameters.logistic(2.0, 0.0)
    theta = np.array([0.0, 0.25, 0.5, 1.0, 3.0])
    np.testing.assert_allclose(residual_weights(items, theta, "huber", 1.0)[0], [1, 1, 1, 0.5, 1 / 6])
    np.testing.assert_allclose(
        residual_weights(items, theta, "biweight", 4.0)[0], [1, (1 - 1 / 64) ** 2, (15 / 16) ** 2, 0.75**2, 0]
    )


def test_the_residual_of_a_two_category_partial_credit_item_is_that_of_a_2pl() -> None:
    dichotomous = ItemParameters.logistic(1.4, 0.3)
    partial = ItemParameters.from_records([{"item_id": "x", "model": "gpcm", "discrimination": 1.4, "steps": [0.3]}])
    nominal = ItemParameters.from_records(
        [{"item_id": "x", "model": "nrm", "slopes": [0.0, 1.4], "intercepts": [0.0, -0.42]}]
    )
    theta = np.linspace(-5, 5, 21)
    for other in (partial, nominal):
        np.testing.assert_allclose(item_residuals(other, theta), item_residuals(dichotomous, theta), atol=1e-12)


@pytest.mark.parametrize("weight", ["huber", "biweight"])
def test_the_estimate_solves_the_weighted_equation(weight: str) -> None:
    rng = np.random.default_rng(1)
    items = random_bank(("2pl", "3pl"), 30, rng)
    answers = draw_responses(items, np.array([0.2]), rng)[0]

    def equation(theta: float) -> float:
        total = 0.0
        for i, x in enumerate(answers):
            r = abs(items.discrimination[i] * (theta - items.difficulty[i]))
            w = min(1.0, 1.0 / r) if weight == "huber" else max(0.0, 1 - (r / 4) ** 2) ** 2
            p = naive_probabilities(items, i, theta)[1]
            s = 1 / (1 + np.exp(-items.discrimination[i] * (theta - items.difficulty[i])))
            slope = items.discrimination[i] * (1 - items.guessing[i]) * s * (1 - s)
            total += w * slope * (x - p) / (p * (1 - p))
        return float(total)

    found = estimate_ability(answers[None, :], items, "robust", weight=weight)
    theta = float(found.theta[0])
    assert theta == pytest.approx(brentq(equation, theta - 0.2, theta + 0.2, xtol=1e-12), abs=1e-9)


def test_the_error_is_magis_formula() -> None:
    rng = np.random.default_rng(2)
    items = random_bank(("2pl",), 20, rng)
    answers = draw_responses(items, np.array([0.0]), rng)
    found = estimate_ability(answers, items, "robust")
    r = np.abs(items.discrimination * (found.theta[0] - items.difficulty))
    w = np.minimum(1.0, 1.0 / r)
    information = item_information(items, found.theta[0])[:, 0]
    assert found.sem[0] == pytest.approx(np.sqrt((w**2 * information).sum()) / (w * information).sum(), rel=1e-10)


def test_a_huge_tuning_constant_is_maximum_likelihood() -> None:
    rng = np.random.default_rng(3)
    items = random_bank(("2pl", "grm", "gpcm", "nrm"), 20, rng)
    responses = draw_responses(items, rng.normal(size=10), rng)
    robust = estimate_ability(responses, items, "robust", tuning=1e9)
    np.testing.assert_allclose(robust.theta, estimate_ability(responses, items, "mle").theta, atol=1e-9)


def test_slips_on_easy_items_harm_the_robust_estimate_less() -> None:
    items = ItemParameters.logistic(1.7, np.linspace(-3, 3, 31))
    expected = (items.difficulty < 1.0).astype(int)
    slipped = expected.copy()
    slipped[[0, 2]] = 0
    ml, robust = (estimate_ability([expected, slipped], items, m).theta for m in ("mle", "robust"))
    assert abs(robust[1] - robust[0]) < 0.6 * abs(ml[1] - ml[0])
    biweight = estimate_ability([expected, slipped], items, "robust", weight="biweight").theta
    assert abs(biweight[1] - biweight[0]) < 0.2 * abs(ml[1] - ml[0])
