"""lz and lz*: plain loops, their distributions, and patterns that cannot be judged."""

import numpy as np
import pytest

from psychometrics.ability.estimate import estimate_ability
from psychometrics.arrays import MISSING
from psychometrics.fit import lz, lz_star
from psychometrics.fit.person_fit import AT_BOUND, COMPUTED, NO_ANSWERS
from psychometrics.models.base import ItemParameters
from psychometrics.models.registry import probabilities
from tests.psychometrics.fit.banks import dichotomous_bank, draw, mixed_bank


def naive_lz(items, responses, theta):
    """(log-likelihood - mean) / sd, the variance as the double sum of Drasgow, Levine & Williams (1985)."""
    values = []
    for row, ability in zip(responses, theta, strict=True):
        table = probabilities(items, ability)[:, :, 0]
        gap = variance = 0.0
        for item, answer in enumerate(row):
            if answer == MISSING:
                continue
            p = table[item, : items.n_categories[item]]
            gap += np.log(p[answer]) - (p * np.log(p)).sum()
            for j in range(len(p)):
                for k in range(len(p)):
                    if j != k:
                        variance += p[j] * p[k] * np.log(p[j]) * np.log(p[j] / p[k])
        values.append(gap / np.sqrt(variance))
    return np.array(values)


def test_lz_equals_a_plain_loop():
    rng = np.random.default_rng(1)
    items = mixed_bank(rng, 2)
    responses = draw(items, rng.normal(size=60), rng)
    responses[rng.random(responses.shape) < 0.2] = MISSING
    theta = rng.normal(size=60)
    assert lz(items, responses, theta=theta).statistic == pytest.approx(naive_lz(items, responses, theta))


def test_lz_uses_the_posterior_mean():
    rng = np.random.default_rng(2)
    items = mixed_bank(rng, 2)
    responses = draw(items, rng.normal(size=50), rng)
    fit = lz(items, responses)
    assert fit.theta == pytest.approx(estimate_ability(responses, items, "eap").theta, abs=1e-6)
    assert fit.statistic == pytest.approx(naive_lz(items, responses, fit.theta))


def naive_lz_star_2pl(slope, location, row, theta, added):
    """Snijders (2001) as written out by Magis, Raîche & Béland (2012, JEBS 37) for dichotomous items."""
    p = 1 / (1 + np.exp(-slope * (theta - location)))
    derivative = slope * p * (1 - p)
    weight = np.log(p / (1 - p))
    ratio = derivative / (p * (1 - p))
    c = (derivative * weight).sum() / (derivative * ratio).sum()
    corrected = weight - c * ratio
    return (((row - p) * weight).sum() + c * added) / np.sqrt((corrected**2 * p * (1 - p)).sum())


@pytest.mark.parametrize("method", ["mle", "map", "wle"])
def test_lz_star_equals_the_dichotomous_formula(method):
    rng = np.random.default_rng(3)
    items = dichotomous_bank(rng, 25)
    responses = draw(items, rng.normal(size=40), rng)
    fit = lz_star(items, responses, method=method)
    for row, theta, value in zip(responses, fit.theta, fit.statistic, strict=True):
        p = 1 / (1 + np.exp(-items.discrimination * (theta - items.difficulty)))
        information = (items.discrimination**2 * p * (1 - p)).sum()
        warm = (items.discrimination**3 * p * (1 - p) * (1 - 2 * p)).sum() / (2 * information)
        added = {"mle": 0.0, "map": -theta, "wle": warm}[method]
        expected = naive_lz_star_2pl(items.discrimination, items.difficulty, row, theta, added)
        assert value == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("method", ["mle", "map", "wle"])
def test_theta_solves_its_estimating_equation(method):
    """The correction rests on score + r0 = 0; a theta of another method would not satisfy it."""
    rng = np.random.default_rng(4)
    items = dichotomous_bank(rng, 40)
    responses = draw(items, rng.normal(scale=0.7, size=30), rng)
    theta = lz_star(items, responses, method=method).theta
    p = 1 / (1 + np.exp(-items.discrimination * (theta[:, None] - items.difficulty)))
    score = (items.discrimination * (responses - p)).sum(axis=1)
    information = (items.discrimination**2 * p * (1 - p)).sum(axis=1)
    warm = (items.discrimination**3 * p * (1 - p) * (1 - 2 * p)).sum(axis=1) / (2 * information)
    added = {"mle": 0.0, "map": -theta, "wle": warm}[method]
    assert score + added == pytest.approx(np.zeros(30), abs=1e-5)


@pytest.mark.parametrize("polytomous", [False, True])
def test_lz_star_is_closer_to_standard_normal_than_lz(polytomous):
    rng = np.random.default_rng(5)
    items = mixed_bank(rng, 6) if polytomous else dichotomous_bank(rng, 40)
    responses = draw(items, rng.normal(size=6000), rng)
    fit = lz_star(items, responses, method="wle")
    inside = np.array([status == COMPUTED for status in fit.status])
    # guessing leaves a few of the least able without an interior estimate
    assert inside.mean() > 0.99
    plain, corrected = lz(items, responses).statistic[inside], fit.statistic[inside]
    assert corrected.std() == pytest.approx(1.0, abs=0.06)
    assert abs(corrected.std() - 1) < abs(plain.std() - 1)
    assert (corrected < -1.645).mean() == pytest.approx(0.05, abs=0.02)


def test_a_careless_person_stands_out():
    rng = np.random.default_rng(6)
    items = ItemParameters.logistic(np.full(40, 1.5), np.linspace(-2, 2, 40))
    responses = draw(items, np.zeros(200), rng)
    responses[0] = 1 - (items.difficulty < 0)
    fit = lz_star(items, responses)
    assert fit.statistic.argmin() == 0
    assert fit.p[0] < 1e-6


def test_what_cannot_be_judged_says_why():
    rng = np.random.default_rng(7)
    items = dichotomous_bank(rng, 10)
    responses = draw(items, rng.normal(size=5), rng)
    responses[0], responses[1] = 1, MISSING
    responses[2:, 0], responses[2:, 1] = 0, 1
    fit = lz_star(items, responses, method="mle")
    assert fit.status[:2] == (AT_BOUND, NO_ANSWERS)
    assert set(fit.status[2:]) == {COMPUTED}
    assert np.isfinite(fit.statistic).tolist() == [False, False, True, True, True]
    assert set(lz_star(items, responses).status[2:] + lz_star(items, responses).status[:1]) == {COMPUTED}
    with pytest.raises(ValueError, match="method must be mle, map or wle"):
        lz_star(items, responses, method="eap")
