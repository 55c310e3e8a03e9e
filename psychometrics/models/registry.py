"""Every response model by name, and whole banks as tables of probabilities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from psychometrics.models.base import Array, ItemParameters, Model
from psychometrics.models.graded import GradedResponse
from psychometrics.models.logistic import FourParameter, OneParameter, Rasch, ThreeParameter, TwoParameter
from psychometrics.models.nominal import NominalResponse
from psychometrics.models.partial_credit import GeneralisedPartialCredit, PartialCredit

MODELS: dict[str, Model] = {
    "rasch": Rasch(),
    "1pl": OneParameter(),
    "2pl": TwoParameter(),
    "3pl": ThreeParameter(),
    "4pl": FourParameter(),
    "pcm": PartialCredit(),
    "gpcm": GeneralisedPartialCredit(),
    "grm": GradedResponse(),
    "nrm": NominalResponse(),
}


def find_model(name: str) -> Model:
    """The model of this name. Raises ValueError naming the models there are."""
    if name not in MODELS:
        raise ValueError(f"model {name!r} is not one of {', '.join(MODELS)}")
    return MODELS[name]


def kinds(items: ItemParameters) -> Iterator[tuple[Model, int, NDArray[np.int64]]]:
    """The items that can be computed together: (model, K, positions), one for each model and number of categories."""
    keys = [(name, int(k)) for name, k in zip(items.model, items.n_categories, strict=True)]
    for key in dict.fromkeys(keys):
        yield find_model(key[0]), key[1], np.array([i for i, other in enumerate(keys) if other == key], dtype=np.int64)


def probabilities(items: ItemParameters, theta: ArrayLike) -> Array:
    """P(category | theta) of a bank: (n_items, K_max, n_theta), 0 in categories an item does not have."""
    return np.asarray(np.exp(log_probabilities(items, theta)), dtype=np.float64)


def log_probabilities(items: ItemParameters, theta: ArrayLike) -> Array:
    """log P(category | theta): (n_items, K_max, n_theta), -inf in categories an item does not have."""
    return _table(items, theta, "log_probabilities", -np.inf)


def theta_gradient(items: ItemParameters, theta: ArrayLike) -> Array:
    """dP(category | theta) / d theta: (n_items, K_max, n_theta), 0 in categories an item does not have."""
    return _table(items, theta, "theta_gradient", 0.0)


def _table(items: ItemParameters, theta: ArrayLike, what: str, absent: float) -> Array:
    points = _points(theta)
    table = np.full((len(items), items.max_categories, points.size), absent)
    for model, n_categories, where in kinds(items):
        compute: Any = getattr(model, what)
        table[where, :n_categories] = compute(model.working(items.take(where)), points)
    return table


def _points(theta: ArrayLike) -> Array:
    points = np.atleast_1d(np.asarray(theta, dtype=np.float64))
    if points.ndim != 1:
        raise ValueError(f"theta must be one number or a vector, not an array of {points.ndim} dimensions")
    if not np.isfinite(points).all():
        raise ValueError(f"theta[{int(np.argmin(np.isfinite(points)))}] is not a finite number")
    return points
