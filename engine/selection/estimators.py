"""Provisional ability by maximum likelihood, posterior mode or Warm's estimator, for many sittings at once.

The likelihood on the grid gives the neighbourhood of the global maximum, so a likelihood with several modes (3PL) is
not climbed from the wrong side; inside it a bracketed Fisher-scoring search finds the root of the score.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.designs import AbilityDesign
from engine.selection.curves import Curves
from engine.selection.tables import Pool

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


def point_estimate(
    pool: Pool, ability: AbilityDesign, items: Indices, categories: Indices, likelihood: Floats
) -> tuple[Floats, Floats]:
    """theta and sem (n_persons,) from items, categories (n_persons, n_given) and likelihoods (n_persons, n_nodes)."""
    if items.shape[1] == 0:
        sem = ability.prior_sd if ability.estimator == "map" else np.inf
        return np.full(len(items), ability.start_theta), np.full(len(items), sem)
    precision = ability.prior_sd**-2 if ability.estimator == "map" and ability.prior == "normal" else 0.0
    if ability.estimator == "wle":
        theta = _warm(pool, ability, items, categories)
        information = pool.curves.information(items, theta[:, None]).sum(axis=1)
    else:
        equation = _Equation(pool.curves, items, categories, ability.prior_mean, precision)
        theta, information = _mode(pool.nodes, likelihood, equation)
    return theta, 1.0 / np.sqrt(np.maximum(information, 1e-12))


class _Equation:
    """Score and information of each learner's answers (with the normal prior's share) at a theta each."""

    def __init__(self, curves: Curves, items: Indices, categories: Indices, mean: float, precision: float) -> None:
        self.curves, self.items, self.categories = curves, items, categories
        self.mean, self.precision = mean, precision
        if curves.plain and curves.all_logistic:
            self.slope = curves.slope[items]
            self.shift = self.slope * curves.location[items]
            self.right = (self.slope * (categories > 0)).sum(axis=1)

    def __call__(self, rows: Indices | slice, theta: Floats) -> tuple[Floats, Floats]:
        """Derivative of the log posterior and its expected curvature at theta, for some of the learners."""
        if self.curves.plain and self.curves.all_logistic:
            score, information = self._plain(rows, theta)
        else:
            items, at = self.items[rows], theta[:, None]
            score = self.curves.score(items, self.categories[rows], at).sum(axis=1)
            information = self.curves.information(items, at).sum(axis=1)
        return score - self.precision * (theta - self.mean), information + self.precision

    @np.errstate(over="ignore")
    def _plain(self, rows: Indices | slice, theta: Floats) -> tuple[Floats, Floats]:
        slope = self.slope[rows]
        work = slope * theta[:, None]
        np.subtract(self.shift[rows], work, out=work)
        np.exp(work, out=work)
        work += 1.0
        np.divide(slope, work, out=work)
        score = self.right[rows] - work.sum(axis=1)
        return score, np.einsum("pi,pi->p", work, slope - work)


def _mode(nodes: Floats, likelihood: Floats, equation: _Equation) -> tuple[Floats, Floats]:
    """The global mode between the outermost nodes, or the outermost node itself, and the curvature there."""
    prior = np.exp(-0.5 * equation.precision * (nodes - equation.mean) ** 2)
    height = likelihood * prior if equation.precision else likelihood
    best = height.argmax(axis=1)
    low, high = nodes[np.maximum(best - 1, 0)], nodes[np.minimum(best + 1, len(nodes) - 1)]
    theta = _top_of_parabola(nodes, height, best)
    active: Indices | slice = slice(None)
    information = np.empty(len(theta))
    for turn in range(60):
        at = theta[active].copy()
        score, information[active] = equation(active, at)
        below, above = np.where(score > 0, at, low[active]), np.where(score < 0, at, high[active])
        step = at + score / np.maximum(information[active], 1e-12)
        following = np.where((step > below) & (step < above), step, 0.5 * (below + above))
        low[active], high[active], theta[active] = below, above, following
        moving = (np.abs(following - at) > 1e-9) & (above - below > 1e-9)
        if not moving.any():
            break
        if turn >= 2:
            active = np.arange(len(theta))[active][moving]
    _settle_at_the_bounds(nodes, theta, information, equation)
    return theta, information


def _top_of_parabola(nodes: Floats, height: Floats, best: Indices) -> Floats:
    """Where the parabola through the logarithms around the best node is highest: a start close to the mode."""
    each, middle = np.arange(len(height)), np.clip(best, 1, len(nodes) - 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        left, top, right = (np.log(height[each, middle + step]) for step in (-1, 0, 1))
        shift = 0.5 * (left - right) / (left - 2.0 * top + right)
    usable = np.isfinite(shift) & (np.abs(shift) < 1.0) & (best == middle)
    return np.asarray(nodes[best] + np.where(usable, shift, 0.0) * (nodes[1] - nodes[0]))


def _settle_at_the_bounds(nodes: Floats, theta: Floats, information: Floats, equation: _Equation) -> None:
    """A search that ran into the end of the grid, the slope still pointing outwards, ends exactly there."""
    for bound, sign in ((nodes[0], -1.0), (nodes[-1], 1.0)):
        near = np.flatnonzero(np.abs(theta - bound) < 1e-6)
        if len(near):
            score, curvature = equation(near, np.full(len(near), bound))
            outwards = near[sign * score >= 0]
            theta[outwards], information[outwards] = bound, curvature[sign * score >= 0]


def _warm(pool: Pool, ability: AbilityDesign, items: Indices, categories: Indices) -> Floats:
    """Warm's weighted likelihood estimate (1989): the root of score + J/(2I) around the highest weighted likelihood."""
    nodes = pool.nodes
    slopes = np.array([_warm_slope(pool, items, categories, np.full(len(items), node)) for node in nodes])
    height = np.cumsum(np.vstack([np.zeros(len(items)), 0.5 * (slopes[1:] + slopes[:-1])]), axis=0)
    best = height.argmax(axis=0)
    low, high = nodes[np.maximum(best - 1, 0)], nodes[np.minimum(best + 1, len(nodes) - 1)]
    for _ in range(45):
        middle = 0.5 * (low + high)
        rising = _warm_slope(pool, items, categories, middle) > 0
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
    return np.asarray(0.5 * (low + high))


def _warm_slope(pool: Pool, items: Indices, categories: Indices, theta: Floats) -> Floats:
    curves, at = pool.curves, theta[:, None]
    information = curves.information(items, at)
    bias = curves.information_lean(items, at).sum(axis=1)
    slope = curves.score(items, categories, at).sum(axis=1)
    return np.asarray(slope + bias / (2.0 * np.maximum(information.sum(axis=1), 1e-12)))
