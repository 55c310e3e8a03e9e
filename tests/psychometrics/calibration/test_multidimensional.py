"""Expectation propagation against the product grid it replaces."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from psychometrics import calibrate
from psychometrics.calibration.expectation_propagation import expect_many, propagate
from psychometrics.calibration.many_information import observed_information_many
from psychometrics.calibration.multidimensional import (
    LKJ,
    _likeliest,
    admissible,
    correlation_penalty,
    many_tables,
    pack_many,
    unpack_many,
)
from psychometrics.likelihood import log_likelihood
from psychometrics.models.base import ItemParameters
from tests.psychometrics.calibration.data import answers, bank


def simulated(
    n_persons: int, n_items: int, correlation: NDArray[Any], seed: int, model: str = "2pl", missing: float = 0.0
) -> tuple[NDArray[np.int8], ItemParameters, list[str]]:
    """Answers to items that take turns over the dimensions."""
    rng = np.random.default_rng(seed)
    n_dimensions = len(correlation)
    theta = rng.multivariate_normal(np.zeros(n_dimensions), correlation, n_persons, method="cholesky")
    items, labels = bank(model, n_items, rng), [f"d{j % n_dimensions}" for j in range(n_items)]
    columns = [answers(items.take([j]), theta[:, j % n_dimensions], rng, missing) for j in range(n_items)]
    return np.concatenate(columns, axis=1), items, labels


def product_grid(
    items: ItemParameters, responses: NDArray[np.int8], labels: list[str], correlation: float
) -> tuple[float, NDArray[Any]]:
    """Two dimensions by brute force: the marginal log-likelihood and the posterior mean of theta_0 theta_1."""
    nodes = np.linspace(-6, 6, 121)
    first = [j for j, label in enumerate(labels) if label == "d0"]
    second = [j for j, label in enumerate(labels) if label == "d1"]
    x, y = np.meshgrid(nodes, nodes, indexing="ij")
    weights = np.exp(-0.5 * (x**2 - 2 * correlation * x * y + y**2) / (1 - correlation**2))
    weights /= weights.sum()
    one = np.exp(log_likelihood(items.take(first), responses[:, first], nodes))
    two = np.exp(log_likelihood(items.take(second), responses[:, second], nodes))
    evidence = np.einsum("ni,ij,nj->n", one, weights, two)
    return float(np.log(evidence).sum()), np.einsum("ni,ij,nj->n", one, weights * x * y, two) / evidence


@pytest.mark.parametrize("model", ["2pl", "grm", "3pl"])
def test_evidence_and_moments_are_those_of_the_product_grid(model: str) -> None:
    responses, _, labels = simulated(300, 10, np.array([[1, 0.6], [0.6, 1]]), 3, model, 0.1)
    priors = {"guessing": "beta(5, 17)"} if model == "3pl" else None
    result = calibrate(responses, model, dimensions=labels, priors=priors)
    assert result.correlations is not None
    exact, product = product_grid(result.items, responses, labels, float(result.correlations[0, 1]))
    assert result.log_likelihood == pytest.approx(exact, abs=0.002 * 300)
    evidence: Any = result._evidence
    posterior = propagate(evidence.blocks[0], many_tables(evidence.problem, evidence.parameters), np.float64, 1e-8)
    approximate = posterior.covariance[:, 0, 1] + posterior.mean[:, 0] * posterior.mean[:, 1]
    assert len(evidence.blocks) == 1
    np.testing.assert_allclose(approximate, product, atol=0.02)


def test_the_correlation_maximises_the_exact_likelihood_too() -> None:
    responses, _, labels = simulated(600, 16, np.array([[1, 0.5], [0.5, 1]]), 9)
    result = calibrate(responses, "2pl", dimensions=labels)
    assert result.correlations is not None
    found = float(result.correlations[0, 1])
    tried = np.linspace(found - 0.08, found + 0.08, 9)
    values = [product_grid(result.items, responses, labels, r)[0] for r in tried]
    curve = np.polynomial.Polynomial.fit(tried, values, 2)
    best = float(np.real(curve.deriv().roots()[0]))
    assert best == pytest.approx(found, abs=0.01)


def test_one_dimension_is_the_ordinary_calibration() -> None:
    responses, _, _ = simulated(800, 8, np.eye(1), 4)
    plain, one = calibrate(responses, "2pl"), calibrate(responses, "2pl", dimensions=["d0"] * 8)
    assert one.log_likelihood == pytest.approx(plain.log_likelihood, abs=0.01)
    np.testing.assert_allclose(one.items.discrimination, plain.items.discrimination, atol=0.005)
    np.testing.assert_allclose(one.items.difficulty, plain.items.difficulty, atol=0.005)
    ours, theirs = one.standard_errors().column("difficulty"), plain.standard_errors().column("difficulty")
    np.testing.assert_allclose(ours, theirs, rtol=0.01)


def test_recovers_the_correlations_of_five_competencies() -> None:
    rng = np.random.default_rng(0)
    factor = rng.normal(size=(5, 7))
    spread = factor @ factor.T + 3
    correlation = spread / np.sqrt(np.outer(np.diag(spread), np.diag(spread)))
    responses, items, labels = simulated(3000, 60, correlation, 1)
    result = calibrate(responses, "2pl", dimensions=labels)
    assert result.converged
    assert result.dimensions == ("d0", "d1", "d2", "d3", "d4")
    assert result.correlations is not None
    error = np.abs(result.correlations - correlation)[np.tril_indices(5, -1)]
    assert error.mean() < 0.025
    assert error.max() < 0.06
    assert np.sqrt(np.mean((result.items.discrimination - items.discrimination) ** 2)) < 0.1
    alone = [calibrate(responses[:, d::5], "2pl").items.discrimination - items.discrimination[d::5] for d in range(5)]
    together = result.items.discrimination - items.discrimination
    assert np.sqrt(np.mean(together**2)) < np.sqrt(np.mean(np.concatenate(alone) ** 2))


def test_information_is_the_hessian_of_the_evidence() -> None:
    correlation = np.array([[1, 0.4, 0.5], [0.4, 1, 0.6], [0.5, 0.6, 1]])
    responses, _, labels = simulated(300, 12, correlation, 5)
    evidence: Any = calibrate(responses, "2pl", dimensions=labels, tolerance=1e-9)._evidence
    problem, parameters = evidence.problem, evidence.parameters
    closed = observed_information_many(problem, evidence.blocks, parameters)
    here, step = pack_many(problem, parameters), 3e-3

    def value(shift: NDArray[Any]) -> float:
        moved = unpack_many(problem, parameters, here + shift)
        tables = many_tables(problem, moved)
        logs = sum(propagate(b, tables, np.float64, 1e-9).log_likelihood.sum() for b in evidence.blocks)
        return float(logs) + correlation_penalty(moved)

    chosen = [0, 1, 2, here.size - 2, here.size - 1]
    shifts = step * np.eye(here.size)[chosen]
    differences = np.array([
        [-sum(s * t * value(s * a + t * b) for s in (1, -1) for t in (1, -1)) / (4 * step**2) for a in shifts]
        for b in shifts
    ])  # fmt: skip
    scale = np.sqrt(np.outer(np.diag(differences), np.diag(differences)))
    np.testing.assert_allclose(closed[np.ix_(chosen, chosen)] / scale, differences / scale, atol=0.03)


def test_errors_of_correlations_are_reported() -> None:
    responses, _, labels = simulated(1500, 20, np.array([[1, 0.7], [0.7, 1]]), 6)
    result = calibrate(responses, "2pl", dimensions=labels)
    errors = result.standard_errors().correlations
    assert result.correlations is not None
    assert errors is not None
    assert 0.01 < errors[0, 1] < 0.05
    assert abs(result.correlations[0, 1] - 0.7) < 4 * errors[0, 1]
    document = result.to_document()
    assert document["correlations"][0][1] == result.correlations[0, 1]
    assert document["items"][1]["competency"] == "d1"
    assert [g["dimension"] for g in document["groups"]] == ["d0", "d1"]


def test_fixed_items_free_the_population_of_their_dimension() -> None:
    rng = np.random.default_rng(8)
    items, labels = bank("2pl", 24, rng), ["d0", "d1"] * 12
    covariance = np.array([[1.44, 0.6], [0.6, 1.0]])
    theta = rng.multivariate_normal([0.5, 0.0], covariance, 4000, method="cholesky")
    responses = np.concatenate([answers(items.take([j]), theta[:, j % 2], rng) for j in range(24)], axis=1)
    held = items.take(range(0, 12, 2))
    result = calibrate(responses, "2pl", item_id=list(items.item_id), dimensions=labels, fixed=held)
    first, second = result.groups
    assert first.mean == pytest.approx(0.5, abs=0.08)
    assert first.sd == pytest.approx(1.2, abs=0.08)
    assert (second.mean, second.sd) == (0.0, pytest.approx(1.0))
    assert result.correlations is not None
    assert result.correlations[0, 1] == pytest.approx(0.5, abs=0.05)


def test_twelve_sparse_dimensions_and_no_more() -> None:
    correlation = np.full((12, 12), 0.5) + 0.5 * np.eye(12)
    responses, _, labels = simulated(1500, 96, correlation, 2, missing=0.82)
    result = calibrate(responses, "rasch", dimensions=labels)
    assert result.converged
    assert result.correlations is not None
    assert np.linalg.eigvalsh(result.correlations).min() > 0
    assert np.abs(result.correlations - correlation).mean() < 0.15
    with pytest.raises(ValueError, match="13 competencies"):
        calibrate(responses[:, :13], "2pl", dimensions=[f"d{j}" for j in range(13)])


def test_an_impossible_correlation_matrix_is_moved_to_a_possible_one() -> None:
    impossible = np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]])
    moved = admissible(impossible)
    assert np.linalg.eigvalsh(moved).min() > 0
    np.testing.assert_allclose(np.diag(moved), 1.0)


def test_sites_that_start_where_they_ended_end_there_at_once() -> None:
    responses, _, labels = simulated(400, 12, np.array([[1, 0.8], [0.8, 1]]), 7)
    evidence: Any = calibrate(responses, "2pl", dimensions=labels)._evidence
    tables = many_tables(evidence.problem, evidence.parameters)
    cold = propagate(evidence.blocks[0], tables, np.float64, 1e-9)
    warm = propagate(evidence.blocks[0], tables, np.float64, 1e-4, cold.sites)
    np.testing.assert_allclose(warm.mean, cold.mean, atol=1e-5)
    again = expect_many(evidence.blocks[0], tables, cold.sites)
    assert again.log_likelihood == pytest.approx(cold.log_likelihood.sum(), abs=1e-2)
    np.testing.assert_allclose(again.sites.precision, cold.sites.precision, atol=1e-3)


def test_correlations_and_spreads_maximise_density_and_prior() -> None:
    rng = np.random.default_rng(4)
    factor, n_persons = rng.normal(size=(4, 6)), 300
    covariance = factor @ factor.T / 6

    def value(correlation: NDArray[Any], spread: NDArray[Any]) -> float:
        tried = correlation * np.outer(spread, spread)
        density = -0.5 * n_persons * (np.linalg.slogdet(tried)[1] + np.trace(np.linalg.solve(tried, covariance)))
        return float(density + (LKJ - 1) * np.linalg.slogdet(correlation)[1])

    correlation, spread = _likeliest(covariance, n_persons)
    np.testing.assert_allclose(np.diag(correlation), 1.0)
    best = value(correlation, spread)
    for _ in range(200):
        shift = 0.01 * rng.normal(size=(4, 4))
        moved = correlation + np.tril(shift, -1) + np.tril(shift, -1).T
        assert value(moved, spread * (1 + 0.01 * rng.normal(size=4))) < best
