"""The estimator against a naive EM, against the definition of the likelihood, and against itself by other routes."""

from __future__ import annotations

import math
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize

from psychometrics import calibrate
from psychometrics.arrays import MISSING
from psychometrics.calibration import blocks, expectation, marginal_ml
from psychometrics.calibration.result import CalibrationResult
from psychometrics.likelihood import log_likelihood
from psychometrics.models.base import ItemParameters
from psychometrics.models.registry import MODELS
from psychometrics.quadrature import normal_grid
from tests.psychometrics.calibration.data import answers, bank


def marginal(items: ItemParameters, responses: NDArray[np.int8], mean: float = 0.0, sd: float = 1.0) -> float:
    """The marginal log-likelihood by its definition, one person at a time."""
    grid = normal_grid(mean=mean, sd=sd)
    table = log_likelihood(items, responses, grid.nodes)
    return sum(math.log(sum(w * math.exp(v) for w, v in zip(grid.weights, row, strict=True))) for row in table)


def naive_em(
    responses: NDArray[np.int8], n_rounds: int, slopes: NDArray[Any], intercepts: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """2PL by the textbook: loops over persons and items, scipy's minimiser in the M-step."""
    grid = normal_grid()
    n_items = responses.shape[1]
    slopes, intercepts = slopes.copy(), intercepts.copy()
    for _ in range(n_rounds):
        persons, right = np.zeros((n_items, 61)), np.zeros((n_items, 61))
        for row in responses:
            likelihood = grid.weights.copy()
            for j, x in enumerate(row):
                if x != MISSING:
                    p = 1 / (1 + np.exp(-(slopes[j] * grid.nodes + intercepts[j])))
                    likelihood = likelihood * (p if x else 1 - p)
            posterior = likelihood / likelihood.sum()
            for j, x in enumerate(row):
                if x != MISSING:
                    persons[j] += posterior
                    right[j] += posterior * x
        for j in range(n_items):
            found = minimize(naive_loss, [slopes[j], intercepts[j]], args=(grid.nodes, persons[j], right[j]))
            slopes[j], intercepts[j] = found.x
    return slopes, intercepts


def naive_loss(ab: NDArray[Any], nodes: NDArray[Any], persons: NDArray[Any], right: NDArray[Any]) -> float:
    """Minus the expected log-likelihood of one item."""
    z = ab[0] * nodes + ab[1]
    return float((persons * np.logaddexp(0, z) - right * z).sum())


@pytest.mark.parametrize("missing", [0.0, 0.25])
def test_the_textbook_em_stays_where_we_end_and_ends_no_higher(missing: float) -> None:
    rng = np.random.default_rng(6)
    responses = answers(bank("2pl", 5, rng), rng.normal(size=300), rng, missing)
    ours = calibrate(responses, "2pl", tolerance=1e-10)
    answered = responses[(responses != MISSING).any(axis=1)]
    ends = (ours.items.discrimination, -ours.items.discrimination * ours.items.difficulty)
    for stayed, end in zip(naive_em(answered, 4, *ends), ends, strict=True):
        np.testing.assert_allclose(stayed, end, atol=1e-3)
    slopes, intercepts = naive_em(answered, 25, np.ones(5), np.zeros(5))
    textbook = ItemParameters.logistic(slopes, -intercepts / slopes)
    assert marginal(textbook, answered) <= ours.log_likelihood + 1e-6
    assert marginal(textbook, answered) == pytest.approx(ours.log_likelihood, abs=0.2)


@pytest.mark.parametrize("model", list(MODELS))
def test_reported_likelihood_is_the_definition_and_its_gradient_vanishes(model: str) -> None:
    rng = np.random.default_rng(4)
    responses = answers(bank(model, 6, rng, 3), rng.normal(size=400), rng, 0.1)
    priors = {"guessing": "beta(5, 17)", "upper": "beta(17, 5)"} if model in ("3pl", "4pl") else None
    result = calibrate(responses, model, priors=priors, tolerance=1e-10, max_iterations=2000)
    group = result.groups[0]
    assert result.log_likelihood == pytest.approx(marginal(result.items, responses, group.mean, group.sd), abs=1e-6)
    evidence: Any = result._evidence
    here = marginal_ml.pack(evidence.problem, evidence.parameters)
    step, slopes = 1e-4, []
    for place in range(here.size):
        shift = np.zeros(here.size)
        shift[place] = step
        if model == "1pl" and place % 2 == 0:
            shift[0::2] = step
        slopes.append((objective(evidence, here + shift) - objective(evidence, here - shift)) / (2 * step))
    assert np.abs(slopes).max() < 0.05


def objective(evidence: Any, vector: NDArray[Any]) -> float:
    """Log-likelihood and penalty at a vector of free parameters, in float64."""
    parameters = marginal_ml.unpack(evidence.problem, evidence.parameters, vector)
    tables = marginal_ml.tables(evidence.problem, parameters)
    parts = [expectation.expect_exactly(block, tables) for block in evidence.blocks]
    return expectation.total(parts).log_likelihood + marginal_ml.penalty(evidence.problem, parameters)


@pytest.mark.parametrize("model", list(MODELS))
def test_nothing_nearby_is_better(model: str) -> None:
    rng = np.random.default_rng(8)
    responses = answers(bank(model, 5, rng, 3), rng.normal(size=300), rng)
    priors = {"guessing": "beta(5, 17)", "upper": "beta(17, 5)"} if model in ("3pl", "4pl") else None
    evidence: Any = calibrate(responses, model, priors=priors, tolerance=1e-9)._evidence
    here = marginal_ml.pack(evidence.problem, evidence.parameters)
    top = objective(evidence, here)
    for _ in range(30):
        shift = rng.normal(0, 0.05, here.size)
        if model == "1pl":
            shift[0::2] = shift[0]
        assert objective(evidence, here + shift) < top + 1e-7


def test_rasch_and_1pl_are_one_model_in_two_scales() -> None:
    rng = np.random.default_rng(1)
    responses = answers(bank("1pl", 7, rng), rng.normal(size=500), rng)
    rasch, one = calibrate(responses, "rasch"), calibrate(responses, "1pl")
    assert rasch.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-4)
    assert rasch.groups[0].sd == pytest.approx(float(one.items.discrimination[0]), abs=1e-3)
    assert np.ptp(one.items.discrimination) < 1e-12
    np.testing.assert_allclose(rasch.items.discrimination, 1.0)
    np.testing.assert_allclose(rasch.items.difficulty, one.items.difficulty * rasch.groups[0].sd, atol=2e-3)


