"""Equating scores: what a summed score on one form is worth on another, when both forms share a theta scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from psychometrics.information import test_characteristic_curve
from psychometrics.models.base import Array, ItemParameters
from psychometrics.models.registry import probabilities

EQUATED = "equated"
BELOW_CHANCE = "below the score expected by guessing alone, interpolated between 0 and that score"
AT_TOP = "the maximum score, where no finite theta answers: set to the maximum of the other form"
LIMIT = 50.0


@dataclass(frozen=True, slots=True, eq=False)
class EquatedScores:
    """score on form x, equivalent on form y, theta where both are expected, all (n_scores,).

    theta is -50 or 50 where the score is not reached by any finite ability; status says so for each score.
    """

    score: Array
    equivalent: Array
    theta: Array
    status: tuple[str, ...]


def true_score_equating(
    form_x: ItemParameters, form_y: ItemParameters, scores: ArrayLike | None = None
) -> EquatedScores:
    """Equivalents on form y of summed scores on form x: the expected score on y at the theta that expects it on x.

    form_x, form_y: items on one theta scale (link first); scores: (n_scores,), every possible score unless given.
    Scores at or below the sum of the guessing parameters are interpolated linearly (Kolen 1981).

    Lord 1980, Applications of Item Response Theory, ch. 13; Kolen & Brennan 2014, Test Equating, Scaling, and Linking,
    ch. 6. Raises ValueError when a score is outside the form's range or an item's expected score falls with theta.
    """
    top_x, top_y = float((form_x.n_categories - 1).sum()), float((form_y.n_categories - 1).sum())
    wanted = np.arange(top_x + 1) if scores is None else np.asarray(scores, dtype=np.float64)
    if wanted.ndim != 1 or not np.isfinite(wanted).all() or (wanted < 0).any() or (wanted > top_x).any():
        raise ValueError(f"scores must lie between 0 and {top_x:g}, the maximum of form x")
    for name, form in (("form_x", form_x), ("form_y", form_y)):
        _check_rising(name, form)
    floor_x, floor_y = _floor(form_x), _floor(form_y)
    ceiling_x, ceiling_y = _ceiling(form_x), _ceiling(form_y)
    low, high = wanted <= floor_x, wanted >= ceiling_x
    theta = _invert(form_x, np.clip(wanted, floor_x, ceiling_x))
    equivalent = test_characteristic_curve(form_y, theta)
    equivalent = np.where(low, wanted * (floor_y / floor_x if floor_x > 0 else 0.0), equivalent)
    above = top_y - (top_x - wanted) * ((top_y - ceiling_y) / (top_x - ceiling_x) if top_x > ceiling_x else 0.0)
    equivalent = np.where(high, above, equivalent)
    theta = np.where(low, -LIMIT, np.where(high, LIMIT, theta))
    status = np.select([high, low], [AT_TOP, BELOW_CHANCE], EQUATED)
    return EquatedScores(wanted, np.asarray(equivalent, dtype=np.float64), theta, tuple(status.tolist()))


def _invert(form: ItemParameters, wanted: Array) -> Array:
    """theta (n_scores,) at which the expected score is the wanted one, by bisection on a rising curve."""
    low, high = np.full(wanted.size, -LIMIT), np.full(wanted.size, LIMIT)
    for _ in range(60):
        middle = 0.5 * (low + high)
        below = test_characteristic_curve(form, middle) < wanted
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray(0.5 * (low + high), dtype=np.float64)


def _floor(form: ItemParameters) -> float:
    """Expected score of somebody infinitely unable: the sum of the guessing parameters."""
    return float(np.where(form.n_categories == 2, form.guessing, 0.0).sum())


def _ceiling(form: ItemParameters) -> float:
    """Expected score of somebody infinitely able: the maximum less what the upper asymptotes keep back."""
    top = float((form.n_categories - 1).sum())
    return top - float(np.where(form.n_categories == 2, 1.0 - form.upper, 0.0).sum())


def _check_rising(name: str, form: ItemParameters) -> None:
    table = probabilities(form, np.linspace(-6.0, 6.0, 25))
    expected = np.einsum("k,ikq->iq", np.arange(float(table.shape[1])), table)
    falls = (np.diff(expected, axis=1) < -1e-12).any(axis=1)
    if falls.any():
        item = form.item_id[int(np.argmax(falls))]
        raise ValueError(f"{name}: the expected score of item {item} falls as theta rises; leave the item out")
