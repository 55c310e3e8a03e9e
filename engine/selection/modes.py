"""The posterior mode after every possible answer to every item, all at once: what MEI asks for.

The answers given so far enter through one function of theta, the slope of the log posterior, which is tabulated once
with its first two derivatives. Each next answer adds its own slope, so a mode is a root of the sum. The posterior mean
after that answer lies close by, and Newton steps, or Halley's where three derivatives are at hand, double or triple the
digits from there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.selection.curves import Curves

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

SPACING = 1.0 / 192.0
BEYOND = 0.75
"""How far the table reaches beyond the posterior means, in logits."""
NEAR_SQUARED, NEAR_CUBED = 1e-5, 5e-4
"""After a step no longer than this the error is about its square or its cube."""
MOST_STEPS = 12


@dataclass(frozen=True, slots=True)
class Slope:
    """Slope of a log posterior on an even grid, with its first and second derivative: (n_nodes,) each."""

    nodes: Floats
    value: Floats
    first: Floats
    second: Floats

    def at(self, theta: Floats) -> tuple[Floats, Floats, Floats]:
        """The slope and its derivatives, by Taylor's series around the nearest node."""
        place = (theta - self.nodes[0]) * (1.0 / SPACING)
        np.rint(place, out=place)
        node = np.minimum(np.maximum(place, 0.0), len(self.nodes) - 1.0).astype(np.intp)
        away = theta - self.nodes[node]
        bend = self.second[node]
        first = self.first[node]
        value = self.value[node] + away * (first + 0.5 * away * bend)
        return value, first + away * bend, bend


SlopeOn = Callable[[float, float], Slope]
"""Makes the table on an interval."""


def tabulate(curves: Curves, items: Indices, categories: Indices, mean: float, precision: float) -> SlopeOn:
    """What makes the table of a sitting's slope on an interval; precision: of a normal prior with this mean."""

    def on(low: float, high: float) -> Slope:
        nodes: Floats = low + SPACING * np.arange(math.ceil((high - low) / SPACING) + 1, dtype=np.float64)
        given, category = items[:, None], categories[:, None]
        value = curves.score(given, category, nodes[None, :]).sum(axis=0) - precision * (nodes - mean)
        first = -curves.observed_information(given, category, nodes[None, :]).sum(axis=0) - precision
        second = np.gradient(first, SPACING) if len(nodes) > 2 else np.zeros_like(first)
        return Slope(nodes, value, first, np.asarray(second, dtype=np.float64))

    return on


def modes_after(
    curves: Curves, slope_on: SlopeOn, category: Indices, start: Floats, ends: tuple[float, float]
) -> Floats:
    """Posterior modes after each item is answered in each category, within `ends`: (n_categories, n_items).

    category, start: (n_categories, n_items), or what can be broadcast to it.
    """
    start = np.minimum(np.maximum(start, ends[0]), ends[1])
    slope = slope_on(max(ends[0], float(start.min()) - BEYOND), min(ends[1], float(start.max()) + BEYOND))
    low, high = float(slope.nodes[0]), min(float(slope.nodes[-1]), ends[1])
    step_of, near = (_halley, NEAR_CUBED) if curves.plain and curves.all_logistic else (_newton, NEAR_SQUARED)
    theta = start
    for _ in range(MOST_STEPS):
        following = theta + step_of(curves, slope, category, theta)
        np.maximum(following, low, out=following)
        np.minimum(following, high, out=following)
        moved = np.abs(following - theta)
        theta = following
        if moved.max() < near:
            break
    lost = ~(moved < near)
    lost |= ((theta <= low) & (low > ends[0])) | ((theta >= high) & (high < ends[1]))
    if lost.any():
        items = np.broadcast_to(np.arange(len(curves)), theta.shape)[lost]
        theta[lost] = _by_halves(curves, slope_on(*ends), items, np.broadcast_to(category, theta.shape)[lost], ends)
    return theta


def _halley(curves: Curves, slope: Slope, category: Indices, theta: Floats) -> Floats:
    """Steps of third order for logistic items without guessing."""
    value, first, second = slope.at(theta)
    a = curves.slope
    with np.errstate(over="ignore"):
        below = 1.0 / (1.0 + np.exp(a * (theta - curves.location)))
    pull = a * below
    value += np.where(category > 0, pull, pull - a)
    bend = pull * (a - pull)
    first -= bend
    second += bend * (a - 2.0 * pull)
    return np.asarray(-2.0 * value * first / (2.0 * first * first - value * second))


def _newton(curves: Curves, slope: Slope, category: Indices, theta: Floats) -> Floats:
    """Newton's steps for any items; uphill where the posterior is not concave."""
    value, first, _ = slope.at(theta)
    items = np.arange(len(curves))
    value += curves.score(items, category, theta)
    first -= curves.observed_information(items, category, theta)
    return np.asarray(np.clip(-value / np.where(first < 0.0, first, -1.0), -1.0, 1.0))


def _by_halves(curves: Curves, slope: Slope, items: Indices, category: Indices, ends: tuple[float, float]) -> Floats:
    """The root by bisection, for the few items where the steps found no rest."""
    low, high = np.full(len(items), ends[0]), np.full(len(items), ends[1])
    for _ in range(50):
        middle = 0.5 * (low + high)
        rising = slope.at(middle)[0] + curves.score(items, category, middle) > 0.0
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
    return np.asarray(0.5 * (low + high))
