"""Simulated answers with known parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from psychometrics.arrays import MISSING
from psychometrics.models.base import ItemParameters
from psychometrics.models.registry import probabilities


def answers(
    items: ItemParameters, theta: NDArray[Any], rng: np.random.Generator, missing: float = 0.0
) -> NDArray[np.int8]:
    """Responses (n_persons, n_items) of persons at theta, a share of them missing at random."""
    responses = np.empty((theta.size, len(items)), dtype=np.int8)
    for start in range(0, theta.size, 4096):
        part = slice(start, start + 4096)
        table = probabilities(items, theta[part]).cumsum(axis=1)
        draw = rng.random((len(items), 1, table.shape[2]))
        responses[part] = np.minimum((draw > table).sum(axis=1), items.n_categories[:, None] - 1).T
    responses[rng.random(responses.shape) < missing] = MISSING
    return responses


def bank(model: str, n_items: int, rng: np.random.Generator, n_categories: int = 4) -> ItemParameters:
    """A bank of one model with ordinary parameters."""
    located, records = rng.normal(0, 0.9, n_items), []
    for j in range(n_items):
        record: dict[str, Any] = {"item_id": f"i{j}", "model": model}
        record["discrimination"] = 1.0 if model in ("rasch", "pcm") else float(rng.lognormal(0.1, 0.3))
        if model == "1pl":
            record["discrimination"] = 1.2
        bounds = (located[j] + np.linspace(-1.1, 1.1, n_categories - 1)).tolist()
        if model == "grm":
            record["thresholds"] = bounds
        elif model in ("pcm", "gpcm"):
            record["steps"] = bounds
        elif model == "nrm":
            slopes = np.cumsum(rng.uniform(0.4, 1.0, n_categories)) - 0.4
            record |= {
                "discrimination": None,
                "slopes": [0.0, *slopes[1:]],
                "intercepts": [0.0, *rng.normal(0, 0.6, n_categories - 1)],
            }
        else:
            record |= {"difficulty": float(located[j]), "guessing": 0.0, "upper": 1.0}
            record["guessing"] = 0.2 if model in ("3pl", "4pl") else 0.0
            record["upper"] = 0.95 if model == "4pl" else 1.0
        records.append(record)
    return ItemParameters.from_records(records)
