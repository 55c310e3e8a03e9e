"""Classical statistics: mirt's published table, plain formulas, and gaps."""

import numpy as np
import pytest

from psychometrics.arrays import MISSING
from psychometrics.classical import (
    COMPUTED,
    NEGATIVE,
    NO_ANSWERS,
    NO_OTHERS,
    NO_VARIATION,
    classical_statistics,
    cronbach_alpha,
    mcdonald_omega,
    pairwise_covariance,
)
from tests.reference.lsat import LSAT7, expand
from tests.reference.science import science


def test_lsat7_equals_mirt():
    # mirt 1.45.7, reference page itemstats: itemstats(expand.table(LSAT7))
    found = classical_statistics(expand(LSAT7))
    assert found.p_value == pytest.approx([0.828, 0.658, 0.772, 0.606, 0.843])
    assert found.sd == pytest.approx([0.378, 0.475, 0.420, 0.489, 0.364], abs=0.0005)
    assert found.item_total == pytest.approx([0.246, 0.247, 0.313, 0.223, 0.175], abs=0.0006)
    assert found.alpha_if_deleted == pytest.approx([0.396, 0.394, 0.345, 0.415, 0.438], abs=0.0006)
    assert found.alpha == pytest.approx(0.453, abs=0.0005)


def test_science_equals_mirt():
    # mirt 1.45, reference page Science: itemstats(Science); categories count from 1 there
    found = classical_statistics(science())
    assert found.mean + 1 == pytest.approx([3.120, 2.722, 2.990, 2.837], abs=0.0005)
    assert found.item_total == pytest.approx([0.352, 0.332, 0.488, 0.363], abs=0.0006)
    assert found.alpha_if_deleted == pytest.approx([0.552, 0.567, 0.437, 0.541], abs=0.0006)
    assert found.alpha == pytest.approx(0.598, abs=0.0005)


def test_item_total_uses_answers_of_all_who_have_any_others():
    # the same page, first five answers to item 1 removed
    responses = expand(LSAT7)
    responses[:5, 0] = MISSING
    found = classical_statistics(responses)
    assert found.item_total == pytest.approx([0.222, 0.247, 0.313, 0.223, 0.175], abs=0.0006)
    assert found.n_answers.tolist() == [995, 1000, 1000, 1000, 1000]


def test_complete_alpha_is_cronbachs_formula():
    rng = np.random.default_rng(1)
    responses = (rng.normal(size=(300, 1)) + rng.normal(size=(300, 7)) > 0).astype(int)
    total = responses.sum(axis=1)
    expected = 7 / 6 * (1 - responses.var(axis=0, ddof=1).sum() / total.var(ddof=1))
    assert cronbach_alpha(responses) == pytest.approx(expected)
    found = classical_statistics(responses)
    for item in range(7):
        rest = np.delete(responses, item, axis=1)
        assert found.alpha_if_deleted[item] == pytest.approx(cronbach_alpha(rest))
        assert found.item_total[item] == pytest.approx(np.corrcoef(responses[:, item], rest.sum(axis=1))[0, 1])


def test_alpha_of_a_booklet_design_estimates_the_complete_one():
    rng = np.random.default_rng(2)
    responses = (rng.normal(size=(20000, 1)) + rng.normal(size=(20000, 12)) > 0).astype(np.int8)
    complete = cronbach_alpha(responses)
    responses[:10000, 8:] = MISSING
    responses[10000:, :4] = MISSING
    assert np.isnan(pairwise_covariance(responses)[0][0, 11])
    assert cronbach_alpha(responses) == pytest.approx(complete, abs=0.01)


def test_omega_recovers_loadings_and_equals_alpha_when_they_are_equal():
    rng = np.random.default_rng(3)
    common = rng.normal(size=(200_000, 1))
    loading = np.array([0.4, 0.6, 0.8, 1.0, 1.2])
    scores = np.round(60 + 5 * (common * loading + rng.normal(size=(200_000, 5)))).astype(np.int8)
    omega, found = mcdonald_omega(scores)
    assert found / 5 == pytest.approx(loading, abs=0.015)
    expected = loading.sum() ** 2 / (loading.sum() ** 2 + 5)
    assert omega == pytest.approx(expected, abs=0.005)
    parallel = np.round(60 + 5 * (common + rng.normal(size=(200_000, 5)))).astype(np.int8)
    assert mcdonald_omega(parallel)[0] == pytest.approx(cronbach_alpha(parallel), abs=0.003)


def test_omega_of_an_exact_one_factor_covariance():
    """Loadings of an exact factor model are found to the digits of the arithmetic."""
    from psychometrics.classical import _omega

    loading = np.array([0.3, 0.5, 0.7, 0.9])
    covariance = np.outer(loading, loading) + np.diag([0.5, 0.4, 0.3, 0.2])
    omega, found = _omega(covariance)
    assert found == pytest.approx(loading, abs=1e-6)
    assert omega == pytest.approx(loading.sum() ** 2 / (loading.sum() ** 2 + 1.4), abs=1e-6)


def test_maximum_score_scales_the_p_value():
    responses = [[0, 2], [1, 1], [1, 0]]
    assert classical_statistics(responses).p_value == pytest.approx([2 / 3, 0.5])
    assert classical_statistics(responses, max_score=[1, 4]).p_value == pytest.approx([2 / 3, 0.25])
    with pytest.raises(ValueError, match="max_score must hold one positive number for each of the 2 items"):
        classical_statistics(responses, max_score=[1, 1])


def test_what_cannot_be_computed_says_why():
    responses = np.array([[1, 0, -1, 1, 0, 0], [1, 1, -1, 0, 1, 1], [1, 1, -1, 0, 1, 1], [1, 0, -1, 1, 0, 0]])
    found = classical_statistics(responses)
    assert found.status == (NO_VARIATION, COMPUTED, NO_ANSWERS, NEGATIVE, COMPUTED, COMPUTED)
    assert np.isnan(found.item_total).tolist() == [True, False, True, False, False, False]
    lonely = np.array([[1, -1], [0, -1], [-1, 1], [-1, 0]])
    assert classical_statistics(lonely).status == (NO_OTHERS, NO_OTHERS)
    assert np.isnan(classical_statistics(lonely).alpha)


def test_real_booklets(shared_data):
    rows = (shared_data / "timss2011_g4" / "responses.csv").read_text().splitlines()[1:]
    responses = np.array([[float(c) if c else np.nan for c in row.split(",")[4:]] for row in rows])
    found = classical_statistics(responses)
    assert np.isfinite(found.item_total).all()
    assert 0.9 < found.alpha < 1
    assert 0.9 < found.omega < 1
