"""Adjusted p-values: worked numbers and laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from psychometrics.dif import adjust

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def test_holm_by_hand():
    # sorted 0.01, 0.02, 0.03, 0.04 times 4, 3, 2, 1, never falling
    assert adjust([0.04, 0.01, 0.03, 0.02], "holm") == pytest.approx([0.06, 0.04, 0.06, 0.06])


@given(P_VALUES)
def test_benjamini_hochberg_equals_scipy(p):
    assert adjust(p, "bh") == pytest.approx(false_discovery_control(p))


@given(P_VALUES)
def test_holm_is_bonferroni_at_most_and_never_below_p(p):
    values = np.array(p)
    adjusted = adjust(values, "holm")
    assert (adjusted >= values).all()
    assert (adjusted <= np.minimum(values * values.size, 1) + 1e-12).all()
    assert (adjusted >= adjust(values, "bh") - 1e-12).all()


def test_untested_items_do_not_count():
    assert adjust([np.nan, 0.02, 0.03], "holm")[1:] == pytest.approx([0.04, 0.04])
    assert np.isnan(adjust([np.nan, 0.02], "bh")[0])
    assert adjust([0.5, 0.2], "none").tolist() == [0.5, 0.2]


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="p-values must lie between 0 and 1"):
        adjust([1.2])
    with pytest.raises(ValueError, match="one of holm, bh, none"):
        adjust([0.2], "sidak")
