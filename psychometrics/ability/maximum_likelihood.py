"""The global root search shared by ML, MAP, Warm's WLE and the robust estimator.

A likelihood under guessing may have several maxima, and an iteration started anywhere may stop at the wrong one. So the
objective is laid out on nodes first, the highest peak is bracketed, and only then is its equation solved to 1e-10.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from psychometrics.ability.equations import Equation, Responses
from psychometrics.ability.prior import Prior
from psychometrics.models.base import Array, ItemParameters

TOLERANCE = 1e-11
"""A step in theta below which the root is taken."""

MAX_STEPS = 100

INTERIOR, LOWER, UPPER, FLAT = 0, -1, 1, 2
"""Where the maximum was found; FLAT: the objective does not depend on theta at all."""

STEEP = 0.75
"""Discrimination times node spacing from which an item's curve could hide a peak between two nodes."""


def search_nodes(items: ItemParameters, lower: float, upper: float, n_nodes: int = 121) -> Array:
    """Nodes on [lower, upper], denser around the locations of very steep items: ascending, (n_nodes or more,)."""
    nodes = np.linspace(lower, upper, n_nodes)
    spacing = (upper - lower) / (n_nodes - 1)
    extra = [
        location + np.arange(-12, 13) / (2.0 * slope)
        for slope, locations in _slopes_and_locations(items)
        if slope * spacing > STEEP
        for location in locations
    ]
    if not extra:
        return nodes
    dense = np.concatenate([nodes, *extra])
    return np.unique(dense[(dense >= lower) & (dense <= upper)])


def _slopes_and_locations(items: ItemParameters) -> list[tuple[float, Array]]:
    found = []
    for place in range(len(items)):
        slopes = np.array([0.0, items.discrimination[place], *items.slopes[place]])
        slopes = slopes[np.isfinite(slopes)]
        places = np.array([items.difficulty[place], *items.thresholds[place], *items.steps[place]])
        found.append((float(np.ptp(slopes)), places[np.isfinite(places)]))
    return found


def maximise(equation: Equation, responses: Responses, prior: Prior) -> tuple[Array, NDArray[np.int8]]:
    """The abscissa of each person's largest objective on the equation's nodes, and where it lies.

    responses: (n_persons, n_items). Returns theta (n_persons,) and INTERIOR, LOWER, UPPER or FLAT (n_persons,).
    """
    height, score = equation.scan(responses, prior)
    place, cell = _highest(height, score, equation.nodes)
    theta = np.where(place == UPPER, equation.nodes[-1], equation.nodes[0])
    inside = np.flatnonzero(place == INTERIOR)
    if inside.size:
        bracket = _Bracket(equation.nodes, score[inside], cell[inside])
        theta[inside] = _solve(equation, responses[inside], prior.rows(inside), bracket)
    return theta, place


def _highest(height: Array, score: Array, nodes: Array) -> tuple[NDArray[np.int8], NDArray[np.intp]]:
    """Compare every interior peak (its height from the parabola in its cell) with both ends."""
    before, after = score[:, :-1], score[:, 1:]
    falls = (before > 0) & (after <= 0)
    rise = np.divide(before**2, before - after, out=np.zeros_like(before), where=falls)
    peak = np.where(falls, height[:, :-1] + 0.5 * np.diff(nodes) * rise, -np.inf)
    cell = peak.argmax(axis=1)
    best = peak[np.arange(len(peak)), cell]
    low = np.where(score[:, 0] <= 0, height[:, 0], -np.inf)
    high = np.where(score[:, -1] >= 0, height[:, -1], -np.inf)
    place = np.where(best >= np.maximum(low, high), INTERIOR, np.where(high > low, UPPER, LOWER))
    place[np.ptp(height, axis=1) == 0] = FLAT
    return place.astype(np.int8), cell


class _Bracket:
    """The cell that holds the root, and a first guess from the cubic through the four nodes around it."""

    def __init__(self, nodes: Array, score: Array, cell: NDArray[np.intp]) -> None:
        self.lower, self.upper = nodes[cell], nodes[cell + 1]
        rows = np.arange(len(cell))
        first = np.clip(cell - 1, 0, len(nodes) - 4)
        x = [nodes[first + k] for k in range(4)]
        coefficients = _divided_differences(x, [score[rows, first + k] for k in range(4)])
        self.guess = (self.lower + self.upper) / 2
        for _ in range(4):
            value, slope = _newton_form(coefficients, x, self.guess)
            step = np.divide(value, slope, out=np.zeros_like(value), where=slope < 0)
            self.guess = np.clip(self.guess - step, self.lower, self.upper)
        self.slope = _newton_form(coefficients, x, self.guess)[1]


def _divided_differences(x: list[Array], values: list[Array]) -> list[Array]:
    table = list(values)
    for order in range(1, 4):
        for k in range(3, order - 1, -1):
            table[k] = (table[k] - table[k - 1]) / (x[k] - x[k - order])
    return table


def _newton_form(coefficients: list[Array], x: list[Array], at: Array) -> tuple[Array, Array]:
    """Value and derivative of the interpolating cubic."""
    value, slope = coefficients[3], np.zeros_like(at)
    for k in (2, 1, 0):
        slope = slope * (at - x[k]) + value
        value = value * (at - x[k]) + coefficients[k]
    return value, slope


def _solve(equation: Equation, responses: Responses, prior: Prior, bracket: _Bracket) -> Array:
    """Secant steps kept inside the bracket, halving it whenever a step leaves it or progress stalls."""
    lower, upper, theta, slope = bracket.lower, bracket.upper, bracket.guess, bracket.slope
    root = theta.copy()
    before = earlier = theta
    active = np.arange(len(theta))
    for step in range(MAX_STEPS):
        value = equation.score(theta, responses, prior)
        lower, upper = np.where(value > 0, theta, lower), np.where(value > 0, upper, theta)
        if step:
            moved = theta - before
            slope = np.divide(value - earlier, moved, out=np.full_like(value, np.nan), where=moved != 0)
        trial = theta - np.divide(value, slope, out=np.full_like(value, np.inf), where=slope < 0)
        halve = ~((trial > lower) & (trial < upper)) | (step % 6 == 5)
        trial = np.where(value == 0, theta, np.where(halve, (lower + upper) / 2, trial))
        root[active] = trial
        move = np.abs(trial - theta)
        # a secant step leaves an error of the order of itself times the step before it
        done = (move < TOLERANCE) | ((move < 1e-5) & (move * np.abs(theta - before) < TOLERANCE**2 * 1e8) & (step > 0))
        open_ = ~done & (upper - lower > TOLERANCE)
        if not open_.any():
            break
        keep = np.flatnonzero(open_)
        active, responses, prior = active[keep], responses[keep], prior.rows(keep)
        before, earlier, slope = theta[keep], value[keep], slope[keep]
        lower, upper, theta = lower[keep], upper[keep], trial[keep]
    return root
