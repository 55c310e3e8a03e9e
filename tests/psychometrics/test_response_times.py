"""Response times: the marginal likelihood at its maximum, known truth recovered, levels of the test, rapid guesses."""

import numpy as np
import pytest
from scipy import stats

from psychometrics.response_times import fit_lognormal_times, rapid_thresholds, response_time_effort, time_fit


def simulated(rng, n_persons=400, n_items=20, share=1.0):
    intensity, discrimination = rng.normal(3.5, 0.4, n_items), rng.uniform(1.5, 3.5, n_items)
    speed = rng.normal(0, 0.3, n_persons)
    person, item = (part.ravel() for part in np.indices((n_persons, n_items)))
    kept = rng.random(person.size) < share
    person, item = person[kept], item[kept]
    noise = rng.normal(size=person.size) / discrimination[item]
    return intensity, discrimination, speed, person, item, np.exp(intensity[item] - speed[person] + noise)


def marginal(times, logs, intensity, variance, speed_sd):
    """Log-likelihood of complete log times: independent normals that share one speed, as a multivariate normal."""
    covariance = np.diag(variance) + speed_sd**2
    return stats.multivariate_normal(intensity, covariance).logpdf(logs).sum()


def test_em_ends_at_the_maximum_of_the_marginal_likelihood():
    rng = np.random.default_rng(1)
    _, _, _, person, item, seconds = simulated(rng, n_persons=80, n_items=6)
    found = fit_lognormal_times(person, item, seconds, 80, 6, prior_strength=0.0)
    logs = np.log(seconds).reshape(80, 6)
    best = (found.time_intensity, found.discrimination**-2.0, found.speed_sd)
    top = marginal(found, logs, *best)
    assert found.status == "converged"
    for place in range(6):
        for step in (-0.01, 0.01):
            nudged = np.eye(6)[place] * step
            assert marginal(found, logs, best[0] + nudged, best[1], best[2]) < top
            assert marginal(found, logs, best[0], best[1] * (1 + nudged), best[2]) < top
    for factor in (0.97, 1.03):
        assert marginal(found, logs, best[0], best[1], best[2] * factor) < top


def test_what_was_simulated_is_found_again():
    rng = np.random.default_rng(2)
    intensity, discrimination, speed, person, item, seconds = simulated(rng, 1500, 30, share=0.6)
    found = fit_lognormal_times(person, item, seconds, 1500, 30)
    assert np.abs(found.time_intensity - intensity).max() < 0.08
    assert np.abs(found.discrimination / discrimination - 1).max() < 0.12
    assert found.speed_sd == pytest.approx(0.3, abs=0.02)
    gap = (found.speed - speed) / found.speed_sem
    assert gap.std() == pytest.approx(1.0, abs=0.1)


def test_the_statistic_equals_a_plain_loop_and_keeps_its_level():
    rng = np.random.default_rng(3)
    *_, person, item, seconds = simulated(rng, 2000, 20, share=0.8)
    known = fit_lognormal_times(person, item, seconds, 2000, 20)
    fit = time_fit(known, person, item, seconds)
    for one in range(20):
        own = person == one
        weight = known.discrimination[item[own]] ** 2
        gap = known.time_intensity[item[own]] - np.log(seconds[own])
        speed = (weight * gap).sum() / weight.sum()
        assert fit.speed[one] == pytest.approx(speed)
        assert fit.statistic[one] == pytest.approx((weight * (gap - speed) ** 2).sum())
        assert fit.p[one] == pytest.approx(stats.chi2.sf(fit.statistic[one], own.sum() - 1))
    assert fit.residual.std() == pytest.approx(1.0, abs=0.02)
    assert (fit.p < 0.05).mean() == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 2000))


def test_questions_known_beforehand_break_the_pace():
    rng = np.random.default_rng(4)
    *_, person, item, seconds = simulated(rng, 500, 20)
    known = (person < 10) & (item < 6)
    seconds = np.where(known, seconds / 4, seconds)
    fit = time_fit(fit_lognormal_times(person, item, seconds, 500, 20), person, item, seconds)
    assert (fit.p[:10] < 0.01).mean() > 0.8
    assert fit.residual[known].mean() < -1.5


def test_somebody_with_one_time_or_none_is_not_judged():
    found = fit_lognormal_times([0, 0, 1, 1, 2], [0, 1, 0, 1, 0], [10.0, 20.0, 12.0, 18.0, 9.0], 4, 3)
    fit = time_fit(found, [0, 0, 1, 1, 2], [0, 1, 0, 1, 0], [10.0, 20.0, 12.0, 18.0, 9.0])
    assert fit.df.tolist() == [1, 1, 0, 0]
    assert np.isnan(fit.p[2:]).all()
    assert found.speed[3] == 0.0
    assert np.isfinite(found.time_intensity).all()


def test_normative_threshold_is_a_tenth_of_the_mean_and_ten_seconds_at_most():
    item = np.repeat([0, 1], 4)
    seconds = np.array([20.0, 40.0, 30.0, 30.0, 200.0, 300.0, 100.0, 200.0])
    assert rapid_thresholds(item, seconds, 3, pooled_answers=0).tolist() == pytest.approx([3.0, 10.0, 10.0])
    pulled = rapid_thresholds(item, seconds, 3, pooled_answers=4, longest=100)
    assert pulled == pytest.approx([0.1 * (120 + 4 * 115) / 8, 0.1 * (800 + 4 * 115) / 8, 11.5])


def test_effort_is_the_share_of_answers_with_time_to_think():
    effort = response_time_effort([0, 0, 0, 0, 2], [True, False, False, False, False], 3)
    assert effort[[0, 2]].tolist() == [0.75, 1.0]
    assert np.isnan(effort[1])


def test_bad_times_are_refused_by_name():
    with pytest.raises(ValueError, match=r"seconds\[1\] is not a positive number"):
        fit_lognormal_times([0, 0], [0, 1], [3.0, 0.0], 1, 2)
    with pytest.raises(ValueError, match="item must lie between 0 and 1"):
        fit_lognormal_times([0, 0], [0, 2], [3.0, 1.0], 1, 2)
    with pytest.raises(ValueError, match="the same length"):
        fit_lognormal_times([0], [0, 1], [3.0, 1.0], 1, 2)
    with pytest.raises(ValueError, match="person and rapid"):
        response_time_effort([0], [True, False], 1)
