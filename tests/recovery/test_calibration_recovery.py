"""Bias and coverage of the calibration over replications with known parameters.

Over the items of a test, the average error of a parameter (its bias) and the share of 95 % intervals that hold the
generating value. A small version runs with the ordinary tests; the 100 replications are marked slow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from psychometrics import ItemParameters, calibrate
from tests.psychometrics.calibration.data import answers, bank

Errors = dict[str, tuple[NDArray[Any], NDArray[Any]]]


def slopes_and_locations(model: str) -> ItemParameters:
    """Twenty items whose sampling errors are close to normal: slopes from 0.8 to 1.6, locations inside +-1.5."""
    rng = np.random.default_rng(42)
    slopes, located = rng.uniform(0.8, 1.6, 20), np.linspace(-1.5, 1.5, 20)
    if model == "2pl":
        return ItemParameters.logistic(slopes, located)
    name = {"grm": "thresholds", "gpcm": "steps"}[model]
    return ItemParameters.from_records(
        {"item_id": str(j), "model": model, "discrimination": a, name: [b - 0.8, b, b + 0.8]}
        for j, (a, b) in enumerate(zip(slopes, located * 0.6, strict=True))
    )


def replicate(model: str, n_replications: int, n_persons: int) -> dict[str, tuple[float, float]]:
    """Bias and coverage by parameter over items and replications."""
    items = slopes_and_locations(model)
    columns = {"2pl": ["difficulty"], "grm": ["thresholds_1", "thresholds_3"], "gpcm": ["steps_1", "steps_3"]}[model]
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in ["discrimination", *columns]}
    for seed in range(n_replications):
        rng = np.random.default_rng(1000 + seed)
        result = calibrate(answers(items, rng.normal(size=n_persons), rng), model)
        assert result.converged
        errors = result.standard_errors()
        for name, rows in found.items():
            off = column(result.items, name) - column(items, name)
            rows.append((float(off.mean()), float((np.abs(off) < 1.96 * errors.column(name)).mean())))
    return {
        name: (float(np.mean([r[0] for r in rows])), float(np.mean([r[1] for r in rows])))
        for name, rows in found.items()
    }


def column(items: ItemParameters, name: str) -> NDArray[Any]:
    """A reported parameter over the items; lists numbered from 1."""
    base, _, number = name.partition("_")
    values: NDArray[Any] = getattr(items, base)
    return values[:, int(number) - 1] if number else values


def outside(found: dict[str, tuple[float, float]], bias: float, low: float, high: float) -> list[str]:
    """The parameters whose bias or coverage is not within these bounds."""
    return [
        f"{name}: bias {off:.4f}, coverage {coverage:.4f}"
        for name, (off, coverage) in found.items()
        if not (abs(off) < bias and low <= coverage <= high)
    ]


@pytest.mark.parametrize("model", ["2pl", "grm", "gpcm"])
def test_a_few_replications(model: str) -> None:
    assert outside(replicate(model, 8, 1000), 0.03, 0.88, 1.0) == []


@pytest.mark.slow
@pytest.mark.parametrize("model", ["2pl", "grm", "gpcm"])
def test_a_hundred_replications(model: str) -> None:
    assert outside(replicate(model, 100, 1000), 0.02, 0.93, 0.97) == []


def repeated(n_replications: int, measure: Callable[[int], tuple[float, float, float]]) -> tuple[float, float]:
    """Bias and coverage of one number: measure returns estimate, error and truth for a seed."""
    rows = np.array([measure(seed) for seed in range(n_replications)])
    off = rows[:, 0] - rows[:, 2]
    return float(off.mean()), float((np.abs(off) < 1.96 * rows[:, 1]).mean())


def group_mean(seed: int) -> tuple[float, float, float]:
    """The mean of a second group 0.5 above the reference."""
    rng = np.random.default_rng(seed)
    theta = np.concatenate([rng.normal(size=600), rng.normal(0.5, 1.2, 600)])
    responses = answers(slopes_and_locations("2pl"), theta, rng)
    result = calibrate(responses, "2pl", groups=["a"] * 600 + ["b"] * 600)
    return result.groups[1].mean, result.standard_errors().groups[1]["mean"], 0.5


def group_sd(seed: int) -> tuple[float, float, float]:
    """The sd of a population on a scale that fixed items hold."""
    rng = np.random.default_rng(seed)
    items = slopes_and_locations("2pl")
    responses = answers(items, rng.normal(0.3, 1.2, 1000), rng)
    names = list(items.item_id)
    result = calibrate(responses, "2pl", item_id=names, fixed=items.take(range(0, 20, 2)))
    return result.groups[0].sd, result.standard_errors().groups[0]["sd"], 1.2


def correlation(seed: int) -> tuple[float, float, float]:
    """The correlation of two competencies."""
    rng = np.random.default_rng(seed)
    theta = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], 800, method="cholesky")
    items = bank("2pl", 20, np.random.default_rng(1))
    responses = np.concatenate([answers(items.take([j]), theta[:, j % 2], rng) for j in range(20)], axis=1)
    result = calibrate(responses, "2pl", dimensions=["x", "y"] * 10)
    errors = result.standard_errors().correlations
    assert result.correlations is not None
    assert errors is not None
    return float(result.correlations[0, 1]), float(errors[0, 1]), 0.6


@pytest.mark.slow
@pytest.mark.parametrize("measure", [group_mean, group_sd, correlation])
def test_populations_over_a_hundred_replications(measure: Callable[[int], tuple[float, float, float]]) -> None:
    """One number a replication: at a coverage of 95 %, 100 replications give 89 to 99 in all but 1 % of runs."""
    off, coverage = repeated(100, measure)
    assert abs(off) < 0.02
    assert 0.89 <= coverage <= 0.99
