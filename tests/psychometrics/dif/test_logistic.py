"""Logistic regression: a second optimiser, planted uniform and non-uniform DIF, false alarms."""

import numpy as np
import pytest
from scipy.optimize import minimize

from psychometrics.arrays import MISSING
from psychometrics.dif import logistic_dif
from psychometrics.dif.logistic import COMPUTED, NO_VARIATION, SEPARATED
from tests.psychometrics.dif.banks import two_groups


def naive_log_likelihood(columns, answer):
    design = np.column_stack([np.ones(len(answer)), *columns])

    def loss(beta):
        predictor = design @ beta
        return np.logaddexp(0, predictor).sum() - answer @ predictor

    return -minimize(loss, np.zeros(design.shape[1]), method="BFGS", options={"gtol": 1e-9}).fun


def test_equals_a_person_by_person_fit():
    rng = np.random.default_rng(1)
    responses, group = two_groups(rng, 600, 8, shift={2: 0.7}, slope_factor={4: 0.4})
    found = logistic_dif(responses, group, purification=False)
    score, focal = responses.sum(axis=1) / 8, (group == "women").astype(float)
    scaled = (score - score.mean()) / score.std()
    for item in range(8):
        answer = responses[:, item].astype(float)
        null = naive_log_likelihood([], answer)
        alone = naive_log_likelihood([scaled], answer)
        uniform = naive_log_likelihood([scaled, focal], answer)
        full = naive_log_likelihood([scaled, focal, scaled * focal], answer)
        assert found.uniform[item] == pytest.approx(2 * (uniform - alone), abs=1e-5)
        assert found.non_uniform[item] == pytest.approx(2 * (full - uniform), abs=1e-5)
        assert found.total[item] == pytest.approx(2 * (full - alone), abs=1e-5)
        r2 = [(1 - np.exp(2 * (null - fit) / 600)) / (1 - np.exp(2 * null / 600)) for fit in (alone, full)]
        assert found.nagelkerke[item] == pytest.approx(r2[1] - r2[0], abs=1e-7)
        assert found.mcfadden[item] == pytest.approx((alone - full) / null, abs=1e-7)


def test_kinds_of_dif_are_told_apart():
    rng = np.random.default_rng(2)
    responses, group = two_groups(rng, 6000, 25, shift={0: 1.2}, slope_factor={1: 0.2}, impact=0.4)
    found = logistic_dif(responses, group)
    assert found.p_uniform[0] < 1e-6
    assert found.group_effect[0] < -0.5
    assert found.p_non_uniform[1] < 1e-6
    assert found.effect_class[0] in "BC"
    assert set(found.effect_class[2:]) == {"A"}
    assert not found.anchors[0]
    assert found.p_total == pytest.approx(np.exp(-found.total / 2))


def test_false_alarms_stay_at_their_level():
    rng = np.random.default_rng(3)
    runs = [logistic_dif(*two_groups(rng, 700, 12, rasch=True), purification=False) for _ in range(25)]
    for p in ("p_uniform", "p_non_uniform", "p_total"):
        assert (np.concatenate([getattr(r, p) for r in runs]) < 0.05).mean() == pytest.approx(0.05, abs=0.03)


def test_booklets_are_matched_on_shares():
    rng = np.random.default_rng(4)
    responses, group = two_groups(rng, 3000, 20, shift={5: 1.0})
    responses[:1500, 14:] = MISSING
    responses[1500:, :4] = MISSING
    found = logistic_dif(responses, group)
    assert found.p_adjusted.argmin() == 5
    assert np.isfinite(found.total).all()


def naive_ordinal(columns, answer):
    """Proportional odds one person at a time: bounds as a first value and positive gaps."""
    n_bounds = answer.max()
    x = np.column_stack(columns) if columns else np.zeros((len(answer), 0))

    def loss(parameters):
        bounds = parameters[0] - np.concatenate([[0.0], np.cumsum(np.exp(parameters[1:n_bounds]))])
        above = 1 / (1 + np.exp(-(bounds + (x @ parameters[n_bounds:])[:, None])))
        ends = np.concatenate([np.ones((len(x), 1)), above, np.zeros((len(x), 1))], axis=1)
        return -np.log(-np.diff(ends, axis=1)[np.arange(len(x)), answer]).sum()

    return -minimize(loss, np.zeros(n_bounds + x.shape[1]), method="BFGS", options={"gtol": 1e-8}).fun


def test_ordered_categories_equal_a_person_by_person_fit():
    rng = np.random.default_rng(6)
    focal = np.arange(500) % 2
    latent = 1.4 * rng.normal(size=500)[:, None] - 0.6 * focal[:, None] * (np.arange(6) == 0)
    responses = (latent[:, :, None] + rng.logistic(size=(500, 6, 1)) > np.array([-1.0, 0.2, 1.3])).sum(axis=2)
    found = logistic_dif(responses, focal, purification=False)
    score = responses.sum(axis=1) / 18
    scaled = (score - score.mean()) / score.std()
    for item in (0, 3):
        alone = naive_ordinal([scaled], responses[:, item])
        uniform = naive_ordinal([scaled, focal], responses[:, item])
        full = naive_ordinal([scaled, focal, scaled * focal], responses[:, item])
        assert found.uniform[item] == pytest.approx(2 * (uniform - alone), abs=1e-4)
        assert found.total[item] == pytest.approx(2 * (full - alone), abs=1e-4)
    assert set(found.status) == {COMPUTED}
    assert found.p_uniform.argmin() == 0
    assert found.group_effect[0] < 0


def test_what_cannot_be_computed_says_why():
    responses = np.array([[0, 1, 0], [0, 0, 0], [0, 1, 1], [0, 0, 1]])
    found = logistic_dif(responses, [0, 0, 1, 1], matching=[1.0, 2.0, 1.5, 2.5])
    assert found.status == (NO_VARIATION, SEPARATED, SEPARATED)
    assert np.isnan(found.total).all()
    assert set(found.effect_class) == {"-"}
    rng = np.random.default_rng(5)
    plain = logistic_dif(*two_groups(rng, 200, 6))
    assert set(plain.status) == {COMPUTED}
