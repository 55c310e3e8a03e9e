"""The closed form of the observed information against differences of the log-likelihood."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from psychometrics import calibrate
from psychometrics.calibration import marginal_ml
from psychometrics.calibration.expectation import expect_exactly, total
from psychometrics.calibration.lost_information import lost_information, orthonormal
from psychometrics.calibration.observed_information import observed_information, pooling
from psychometrics.calibration.scores import score_tables
from psychometrics.calibration.standard_errors import inverted
from psychometrics.models.registry import MODELS
from psychometrics.quadrature import normal_grid
from tests.psychometrics.calibration.data import answers, bank


def numerical_information(evidence: Any) -> NDArray[Any]:
    """Minus the Hessian of the objective by central second differences."""
    problem, parameters = evidence.problem, evidence.parameters
    here = marginal_ml.pack(problem, parameters)
    target = pooling(problem.kinds, here.size)

    def value(shift: NDArray[Any]) -> float:
        moved = marginal_ml.unpack(problem, parameters, here + shift[target])
        tables = marginal_ml.tables(problem, moved)
        parts = total([expect_exactly(block, tables) for block in evidence.blocks])
        return parts.log_likelihood + marginal_ml.penalty(problem, moved)

    size, step = int(target.max()) + 1, 2e-3
    shifts, hessian = step * np.eye(size), np.zeros((size, size))
    for i in range(size):
        for j in range(i + 1):
            corners = [s * t * value(s * shifts[i] + t * shifts[j]) for s in (1, -1) for t in (1, -1)]
            hessian[i, j] = hessian[j, i] = sum(corners) / (4 * step**2)
    return -hessian


@pytest.mark.parametrize("model", list(MODELS))
@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_information_is_the_hessian(model: str, missing: float) -> None:
    rng = np.random.default_rng(10)
    n_persons = 1500
    responses = answers(bank(model, 5, rng, 3), rng.normal(size=n_persons), rng, missing)
    priors = {"guessing": "beta(5, 17)", "upper": "beta(17, 5)", "discrimination": "lognormal(0, 0.3)"}
    result = calibrate(
        responses, model, priors=priors if model in ("3pl", "4pl") else None, groups=np.arange(n_persons) % 2
    )
    evidence: Any = result._evidence
    closed = observed_information(evidence.problem, evidence.blocks, evidence.parameters)
    differences = numerical_information(evidence)
    scale = np.sqrt(np.outer(np.diag(differences), np.diag(differences)))
    np.testing.assert_allclose(closed / scale, differences / scale, atol=2e-3)
    assert result.standard_errors().status == "positive definite"


def test_errors_shrink_with_the_root_of_persons() -> None:
    rng = np.random.default_rng(1)
    items = bank("2pl", 10, rng)
    few = calibrate(answers(items, rng.normal(size=500), rng), "2pl").standard_errors()
    many = calibrate(answers(items, rng.normal(size=8000), rng), "2pl").standard_errors()
    ratio = few.column("discrimination") / many.column("discrimination")
    assert np.median(ratio) == pytest.approx(4.0, rel=0.25)


def test_covariance_of_an_item_is_what_its_errors_are_made_of() -> None:
    rng = np.random.default_rng(2)
    result = calibrate(answers(bank("grm", 5, rng), rng.normal(size=600), rng), "grm")
    errors = result.standard_errors()
    covariance = result.covariance("item_2")
    assert errors.names(1) == ("discrimination", "thresholds_1", "thresholds_2", "thresholds_3")
    assert np.linalg.eigvalsh(covariance).min() > 0
    assert errors.record(1)["discrimination"] == pytest.approx(np.sqrt(covariance[0, 0]))
    assert errors.column("thresholds_2")[1] == pytest.approx(np.sqrt(covariance[2, 2]))
    assert errors.record(1)["thresholds"] == pytest.approx(np.sqrt(np.diag(covariance)[1:]).tolist())


def test_a_direction_without_information_is_said() -> None:
    covariance, status = inverted(np.array([[2.0, 0.0], [0.0, 0.0]]), np.zeros(2, dtype=bool))
    assert status.startswith("1 directions are not determined")
    assert covariance[0, 0] == pytest.approx(0.5)
    assert np.isfinite(covariance).all()


@pytest.mark.parametrize(
    ("model", "missing"), [("2pl", 0.0), ("gpcm", 0.0), ("2pl", 0.3), ("grm", 0.0), ("2pl", 0.9), ("gpcm", 0.97)]
)
def test_lost_information_is_the_posterior_covariance_of_the_score(model: str, missing: float) -> None:
    """Against the covariance person by person and node by node, in float64, at parameters on the way."""
    rng = np.random.default_rng(21)
    items, nodes = bank(model, 80 if missing > 0.95 else 14, rng, 3), normal_grid().nodes
    responses = answers(items, rng.normal(size=1200 if missing > 0.5 else 300), rng, missing)
    evidence: Any = calibrate(responses, model, max_iterations=2, n_categories=items.n_categories)._evidence
    problem, parameters = evidence.problem, evidence.parameters
    tables = marginal_ml.tables(problem, parameters)
    scores, nothing = score_tables(problem, parameters), [np.zeros((0, nodes.size))]
    found = sum(lost_information(b, tables=tables, scores=scores, populations=nothing, nodes=nodes)[0]
                for b in evidence.blocks)  # fmt: skip
    kind, working = problem.kinds[0], parameters.working[0]
    score = kind.model.parameter_gradient(working, nodes) / kind.model.probabilities(working, nodes)[:, None]
    logs = kind.model.log_probabilities(working, nodes)
    expected = np.zeros_like(found)
    for row in responses[:, evidence.used]:
        given = [(j, x) for j, x in enumerate(row) if x >= 0]
        joint = sum((logs[j, x] for j, x in given), -0.5 * nodes**2)
        posterior = np.exp(joint - joint.max())
        own = np.zeros((score.shape[1], len(row), nodes.size))
        for j, x in given:
            own[:, j] = score[j, :, x]
        flat = own.reshape(-1, nodes.size)
        expected += np.cov(flat, aweights=posterior, bias=True)
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    np.testing.assert_allclose(found / scale, expected / scale, atol=1e-3)


def test_polynomials_are_orthonormal_under_each_posterior() -> None:
    grid = normal_grid()
    logs = -np.logaddexp(0, -np.multiply.outer([1.0, -2.0, 0.3], grid.nodes))
    posterior = np.exp(logs) * grid.weights
    posterior /= posterior.sum(axis=1, keepdims=True)
    found = [values.T for values, _ in zip(orthonormal(grid.nodes, posterior.T), range(6), strict=False)]
    for r, one in enumerate(found):
        np.testing.assert_allclose(one.sum(axis=1), 0.0, atol=1e-10)
        for s, other in enumerate(found):
            np.testing.assert_allclose((one * other / posterior).sum(axis=1), float(r == s), atol=1e-8)


def test_a_parameter_at_its_bound_has_no_error_and_the_others_are_conditional() -> None:
    rng = np.random.default_rng(5)
    responses = answers(bank("2pl", 8, rng), rng.normal(size=1500), rng)
    result = calibrate(responses, "3pl")
    at_bound = result.items.guessing < 2e-4
    assert at_bound.any()
    errors = result.standard_errors()
    place = int(np.argmax(at_bound))
    assert errors.names(place) == ("discrimination", "difficulty")
    assert "guessing" not in errors.record(place)
    assert np.isfinite(errors.column("difficulty")).all()
    assert (errors.column("difficulty") > 0).all()
    assert errors.status == "positive definite"
