"""S-X²: published values, enumeration of all patterns, booklets, and honest p-values."""

import dataclasses

import numpy as np
import pytest

from psychometrics.arrays import MISSING
from psychometrics.fit import s_x2
from psychometrics.fit.forms import forms
from psychometrics.fit.s_x2 import COMPUTED, NO_DF, NO_FORM, item_tables, score_tables
from psychometrics.models.base import ItemParameters
from psychometrics.quadrature import normal_grid
from tests.psychometrics.fit.banks import all_patterns, dichotomous_bank, draw, mixed_bank, pattern_probabilities
from tests.reference.lsat import LSAT6, LSAT7, expand


def test_lsat6_common_slope_equals_mirt():
    # mirt 1.45.7, reference page LSAT6: coef(mod) and itemfit(mod) for one slope, rounded to 3 digits there
    slope, intercepts = 0.755, np.array([2.730, 0.999, 0.240, 1.307, 2.100])
    items = dataclasses.replace(ItemParameters.logistic(slope, -intercepts / slope), model=("1pl",) * 5)
    fit = s_x2(items, expand(LSAT6))
    assert fit.statistic == pytest.approx([0.436, 1.576, 0.871, 0.190, 0.190], rel=0.01)
    assert fit.df.tolist() == [2, 2, 1, 2, 2]
    assert fit.p == pytest.approx([0.804, 0.455, 0.351, 0.909, 0.909], abs=0.001)


def test_lsat6_rasch_spends_a_degree_of_freedom_on_the_population():
    # the same page, itemfit(mod2): slopes 1, variance 0.572
    intercepts = np.array([2.731, 0.999, 0.240, 1.307, 2.100])
    items = dataclasses.replace(ItemParameters.logistic(1.0, -intercepts), model=("rasch",) * 5)
    fit = s_x2(items, expand(LSAT6), grid=normal_grid(sd=0.572**0.5))
    assert fit.statistic == pytest.approx([0.436, 1.576, 0.872, 0.190, 0.190], rel=0.01)
    assert fit.df.tolist() == [2, 2, 1, 2, 2]


def test_lsat7_equals_mirt_without_merging():
    # itemfit(mod1, mincell = 0) of mirt as recorded in jMetrik's ItemFitSX2Test; parameters of mirt's test-01-mirtOne
    slope = np.array([0.9879, 1.0809, 1.7061, 0.7651, 0.7358])
    intercept = np.array([1.8560, 0.8080, 1.8044, 0.4860, 1.8545])
    fit = s_x2(ItemParameters.logistic(slope, -intercept / slope), expand(LSAT7), min_expected=0.0)
    assert fit.statistic == pytest.approx([4.7492191, 14.4528980, 1.2703374, 5.2373430, 0.9407036], rel=0.002)
    assert fit.df.tolist() == [2] * 5


@pytest.mark.parametrize("seed", range(3))
def test_expected_tables_equal_enumeration(seed):
    rng = np.random.default_rng(seed)
    items = mixed_bank(rng, 1)
    grid = normal_grid(n_nodes=15, mean=0.3, sd=1.2)
    responses = draw(items, rng.normal(size=400), rng)
    patterns = all_patterns(items)
    probability = pattern_probabilities(items, grid.nodes) @ grid.weights
    (form,) = forms(responses, 1)
    persons = np.bincount(responses.sum(axis=1), minlength=patterns.sum(axis=1).max() + 1)
    for item, observed, expected in score_tables(form, responses, item_tables(items, grid.nodes), grid.weights):
        for score in range(1, patterns.sum(axis=1).max()):
            at = patterns.sum(axis=1) == score
            for category in range(int(items.n_categories[item])):
                here = probability[at & (patterns[:, item] == category)].sum() / probability[at].sum()
                got = expected[score - 1, category]
                assert np.nan_to_num(got) == pytest.approx(here * persons[score], abs=1e-10)
                assert np.isnan(got) == (not (at & (patterns[:, item] == category)).any())
                count = ((responses.sum(axis=1) == score) & (responses[:, item] == category)).sum()
                assert observed[score - 1, category] == count


def test_booklets_add_up():
    rng = np.random.default_rng(5)
    items = dichotomous_bank(rng, 12)
    responses = draw(items, rng.normal(size=1200), rng)
    responses[:600, 8:] = MISSING
    responses[600:, :4] = MISSING
    whole = s_x2(items, responses, n_parameters=[0] * 12)
    first = s_x2(items.take(range(8)), responses[:600, :8], n_parameters=[0] * 8)
    second = s_x2(items.take(range(4, 12)), responses[600:, 4:], n_parameters=[0] * 8)
    assert whole.statistic[:4] == pytest.approx(first.statistic[:4])
    assert whole.statistic[4:8] == pytest.approx(first.statistic[4:] + second.statistic[:4])
    assert (whole.df[4:8] == first.df[4:] + second.df[:4]).all()
    assert whole.n_persons.tolist() == [600] * 4 + [1200] * 4 + [600] * 4


def test_stray_gaps_leave_their_persons_out():
    rng = np.random.default_rng(6)
    items = dichotomous_bank(rng, 10)
    responses = draw(items, rng.normal(size=500), rng)
    gaps = responses.copy()
    gaps[np.arange(40), rng.integers(0, 10, 40)] = MISSING
    assert s_x2(items, gaps).statistic == pytest.approx(s_x2(items, responses[40:]).statistic)


@pytest.mark.parametrize("polytomous", [False, True])
def test_p_values_are_honest(polytomous):
    rng = np.random.default_rng(7)
    found = []
    for _ in range(12):
        items = mixed_bank(rng, 3) if polytomous else dichotomous_bank(rng, 20)
        responses = draw(items, rng.normal(size=1500), rng)
        # true parameters, so none was estimated
        found.append(s_x2(items, responses, n_parameters=[0] * len(items)).p)
    p = np.concatenate(found)
    for level in (0.05, 0.25, 0.5):
        assert abs((p < level).mean() - level) < 3.5 * np.sqrt(level * (1 - level) / p.size)


def test_a_wrong_curve_is_found():
    rng = np.random.default_rng(8)
    items = dichotomous_bank(rng, 20)
    responses = draw(items, rng.normal(size=3000), rng)
    steep = items.discrimination.copy()
    steep[3] = 0.1
    wrong = dataclasses.replace(items, discrimination=steep)
    p = s_x2(wrong, responses).p
    assert p[3] < 1e-6
    assert np.median(np.delete(p, 3)) > 0.05


def test_what_cannot_be_computed_says_why():
    rng = np.random.default_rng(9)
    items = dichotomous_bank(rng, 6)
    responses = draw(items, rng.normal(size=50), rng)
    responses[:, 5] = MISSING
    fit = s_x2(items, responses, min_form_persons=20)
    assert fit.status[5] == NO_FORM
    assert np.isnan(fit.statistic[5])
    assert fit.df[5] == 0
    tiny = s_x2(items.take(range(2)), responses[:, :2])
    assert set(tiny.status) == {NO_DF}
    for one, status in zip(fit.statistic, fit.status, strict=True):
        assert np.isfinite(one) == (status == COMPUTED)


def test_bad_input_is_named():
    items = dichotomous_bank(np.random.default_rng(1), 3)
    with pytest.raises(ValueError, match="n_parameters must be 3 counts"):
        s_x2(items, [[0, 1, 0]], n_parameters=[1])
    with pytest.raises(ValueError, match="2 columns for 3 items"):
        s_x2(items, [[0, 1]])
    with pytest.raises(ValueError, match="categories 0 to 1, not 2"):
        s_x2(items, [[0, 1, 2]])
