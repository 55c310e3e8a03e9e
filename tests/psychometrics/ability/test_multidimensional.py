"""Correlated competencies against brute-force grids in two and three dimensions and importance sampling in five."""

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from psychometrics.ability.estimate import estimate_ability
from psychometrics.ability.expectation_propagation import laplace, propagate
from psychometrics.ability.multidimensional import (
    NODES,
    competency_log_likelihood,
    estimate_competencies,
    multidimensional_posterior,
)
from psychometrics.models.base import Array, ItemParameters
from tests.psychometrics.ability.banks import draw_responses, random_bank

MEAN_TOLERANCE, SD_TOLERANCE = 0.005, 0.01


def equicorrelated(n: int, rho: float) -> Array:
    return np.full((n, n), rho) + (1 - rho) * np.eye(n)


def brute_force(logs: Array, nodes: Array, covariance: Array, mean: Array | float = 0.0) -> tuple[Array, Array, Array]:
    """Mean, covariance and joint weights on the full product grid."""
    n = len(covariance)
    axes = np.stack(np.meshgrid(*[nodes] * n, indexing="ij"))
    centred = axes - np.reshape(np.broadcast_to(mean, (n,)), (n, *[1] * n))
    exponent = -0.5 * np.einsum("i...,ij,j...->...", centred, np.linalg.inv(covariance), centred)
    for i in range(n):
        exponent = exponent + logs[i].reshape([-1 if k == i else 1 for k in range(n)])
    weights = np.exp(exponent - exponent.max())
    weights /= weights.sum()
    theta = np.array([(weights * x).sum() for x in axes])
    second = np.array([[(weights * x * y).sum() for y in axes] for x in axes])
    return theta, second - np.outer(theta, theta), weights


def sitting(n_dimensions: int, per_dimension: int, rho: float, models: tuple[str, ...], seed: int) -> Array:
    """Log-likelihoods (1, D, n_nodes) of one person's answers."""
    rng = np.random.default_rng(seed)
    items = random_bank(models, n_dimensions * per_dimension, rng)
    theta = np.linalg.cholesky(equicorrelated(n_dimensions, rho)) @ rng.normal(size=n_dimensions)
    dimension = np.arange(len(items)) % n_dimensions
    answers = np.array([draw_responses(items.take([i]), theta[[d]], rng)[0, 0] for i, d in enumerate(dimension)])
    return competency_log_likelihood(answers[None, :], items, dimension, n_dimensions)


def assert_close(logs: Array, covariance: Array, step: int, mean: Array | float = 0.0, sd: Array | float = 1.0) -> None:
    scale = np.sqrt(np.diag(covariance))
    found = multidimensional_posterior(logs, covariance / np.outer(scale, scale), mean=mean, sd=scale)
    theta, exact, _ = brute_force(logs[0, :, ::step], NODES[::step], covariance, mean)
    assert np.abs(found.theta[0] - theta).max() < MEAN_TOLERANCE
    assert np.abs(found.sem[0] / np.sqrt(np.diag(exact)) - 1).max() < SD_TOLERANCE
    np.testing.assert_allclose(found.covariance[0], exact, atol=0.015)
    assert found.status[0] == "converged"


@pytest.mark.parametrize("rho", [-0.5, 0.0, 0.3, 0.6, 0.8, 0.9])
@pytest.mark.parametrize("models", [("2pl",), ("3pl",), ("grm", "gpcm", "3pl", "nrm")])
def test_two_dimensions_against_the_product_grid(models: tuple[str, ...], rho: float) -> None:
    for seed in range(4):
        assert_close(sitting(2, 6, rho, models, seed), equicorrelated(2, rho), step=1)


@pytest.mark.parametrize("rho", [0.3, 0.6, 0.9])
def test_three_dimensions_against_the_product_grid(rho: float) -> None:
    for seed in range(2):
        assert_close(sitting(3, 5, rho, ("3pl", "2pl", "grm"), seed), equicorrelated(3, rho), step=2)


