"""The likelihood ratio finds planted items, tells ability from DIF, and keeps its level."""

import numpy as np
import pytest

from psychometrics import calibrate
from psychometrics.arrays import MISSING
from psychometrics.dif import likelihood_ratio_dif
from psychometrics.dif.likelihood_ratio import COMPUTED, NO_ANCHOR, NOT_TESTED, ONE_GROUP
from tests.psychometrics.dif.banks import two_groups


def test_statistic_is_the_gain_of_two_calibrations():
    rng = np.random.default_rng(1)
    responses, group = two_groups(rng, 800, 8, shift={2: 0.6})
    found = likelihood_ratio_dif(responses, group, tested=[2], purification=False)
    equal = calibrate(responses, "2pl", groups=group)
    apart = [np.where(group == label, responses[:, 2], MISSING) for label in ("men", "women")]
    free = calibrate(np.column_stack([np.delete(responses, 2, axis=1), *apart]), "2pl", groups=group)
    assert found.statistic[2] == pytest.approx(2 * (free.log_likelihood - equal.log_likelihood), abs=1e-4)
    assert found.df[2] == 2
    assert found.status[0] == NOT_TESTED


def test_planted_items_are_found_and_impact_is_not_taken_for_dif():
    rng = np.random.default_rng(2)
    responses, group = two_groups(rng, 3000, 12, shift={0: 0.8}, slope_factor={1: 0.35}, impact=0.7)
    found = likelihood_ratio_dif(responses, group)
    assert (found.p_adjusted < 0.05).tolist() == [True, True] + [False] * 10
    assert found.focal_mean == pytest.approx(-0.7, abs=0.1)
    assert found.focal_sd == pytest.approx(1.0, abs=0.1)
    assert found.signed_difference[0] < -0.04
    assert found.unsigned_difference[1] > abs(found.signed_difference[1])
    assert found.focal[0].difficulty[0] - found.reference[0].difficulty[0] == pytest.approx(0.8, abs=0.25)
    assert found.anchors.tolist() == [False, False] + [True] * 10
    assert set(found.status) == {COMPUTED}


def test_polytomous_items_cost_their_parameters():
    rng = np.random.default_rng(3)
    theta = rng.normal(size=1200)
    below = np.array([-0.8, 0.6]) - 1.2 * theta[:, None, None]
    responses = (rng.logistic(size=(1200, 6, 1)) > below).sum(axis=2)
    found = likelihood_ratio_dif(responses, np.arange(1200) % 2, "grm", purification=False)
    assert found.df.tolist() == [3] * 6
    assert found.p.min() > 0.001


def test_a_common_or_fixed_slope_is_not_counted():
    rng = np.random.default_rng(4)
    responses, group = two_groups(rng, 600, 6, rasch=True)
    for model in ("rasch", "1pl"):
        found = likelihood_ratio_dif(responses, group, model, purification=False, tested=[0, 1])
        assert found.df.tolist() == [1, 1, 0, 0, 0, 0]


def test_false_alarms_stay_at_their_level():
    rng = np.random.default_rng(5)
    p = [likelihood_ratio_dif(*two_groups(rng, 600, 8, impact=0.4), purification=False).p for _ in range(12)]
    assert (np.concatenate(p) < 0.05).mean() == pytest.approx(0.05, abs=0.06)


def test_what_cannot_be_computed_says_why():
    rng = np.random.default_rng(6)
    responses, group = two_groups(rng, 400, 5)
    responses[group == "women", 4] = MISSING
    found = likelihood_ratio_dif(responses, group, purification=False)
    assert found.status[4] == ONE_GROUP
    assert np.isnan(found.statistic[4])
    lonely = likelihood_ratio_dif(responses[:, :2], group, anchors=[0], purification=False)
    assert lonely.status[0] == NO_ANCHOR
    with pytest.raises(ValueError, match="model has 1 entries for 5 items"):
        likelihood_ratio_dif(responses, group, ["2pl"])
