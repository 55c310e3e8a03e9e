"""Accuracy and consistency against simulated pairs of tests and hand-made cases."""

import numpy as np
import pytest
from scipy.stats import norm

from psychometrics.classification import Classification, lee, livingston_lewis, rudner
from psychometrics.information import test_characteristic_curve as expected_score
from psychometrics.information import test_information as information
from psychometrics.quadrature import normal_grid
from tests.psychometrics.fit.banks import dichotomous_bank, draw, mixed_bank


def check_laws(found: Classification) -> None:
    assert found.joint.sum() == pytest.approx(1.0)
    assert found.both.sum() == pytest.approx(1.0)
    assert found.both == pytest.approx(found.both.T)
    assert found.accuracy + found.false_positive + found.false_negative == pytest.approx(1.0)
    assert found.joint.sum(axis=0) == pytest.approx(found.both.sum(axis=0))


def test_rudner_one_person_by_hand():
    found = rudner([0.4], [0.5], 0.0)
    above = norm.cdf(0.8)
    assert found.accuracy == pytest.approx(above)
    assert found.consistency == pytest.approx(above**2 + (1 - above) ** 2)
    assert (found.false_positive, found.false_negative) == (pytest.approx(0.0), pytest.approx(1 - above))
    check_laws(found)


def test_rudner_two_cuts_and_weights_by_hand():
    found = rudner([-1.0, 1.5], [0.5, 1.0], [-0.5, 1.0], weights=[3.0, 1.0])
    first, second = norm.cdf([-0.5, 1.0], -1.0, 0.5), norm.cdf([-0.5, 1.0], 1.5, 1.0)
    assert found.conditional_accuracy == pytest.approx([first[0], 1 - second[1]])
    assert found.accuracy == pytest.approx(0.75 * first[0] + 0.25 * (1 - second[1]))
    shares = [np.diff([0, *p, 1]) for p in (first, second)]
    assert found.consistency == pytest.approx(0.75 * (shares[0] ** 2).sum() + 0.25 * (shares[1] ** 2).sum())
    check_laws(found)


def test_an_exact_estimate_is_always_right():
    found = rudner([-0.1, 0.0, 0.3], [0.0, 0.0, 0.0], 0.0)
    assert found.accuracy == found.consistency == found.kappa == 1.0
    mixed = rudner([-0.1, 0.3], [0.0, 0.3], 0.0)
    assert mixed.accuracy == pytest.approx(0.5 + 0.5 * norm.cdf(1.0))


def test_rudner_on_a_population_agrees_with_simulated_estimates():
    rng = np.random.default_rng(1)
    items = dichotomous_bank(rng, 60)
    grid = normal_grid(n_nodes=601)
    found = rudner(grid.nodes, 1 / np.sqrt(information(items, grid.nodes)), 0.3, weights=grid.weights)
    theta = rng.normal(size=200_000)
    error = 1 / np.sqrt(information(items, theta))
    one, other = theta + error * rng.normal(size=(2, theta.size))
    assert found.accuracy == pytest.approx(((one >= 0.3) == (theta >= 0.3)).mean(), abs=0.004)
    assert found.consistency == pytest.approx(((one >= 0.3) == (other >= 0.3)).mean(), abs=0.004)


@pytest.mark.parametrize("polytomous", [False, True])
def test_lee_agrees_with_simulated_pairs(polytomous):
    rng = np.random.default_rng(2)
    items = mixed_bank(rng, 5) if polytomous else dichotomous_bank(rng, 30)
    top = int((items.n_categories - 1).sum())
    cuts = [round(top * 0.4), round(top * 0.6)]
    found = lee(items, cuts)
    theta = rng.normal(size=60_000)
    true = np.searchsorted(cuts, expected_score(items, theta), side="right")
    one, other = (np.searchsorted(cuts, draw(items, theta, rng).sum(axis=1), side="right") for _ in range(2))
    assert found.accuracy == pytest.approx((one == true).mean(), abs=0.008)
    assert found.consistency == pytest.approx((one == other).mean(), abs=0.008)
    assert found.false_positive == pytest.approx((one > true).mean(), abs=0.006)
    chance = (np.bincount(one, minlength=3) / one.size) ** 2
    assert found.kappa == pytest.approx(((one == other).mean() - chance.sum()) / (1 - chance.sum()), abs=0.015)
    check_laws(found)


