"""Patterns and banks on which other programs return NaN, the wrong mode, or a number off the scale."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psychometrics.ability.estimate import METHODS, estimate_ability
from psychometrics.ability.status import STATUS
from psychometrics.models.base import Array, ItemParameters
from psychometrics.models.registry import log_probabilities
from psychometrics.quadrature import normal_grid
from tests.psychometrics.ability.banks import MODELS, draw_responses, random_bank


def log_likelihood_on(items: ItemParameters, answers: Array, theta: Array) -> Array:
    table = log_probabilities(items, theta)
    return np.asarray(sum(table[i, int(x)] for i, x in enumerate(answers)))


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    method=st.sampled_from(METHODS),
    n_items=st.integers(1, 12),
    slope=st.sampled_from([0.05, 1.0, 6.0, 150.0]),
    guessing=st.sampled_from([0.0, 0.5]),
)
def test_theta_is_always_a_number_with_a_status(
    seed: int, method: str, n_items: int, slope: float, guessing: float
) -> None:
    rng = np.random.default_rng(seed)
    items = ItemParameters.logistic(slope, rng.normal(0, 4, n_items), guessing)
    responses = rng.integers(-1, 2, (20, n_items))
    found = estimate_ability(responses, items, method)
    assert np.isfinite(found.theta).all()
    assert (np.abs(found.theta) <= 6).all()
    assert not np.isnan(found.sem).any()
    assert (found.sem >= 0).all()
    assert set(found.status) <= set(STATUS)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("model", MODELS)
def test_all_right_and_all_wrong_are_finite_and_say_so(model: str, method: str) -> None:
    items = random_bank((model,), 8, np.random.default_rng(1))
    top = items.n_categories - 1
    found = estimate_ability([top, 0 * top], items, method)
    assert np.isfinite(found.theta).all()
    if model != "nrm":
        assert found.theta[0] > found.theta[1]
        ends = {"mle": ("upper_bound", "lower_bound"), "robust": ("upper_bound", "lower_bound")}
        assert tuple(found.status) == ends.get(method, ("all_highest", "all_lowest"))


def test_a_perfect_score_under_ml_is_the_bound_and_its_error_is_finite() -> None:
    items = ItemParameters.logistic([1.0, 1.5, 0.8], [-1.0, 0.0, 1.0])
    found = estimate_ability([[1, 1, 1], [0, 0, 0]], items, "mle", bounds=(-4, 5))
    assert found.theta.tolist() == [5.0, -4.0]
    assert np.isfinite(found.sem).all()


def test_an_empty_pattern_is_the_prior() -> None:
    items = ItemParameters.logistic(1.0, [-1.0, 1.0])
    for method in METHODS:
        found = estimate_ability([[-1, -1]], items, method, prior=(0.7, 0.5))
        assert found.theta[0] == pytest.approx(0.7, abs=1e-9)
        assert found.sem[0] == pytest.approx(0.5, abs=1e-9)
        assert found.status[0] == "no_responses"


def test_no_persons_and_no_items() -> None:
    items = ItemParameters.logistic(1.0, [0.0])
    nothing = ItemParameters.from_records([])
    for method in METHODS:
        assert len(estimate_ability(np.zeros((0, 1)), items, method)) == 0
        found = estimate_ability(np.zeros((2, 0)), nothing, method)
        assert found.status.tolist() == ["no_responses"] * 2
        np.testing.assert_allclose(found.theta, 0.0, atol=1e-12)


def test_one_item() -> None:
    items = ItemParameters.logistic(1.3, 0.4, 0.2)
    found = estimate_ability([[1], [0]], items, "eap")
    nodes = normal_grid(121)
    for person, category in enumerate((1, 0)):
        weights = nodes.weights * np.exp(log_probabilities(items, nodes.nodes)[0, category])
        assert found.theta[person] == pytest.approx(weights @ nodes.nodes / weights.sum(), abs=1e-12)


def test_a_category_nobody_chose_does_not_matter() -> None:
    rng = np.random.default_rng(2)
    items = random_bank(("grm",), 10, rng)
    responses = np.minimum(draw_responses(items, rng.normal(size=20), rng), 1)
    for method in METHODS:
        assert np.isfinite(estimate_ability(responses, items, method).theta).all()


@pytest.mark.parametrize("n_items", [1400, 4000])
def test_thousands_of_items_do_not_underflow(n_items: int) -> None:
    """Products of raw likelihoods give NaN from about 1,100 items; the exact posterior is known by its mode."""
    rng = np.random.default_rng(3)
    items = ItemParameters.logistic(1.0, rng.normal(size=n_items))
    responses = draw_responses(items, np.array([0.5]), rng)
    grid = np.linspace(-0.5, 1.5, 401)
    found = estimate_ability(responses, items, "eap", prior=np.exp(-(grid**2) / 2), grid=grid)
    mode = estimate_ability(responses, items, "map")
    assert found.theta[0] == pytest.approx(mode.theta[0], abs=0.002)
    assert found.sem[0] == pytest.approx(mode.sem[0], rel=0.01)


def test_four_hundred_contradictory_answers() -> None:
    items = ItemParameters.logistic(3.0, np.linspace(-3, 3, 400))
    wrong_way_round = (np.arange(400) >= 200).astype(int)[None, :]
    found = estimate_ability(wrong_way_round, items, "eap", grid=np.linspace(-1, 1, 2001))
    assert found.theta[0] == pytest.approx(0.0, abs=1e-6)
    assert 0 < found.sem[0] < 0.1


def test_a_coarse_grid_is_said_to_be_coarse() -> None:
    """60 items of discrimination 2.5 at 0.1: exact EAP 0.0989 (0.1036); 15 nodes on [-4, 4] find nearly 0."""
    items = ItemParameters.logistic(2.5, np.full(60, 0.1))
    half = np.tile([0, 1], 30)[None, :]
    exact = estimate_ability(half, items, "eap")
    assert exact.theta[0] == pytest.approx(0.0989, abs=1e-4)
    assert exact.sem[0] == pytest.approx(0.1036, abs=1e-4)
    assert exact.status[0] == "converged"
    coarse = estimate_ability(half, items, "eap", grid=normal_grid(15, -4, 4))
    assert coarse.status[0] == "grid_coarse"


def test_a_grid_that_cuts_the_posterior_off_says_so() -> None:
    """N(0, 3) and 30 right answers: 4.65 on [-6, 6], 5.44 on [-12, 12]."""
    items = ItemParameters.logistic(1.0, np.zeros(30))
    right = np.ones((1, 30))
    cut_off = estimate_ability(right, items, "eap", prior=(0.0, 3.0))
    assert cut_off.status[0] == "grid_edge"
    wide = estimate_ability(right, items, "eap", prior=(0.0, 3.0), bounds=(-16.0, 16.0))
    assert wide.status[0] == "all_highest"
    assert wide.theta[0] > cut_off.theta[0] + 0.5


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_global_maximum_of_a_multimodal_likelihood(seed: int) -> None:
    rng = np.random.default_rng(seed)
    items = ItemParameters.logistic(rng.lognormal(0.7, 0.5, 10), rng.normal(0, 1.5, 10), rng.uniform(0.1, 0.5, 10))
    responses = rng.integers(0, 2, (10, 10))
    found = estimate_ability(responses, items, "mle")
    fine = np.linspace(-6, 6, 4801)
    for person, answers in enumerate(responses):
        reached = log_likelihood_on(items, answers, found.theta[[person]])[0]
        assert reached >= log_likelihood_on(items, answers, fine).max() - 1e-9


def test_two_peaks_of_known_heights() -> None:
    """Right on two hard items, wrong on two easy ones: local peaks below the easy and above the hard items."""
    items = ItemParameters.logistic([3.0, 3.0, 3.0, 3.0, 2.0], [-2.0, -1.8, 1.5, 1.7, 0.0], 0.2)
    answers = np.array([0, 0, 1, 1, 1])
    fine = np.linspace(-6, 6, 120001)
    curve = log_likelihood_on(items, answers, fine)
    peaks = np.flatnonzero((curve[1:-1] > curve[:-2]) & (curve[1:-1] > curve[2:])) + 1
    found = estimate_ability(answers[None, :], items, "mle")
    assert len(peaks) >= 1
    assert found.theta[0] == pytest.approx(fine[curve.argmax()], abs=2e-4)


def test_a_very_steep_item_does_not_hide_its_peak_between_nodes() -> None:
    items = ItemParameters.logistic([150.0, 150.0, 1.0, 1.0], [0.031, 0.069, -1.0, 1.0])
    found = estimate_ability([[1, 0, 1, 0]], items, "mle")
    assert found.theta[0] == pytest.approx(0.05, abs=1e-4)
    assert found.status[0] == "converged"


@pytest.mark.parametrize("slope", [0.05, 6.0])
def test_extreme_discriminations(slope: float) -> None:
    rng = np.random.default_rng(4)
    items = ItemParameters.logistic(slope, rng.normal(size=30))
    responses = draw_responses(items, np.array([0.3]), rng)
    fine = np.linspace(-6, 6, 60001)
    curve = log_likelihood_on(items, responses[0], fine)
    found = estimate_ability(responses, items, "mle")
    assert found.theta[0] == pytest.approx(fine[curve.argmax()], abs=1.1e-4)


def test_items_that_tell_nothing_leave_the_prior() -> None:
    items = ItemParameters.logistic(0.0, [0.0, 1.0])
    found = estimate_ability([[1, 0]], items, "mle", prior=(0.2, 1.1))
    assert (found.theta[0], found.sem[0], found.status[0]) == (0.2, 1.1, "no_information")


def test_five_wrong_answers_on_a_hard_bank_never_raise_theta() -> None:
    items = ItemParameters.logistic(1.2, np.linspace(2.0, 3.0, 5))
    for method in METHODS:
        thetas = [float(estimate_ability([[0] * n + [-1] * (5 - n)], items, method).theta[0]) for n in range(1, 6)]
        assert max(thetas) < items.difficulty.min()
        assert np.diff(thetas).max() <= 1e-12


def test_a_constant_pattern_under_ml_needs_no_help_from_another_method() -> None:
    items = ItemParameters.logistic(1.0, [0.0])
    found = estimate_ability([[1]], items, "mle")
    assert (found.theta[0], found.status[0]) == (6.0, "upper_bound")


def test_one_right_and_one_wrong_of_equal_slope_meet_in_the_middle() -> None:
    """Two items of discrimination 2, right at -2 and wrong at 3: 0.5 by symmetry."""
    items = ItemParameters.logistic(2.0, [-2.0, 3.0])
    assert estimate_ability([[1, 0]], items, "mle").theta[0] == pytest.approx(0.5, abs=1e-10)


def test_contradictory_steep_items_are_weighed_not_lost() -> None:
    """Wrong at -3 and right at 3 with discrimination 150: the likelihood is flat between them, the prior decides."""
    items = ItemParameters.logistic(150.0, [-3.0, 3.0])
    found = estimate_ability([[0, 1]], items, "eap")
    assert found.theta[0] == pytest.approx(0.0, abs=1e-9)
    assert 0.5 < found.sem[0] < 1.1
