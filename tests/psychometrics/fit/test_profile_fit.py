"""lz* over competencies: a plain loop, its likeness to lz* with one ability, its level under uneven profiles, tails."""

import numpy as np
import pytest
from scipy import stats

from psychometrics.arrays import MISSING
from psychometrics.fit import lz_star, profile_lz_star
from psychometrics.fit.person_fit import COMPUTED, NO_ANSWERS
from psychometrics.fit.profile_fit import lower_tail
from psychometrics.models.base import ItemParameters
from psychometrics.models.registry import probabilities
from tests.psychometrics.fit.banks import dichotomous_bank, draw, mixed_bank

CORRELATIONS = np.array([[1.0, 0.7, 0.7], [0.7, 1.0, 0.7], [0.7, 0.7, 1.0]])


def profile_answers(items, home, n_persons, rng):
    """Answers of persons whose abilities in the competencies correlate 0.7."""
    theta = rng.multivariate_normal(np.zeros(3), CORRELATIONS, n_persons, method="cholesky")
    curve = 1 / (1 + np.exp(-items.discrimination * (theta[:, home] - items.difficulty)))
    return (rng.random(curve.shape) < curve).astype(np.int8)


def naive(items, home, row, theta, prior):
    """Hong, Lin & Cheng's corrected statistic with its skewness, category by category, derivatives by differences."""
    step = 1e-5
    slope = -np.linalg.inv(prior) @ theta
    gap = variance = third = 0.0
    for d in range(len(theta)):
        parts = []
        for i in np.flatnonzero(home == d):
            if row[i] == MISSING:
                continue
            p, high, low = (
                probabilities(items.take([i]), theta[d] + h)[0, :, 0][: items.n_categories[i]] for h in (0, step, -step)
            )
            parts.append((p, (np.log(high) - np.log(low)) / (2 * step), np.log(p), int(row[i])))
        if not parts:
            continue
        c = sum((p * s * logs).sum() for p, s, logs, _ in parts) / sum((p * s**2).sum() for p, s, _, _ in parts)
        gap += c * slope[d]
        for p, s, logs, answer in parts:
            centred = logs - (p * logs).sum() - c * s
            gap += logs[answer] - (p * logs).sum()
            variance += (p * centred**2).sum()
            third += (p * centred**3).sum()
    return gap / np.sqrt(variance), third / variance**1.5


def test_equals_a_plain_loop_over_every_model():
    rng = np.random.default_rng(1)
    items = mixed_bank(rng, 4)
    home = np.arange(len(items)) % 3
    responses = draw(items, rng.normal(size=30), rng)
    responses[rng.random(responses.shape) < 0.2] = MISSING
    fit = profile_lz_star(items, responses, home, CORRELATIONS)
    for row, theta, value, skew in zip(responses, fit.theta, fit.statistic, fit.skewness, strict=True):
        assert (value, skew) == pytest.approx(naive(items, home, row, theta, CORRELATIONS), abs=1e-6)


def test_one_competency_is_the_usual_statistic():
    rng = np.random.default_rng(2)
    items = mixed_bank(rng, 3)
    responses = draw(items, rng.normal(size=100), rng)
    fit, usual = profile_lz_star(items, responses, np.zeros(len(items)), [[1.0]]), lz_star(items, responses)
    assert fit.theta[:, 0] == pytest.approx(usual.theta, abs=1e-3)
    assert fit.statistic == pytest.approx(usual.statistic, abs=2e-3)


def test_an_uneven_profile_is_no_misfit():
    """20,000 honest patterns of 21 answers, abilities correlating 0.7: one ability for all flags too many.

    The limits are the nominal level and four standard errors of its rate, 0.05 ± 0.0062 and 0.01 ± 0.0028.
    """
    rng = np.random.default_rng(3)
    items = dichotomous_bank(rng, 21)
    home = np.arange(21) % 3
    responses = profile_answers(items, home, 20_000, rng)
    fit, single = profile_lz_star(items, responses, home, CORRELATIONS), lz_star(items, responses)
    assert (single.p < 0.05).mean() > 0.05 + 0.0062
    assert (fit.p < 0.05).mean() < 0.05 + 0.0062
    assert (fit.p < 0.01).mean() < 0.01 + 0.0028


def test_reversed_patterns_stand_out():
    items = ItemParameters.logistic(np.full(30, 1.4), np.linspace(-2, 2, 30))
    usual = (np.arange(30) < 15).astype(int)
    fit = profile_lz_star(items, [usual, 1 - usual, np.full(30, MISSING)], np.arange(30) % 3, CORRELATIONS)
    assert fit.p[0] > 0.5
    assert fit.p[1] < 1e-4
    assert fit.status == (COMPUTED, COMPUTED, NO_ANSWERS)
    assert np.isnan(fit.statistic[2])
    assert np.isnan(fit.p[2])


@pytest.mark.parametrize("skewness", [-1.3, -0.4, -1e-5, 0.0, 0.6])
def test_the_tail_is_pearsons_third_type(skewness):
    z = np.linspace(-4, 3, 29)
    assert lower_tail(z, np.full(29, skewness)) == pytest.approx(stats.pearson3.cdf(z, skewness), abs=2e-6)


def test_refuses_competencies_that_do_not_fit():
    items = dichotomous_bank(np.random.default_rng(4), 5)
    with pytest.raises(ValueError, match="dimension must name one of 3 competencies"):
        profile_lz_star(items, np.zeros((1, 5), dtype=int), [0, 1, 2, 3, 0], CORRELATIONS)
