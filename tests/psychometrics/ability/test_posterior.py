"""The live step: the same numbers as scoring the whole pattern, for one person and for many."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from psychometrics.ability.estimate import estimate_ability
from psychometrics.ability.posterior import (
    PosteriorState,
    moment_basis,
    probability_above,
    start,
    step,
    summary,
    update,
)
from psychometrics.models.registry import probabilities
from psychometrics.quadrature import normal_grid
from tests.psychometrics.ability.banks import draw_responses, random_bank

GRID = normal_grid(121)
BASIS = moment_basis(GRID.nodes)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_answer_by_answer_is_the_whole_pattern(seed: int) -> None:
    rng = np.random.default_rng(seed)
    items = random_bank(("2pl", "3pl", "grm", "gpcm"), 20, rng)
    responses = draw_responses(items, rng.normal(size=3), rng)
    table = probabilities(items, GRID.nodes)
    for person in range(3):
        state = start(GRID.weights, GRID.nodes)
        for item, category in enumerate(responses[person]):
            state = step(state, table[item, category], BASIS)
        whole = estimate_ability(responses[[person]], items, "eap")
        assert float(state.theta) == pytest.approx(whole.theta[0], abs=1e-12)
        assert float(state.sem) == pytest.approx(whole.sem[0], abs=1e-12)


def test_a_cohort_advances_together() -> None:
    rng = np.random.default_rng(1)
    items = random_bank(("2pl",), 15, rng)
    responses = draw_responses(items, rng.normal(size=50), rng)
    table = probabilities(items, GRID.nodes)
    state = start(GRID.weights, GRID.nodes, n_persons=50)
    for item in range(15):
        state = step(state, table[item, responses[:, item]], BASIS)
    whole = estimate_ability(responses, items, "eap")
    np.testing.assert_allclose(state.theta, whole.theta, atol=1e-12)
    np.testing.assert_allclose(state.sem, whole.sem, atol=1e-12)


def test_a_step_leaves_the_state_before_it_untouched() -> None:
    before = start(GRID.weights, GRID.nodes)
    kept = before.posterior.copy()
    step(before, np.linspace(0.1, 0.9, 121), BASIS)
    np.testing.assert_array_equal(before.posterior, kept)


def test_an_answer_that_contradicts_everything_leaves_a_posterior() -> None:
    sure = np.zeros((2, 121))
    sure[0, 10] = 1.0
    sure[1] = GRID.weights
    impossible = np.where(np.arange(121) > 100, 1.0, 0.0)
    posterior = update(sure, impossible)
    state = step(PosteriorState(sure, *summary(sure, GRID.nodes)), impossible, BASIS)
    np.testing.assert_allclose(state.posterior, posterior, atol=1e-15)
    np.testing.assert_allclose(state.theta, summary(posterior, GRID.nodes)[0], atol=1e-12)
    assert np.isfinite(posterior).all()
    np.testing.assert_allclose(posterior.sum(axis=1), 1.0)
    np.testing.assert_allclose(
        posterior[1], np.where(impossible > 0, GRID.weights, 0) / GRID.weights[101:].sum(), atol=1e-9
    )


@pytest.mark.parametrize(("sd", "tolerance"), [(0.2, 4e-5), (0.5, 1e-6), (1.0, 1e-8)])
@pytest.mark.parametrize("cut", [-1.234, 0.0, 0.05, 0.7777])
def test_mass_above_a_cut_of_a_normal_posterior(sd: float, tolerance: float, cut: float) -> None:
    nodes = GRID.nodes
    density = norm.pdf(nodes, 0.31, sd)
    assert float(probability_above(density, nodes, cut)) == pytest.approx(norm.sf(cut, 0.31, sd), abs=tolerance)


def test_mass_above_cuts_one_a_person_and_beyond_the_grid() -> None:
    posterior = np.tile(GRID.weights, (4, 1))
    found = probability_above(posterior, GRID.nodes, np.array([-7.0, 0.0, 0.33, 6.0]))
    np.testing.assert_allclose(found, [1.0, 0.5, norm.sf(0.33), 0.0], atol=1e-8)
    with_node = [float(probability_above(GRID.weights, GRID.nodes, c)) for c in (0.0999999999, 0.1, 0.1000000001)]
    np.testing.assert_allclose(with_node, with_node[1], atol=1e-9)


def test_summary_far_from_zero_keeps_its_digits() -> None:
    nodes = np.linspace(999, 1001, 2001)
    weights = norm.pdf(nodes, 1000.1, 0.05)
    theta, sem = summary(weights / weights.sum(), nodes)
    assert float(theta) == pytest.approx(1000.1, abs=1e-9)
    assert float(sem) == pytest.approx(0.05, rel=1e-9)
