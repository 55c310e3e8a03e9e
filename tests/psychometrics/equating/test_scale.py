"""A change of scale leaves every probability where it was."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psychometrics.equating import rescale_items, rescale_theta
from psychometrics.models.base import ItemParameters
from psychometrics.models.registry import probabilities
from tests.psychometrics.fit.banks import mixed_bank

THETA = np.linspace(-3, 3, 13)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1000), st.floats(0.2, 5), st.floats(-3, 3))
def test_probabilities_stay(seed, slope, intercept):
    items = mixed_bank(np.random.default_rng(seed), 1)
    moved = rescale_items(items, slope, intercept)
    assert probabilities(moved, rescale_theta(THETA, slope, intercept)) == pytest.approx(probabilities(items, THETA))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(0.2, 5), st.floats(-3, 3))
def test_there_and_back(seed, slope, intercept):
    items = mixed_bank(np.random.default_rng(seed), 1)
    back = rescale_items(rescale_items(items, slope, intercept), 1 / slope, -intercept / slope)
    for name in ("discrimination", "difficulty", "thresholds", "steps", "slopes", "intercepts"):
        assert getattr(back, name) == pytest.approx(getattr(items, name), nan_ok=True, abs=1e-9)


def test_a_fixed_slope_becomes_free_only_when_the_unit_changes():
    items = dataclasses.replace(ItemParameters.logistic([1.0, 1.0], [0.0, 1.0]), model=("rasch", "rasch"))
    assert rescale_items(items, 1.0, 0.5).model == ("rasch", "rasch")
    assert rescale_items(items, 2.0, 0.5).model == ("2pl", "2pl")
    assert rescale_items(items, 2.0, 0.5).discrimination.tolist() == [0.5, 0.5]


@pytest.mark.parametrize(("slope", "intercept"), [(0.0, 0.0), (-1.0, 0.0), (1.0, np.nan), (np.inf, 0.0)])
def test_bad_constants_are_named(slope, intercept):
    with pytest.raises(ValueError, match="positive slope and a finite intercept"):
        rescale_theta([0.0], slope, intercept)
