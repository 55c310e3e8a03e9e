"""Merging sparse cells loses nobody and leaves no sparse cell where merging can help."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from psychometrics.fit.collapse import EXPECTED, OBSERVED, collapse


@st.composite
def tables(draw):
    n_scores, n_categories = draw(st.integers(2, 15)), draw(st.integers(2, 5))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    expected = rng.gamma(0.7, draw(st.sampled_from([0.5, 3.0, 20.0])), (n_scores, n_categories))
    observed = rng.poisson(expected).astype(float)
    return np.stack([observed, expected])


@settings(max_examples=150, deadline=None)
@given(tables())
def test_observed_totals_stay_and_cells_become_large(table):
    impossible = np.zeros(table.shape[1:], dtype=bool)
    merged = collapse(table, impossible, 1.0)
    seen = table[OBSERVED].sum(axis=1) > 0
    assert np.isclose(merged[OBSERVED].sum(), table[OBSERVED].sum())
    assert np.isclose(merged[EXPECTED].sum(), table[EXPECTED][seen].sum())
    if merged.shape[1] > 1:
        cells = merged[EXPECTED]
        assert ((cells >= 1.0) | (cells == 0)).all()
        assert (merged[OBSERVED][cells == 0] == 0).all()


def test_large_cells_are_left_alone():
    table = np.stack([np.full((4, 3), 9.0), np.full((4, 3), 10.0)])
    assert np.array_equal(collapse(table, np.zeros((4, 3), dtype=bool), 1.0), table)


def test_impossible_scores_join_the_nearest_full_one():
    expected = np.full((6, 3), 5.0)
    impossible = np.zeros((6, 3), dtype=bool)
    impossible[0, 2] = impossible[5, 0] = True
    expected[impossible] = 0.0
    merged = collapse(np.stack([expected, expected]), impossible, 1.0)
    assert merged[EXPECTED].tolist() == [[10.0, 10.0, 5.0], [5.0] * 3, [5.0] * 3, [5.0, 10.0, 10.0]]


def test_a_rare_category_joins_its_rarer_neighbour():
    table = np.array([[[8.0, 1.0, 4.0], [8, 8, 8]], [[8.0, 0.5, 3.0], [8, 8, 8]]])
    merged = collapse(table, np.zeros((2, 3), dtype=bool), 1.0)
    assert merged[EXPECTED, 0].tolist() == [8.0, 3.5, 0.0]
    assert merged[OBSERVED, 0].tolist() == [8.0, 5.0, 0.0]


def test_rarest_scores_join_the_neighbour_with_fewer_persons():
    expected = np.array([[5.0, 6.0], [0.4, 7.0], [3.0, 3.0], [9.0, 9.0]])
    merged = collapse(np.stack([np.round(expected), expected]), np.zeros((4, 2), dtype=bool), 1.0)
    assert merged[EXPECTED].tolist() == [[5.0, 6.0], [3.4, 10.0], [9.0, 9.0]]


def test_a_test_too_short_for_its_item_gives_an_empty_table():
    impossible = np.ones((4, 5), dtype=bool)
    assert collapse(np.ones((2, 4, 5)), impossible, 1.0).shape[1] == 0
