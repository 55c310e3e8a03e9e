"""What must hold of any estimator of ability, whatever the numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psychometrics.ability.estimate import METHODS, estimate_ability
from psychometrics.models.base import ItemParameters
from tests.psychometrics.ability.banks import draw_responses, random_bank

ORDERED = ("rasch", "2pl", "3pl", "4pl", "pcm", "gpcm", "grm")
SEEDS = st.integers(0, 2**32 - 1)


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS)
def test_a_better_answer_never_lowers_the_posterior_mean(seed: int) -> None:
    """Ordered models have a monotone likelihood ratio in every item."""
    rng = np.random.default_rng(seed)
    items = random_bank(ORDERED, 10, rng)
    answers = draw_responses(items, rng.normal(size=1), rng, missing=0.2)[0]
    raised = np.tile(answers, (10, 1))
    for i in range(10):
        if 0 <= answers[i] < items.n_categories[i] - 1:
            raised[i, i] += 1
    found = estimate_ability([answers, *raised], items).theta
    assert (found[1:] >= found[0] - 1e-12).all()


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=12, deadline=None)
@given(seed=SEEDS, shift=st.floats(-3, 3))
def test_moving_scale_and_prior_moves_theta_as_far(method: str, seed: int, shift: float) -> None:
    rng = np.random.default_rng(seed)
    items = random_bank(("2pl", "3pl"), 12, rng)
    moved = ItemParameters.logistic(items.discrimination, items.difficulty + shift, items.guessing)
    responses = draw_responses(items, rng.normal(size=4), rng)
    here = estimate_ability(responses, items, method)
    there = estimate_ability(responses, moved, method, prior=(shift, 1.0), bounds=(-6 + shift, 6 + shift))
    np.testing.assert_allclose(there.theta - shift, here.theta, atol=1e-8)
    np.testing.assert_allclose(there.sem, here.sem, rtol=1e-6)
    assert (there.status == here.status).all()


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=12, deadline=None)
@given(seed=SEEDS)
def test_turning_the_scale_round_turns_theta_round(method: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    items = random_bank(("2pl", "rasch"), 10, rng)
    turned = ItemParameters.logistic(items.discrimination, -items.difficulty)
    responses = draw_responses(items, rng.normal(size=4), rng)
    here = estimate_ability(responses, items, method).theta
    np.testing.assert_allclose(estimate_ability(1 - responses, turned, method).theta, -here, atol=1e-8)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=12, deadline=None)
@given(seed=SEEDS)
def test_the_order_of_the_items_does_not_matter(method: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    items = random_bank(("2pl", "3pl", "grm", "gpcm", "nrm"), 15, rng)
    responses = draw_responses(items, rng.normal(size=4), rng, missing=0.2)
    order = rng.permutation(15)
    here = estimate_ability(responses, items, method).theta
    np.testing.assert_allclose(estimate_ability(responses[:, order], items.take(order), method).theta, here, atol=1e-8)


@pytest.mark.parametrize("method", METHODS)
def test_abilities_beyond_six_are_found_within_wider_bounds(method: str) -> None:
    rng = np.random.default_rng(1)
    items = ItemParameters.logistic(1.5, rng.normal(8.0, 1.0, 60))
    responses = draw_responses(items, np.full(40, 8.0), rng)
    found = estimate_ability(responses, items, method, bounds=(-2.0, 14.0), prior=(8.0, 2.0))
    assert found.theta.mean() == pytest.approx(8.0, abs=0.15)
    assert (found.status == "converged").all()