def test_dichotomous_graded_and_partial_credit_items_are_2pl_items() -> None:
    rng = np.random.default_rng(6)
    responses = answers(bank("2pl", 6, rng), rng.normal(size=400), rng)
    plain = calibrate(responses, "2pl")
    for model, column in (("grm", "thresholds"), ("gpcm", "steps")):
        other = calibrate(responses, model)
        assert other.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-5)
        np.testing.assert_allclose(getattr(other.items, column)[:, 0], plain.items.difficulty, atol=1e-3)


def test_mixed_formats_and_auto() -> None:
    rng = np.random.default_rng(12)
    theta = rng.normal(size=1500)
    responses = np.concatenate(
        [answers(bank(m, 5, rng), theta, rng, 0.3) for m in ("2pl", "grm", "gpcm", "nrm")], axis=1
    )
    names = ["2pl"] * 5 + ["grm"] * 5 + ["gpcm"] * 5 + ["nrm"] * 5
    mixed = calibrate(responses, names)
    assert mixed.converged
    assert mixed.items.model == tuple(names)
    assert mixed.log_likelihood == pytest.approx(marginal(mixed.items, responses), abs=1e-5)
    automatic = calibrate(responses, "auto")
    assert automatic.items.model == ("2pl",) * 5 + ("gpcm",) * 15
    with_prior = calibrate(responses, "auto", priors={"guessing": "beta(5, 17)"})
    assert set(with_prior.items.model[:5]) == {"3pl"}
    few = calibrate(responses[:500], "auto", priors={"guessing": "beta(5, 17)"})
    assert set(few.items.model[:5]) == {"2pl"}


