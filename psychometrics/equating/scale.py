"""Moving item parameters and abilities from one theta scale to another: theta_old = slope theta_new + intercept."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import ArrayLike

from psychometrics.models.base import Array, ItemParameters
from psychometrics.models.registry import find_model


def rescale_items(items: ItemParameters, slope: float, intercept: float) -> ItemParameters:
    """The same items on the scale slope theta + intercept: every probability stays the same at the moved ability.

    Discriminations are divided by the slope, locations are multiplied by it and shifted; the intercepts of nominal
    items lose intercept / slope times their slopes. An item whose model fixes its slope at 1 keeps that model only when
    slope is 1, and is a 2pl or gpcm item otherwise. Raises ValueError unless slope is positive and both are finite.
    """
    _check(slope, intercept)
    slopes = items.slopes / slope
    model = items.model if slope == 1.0 else tuple(_free_model(name) for name in items.model)
    return dataclasses.replace(
        items,
        model=model,
        discrimination=items.discrimination / slope,
        difficulty=items.difficulty * slope + intercept,
        thresholds=items.thresholds * slope + intercept,
        steps=items.steps * slope + intercept,
        slopes=slopes,
        intercepts=items.intercepts - slopes * intercept,
    )


def rescale_theta(theta: ArrayLike, slope: float, intercept: float) -> Array:
    """Abilities (n_persons,) on the scale slope theta + intercept; standard errors are multiplied by slope alone.

    Raises ValueError unless slope is positive and both are finite.
    """
    _check(slope, intercept)
    return np.asarray(slope * np.asarray(theta, dtype=np.float64) + intercept, dtype=np.float64)


def _free_model(name: str) -> str:
    model = find_model(name)
    if not model.fixed_slope:
        return name
    return "gpcm" if model.polytomous else "2pl"


def _check(slope: float, intercept: float) -> None:
    if not (np.isfinite(slope) and slope > 0 and np.isfinite(intercept)):
        raise ValueError(
            f"a change of scale needs a positive slope and a finite intercept, got {slope} and {intercept}"
        )
