"""Drifted anchors are taken out, good ones stay."""

import dataclasses

import numpy as np
import pytest

from psychometrics.equating import link, rescale_items, screen_anchors
from psychometrics.equating.drift import CHANGED, KEPT, PROTECTED, SHIFTED
from tests.psychometrics.fit.banks import dichotomous_bank, mixed_bank


def drifted(rng, n_items, places, by):
    old = dichotomous_bank(rng, n_items)
    new = rescale_items(old, 1 / 1.2, -0.3 / 1.2)
    location = new.difficulty + rng.normal(scale=0.04, size=n_items)
    location[places] += by
    return dataclasses.replace(new, difficulty=location), old


def test_planted_drift_is_found_and_the_scale_saved():
    new, old = drifted(np.random.default_rng(1), 20, [3, 11], 0.9)
    bent = link(new, old)
    screened = screen_anchors(new, old)
    assert set(screened.order) == {"item_4", "item_12"}
    assert [s != KEPT for s in screened.status] == [i in (3, 11) for i in range(20)]
    assert set(screened.status) <= {KEPT, SHIFTED, CHANGED}
    assert abs(screened.linking.intercept - 0.3) < 0.05 < abs(bent.intercept - 0.3)
    assert screened.linking.linking_error < bent.linking_error
    assert (np.abs(screened.robust_z[[3, 11]]) > 2.7).all()


def test_nothing_is_taken_out_when_nothing_drifted():
    new, old = drifted(np.random.default_rng(2), 15, [], 0.0)
    screened = screen_anchors(new, old)
    assert screened.order == ()
    assert set(screened.status) == {KEPT}
    assert screened.linking.slope == link(new, old).slope


def test_a_changed_slope_is_seen_in_the_curve():
    rng = np.random.default_rng(3)
    old = dichotomous_bank(rng, 15)
    slope = old.discrimination.copy()
    slope[6] = 0.15
    screened = screen_anchors(dataclasses.replace(old, discrimination=slope), old)
    assert screened.order == ("item_7",)
    assert screened.status[6] == CHANGED
    assert screened.curve_difference[6] > 0.1


def test_some_anchors_always_stay():
    new, old = drifted(np.random.default_rng(4), 4, [0, 1], 2.0)
    screened = screen_anchors(new, old, min_anchors=4)
    assert len(screened.linking.anchors) == 4
    assert PROTECTED in screened.status


def test_mixed_formats():
    items = mixed_bank(np.random.default_rng(5), 3)
    thresholds = items.thresholds.copy()
    thresholds[items.item_id.index("grm1")] += 1.0
    screened = screen_anchors(dataclasses.replace(items, thresholds=thresholds), items, "haebara")
    assert screened.order == ("grm1",)
    assert (screened.linking.slope, screened.linking.intercept) == pytest.approx((1.0, 0.0), abs=1e-9)