def test_sparse_dense_collapsed_and_plain_blocks_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    responses = answers(bank("2pl", 8, rng), rng.normal(size=2500), rng, 0.4)
    dense = calibrate(responses, "2pl", tolerance=1e-9)
    monkeypatch.setattr(blocks, "SPARSE_BELOW", 1.1)
    sparse = calibrate(responses, "2pl", tolerance=1e-9)
    same(dense, sparse)
    monkeypatch.setattr(blocks, "SPARSE_BELOW", 0.0)
    monkeypatch.setattr(blocks, "FEW_PATTERNS", 10**9)
    monkeypatch.setattr(blocks, "PERSONS_PER_BLOCK", 100)
    monkeypatch.setattr(blocks, "SMALLEST_BLOCK", 1)
    same(dense, calibrate(responses, "2pl", tolerance=1e-9))
    monkeypatch.setattr(blocks, "FLOAT_BYTES", 0)
    same(dense, calibrate(responses, "2pl", tolerance=1e-9))
    short = responses[:, :4]
    collapsed = calibrate(short, "2pl", tolerance=1e-9)
    evidence: Any = collapsed._evidence
    assert evidence.blocks[0].weights is not None
    assert sum(block.weights.sum() for block in evidence.blocks) == collapsed.n_persons
    monkeypatch.setattr(blocks, "FEW_PATTERNS", 0)
    same(collapsed, calibrate(short, "2pl", tolerance=1e-9))


def same(one: CalibrationResult, other: CalibrationResult, close: float = 2e-3) -> None:
    assert one.log_likelihood == pytest.approx(other.log_likelihood, abs=1e-4)
    np.testing.assert_allclose(one.items.discrimination, other.items.discrimination, atol=close)
    np.testing.assert_allclose(one.items.difficulty, other.items.difficulty, atol=close)
    for a, b in zip(one.standard_errors().covariances, other.standard_errors().covariances, strict=True):
        np.testing.assert_allclose(a, b, rtol=0.01, atol=1e-4)


def test_two_groups_on_common_items() -> None:
    rng = np.random.default_rng(21)
    items = bank("2pl", 20, rng)
    theta = np.concatenate([rng.normal(0, 1, 2500), rng.normal(0.6, 1.3, 2500)])
    responses, labels = answers(items, theta, rng), ["a"] * 2500 + ["b"] * 2500
    result = calibrate(responses, "2pl", groups=labels)
    first, second = result.groups
    assert (first.group, first.mean, first.sd, first.n_persons) == ("a", 0.0, 1.0, 2500)
    errors = result.standard_errors().groups
    assert errors[0] == {}
    assert abs(second.mean - 0.6) < 4 * errors[1]["mean"] < 0.2
    assert abs(second.sd - 1.3) < 4 * errors[1]["sd"] < 0.3
    split = marginal(result.items, responses[:2500]) + marginal(result.items, responses[2500:], second.mean, second.sd)
    assert result.log_likelihood == pytest.approx(split, abs=1e-5)
    turned = calibrate(responses, "2pl", groups=labels, reference_group="b")
    assert turned.groups[0].group == "b"
    assert turned.log_likelihood == pytest.approx(result.log_likelihood, abs=0.01)
    assert turned.groups[1].mean == pytest.approx(-second.mean / second.sd, abs=0.01)
    assert turned.groups[1].sd == pytest.approx(1 / second.sd, abs=0.01)


def test_fixed_items_keep_the_scale() -> None:
    rng = np.random.default_rng(30)
    items = bank("2pl", 30, rng)
    responses = answers(items, rng.normal(0.8, 1.2, 6000), rng)
    names = list(items.item_id)
    result = calibrate(responses, "2pl", item_id=names, fixed=items.take(range(20)))
    np.testing.assert_array_equal(result.items.discrimination[:20], items.discrimination[:20])
    np.testing.assert_array_equal(result.items.difficulty[:20], items.difficulty[:20])
    assert result.groups[0].mean == pytest.approx(0.8, abs=0.06)
    assert result.groups[0].sd == pytest.approx(1.2, abs=0.06)
    np.testing.assert_allclose(result.items.discrimination[20:], items.discrimination[20:], atol=0.2)
    errors = result.standard_errors()
    assert (errors.column("discrimination")[:20] == 0).all()
    assert (errors.column("discrimination")[20:] > 0).all()
    assert set(errors.groups[0]) == {"mean", "sd"}
    assert result.item_status[0] == "held at its given parameters"
    free = calibrate(responses, "2pl")
    assert free.log_likelihood >= result.log_likelihood


