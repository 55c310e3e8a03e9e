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
    else:
        theta = _mode(pool.curves, pool.nodes, items, categories, likelihood, ability.prior_mean, precision)
    information = pool.curves.information(items, theta[:, None]).sum(axis=1) + precision
    return theta, 1.0 / np.sqrt(np.maximum(information, 1e-12))


def _mode(
    curves: Curves,
    nodes: Floats,
    items: Indices,
    categories: Indices,
    likelihood: Floats,
    mean: float,
    precision: float,
) -> Floats:
    """The global mode between the outermost nodes; the outermost node itself where there is no interior maximum."""
    prior = np.exp(-0.5 * precision * (nodes - mean) ** 2)
    best = (likelihood * prior).argmax(axis=1)
    low, high = nodes[np.maximum(best - 1, 0)], nodes[np.minimum(best + 1, len(nodes) - 1)]
    theta = nodes[best].copy()
    active = np.arange(len(items))
    for _ in range(60):
        at, own = theta[active], items[active]
        slope = curves.score(own, categories[active], at[:, None]).sum(axis=1) - precision * (at - mean)
        low[active], high[active] = np.where(slope > 0, at, low[active]), np.where(slope < 0, at, high[active])
        bend = curves.information(own, at[:, None]).sum(axis=1) + precision
        step = at + slope / np.maximum(bend, 1e-12)
        inside = (step > low[active]) & (step < high[active])
        theta[active] = np.where(inside, step, 0.5 * (low[active] + high[active]))
        moving = np.abs(theta[active] - at) > 1e-10
        active = active[moving & (high[active] - low[active] > 1e-10)]
        if not len(active):
            break
    return _at_the_bounds(curves, nodes, items, categories, theta, mean, precision)


def _at_the_bounds(
    curves: Curves, nodes: Floats, items: Indices, categories: Indices, theta: Floats, mean: float, precision: float
) -> Floats:
    """A search that ran into the end of the grid, the slope still pointing outwards, ends exactly there."""
    for bound, sign in ((nodes[0], -1.0), (nodes[-1], 1.0)):
        near = np.flatnonzero(np.abs(theta - bound) < 1e-6)
        if len(near):
            at = np.full((len(near), 1), bound)
            slope = curves.score(items[near], categories[near], at).sum(axis=1) - precision * (bound - mean)
            theta[near[sign * slope >= 0]] = bound
    return theta


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
