"""Q3 against mirt's published matrix, a plain loop, and a planted dependence."""

import numpy as np
import pytest

from psychometrics import calibrate
from psychometrics.ability.estimate import estimate_ability
from psychometrics.arrays import MISSING
from psychometrics.fit import q3
from psychometrics.models.registry import probabilities
from tests.psychometrics.fit.banks import dichotomous_bank, draw, mixed_bank
from tests.reference.science import science


def test_science_equals_mirt():
    # mirt 1.45, reference page residuals-method: residuals(mirt(Science, 1), type = 'Q3'), three digits
    found = q3(calibrate(science(), "grm").items, science())
    expected = np.eye(4)
    expected[np.triu_indices(4, 1)] = [-0.203, -0.252, 0.085, -0.208, -0.242, -0.320]
    expected = np.maximum(expected, expected.T) + np.minimum(expected, expected.T)
    np.fill_diagonal(expected, 1.0)
    assert found.correlation == pytest.approx(expected, abs=0.0015)
    assert found.average == pytest.approx(-0.190, abs=0.001)


def test_equals_a_plain_loop_over_the_pairs_answered():
    rng = np.random.default_rng(1)
    items = mixed_bank(rng, 1)
    responses = draw(items, rng.normal(size=150), rng)
    responses[rng.random(responses.shape) < 0.3] = MISSING
    theta = estimate_ability(responses, items, "eap").theta
    scores = np.arange(items.max_categories)
    residual = responses - np.einsum("k,ikn->ni", scores, probabilities(items, theta))
    found = q3(items, responses, theta=theta)
    for i in range(len(items)):
        for j in range(i):
            both = (responses[:, i] != MISSING) & (responses[:, j] != MISSING)
            assert found.n_persons[i, j] == both.sum()
            assert found.correlation[i, j] == pytest.approx(np.corrcoef(residual[both, i], residual[both, j])[0, 1])


def test_a_copied_answer_stands_out():
    rng = np.random.default_rng(2)
    items = dichotomous_bank(rng, 20)
    responses = draw(items, rng.normal(size=2000), rng)
    copied = rng.random(2000) < 0.6
    responses[copied, 11] = responses[copied, 10]
    found = q3(items, responses)
    assert found.pairs_above(0.2) == [(10, 11)]
    assert found.average == pytest.approx(-1 / 19, abs=0.03)


def test_pairs_never_answered_together_have_a_number_of_persons():
    rng = np.random.default_rng(3)
    items = dichotomous_bank(rng, 4)
    responses = draw(items, rng.normal(size=200), rng)
    responses[:100, 3] = MISSING
    responses[100:, 0] = MISSING
    found = q3(items, responses)
    assert found.n_persons[0, 3] == 0
    assert np.isnan(found.correlation[0, 3])
    assert np.isfinite(found.average)
