"""The leak alarm and the size of a drift: plain recursions, the bound on false alarms, and shifts that were planted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from psychometrics.drift import cusum, estimate_drift, log_ratios

SHIFTS = np.arange(-8, 9) / 4
Ratios = st.lists(st.floats(-2.0, 2.0), max_size=60)


@given(Ratios, st.floats(0.5, 6.0))
def test_the_sum_is_pages_recursion(ratios, limit):
    value, path, onset = 0.0, [], 0
    alarm = -1
    for place, ratio in enumerate(ratios):
        value = max(0.0, value + ratio)
        path.append(value)
        if value > limit + 1e-9 and alarm < 0:
            alarm = place
    found = cusum(ratios, limit)
    assert found.path == pytest.approx(path, abs=1e-9)
    assert found.alarm == alarm or abs(path[found.alarm] - limit) < 1e-6
    upto = found.alarm + 1 if found.alarm >= 0 else len(ratios)
    for place in range(upto):
        if found.path[place] == 0:
            onset = place + 1
    assert found.onset == onset


def chances(theta, difficulty, answers, slope=1.2):
    """P(answer) at every shift where the ability is known."""
    logit = slope * (theta[:, None] + SHIFTS - difficulty)
    right = 1 / (1 + np.exp(-logit))
    return np.where(answers[:, None] == 1, right, 1 - right)


def answered(rng, n, shift=0.0, slope=1.2):
    theta = rng.normal(size=n)
    chance = 1 / (1 + np.exp(-slope * (theta + shift)))
    return theta, (rng.random(n) < chance).astype(int)


def test_false_alarms_are_rarer_than_the_exponential_of_the_limit():
    """Lorden: the mean time to a false alarm is at least exp(limit), here 55; stopping at 2,000 underrates it."""
    rng = np.random.default_rng(1)
    times = []
    for _ in range(400):
        theta, answers = answered(rng, 2000)
        found = cusum(log_ratios(chances(theta, 0.0, answers), SHIFTS, 1.0), 4.0)
        times.append(found.alarm + 1 if found.alarm >= 0 else 2000)
    assert np.mean(times) > np.exp(4.0)


def test_a_leak_is_seen_soon_and_its_beginning_is_told():
    rng = np.random.default_rng(2)
    delays, onsets = [], []
    for _ in range(100):
        theta, answers = answered(rng, 600)
        leaked = (np.arange(600) >= 300) & (rng.random(600) < 0.7)
        answers = np.where(leaked, 1, answers)
        found = cusum(log_ratios(chances(theta, 0.0, answers), SHIFTS, 1.0), 8.0)
        if found.alarm >= 300:
            delays.append(found.alarm - 300)
            onsets.append(found.onset)
    assert len(delays) >= 95
    assert np.median(delays) < 80
    assert abs(np.median(onsets) - 300) < 25


@pytest.mark.parametrize("shift", [-0.8, 0.0, 0.6])
def test_a_planted_drift_is_measured(shift):
    rng = np.random.default_rng(3)
    estimates, errors, p = [], [], []
    for _ in range(200):
        theta, answers = answered(rng, 250, shift)
        found = estimate_drift(chances(theta, 0.0, answers), SHIFTS)
        estimates.append(found.shift)
        errors.append(found.standard_error)
        p.append(found.p)
    spread = np.std(estimates)
    assert np.mean(estimates) == pytest.approx(shift, abs=4 * spread / np.sqrt(200))
    assert np.mean(errors) == pytest.approx(spread, rel=0.2)
    if shift == 0.0:
        assert np.mean(np.array(p) < 0.05) < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 200)
    else:
        assert np.mean(np.array(p) < 0.05) > 0.9


def test_a_drift_beyond_what_is_considered_says_so():
    theta = np.zeros(60)
    found = estimate_drift(chances(theta, 0.0, np.ones(60, dtype=int)), SHIFTS)
    assert found.at_bound
    assert found.shift >= SHIFTS[-1]


def test_the_estimate_is_the_best_of_a_fine_grid():
    rng = np.random.default_rng(4)
    theta, answers = answered(rng, 400, 0.37)
    found = estimate_drift(chances(theta, 0.0, answers), SHIFTS)
    fine = np.linspace(-2, 2, 4001)
    right = 1 / (1 + np.exp(-1.2 * (theta[:, None] + fine)))
    best = fine[np.argmax(np.log(np.where(answers[:, None] == 1, right, 1 - right)).sum(axis=0))]
    assert found.shift == pytest.approx(best, abs=0.01)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="limit must be positive"):
        cusum([0.1], 0.0)
    with pytest.raises(ValueError, match="shifts must hold 0 and 3"):
        log_ratios(np.ones((2, 2)), [0.0, 1.0], 3.0)
    with pytest.raises(ValueError, match="equally spaced"):
        estimate_drift(np.ones((2, 3)), [0.0, 1.0, 3.0])