def test_lee_over_persons():
    items = dichotomous_bank(np.random.default_rng(3), 10)
    theta = [-1.0, 0.0, 2.0]
    found = lee(items, 5, theta=theta)
    alone = [lee(items, 5, theta=[t]) for t in theta]
    assert found.accuracy == pytest.approx(np.mean([a.accuracy for a in alone]))
    assert found.conditional_accuracy == pytest.approx([a.accuracy for a in alone])


def test_livingston_lewis_agrees_with_simulated_pairs():
    rng = np.random.default_rng(4)
    items = dichotomous_bank(rng, 40)
    theta = rng.normal(size=30_000)
    one, other = (draw(items, theta, rng).sum(axis=1).astype(float) for _ in range(2))
    reliability = float(np.corrcoef(one, other)[0, 1])
    found, truth = livingston_lewis(one, reliability, 24.0, maximum=40.0)
    true = expected_score(items, theta) >= 24
    assert found.accuracy == pytest.approx(((one >= 24) == true).mean(), abs=0.012)
    assert found.consistency == pytest.approx(((one >= 24) == (other >= 24)).mean(), abs=0.015)
    assert truth.n_moments == 4
    check_laws(found)


def test_livingston_lewis_recovers_a_beta_binomial():
    """Data from its own model: true proportions are beta, errors binomial, so every quantity is known."""
    rng = np.random.default_rng(5)
    proportion = 0.1 + 0.8 * rng.beta(3.0, 2.0, size=400_000)
    one, other = rng.binomial(30, proportion, size=(2, proportion.size)).astype(float)
    reliability = float(np.corrcoef(one, other)[0, 1])
    found, truth = livingston_lewis(one, reliability, [15.0, 21.0], maximum=30.0)
    assert truth.effective_length == 30
    assert truth.bounds == pytest.approx((0.1, 0.9), abs=0.03)
    category = [np.searchsorted([15, 21], x, side="right") for x in (one, other, 30 * proportion)]
    assert found.consistency == pytest.approx((category[0] == category[1]).mean(), abs=0.004)
    assert found.accuracy == pytest.approx((category[0] == category[2]).mean(), abs=0.004)


def test_livingston_lewis_does_not_depend_on_the_score_scale():
    rng = np.random.default_rng(6)
    score = rng.binomial(25, rng.beta(4, 3, size=5000)).astype(float)
    plain, _ = livingston_lewis(score, 0.8, 14.0, maximum=25.0)
    scaled, _ = livingston_lewis(200 + 8 * score, 0.8, 200 + 8 * 14.0, minimum=200.0, maximum=400.0)
    assert scaled.accuracy == pytest.approx(plain.accuracy)
    assert scaled.both == pytest.approx(plain.both)


def test_few_scores_fall_back_to_two_parameters():
    found, truth = livingston_lewis([0.0, 0.0, 1.0, 1.0], 0.3, 1.0, maximum=1.0)
    assert truth.n_moments == 2
    check_laws(found)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rudner([0.0], [-1.0], 0.0), "sem must hold one number of 0 or more"),
        (lambda: rudner([0.0], [1.0], [1.0, 0.0]), "cut_theta must ascend"),
        (lambda: rudner([np.nan], [1.0], 0.0), "theta must be a vector of at least one finite number"),
        (lambda: rudner([0.0], [1.0], 0.0, weights=[0.0]), "weights must hold 1 numbers"),
        (lambda: livingston_lewis([0.0, 1.0], 1.0, 1.0, maximum=2.0), "reliability must lie strictly between"),
        (lambda: livingston_lewis([0.0, 3.0], 0.5, 1.0, maximum=2.0), "scores must lie between minimum"),
        (lambda: livingston_lewis([1.0, 1.0], 0.5, 1.0, maximum=2.0), "scores do not vary"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
