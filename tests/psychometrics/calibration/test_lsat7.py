"""The published table of Bock & Lieberman (1970), through the example the documentation shows."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "lsat7.py"


@pytest.fixture(scope="module")
def example() -> dict[str, Any]:
    return runpy.run_path(str(EXAMPLE))


def test_the_data_are_the_published_ones(example: dict[str, Any]) -> None:
    result = example["calibrated"]()
    assert sum(example["FREQUENCIES"]) == result.n_persons == 1000
    bits = (np.arange(32)[:, None] >> np.arange(4, -1, -1)) & 1
    right = bits.T @ np.array(example["FREQUENCIES"]) / 1000
    np.testing.assert_allclose(right, [0.828, 0.658, 0.772, 0.606, 0.843])


def test_estimates_are_the_published_ones(example: dict[str, Any]) -> None:
    result, published = example["calibrated"](), example["PUBLISHED"]
    assert result.log_likelihood == pytest.approx(example["PUBLISHED_LOG_LIKELIHOOD"], abs=6e-4)
    slopes = result.items.discrimination
    np.testing.assert_allclose(slopes, [p.slope for p in published], atol=1.5e-3)
    np.testing.assert_allclose(-slopes * result.items.difficulty, [p.intercept for p in published], atol=1.5e-3)


def test_errors_are_within_five_per_cent_of_the_published_ones(example: dict[str, Any]) -> None:
    result, published = example["calibrated"](), example["PUBLISHED"]
    slope_errors, intercept_errors = [], []
    for j in range(5):
        covariance = result.covariance(j)
        a, b = result.items.discrimination[j], result.items.difficulty[j]
        gradient = np.array([-b, -a])
        slope_errors.append(np.sqrt(covariance[0, 0]))
        intercept_errors.append(np.sqrt(gradient @ covariance @ gradient))
    np.testing.assert_allclose(slope_errors, [np.ptp(p.slope_interval) / 3.92 for p in published], rtol=0.05)
    np.testing.assert_allclose(intercept_errors, [np.ptp(p.intercept_interval) / 3.92 for p in published], rtol=0.05)


def test_the_program_prints_the_comparison(example: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    example["main"]()
    printed = capsys.readouterr().out
    assert "log-likelihood -2658.805 (published -2658.805)" in printed
    assert printed.count("LSAT-7") == 5