def test_everything_fixed_estimates_the_population_alone() -> None:
    rng = np.random.default_rng(31)
    items = bank("2pl", 25, rng)
    responses = answers(items, rng.normal(-0.5, 0.8, 4000), rng)
    result = calibrate(responses, item_id=list(items.item_id), fixed=items)
    assert result.groups[0].mean == pytest.approx(-0.5, abs=0.05)
    assert result.groups[0].sd == pytest.approx(0.8, abs=0.05)


def test_histogram_finds_a_skewed_population() -> None:
    rng = np.random.default_rng(17)
    skewed = (rng.exponential(size=6000) - 1.0) * 1.0
    items = bank("2pl", 30, rng)
    responses = answers(items, skewed, rng)
    normal, histogram = calibrate(responses, "2pl"), calibrate(responses, "2pl", latent="histogram")
    assert histogram.log_likelihood > normal.log_likelihood + 50
    group = histogram.groups[0]
    assert group.mean == pytest.approx(0.0, abs=1e-9)
    assert group.sd == pytest.approx(1.0, abs=1e-9)
    nodes, weights = np.array(group.nodes), np.array(group.weights)
    assert weights.sum() == pytest.approx(1.0)
    assert weights @ nodes**3 == pytest.approx(2.0, abs=0.6)
    table = log_likelihood(histogram.items, responses, nodes)
    assert histogram.log_likelihood == pytest.approx(float(np.log(np.exp(table) @ weights).sum()), abs=1e-4)
    error = np.abs(histogram.items.difficulty - items.difficulty).mean()
    assert error < np.abs(normal.items.difficulty - items.difficulty).mean()


def test_a_callers_executor_gives_the_same_bits() -> None:
    rng = np.random.default_rng(9)
    responses = answers(bank("2pl", 10, rng), rng.normal(size=1500), rng)
    own = calibrate(responses, "2pl")
    with ThreadPoolExecutor(1) as one, ProcessPoolExecutor(1) as process:
        for executor in (one, process):
            handed = calibrate(responses, "2pl", executor=executor)
            np.testing.assert_array_equal(own.items.difficulty, handed.items.difficulty)
            assert own.log_likelihood == handed.log_likelihood


def test_likelihood_never_falls_and_progress_is_told() -> None:
    rng = np.random.default_rng(14)
    responses = answers(bank("3pl", 12, rng), rng.normal(size=800), rng)
    told: list[tuple[int, float]] = []
    result = calibrate(responses, "2pl", progress=lambda n, value: told.append((n, value)))
    values = [value for _, value in told]
    assert told[-1][0] == result.n_iterations
    assert all(after >= before - 1e-6 * abs(before) for before, after in pairwise(values))


def test_priors_pull_and_are_not_in_the_likelihood() -> None:
    rng = np.random.default_rng(15)
    responses = answers(bank("2pl", 6, rng), rng.normal(size=250), rng)
    free = calibrate(responses, "2pl")
    pulled = calibrate(responses, "2pl", priors={"discrimination": "lognormal(0, 0.1)", "difficulty": "normal(0, 0.1)"})
    assert np.ptp(pulled.items.discrimination) < np.ptp(free.items.discrimination)
    assert np.abs(pulled.items.difficulty).max() < np.abs(free.items.difficulty).max()
    assert pulled.log_likelihood < free.log_likelihood
    assert pulled.log_likelihood == pytest.approx(marginal(pulled.items, responses), abs=1e-6)
    assert (pulled.standard_errors().column("difficulty") < free.standard_errors().column("difficulty")).all()


def test_too_few_iterations_is_a_sentence() -> None:
    rng = np.random.default_rng(16)
    responses = answers(bank("2pl", 6, rng), rng.normal(size=250), rng)
    result = calibrate(responses, "2pl", max_iterations=2)
    assert not result.converged
    assert result.status.startswith("not converged after 2 iterations: about")
    assert "did not converge" in result.item_status[0]