@pytest.mark.parametrize("answer", [0, 1])
def test_perfect_scores_in_every_competency(answer: int) -> None:
    items = ItemParameters.logistic(1.4, np.tile(np.linspace(-2, 2, 6), 3), 0.2)
    logs = competency_log_likelihood(np.full((1, 18), answer), items, np.repeat([0, 1, 2], 6), 3)
    assert_close(logs, equicorrelated(3, 0.8), step=2)


def test_means_and_standard_deviations_of_the_population() -> None:
    logs = sitting(2, 5, 0.5, ("2pl",), 3)
    covariance = np.array([[0.64, 0.4], [0.4, 1.44]])
    assert_close(logs, covariance, step=1, mean=np.array([0.5, -0.3]))


def importance_sampling(logs: Array, correlations: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Posterior mean and sd by 400,000 antithetic draws from a wide t around the answer under test."""
    start = multidimensional_posterior(logs, correlations, corrected=False)
    n = len(correlations)
    normal = rng.standard_normal((200_000, n))
    draws = np.concatenate([normal, -normal]) * np.sqrt(8 / rng.chisquare(8, (400_000, 1)))
    theta = start.theta[0] + draws @ np.linalg.cholesky(1.25 * start.covariance[0]).T
    target = -0.5 * np.einsum("ni,ij,nj->n", theta, np.linalg.inv(correlations), theta)
    for d in range(n):
        target += CubicSpline(NODES, logs[0, d])(np.clip(theta[:, d], -6, 6))
    proposal = -(8 + n) / 2 * np.log1p((draws**2).sum(axis=1) / 8)
    weights = np.exp(target - proposal - (target - proposal).max())
    weights /= weights.sum()
    mean = weights @ theta
    return mean, np.sqrt(weights @ (theta - mean) ** 2)


@pytest.mark.parametrize("rho", [0.5, 0.8])
def test_five_dimensions_against_importance_sampling(rho: float) -> None:
    for seed in range(2):
        logs = sitting(5, 6, rho, ("2pl", "3pl"), seed)
        found = multidimensional_posterior(logs, equicorrelated(5, rho))
        theta, sem = importance_sampling(logs, equicorrelated(5, rho), np.random.default_rng(seed))
        assert np.abs(found.theta[0] - theta).max() < MEAN_TOLERANCE
        assert np.abs(found.sem[0] / sem - 1).max() < SD_TOLERANCE


def test_uncorrelated_competencies_are_scored_alone() -> None:
    rng = np.random.default_rng(4)
    items = random_bank(("2pl", "grm"), 20, rng)
    responses = draw_responses(items, rng.normal(size=6), rng)
    dimension = np.arange(20) // 10
    found = estimate_competencies(responses, items, dimension, np.eye(2))
    for d in range(2):
        here = dimension == d
        alone = estimate_ability(responses[:, here], items.take(here), "eap")
        np.testing.assert_allclose(found.theta[:, d], alone.theta, atol=1e-4)
        np.testing.assert_allclose(found.sem[:, d], alone.sem, rtol=1e-3)


def test_no_answers_leave_the_population() -> None:
    correlations = equicorrelated(4, 0.6)
    found = multidimensional_posterior(np.zeros((2, 4, len(NODES))), correlations)
    np.testing.assert_allclose(found.theta, 0.0, atol=1e-12)
    np.testing.assert_allclose(found.covariance[1], correlations, atol=1e-4)


def test_a_competency_without_answers_borrows_by_regression() -> None:
    """With answers in competency 0 alone, theta_1 = rho theta_0 and var_1 = 1 - rho^2 (1 - var_0), exactly."""
    logs = sitting(2, 10, 0.0, ("2pl",), 5)
    logs[:, 1] = 0.0
    found = multidimensional_posterior(logs, equicorrelated(2, 0.7))
    assert found.theta[0, 1] == pytest.approx(0.7 * found.theta[0, 0], abs=1e-5)
    assert found.sem[0, 1] ** 2 == pytest.approx(1 - 0.49 * (1 - found.sem[0, 0] ** 2), abs=1e-4)


def test_probability_above_a_cut_against_the_product_grid() -> None:
    logs = sitting(2, 6, 0.8, ("3pl",), 6)
    found = multidimensional_posterior(logs, equicorrelated(2, 0.8))
    fine = np.linspace(-6, 6, 601)
    dense = CubicSpline(NODES, logs[0], axis=1)(fine)
    _, _, weights = brute_force(dense, fine, equicorrelated(2, 0.8))
    for cut in (-0.71, 0.13, 0.93):
        exact = [weights.sum(axis=1 - d)[fine > cut].sum() for d in range(2)]
        np.testing.assert_allclose(found.probability_above(cut)[0], exact, atol=0.002)
    both = found.probability_above([-0.71, 0.93])[0]
    assert both[0] == found.probability_above(-0.71)[0, 0]
    assert both[1] == found.probability_above(0.93)[0, 1]


def test_a_cohort_is_its_persons() -> None:
    logs = np.concatenate([sitting(3, 4, 0.7, ("2pl", "3pl"), seed) for seed in range(70)])
    correlations = equicorrelated(3, 0.7)
    together = multidimensional_posterior(logs, correlations)
    for person in (0, 13, 69):
        alone = multidimensional_posterior(logs[[person]], correlations)
        np.testing.assert_allclose(together.theta[person], alone.theta[0], atol=1e-6)
        np.testing.assert_allclose(together.sem[person], alone.sem[0], atol=1e-6)


def test_twelve_dimensions_settle() -> None:
    rng = np.random.default_rng(7)
    loading = rng.uniform(0.6, 0.9, 12)
    correlations = np.outer(loading, loading)
    np.fill_diagonal(correlations, 1.0)
    found = multidimensional_posterior(sitting(12, 4, 0.6, ("3pl", "2pl"), 7), correlations)
    assert found.status[0] == "converged"
    assert np.isfinite(found.theta).all()
    assert np.linalg.eigvalsh(found.covariance[0])[0] > 0


def test_the_fallback_is_the_mode() -> None:
    logs = sitting(2, 8, 0.6, ("2pl",), 8)
    correlations = equicorrelated(2, 0.6)
    found = laplace(logs, NODES, np.zeros(2), correlations)
    fine = np.linspace(-3, 3, 601)
    dense = CubicSpline(NODES, logs[0], axis=1)(fine)
    _, _, weights = brute_force(dense, fine, correlations)
    peak = np.unravel_index(int(weights.argmax()), weights.shape)
    np.testing.assert_allclose(found.mean[0], fine[list(peak)], atol=0.01)
    normal = propagate(logs, NODES, np.zeros(2), correlations)
    np.testing.assert_allclose(found.covariance, normal.covariance, rtol=0.25)


def test_persons_that_do_not_settle_get_the_fallback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("psychometrics.ability.expectation_propagation.MAX_SWEEPS", 1)
    found = multidimensional_posterior(sitting(2, 5, 0.6, ("2pl",), 9), equicorrelated(2, 0.6))
    assert found.status[0] == "laplace"
    assert np.isfinite(found.theta).all()


@pytest.mark.parametrize(
    ("correlations", "sentence"),
    [
        ([[1.0, 0.5]], "symmetric matrix"),
        ([[1.0, 0.2], [0.3, 1.0]], "symmetric matrix"),
        ([[2.0, 0.2], [0.2, 1.0]], "1 on the diagonal"),
        ([[1.0, 1.0], [1.0, 1.0]], "not positive definite"),
        ([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], r"must be \(n_persons, 3, 121\)"),
    ],
)
def test_bad_correlations_are_refused_in_words(correlations: list[list[float]], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        multidimensional_posterior(np.zeros((1, 2, 121)), correlations)


def test_an_item_of_no_known_competency_is_refused() -> None:
    items = ItemParameters.logistic(1.0, [0.0, 1.0])
    with pytest.raises(ValueError, match="one of 2 competencies"):
        competency_log_likelihood([[1, 1]], items, [0, 2], 2)
