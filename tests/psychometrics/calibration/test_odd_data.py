"""Data that determine little: a document without NaN, a status, and never a traceback."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from psychometrics import calibrate


def coins(rng: np.random.Generator, n_persons: int, n_items: int) -> NDArray[Any]:
    """Answers that have nothing to do with one another."""
    return (rng.random((n_persons, n_items)) < 0.5).astype(np.int8)


def guttman(rng: np.random.Generator) -> NDArray[Any]:
    """Everybody has all items right up to a point and none after it."""
    return (np.arange(200)[:, None] > np.arange(10) * 20).astype(np.int8)


def opposite(rng: np.random.Generator) -> NDArray[Any]:
    """Two items of which always exactly one is right."""
    first = coins(rng, 300, 6)
    first[:, 0] = 1 - first[:, 1]
    return first


ODD: dict[str, tuple[Callable[[np.random.Generator], NDArray[Any]], str, dict[str, Any]]] = {
    "one item": (lambda rng: coins(rng, 100, 1), "2pl", {}),
    "two items": (lambda rng: coins(rng, 100, 2), "2pl", {}),
    "coins": (lambda rng: coins(rng, 300, 6), "2pl", {}),
    "coins with guessing": (lambda rng: coins(rng, 300, 6), "3pl", {"priors": {"guessing": "beta(5, 17)"}}),
    "coins as a histogram": (lambda rng: coins(rng, 300, 6), "2pl", {"latent": "histogram"}),
    "coins in two dimensions": (lambda rng: coins(rng, 300, 8), "2pl", {"dimensions": list("abababab")}),
    "a dimension an item": (lambda rng: coins(rng, 300, 3), "2pl", {"dimensions": list("abc")}),
    "random ratings": (lambda rng: rng.integers(0, 5, (200, 5)), "grm", {}),
    "random choices": (lambda rng: rng.integers(0, 4, (200, 5)), "nrm", {}),
    "guttman": (guttman, "2pl", {}),
    "guttman rasch": (guttman, "rasch", {}),
    "the same items twice": (lambda rng: np.repeat(coins(rng, 300, 3), 2, axis=1), "2pl", {}),
    "opposite items": (opposite, "2pl", {}),
    "twenty groups of two": (lambda rng: coins(rng, 40, 6), "2pl", {"groups": np.arange(40) % 20}),
}


@pytest.mark.parametrize("name", list(ODD))
def test_odd_data_end_in_numbers_and_sentences(name: str) -> None:
    draw, model, options = ODD[name]
    result = calibrate(draw(np.random.default_rng(1)), model, **options)
    text = json.dumps(result.to_document(), allow_nan=False)
    assert np.isfinite(result.log_likelihood)
    assert result.status == "converged" or result.status.startswith("not converged after")
    assert all(result.item_status)
    assert "Infinity" not in text
