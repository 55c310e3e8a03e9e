"""Small random banks and answers for the tests of fit."""

import itertools

import numpy as np
from numpy.typing import NDArray

from psychometrics.models.base import ItemParameters
from psychometrics.models.registry import probabilities


def mixed_bank(rng: np.random.Generator, n_each: int = 2) -> ItemParameters:
    """Items of six models with two to four categories."""
    records: list[dict[str, object]] = []
    for k in range(n_each):
        slope = float(rng.uniform(0.7, 1.8))
        records += [
            {"item_id": f"two{k}", "model": "2pl", "discrimination": slope, "difficulty": rng.normal()},
            {
                "item_id": f"three{k}",
                "model": "3pl",
                "discrimination": slope,
                "difficulty": rng.normal(),
                "guessing": 0.2,
            },
            {
                "item_id": f"grm{k}",
                "model": "grm",
                "discrimination": slope,
                "thresholds": np.sort(rng.normal(size=3)).tolist(),
            },
            {"item_id": f"gpcm{k}", "model": "gpcm", "discrimination": slope, "steps": rng.normal(size=2).tolist()},
            {"item_id": f"nrm{k}", "model": "nrm", "slopes": [0.0, slope, 2.0], "intercepts": [0.0, 0.3, rng.normal()]},
        ]
    return ItemParameters.from_records(records)


def dichotomous_bank(rng: np.random.Generator, n_items: int) -> ItemParameters:
    """2PL items."""
    return ItemParameters.logistic(rng.uniform(0.7, 1.8, n_items), rng.normal(size=n_items))


def draw(items: ItemParameters, theta: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int8]:
    """Answers of persons with these abilities, (n_persons, n_items)."""
    below = np.cumsum(probabilities(items, theta), axis=1)
    uniform = rng.random((len(items), 1, len(theta)))
    return (uniform > below[:, :-1]).sum(axis=1).T.astype(np.int8)


def all_patterns(items: ItemParameters) -> NDArray[np.int8]:
    """Every possible pattern of answers, (n_patterns, n_items)."""
    return np.array(list(itertools.product(*(range(int(k)) for k in items.n_categories))), dtype=np.int8)


def pattern_probabilities(items: ItemParameters, nodes: NDArray[np.float64]) -> NDArray[np.float64]:
    """P(pattern | theta) by plain multiplication, (n_patterns, n_nodes)."""
    table = probabilities(items, nodes)
    return np.array([np.prod([table[i, k] for i, k in enumerate(p)], axis=0) for p in all_patterns(items)])
