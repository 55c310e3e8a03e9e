"""Infit and outfit against a plain loop, with gaps, and at their expectation."""

import numpy as np
import pytest

from psychometrics.arrays import MISSING
from psychometrics.fit import item_mean_squares, person_mean_squares
from psychometrics.fit.mean_squares import COMPUTED, NO_ANSWERS
from psychometrics.models.base import ItemParameters
from psychometrics.models.registry import probabilities
from tests.psychometrics.fit.banks import dichotomous_bank, draw, mixed_bank


def naive(items, responses, theta, by_item):
    """Infit, outfit and their z, one answer at a time (Wright & Masters 1982, ch. 5)."""
    table = probabilities(items, theta)
    lines = responses.T if by_item else responses
    results = []
    for place, line in enumerate(lines):
        squared = variance = standardised = kurtosis = excess = n = 0.0
        for other, answer in enumerate(line):
            if answer == MISSING:
                continue
            p = table[place, :, other] if by_item else table[other, :, place]
            scores = np.arange(len(p))
            mean = (p * scores).sum()
            w = max((p * (scores - mean) ** 2).sum(), 1e-5**0.5)
            c = (p * (scores - mean) ** 4).sum()
            squared += (answer - mean) ** 2
            variance += w
            standardised += (answer - mean) ** 2 / w
            kurtosis += c / w**2
            excess += c - w**2
            n += 1
        row = []
        for value, spread in (
            (squared / variance, np.sqrt(excess) / variance),
            (standardised / n, np.sqrt(kurtosis / n**2 - 1 / n)),
        ):
            q = min(spread, 1.4142)
            row += [value, (value ** (1 / 3) - 1) * 3 / q + q / 3]
        results.append(row)
    return np.array(results).T


@pytest.mark.parametrize("by_item", [True, False])
def test_equals_a_plain_loop(by_item):
    rng = np.random.default_rng(1)
    items = mixed_bank(rng, 2)
    theta = rng.normal(size=60)
    responses = draw(items, theta, rng)
    responses[rng.random(responses.shape) < 0.2] = MISSING
    estimate = theta + rng.normal(scale=0.3, size=60)
    compute = item_mean_squares if by_item else person_mean_squares
    fit = compute(items, responses, theta=estimate)
    infit, infit_z, outfit, outfit_z = naive(items, responses, estimate, by_item)
    assert fit.infit == pytest.approx(infit)
    assert fit.outfit == pytest.approx(outfit)
    assert fit.infit_z == pytest.approx(infit_z)
    assert fit.outfit_z == pytest.approx(outfit_z)


def test_an_all_but_certain_answer_is_damped():
    items = ItemParameters.logistic([1.0, 1.0], [0.0, 0.0])
    wrong = person_mean_squares(items, [[1, -1]], theta=[-12.0])
    assert wrong.outfit[0] == pytest.approx(1e5**0.5, rel=1e-4)


def test_expectation_is_one_and_z_is_standard_normal_at_the_true_ability():
    rng = np.random.default_rng(2)
    items = mixed_bank(rng, 20)
    theta = rng.normal(size=2000)
    fit = item_mean_squares(items, draw(items, theta, rng), theta=theta)
    assert fit.infit.mean() == pytest.approx(1.0, abs=0.01)
    assert fit.outfit.mean() == pytest.approx(1.0, abs=0.02)
    assert abs(fit.infit_z.mean()) < 0.35
    assert 0.75 < fit.infit_z.std() < 1.25


def test_a_guessed_item_misfits_and_a_flat_one_too():
    rng = np.random.default_rng(3)
    items = dichotomous_bank(rng, 30)
    responses = draw(items, rng.normal(size=2000), rng)
    responses[:, 4] = rng.integers(0, 2, 2000)
    fit = item_mean_squares(items, responses)
    assert fit.infit.argmax() == fit.outfit.argmax() == 4
    assert fit.infit_z[4] > 5


def test_nothing_answered_has_a_sentence():
    rng = np.random.default_rng(4)
    items = dichotomous_bank(rng, 5)
    responses = draw(items, rng.normal(size=30), rng)
    responses[:, 2] = MISSING
    responses[7] = MISSING
    by_item, by_person = item_mean_squares(items, responses), person_mean_squares(items, responses)
    assert by_item.status == (COMPUTED, COMPUTED, NO_ANSWERS, COMPUTED, COMPUTED)
    assert by_person.status[7] == NO_ANSWERS
    assert np.isnan(by_item.infit[2])
    assert np.isnan(by_person.outfit_z[7])
    assert np.isfinite(np.delete(by_person.infit_z, 7)).all()


def test_theta_must_fit():
    items = dichotomous_bank(np.random.default_rng(5), 2)
    with pytest.raises(ValueError, match="theta must hold one finite number for each of the 2 persons"):
        item_mean_squares(items, [[0, 1], [1, 1]], theta=[0.0])
