"""Information and characteristic curves against textbook formulas and numerical derivatives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psychometrics.derivatives import first_derivatives, log_derivatives
from psychometrics.information import (
    CUT_RANGE,
    cut_theta,
    domain_score,
    expected_information,
    item_expected_score,
    item_information,
    most_informative_theta,
    observed_information,
    test_characteristic_curve,
    test_information,
    warm_correction,
)
from psychometrics.models.base import ItemParameters
from psychometrics.models.registry import log_probabilities, probabilities, theta_gradient
from tests.psychometrics.ability.banks import MODELS, draw_responses, naive_probabilities, random_bank


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), theta=st.floats(-5, 5))
def test_derivatives_of_log_probabilities_are_those_of_the_curve(model: str, seed: int, theta: float) -> None:
    items = random_bank((model,), 4, np.random.default_rng(seed))
    h = 1e-4
    logs = log_probabilities(items, [theta - h, theta, theta + h])
    first, second = log_derivatives(items, theta)
    real = np.isfinite(logs[:, :, 1])
    low, mid, high = np.moveaxis(logs[real], -1, 0)
    slope, bend = (high - low) / (2 * h), (high - 2 * mid + low) / h**2
    np.testing.assert_allclose(first[:, :, 0][real], slope, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(second[:, :, 0][real], bend, rtol=1e-4, atol=1e-5)
    assert not first[:, :, 0][~real].any()
    np.testing.assert_array_equal(first_derivatives(items, theta), first)


@pytest.mark.parametrize("model", MODELS)
def test_information_agrees_with_the_models_own_gradient(model: str) -> None:
    items = random_bank((model,), 12, np.random.default_rng(3))
    theta = np.linspace(-4, 4, 33)
    table, gradient = probabilities(items, theta), theta_gradient(items, theta)
    expected = np.divide(gradient**2, table, out=np.zeros_like(table), where=table > 0).sum(axis=1)
    np.testing.assert_allclose(item_information(items, theta), expected, rtol=1e-8, atol=1e-12)


def test_four_parameter_information_is_the_closed_form() -> None:
    rng = np.random.default_rng(4)
    items = random_bank(("4pl",), 30, rng)
    theta = np.linspace(-4, 4, 41)
    a, c, d = (x[:, None] for x in (items.discrimination, items.guessing, items.upper))
    p = np.array([[naive_probabilities(items, i, t)[1] for t in theta] for i in range(30)])
    closed = a**2 * (p - c) ** 2 * (d - p) ** 2 / ((d - c) ** 2 * p * (1 - p))
    np.testing.assert_allclose(item_information(items, theta), closed, rtol=1e-10)


def test_partial_credit_information_is_the_variance_of_the_category() -> None:
    items = random_bank(("gpcm",), 10, np.random.default_rng(5))
    for place in range(10):
        p = naive_probabilities(items, place, 0.7)
        k = np.arange(len(p))
        variance = p @ k**2 - (p @ k) ** 2
        found = item_information(items.take([place]), 0.7)[0, 0]
        assert found == pytest.approx(items.discrimination[place] ** 2 * variance, rel=1e-10)


def test_values_worked_by_hand() -> None:
    two = ItemParameters.logistic(2.0, 0.0)
    assert item_information(two, 0.0)[0, 0] == pytest.approx(1.0, abs=1e-15)
    four = ItemParameters.logistic(1.5, 0.0, 0.1, 0.8)
    # s = 1/(1+e^-3), P = .1 + .7 s, I = (1.5 * .7 * s(1-s))^2 / PQ, by hand 0.012604
    assert item_information(four, 2.0)[0, 0] == pytest.approx(0.0126, abs=5e-5)


@pytest.mark.parametrize("theta", [-40.0, 40.0])
def test_far_tails_keep_their_relative_precision(theta: float) -> None:
    far = item_information(ItemParameters.logistic(1.0, 0.0), theta)[0, 0]
    assert far == pytest.approx(np.exp(-40.0), rel=1e-12)


@pytest.mark.parametrize("model", ["2pl", "3pl", "4pl"])
def test_discrimination_150_neither_overflows_nor_warns(model: str) -> None:
    asymptotes = {"2pl": (0.0, 1.0), "3pl": (0.2, 1.0), "4pl": (0.2, 0.9)}[model]
    steep = ItemParameters.logistic(150.0, -1.0, *asymptotes)
    found = item_information(steep, [-40.0, -6.0, -1.0, 4.0, 40.0])
    assert np.isfinite(found).all()
    assert found[0, 2] > 100.0
    assert np.isfinite(warm_correction(steep, [-40.0, 4.0])).all()


def test_observed_and_expected_information_agree_for_2pl_and_differ_for_3pl() -> None:
    rng = np.random.default_rng(6)
    theta = rng.normal(size=40)
    for models, same in ((("2pl", "gpcm"), True), (("3pl",), False)):
        items = random_bank(models, 15, rng)
        responses = draw_responses(items, theta, rng, missing=0.2)
        observed, expected = (f(items, responses, theta) for f in (observed_information, expected_information))
        assert np.allclose(observed, expected) is same


@pytest.mark.parametrize("model", MODELS)
def test_warms_j_from_the_textbook(model: str) -> None:
    items = random_bank((model,), 6, np.random.default_rng(10))
    h = 1e-4
    for theta in (-1.2, 0.3, 1.9):
        found = warm_correction(items, theta)[:, 0]
        for i in range(6):
            low, mid, high = (naive_probabilities(items, i, theta + s) for s in (-h, 0.0, h))
            naive = ((high - low) / (2 * h) * (high - 2 * mid + low) / h**2 / mid).sum()
            assert found[i] == pytest.approx(naive, rel=1e-5, abs=1e-6)


def test_totals_are_sums_over_items() -> None:
    items = random_bank(MODELS, 18, np.random.default_rng(7))
    theta = np.array([-1.0, 0.5])
    np.testing.assert_allclose(test_information(items, theta), item_information(items, theta).sum(axis=0))
    np.testing.assert_allclose(test_characteristic_curve(items, theta), item_expected_score(items, theta).sum(axis=0))
    points = (items.n_categories - 1).sum()
    np.testing.assert_allclose(domain_score(items, theta) * points, test_characteristic_curve(items, theta))


def test_expected_score_from_the_textbook() -> None:
    items = random_bank(MODELS, 9, np.random.default_rng(8))
    naive = [naive_probabilities(items, i, 0.3) @ np.arange(items.n_categories[i]) for i in range(9)]
    np.testing.assert_allclose(item_expected_score(items, 0.3)[:, 0], naive, rtol=1e-12)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), theta=st.floats(-3, 3))
def test_cut_theta_inverts_the_characteristic_curve(seed: int, theta: float) -> None:
    items = random_bank(("rasch", "2pl", "3pl", "4pl", "pcm", "gpcm", "grm"), 14, np.random.default_rng(seed))
    score = float(domain_score(items, theta)[0])
    assert cut_theta(items, score) == pytest.approx(theta, abs=1e-9)


def test_a_cut_on_a_node_of_the_search_is_found_whatever_the_last_bit() -> None:
    nodes = np.linspace(*CUT_RANGE, 2401)[1000:1400]
    items = random_bank(("2pl", "3pl", "gpcm", "grm"), 14, np.random.default_rng(5))
    scores = np.concatenate([domain_score(items, nodes), [float(domain_score(items, node)[0]) for node in nodes]])
    found = [cut_theta(items, score) for score in scores]
    np.testing.assert_allclose(found, np.tile(nodes, 2), atol=1e-9)


def test_a_cut_under_the_guessing_floor_is_refused_with_the_range() -> None:
    items = ItemParameters.logistic(1.2, [-1.0, 0.0, 1.0], 0.25)
    with pytest.raises(ValueError, match=r"cut_score 0\.2 is never .* runs from 0\.250 to 1\.000"):
        cut_theta(items, 0.2)


def test_a_curve_that_falls_names_the_item() -> None:
    items = ItemParameters.logistic([1.0, -3.0], [-2.0, 1.0], item_id=["good", "miskeyed"])
    with pytest.raises(ValueError, match="item miskeyed falls with ability"):
        cut_theta(items, 0.75)


def test_no_items_have_no_domain_score() -> None:
    with pytest.raises(ValueError, match="at least one item"):
        domain_score(ItemParameters.from_records([]), 0.0)


@pytest.mark.parametrize("model", MODELS)
def test_the_most_informative_theta_is_where_a_fine_grid_says(model: str) -> None:
    items = random_bank((model,), 6, np.random.default_rng(9))
    grid = np.linspace(-12, 12, 24001)
    table = item_information(items, grid)
    theta, height = most_informative_theta(items)
    np.testing.assert_allclose(theta, grid[table.argmax(axis=1)], atol=2e-3)
    np.testing.assert_array_less(table.max(axis=1), height * (1 + 1e-12))


def test_the_3pl_peak_is_birnbaums() -> None:
    items = ItemParameters.logistic([0.8, 1.7], [0.5, -1.0], [0.2, 0.3])
    shift = np.log((1 + np.sqrt(1 + 8 * items.guessing)) / 2) / items.discrimination
    np.testing.assert_allclose(most_informative_theta(items)[0], items.difficulty + shift, atol=1e-12)


def test_a_flat_item_peaks_at_its_difficulty_with_no_information() -> None:
    theta, height = most_informative_theta(ItemParameters.logistic(0.0, 0.7, 0.2))
    assert theta[0] == pytest.approx(0.7)
    assert height[0] == 0.0


def test_the_textbook_tables_of_information() -> None:
    """Baker (2001), The Basics of Item Response Theory, chapter 6: b = 1, a = 1.5, without guessing and with c = .2."""
    without, guessed = ItemParameters.logistic(1.5, 1.0), ItemParameters.logistic(1.5, 1.0, 0.2)
    assert item_information(without, 1.0)[0, 0] == pytest.approx(0.562, abs=6e-4)
    np.testing.assert_allclose(item_information(guessed, [0.0, 1.0, 2.0])[0], [0.142, 0.375, 0.257], atol=6e-4)
