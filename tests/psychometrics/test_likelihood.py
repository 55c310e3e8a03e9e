from __future__ import annotations

import math

import numpy as np
import pytest

from psychometrics.arrays import MISSING
from psychometrics.likelihood import log_likelihood
from psychometrics.models.base import ItemParameters
from psychometrics.models.registry import probabilities


def _bank() -> ItemParameters:
    return ItemParameters.from_records(
        [
            {"item_id": "a", "model": "2pl", "discrimination": 1.2, "difficulty": 0.3},
            {"item_id": "b", "model": "grm", "discrimination": 0.8, "thresholds": [-1.0, 0.0, 1.5]},
            {"item_id": "c", "model": "3pl", "discrimination": 2.0, "difficulty": -0.3, "guessing": 0.2},
        ]
    )


def test_equals_the_sum_over_answers() -> None:
    items, theta = _bank(), np.array([-2.0, 0.0, 1.0])
    rng = np.random.default_rng(3)
    responses = np.stack([rng.integers(MISSING, k, 40) for k in items.n_categories], axis=1)
    table = probabilities(items, theta)
    for row, got in zip(responses, log_likelihood(items, responses, theta), strict=True):
        for place in range(theta.size):
            answered = [(j, x) for j, x in enumerate(row) if x != MISSING]
            assert got[place] == pytest.approx(sum(math.log(table[j, x, place]) for j, x in answered), abs=1e-12)


def test_nobody_asked_is_certain() -> None:
    np.testing.assert_array_equal(log_likelihood(_bank(), [[MISSING] * 3], [0.0, 1.0]), [[0.0, 0.0]])


def test_stays_finite_far_out() -> None:
    assert np.isfinite(log_likelihood(_bank(), [[0, 3, 0], [1, 0, 1]], [-300.0, 300.0])).all()


def test_an_absent_category_is_named() -> None:
    with pytest.raises(ValueError, match="row 1: item a has categories 0 to 1, not 2"):
        log_likelihood(_bank(), [[0, 3, 0], [2, 0, 1]], [0.0])
    with pytest.raises(ValueError, match="2 columns for 3 items"):
        log_likelihood(_bank(), [[0, 1]], [0.0])
