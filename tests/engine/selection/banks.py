"""Banks for the tests of adaptive testing."""

from __future__ import annotations

import numpy as np

from psychometrics.models.base import ItemParameters


def dichotomous_bank(n_items: int = 60, seed: int = 0, guessing: bool = False) -> ItemParameters:
    """2PL items, or 4PL ones with guessing and slips."""
    rng = np.random.default_rng(seed)
    slope, location = rng.lognormal(0.0, 0.35, n_items), rng.normal(0.0, 1.2, n_items)
    floor = rng.uniform(0.05, 0.3, n_items) if guessing else 0.0
    top = rng.uniform(0.93, 1.0, n_items) if guessing else 1.0
    return ItemParameters.logistic(slope, location, floor, top)


def mixed_bank(seed: int = 0) -> ItemParameters:
    """Every model of the project in one bank."""
    rng = np.random.default_rng(seed)
    records = []
    for number in range(4):
        a, b = float(rng.lognormal(0, 0.3)), float(rng.normal())
        logistic = {"discrimination": a, "difficulty": b, "guessing": 0.0, "upper": 1.0}
        steps = sorted(float(x) for x in rng.normal(size=3))
        slopes = [0.0, *np.sort(rng.uniform(0.3, 2.0, 2)).tolist()]
        records += [
            {"item_id": f"rasch{number}", "model": "rasch", **logistic, "discrimination": 1.0},
            {"item_id": f"two{number}", "model": "2pl", **logistic},
            {"item_id": f"three{number}", "model": "3pl", **logistic, "guessing": 0.2},
            {"item_id": f"four{number}", "model": "4pl", **logistic, "guessing": 0.1, "upper": 0.95},
            {"item_id": f"graded{number}", "model": "grm", "discrimination": a, "thresholds": steps},
            {"item_id": f"gpcm{number}", "model": "gpcm", "discrimination": a, "steps": steps[:2]},
            {"item_id": f"pcm{number}", "model": "pcm", "discrimination": 1.0, "steps": steps},
            {"item_id": f"nominal{number}", "model": "nrm", "slopes": slopes, "intercepts": [0.0, 0.4, -0.3]},
        ]
    return ItemParameters.from_records(records)
