"""Whatever the answers, every number is finite exactly where its status says it was computed, and nothing warns."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psychometrics.arrays import MISSING
from psychometrics.classical import classical_statistics
from psychometrics.dif import logistic_dif, mantel_haenszel
from psychometrics.fit import distractor_table, item_mean_squares, lz, lz_star, m2, person_mean_squares, q3, s_x2
from psychometrics.fit.s_x2 import COMPUTED
from psychometrics.models.base import ItemParameters
from tests.psychometrics.fit.banks import draw, mixed_bank


@st.composite
def sittings(draw_from):
    """Items of any steepness, few persons, any gaps, sometimes constant answers."""
    rng = np.random.default_rng(draw_from(st.integers(0, 2**32 - 1)))
    n_persons = draw_from(st.integers(1, 25))
    if draw_from(st.booleans()):
        items = mixed_bank(rng, 1)
    else:
        n_items = draw_from(st.integers(1, 7))
        slope = rng.choice([0.05, 1.0, 6.0, 40.0], n_items)
        items = ItemParameters.logistic(slope, rng.normal(scale=3.0, size=n_items), rng.choice([0.0, 0.25], n_items))
    responses = draw(items, rng.normal(scale=2.0, size=n_persons), rng)
    responses[rng.random(responses.shape) < draw_from(st.sampled_from([0.0, 0.3, 0.9, 1.0]))] = MISSING
    if draw_from(st.booleans()):
        responses[:, 0] = 0
    return items, responses


def finite_where_computed(values, status):
    assert np.isfinite(values).tolist() == [s == COMPUTED for s in status]


@settings(max_examples=60, deadline=None)
@given(sittings())
def test_items_and_persons(taken):
    items, responses = taken
    chi = s_x2(items, responses, min_form_persons=2)
    for values in (chi.statistic, chi.p, chi.rmsea):
        finite_where_computed(values, chi.status)
    for squares in (item_mean_squares(items, responses), person_mean_squares(items, responses)):
        for values in (squares.infit, squares.outfit, squares.infit_z, squares.outfit_z):
            finite_where_computed(values, squares.status)
    for fit in (lz(items, responses), *(lz_star(items, responses, method=m) for m in ("map", "mle", "wle"))):
        finite_where_computed(fit.statistic, fit.status)
        assert np.isfinite(fit.theta).all()


@settings(max_examples=60, deadline=None)
@given(sittings())
def test_pairs_and_whole(taken):
    items, responses = taken
    pairs = q3(items, responses)
    assert np.isfinite(pairs.average) == (pairs.status == COMPUTED)
    for statistic in ("m2*", "c2"):
        fit = m2(items, responses, statistic=statistic)
        assert np.isfinite(fit.statistic) == (fit.status == COMPUTED)
        assert (fit.df > 0) == (fit.status == COMPUTED)


@settings(max_examples=60, deadline=None)
@given(sittings())
def test_classical_and_dif(taken):
    items, responses = taken
    classical = classical_statistics(responses)
    assert np.isfinite(classical.p_value).tolist() == (classical.n_answers > 0).tolist()
    table = distractor_table(np.where(responses < 0, "", responses.astype(str)), [["1"]] * len(items))
    assert len(table.status) == len(items)
    assert (table.proportion >= 0).all()
    if len(responses) >= 2:
        group = np.arange(len(responses)) % 2
        found = mantel_haenszel(responses, group)
        computed = np.array([s == COMPUTED for s in found.status])
        assert np.isfinite(found.delta[computed]).all()
        regression = logistic_dif(responses, group)
        assert (np.isfinite(regression.total) | np.array([s != COMPUTED for s in regression.status])).all()


@pytest.mark.parametrize("compute", [s_x2, item_mean_squares, person_mean_squares, q3, lz, lz_star, m2])
def test_nobody_answered_anything(compute):
    items = mixed_bank(np.random.default_rng(1), 1)
    for nothing in (np.full((3, len(items)), MISSING), np.empty((0, len(items)), dtype=np.int8)):
        status = compute(items, nothing).status
        said = (status,) if isinstance(status, str) else status
        assert COMPUTED not in said
        assert all(said)
