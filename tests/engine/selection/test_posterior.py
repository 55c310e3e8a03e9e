"""Posteriors: no underflow, exact mass above a cut, linked abilities equal to brute force on the full grid."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from engine.designs import AbilityDesign
from engine.selection.posterior import build_prior, likelihood_of, mass_above, summarise
from psychometrics.models.base import ItemParameters
from psychometrics.models.registry import probabilities


def test_thousands_of_answers_and_contradictions_do_not_underflow() -> None:
    nodes = np.linspace(-6, 6, 61)
    items = ItemParameters.logistic(np.full(3000, 3.0), np.zeros(3000))
    table = probabilities(items, nodes)
    answers = np.arange(3000) % 2
    likelihood = likelihood_of(table, np.arange(3000), answers)
    prior = build_prior(AbilityDesign())
    result = summarise(likelihood[None, None], prior)
    assert np.isfinite(result.theta).all()
    assert result.theta[0, 0] == pytest.approx(0.0, abs=1e-6)


def test_impossible_everywhere_falls_back_on_logarithms() -> None:
    table = np.zeros((9, 2, 3))
    table[:, 1, :] = [1e-200, 2e-200, 1e-200]
    likelihood = likelihood_of(table, np.arange(9), np.ones(9, dtype=int))
    assert likelihood.argmax() == 1
    assert np.isfinite(likelihood).all()


@pytest.mark.parametrize("cut", [-2.03, -0.4, 0.0, 0.1, 0.77, 2.5])
@pytest.mark.parametrize("sd", [0.25, 0.4, 1.0])
def test_mass_above_a_cut_between_nodes(cut: float, sd: float) -> None:
    nodes = np.linspace(-6, 6, 61)
    density = norm.pdf(nodes, 0.2, sd)
    posterior = density / density.sum()
    assert posterior @ mass_above(nodes, cut) == pytest.approx(norm.sf(cut, 0.2, sd), abs=1e-4 if sd < 0.4 else 1e-8)


def test_linked_abilities_equal_brute_force() -> None:
    ability = AbilityDesign(structure="competencies", competency_correlation=0.6, n_nodes=81)
    prior = build_prior(ability, 2)
    nodes = prior.nodes
    rng = np.random.default_rng(3)
    items = ItemParameters.logistic(rng.lognormal(0, 0.3, 14), rng.normal(size=14))
    table = probabilities(items, nodes)
    likelihood = np.stack(
        [
            likelihood_of(table, np.arange(7), rng.integers(2, size=7)),
            likelihood_of(table, np.arange(7, 14), np.ones(7, dtype=int)),
        ]
    )
    grid = np.stack(np.meshgrid(nodes, nodes, indexing="ij"), axis=-1)
    joint = multivariate_normal(np.zeros(2), [[1.0, 0.6], [0.6, 1.0]]).pdf(grid)
    joint *= likelihood[0][:, None] * likelihood[1][None, :]
    joint /= joint.sum()
    mean = np.array([joint.sum(axis=1) @ nodes, joint.sum(axis=0) @ nodes])
    centred = nodes[:, None] - mean
    result = summarise(likelihood[None], prior)
    np.testing.assert_allclose(result.theta[0], mean, atol=1e-5)
    np.testing.assert_allclose(result.posterior[0, 0], joint.sum(axis=1), atol=1e-5)
    assert result.covariance[0, 0, 1] == pytest.approx(centred[:, 0] @ joint @ centred[:, 1], abs=1e-5)
    assert result.sem[0, 1] ** 2 == pytest.approx(joint.sum(axis=0) @ centred[:, 1] ** 2, abs=1e-5)


def test_uncorrelated_abilities_learn_nothing_from_each_other() -> None:
    prior = build_prior(AbilityDesign(structure="competencies", competency_correlation=0.0), 2)
    nodes = prior.nodes
    likelihood = np.stack([np.exp(-0.5 * (nodes - 2.0) ** 2), np.ones(61)])
    result = summarise(likelihood[None], prior)
    assert result.theta[0, 0] == pytest.approx(1.0, abs=1e-6)
    assert result.theta[0, 1] == pytest.approx(0.0, abs=1e-6)
