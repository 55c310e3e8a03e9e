"""The parts of the estimator on their own: mixing, stepping, blocks, threads, priors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from psychometrics import calibrate
from psychometrics.arrays import MISSING
from psychometrics.calibration import blas
from psychometrics.calibration.acceleration import Anderson
from psychometrics.calibration.blocks import group_tables, lay_out, make_blocks
from psychometrics.calibration.expectation import expect, expect_exactly, posterior_masses, total
from psychometrics.calibration.iteration import Step, iterate
from psychometrics.calibration.population import moments, standard_population, updated
from psychometrics.calibration.priors import Normal, log_prior, prior_curvature
from psychometrics.models.registry import MODELS, log_probabilities
from psychometrics.quadrature import normal_grid
from tests.psychometrics.calibration.data import answers, bank


def test_mixing_solves_a_linear_map_in_as_many_steps_as_it_has_dimensions() -> None:
    rng = np.random.default_rng(1)
    turn = rng.normal(size=(4, 4))
    contraction = 0.95 * turn / np.abs(np.linalg.eigvals(turn)).max()
    fixed = np.linalg.solve(np.eye(4) - contraction, np.ones(4))
    mixing, here = Anderson(), np.zeros(4)
    for _ in range(6):
        here = mixing.propose(here, contraction @ here + 1.0, np.ones(4))
    np.testing.assert_allclose(here, fixed, atol=1e-6)


def test_a_fall_is_taken_back_to_the_plain_step() -> None:
    visited: list[float] = []

    def step(x: float) -> Step[float]:
        visited.append(x)
        return Step(0.5 * x, np.ones(1), -(x**2), -(x**2))

    def leap(like: float, vector: Any) -> float:
        return 10.0 if len(visited) == 2 else float(vector[0])

    found = iterate(step, lambda x: np.array([x]), leap, 1.0, tolerance=1e-12, max_iterations=60, progress=None)
    assert visited[2] == 10.0
    assert visited[3] == pytest.approx(0.5 * visited[1])
    assert found.converged
    assert found.parameters == pytest.approx(0.0, abs=1e-5)


def test_the_e_step_is_the_sum_over_persons() -> None:
    rng = np.random.default_rng(4)
    items, grid = bank("grm", 5, rng, 3), normal_grid(15, -4, 4)
    responses = answers(items, rng.normal(size=60), rng, 0.2)
    responses[:, 2] = np.where(responses[:, 2] == MISSING, 0, responses[:, 2])
    places = np.arange(60) % 2
    population = replace(standard_population(grid.nodes, 2, False), mean=np.array([0.0, 0.4]), sd=np.array([1.0, 0.8]))
    table = log_probabilities(items, grid.nodes)
    for sparse in (False, True):
        layout = lay_out(responses, items.n_categories, sparse)
        made = make_blocks(responses, places, layout, sparse)
        tables = group_tables(layout, table, population.log_shares)
        exact = total([expect_exactly(block, tables) for block in made])
        rough = total([expect(block, tables) for block in made])
        counts, value = np.zeros((5, 3, 15)), 0.0
        for row, group in zip(responses, places, strict=True):
            joint = population.shares[group] * np.exp(sum(table[j, x] for j, x in enumerate(row) if x != MISSING))
            value += float(np.log(joint.sum()))
            for j, x in enumerate(row):
                if x != MISSING:
                    counts[j, x] += joint / joint.sum()
        found = layout.counts(exact.counts, exact.mass.sum(axis=0), np.arange(5), 3)
        np.testing.assert_allclose(found, counts, atol=1e-9)
        assert exact.log_likelihood == pytest.approx(value, abs=1e-9)
        assert exact.mass.sum(axis=1) == pytest.approx([30.0, 30.0])
        np.testing.assert_allclose(rough.counts, exact.counts, atol=1e-4)
        assert rough.log_likelihood == pytest.approx(exact.log_likelihood, abs=1e-3)
        posterior, logs = posterior_masses(made[0], tables)
        np.testing.assert_allclose(posterior.sum(axis=0), 1.0, rtol=1e-5)
        assert logs.sum() == pytest.approx(expect_exactly(made[0], tables).log_likelihood)


def test_a_population_is_moved_to_the_moments_of_its_mass() -> None:
    nodes = normal_grid().nodes
    start = standard_population(nodes, 1, False)
    mass = 700 * normal_grid(mean=0.4, sd=1.3).weights[None]
    free, held = np.array([True]), np.array([False])
    moved = updated(start, mass, free, free)
    assert moved.mean[0] == pytest.approx(0.4, abs=1e-3)
    assert moved.sd[0] == pytest.approx(1.3, abs=1e-3)
    assert updated(start, mass, held, held).sd[0] == 1.0
    histogram = updated(standard_population(nodes, 1, True), mass, free, free)
    np.testing.assert_allclose(histogram.shares, mass / 700)
    assert moments(nodes, mass)[0][0] == pytest.approx(0.4, abs=1e-3)


def test_blas_threads_are_given_back() -> None:
    controls = blas._controls()
    if controls is None:
        pytest.skip("numpy came without its own OpenBLAS")
    read, _ = controls
    before = read()
    with blas.one_blas_thread():
        assert read() == 1
        with blas.one_blas_thread():
            assert read() == 1
        assert read() == 1
    assert read() == before


@pytest.mark.parametrize("model", ["3pl", "4pl", "grm", "gpcm", "nrm"])
def test_prior_curvature_is_that_of_the_density(model: str) -> None:
    rng = np.random.default_rng(7)
    items = bank(model, 3, rng, 3)
    working = MODELS[model].working(items)
    priors = {
        name: Normal(0.1, 0.7) for name in ("discrimination", "guessing", "upper", "thresholds", "steps", "slopes")
    }
    gradient, hessian = prior_curvature(MODELS[model], working, priors)
    shift = np.zeros(working.shape[1])
    shift[0] = 1e-3
    ahead, behind = (log_prior(MODELS[model], working + s * shift, priors) for s in (1, -1))
    here = log_prior(MODELS[model], working, priors)
    np.testing.assert_allclose(gradient[:, 0], (ahead - behind) / 2e-3, atol=1e-3)
    np.testing.assert_allclose(hessian[:, 0, 0], (ahead - 2 * here + behind) / 1e-6, atol=1e-2)


def test_a_prior_on_intercepts_pulls_them() -> None:
    rng = np.random.default_rng(9)
    responses = answers(bank("2pl", 5, rng), rng.normal(size=300), rng)
    free, pulled = calibrate(responses, "2pl"), calibrate(responses, "2pl", priors={"intercept": "normal(0, 0.2)"})
    before = np.abs(free.items.discrimination * free.items.difficulty)
    after = np.abs(pulled.items.discrimination * pulled.items.difficulty)
    assert (after < before + 1e-9).all()
    assert pulled.converged
    graded = calibrate(
        answers(bank("grm", 5, rng), rng.normal(size=300), rng), "grm", priors={"intercept": "normal(0, 3)"}
    )
    assert graded.converged
