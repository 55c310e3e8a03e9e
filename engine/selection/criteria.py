"""What an item is worth next: one function a criterion, for many learners at once, higher being better.

Every function takes a block of items and the situation of n_persons learners on the block's ability, and returns
(n_persons, n_items). The registry beside this file gives each its name; docs/methods/selection.md says when to use it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.designs import SelectionDesign
from engine.selection.posterior import mass_above
from engine.selection.tables import Block

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

_TINY = np.finfo(np.float64).tiny


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of n_persons learners on one ability before their next item.

    theta, sem: (n_persons,); posterior and likelihood: (n_persons, n_nodes), the posterior summing to 1; prior:
    (n_nodes,). position: items given so far, of at most `length`. eligible, chance: (n_persons, n_items), chance being
    uniform numbers keyed by session, position and item. gain: how much the weighted trace of the covariance falls per
    squared unit; weight: 1 for a competency not yet decided. posterior_score: derivative of the log posterior at
    chosen abilities, for criteria that look one answer ahead.
    """

    theta: Floats
    sem: Floats
    posterior: Floats
    likelihood: Floats
    prior: Floats
    position: int
    length: int
    eligible: NDArray[np.bool_]
    chance: Callable[[], Floats]
    posterior_score: Callable[[int, Floats], Floats]
    cut_theta: tuple[float, ...]
    gain: Floats
    weight: Floats
    options: SelectionDesign


def _all_items(block: Block) -> Indices:
    return np.arange(len(block))[None, :]


def _end_weights(values: Floats) -> Floats:
    """Values weighted by the trapezoidal rule on an even grid, the spacing left out."""
    out = values.copy()
    out[..., [0, -1]] *= 0.5
    return out


def maximum_information(block: Block, now: Situation) -> Floats:
    """Fisher information at theta (Lord 1980; MFI)."""
    return block.curves.information(_all_items(block), now.theta[:, None])


def likelihood_weighted_information(block: Block, now: Situation) -> Floats:
    """Information weighted by the likelihood (Veerkamp & Berger 1997; MLWI)."""
    return np.asarray(_end_weights(now.likelihood) @ block.information.T)


def posterior_weighted_information(block: Block, now: Situation) -> Floats:
    """Information weighted by the posterior (van der Linden 1998; MPWI)."""
    return np.asarray(now.posterior @ block.information.T)


def _divergence(block: Block, theta: Floats, weights: Floats) -> Floats:
    """Σ_q w_q KL(theta ‖ node q) of every item, (n_persons, n_items)."""
    n_persons, n_items = len(theta), len(block)
    shape = (n_persons, n_items, block.probability.shape[1])
    items = np.broadcast_to(_all_items(block), shape[:2])
    here = block.curves.probabilities(items, np.broadcast_to(theta[:, None], shape[:2]))
    elsewhere = (weights @ block.log_flat.T).reshape(shape)
    own = np.log(np.maximum(here, _TINY)) * weights.sum(axis=1)[:, None, None]
    return np.asarray((here * (own - elsewhere)).sum(axis=2))


def kullback_leibler(block: Block, now: Situation) -> Floats:
    """Kullback–Leibler information from theta to the nodes, weighted by the likelihood (Chang & Ying 1996; KL)."""
    return _divergence(block, now.theta, _end_weights(now.likelihood))


def kullback_leibler_posterior(block: Block, now: Situation) -> Floats:
    """The same weighted by the posterior (Chang & Ying 1996; KLP)."""
    return _divergence(block, now.theta, now.posterior)


def kullback_leibler_cut(block: Block, now: Situation) -> Floats:
    """Divergence between cut + delta and cut − delta at the cut nearest to theta (Eggen 1999)."""
    cuts, delta = np.asarray(now.cut_theta), now.options.delta
    items, n_cuts = np.arange(len(block)), len(cuts)
    values = np.empty((n_cuts, len(block)))
    for row, cut in enumerate(cuts):
        above = block.curves.probabilities(items, np.full(len(items), cut + delta))
        below = block.curves.probabilities(items, np.full(len(items), cut - delta))
        ratio = np.log(np.maximum(above, _TINY)) - np.log(np.maximum(below, _TINY))
        values[row] = (above * ratio).sum(axis=1)
    return np.asarray(values[_nearest_cut(now)])


def _nearest_cut(now: Situation) -> Indices:
    return np.asarray(np.abs(now.theta[:, None] - np.asarray(now.cut_theta)).argmin(axis=1))


def information_at_cut(block: Block, now: Situation) -> Floats:
    """Fisher information at the cut nearest to theta (Spray & Reckase 1994)."""
    cuts = np.asarray(now.cut_theta)
    values = block.curves.information(_all_items(block), cuts[:, None])
    return np.asarray(values[_nearest_cut(now)])


def _predicted_moments(block: Block, now: Situation) -> tuple[Floats, Floats, Floats]:
    """Posterior mass, first and second central moment of theta with each next category: (n_persons, n_items, K)."""
    centred = block.nodes[None, :] - now.theta[:, None]
    columns = np.stack([now.posterior, now.posterior * centred, now.posterior * centred**2])
    n_persons, n_nodes = now.posterior.shape
    sums = columns.reshape(3 * n_persons, n_nodes) @ block.flat.T
    upper = sums.reshape(3, n_persons, len(block), -1)
    lowest = columns.sum(axis=2)[:, :, None] - upper.sum(axis=3)
    moments = np.concatenate([lowest[..., None], upper], axis=3)
    return moments[0], moments[1], moments[2]


def _category_chances(block: Block, now: Situation, mass: Floats) -> Floats:
    """Probability of each next category, at theta (as catR has it) or averaged over the posterior."""
    if now.options.predictive == "posterior":
        return mass
    items = np.broadcast_to(_all_items(block), mass.shape[:2])
    return block.curves.probabilities(items, np.broadcast_to(now.theta[:, None], mass.shape[:2]))


def expected_posterior_variance(block: Block, now: Situation) -> Floats:
    """Minus the variance of theta expected after the answer (Owen 1975; van der Linden 1998; MEPV)."""
    mass, first, second = _predicted_moments(block, now)
    mass = np.maximum(mass, _TINY)
    mean = first / mass
    variance = np.maximum(second / mass - mean * mean, 0.0)
    return np.asarray(-(_category_chances(block, now, mass) * variance).sum(axis=2))


def expected_information(block: Block, now: Situation) -> Floats:
    """Information at the theta re-estimated after each possible answer, averaged (van der Linden 1998; MEI)."""
    mass, first, _ = _predicted_moments(block, now)
    mass = np.maximum(mass, _TINY)
    theta = now.theta[:, None, None] + first / mass
    items = np.broadcast_to(_all_items(block)[:, :, None], mass.shape)
    categories = np.broadcast_to(np.arange(mass.shape[2]), mass.shape)
    present = categories < block.curves.n_categories[items]
    if now.options.provisional_estimator == "map":
        theta = _modes(block, now, items, np.where(present, categories, 0), theta)
    if now.options.information == "observed":
        after = block.curves.observed_information(items, np.where(present, categories, 0), theta)
    else:
        after = block.curves.information(items, theta)
    return np.asarray((_category_chances(block, now, mass) * after * present).sum(axis=2))


def _modes(block: Block, now: Situation, items: Indices, categories: Indices, start: Floats) -> Floats:
    """Posterior modes after each possible answer: Newton steps with numerical curvature, kept inside the grid."""
    lower, upper = block.nodes[0], block.nodes[-1]
    modes = np.clip(start, lower, upper)
    for person in range(len(modes)):
        modes[person] = _modes_of_one(block, now, person, items[person], categories[person], modes[person])
    return modes


def _modes_of_one(
    block: Block, now: Situation, person: int, items: Indices, categories: Indices, theta: Floats
) -> Floats:
    low = np.full(theta.shape, block.nodes[0])
    high = np.full(theta.shape, block.nodes[-1])

    def slope(at: Floats) -> Floats:
        return now.posterior_score(person, at) + block.curves.score(items, categories, at)

    for _ in range(60):
        value = slope(theta)
        low, high = np.where(value > 0, theta, low), np.where(value < 0, theta, high)
        curvature = (slope(theta + 1e-4) - slope(theta - 1e-4)) / 2e-4
        step = theta - value / np.where(curvature < 0, curvature, -1e-12)
        following = np.where((step > low) & (step < high), step, 0.5 * (low + high))
        moved = np.abs(following - theta).max(initial=0.0)
        theta = following
        if moved < 1e-10:
            break
    return theta


def global_discrimination(block: Block, now: Situation) -> Floats:
    """Likelihood-weighted variance of the response curves (Kaplan, de la Torre & Barrada 2015; GDI)."""
    weights = _end_weights(now.likelihood)
    return _curve_variance(block, weights / weights.sum(axis=1, keepdims=True))


def global_discrimination_posterior(block: Block, now: Situation) -> Floats:
    """Posterior-weighted variance of the response curves (GDIP)."""
    return _curve_variance(block, now.posterior)


def _curve_variance(block: Block, weights: Floats) -> Floats:
    n_items, n_categories, n_nodes = block.probability.shape
    table = block.probability.reshape(-1, n_nodes)
    mean = (weights @ table.T).reshape(len(weights), n_items, n_categories)
    square = (weights @ (table**2).T).reshape(mean.shape)
    variance = square - mean**2
    return np.asarray(variance.sum(axis=2))


def nearest_difficulty(block: Block, now: Situation) -> Floats:
    """Minus the distance from theta to the difficulty (Owen 1975; Urry 1970) or to the ability of most information."""
    plain = now.options.nearest == "difficulty"
    target = np.where(block.curves.family == 0, block.curves.location, block.peak) if plain else block.peak
    return np.asarray(-np.abs(target[None, :] - now.theta[:, None]))


def stratified(block: Block, now: Situation) -> Floats:
    """Nearest difficulty within the stratum of discrimination whose turn it is (Chang & Ying 1999; b-blocking 2001).

    Low discrimination comes first. A stratum without an eligible item passes its turn to the nearest one.
    """
    strata = strata_of(block, now.options.n_strata, now.options.n_blocks)
    stage = min(now.position * now.options.n_strata // max(now.length, 1), now.options.n_strata - 1)
    away = np.abs(strata - stage)
    span = block.nodes[-1] - block.nodes[0] + np.ptp(block.peak)
    return np.asarray(nearest_difficulty(block, now) - 2.0 * span * away[None, :])


def strata_of(block: Block, n_strata: int, n_blocks: int) -> Indices:
    """Stratum of every item, 0 for the least discriminating; within blocks of difficulty when n_blocks > 1."""
    strata = np.empty(len(block), dtype=np.intp)
    for part in np.array_split(np.argsort(block.peak, kind="stable"), n_blocks):
        ranked = part[np.argsort(block.curves.slope[part], kind="stable")]
        strata[ranked] = np.arange(len(ranked)) * n_strata // max(len(ranked), 1)
    return strata


def random(block: Block, now: Situation) -> Floats:
    """Every eligible item alike."""
    return now.chance()


def _growth(now: Situation) -> float:
    """Share of information against chance at this position (Barrada, Olea, Ponsoda & Abad 2008)."""
    power = now.options.acceleration
    done = np.sum(np.arange(1, now.position + 1, dtype=float) ** power)
    whole = np.sum(np.arange(1, max(now.length, 2), dtype=float) ** power)
    return float(min(done / whole, 1.0))


def progressive(block: Block, now: Situation) -> Floats:
    """From random to information as the test advances (Revuelta & Ponsoda 1998)."""
    information = maximum_information(block, now)
    most = np.where(now.eligible, information, 0.0).max(axis=1, keepdims=True, initial=0.0)
    share = _growth(now)
    return np.asarray(share * information + (1.0 - share) * now.chance() * most)


def proportional(block: Block, now: Situation) -> Floats:
    """An item drawn with probability ∝ information^w, w growing to the test length (Barrada et al. 2008).

    The largest of w·log I plus a Gumbel number falls on each item with exactly that probability.
    """
    power = now.length * _growth(now)
    information = np.maximum(maximum_information(block, now), _TINY)
    return np.asarray(power * np.log(information) - np.log(-np.log(now.chance())))


def mutual_information(block: Block, now: Situation) -> Floats:
    """What the answer would tell about the decision: I(category; class between cuts) under the posterior (in nats)."""
    edges = [np.ones(len(block.nodes)), *(mass_above(block.nodes, cut) for cut in now.cut_theta)]
    shares = np.stack([a - b for a, b in zip(edges, [*edges[1:], np.zeros(len(block.nodes))], strict=True)])
    masses = now.posterior[None] * shares[:, None, :]
    n_classes, n_persons, n_nodes = masses.shape
    table = block.probability.reshape(-1, n_nodes)
    joint = np.maximum(masses.reshape(-1, n_nodes) @ table.T, 0.0)
    joint = joint.reshape(n_classes, n_persons, len(block), -1)
    classes = _entropy(masses.sum(axis=2), 0)[:, None]
    return np.asarray(_entropy(joint.sum(axis=0), 2) + classes - _entropy(joint, 3).sum(axis=0))


def _entropy(mass: Floats, axis: int) -> Floats:
    return np.asarray(-(mass * np.log(np.maximum(mass, _TINY))).sum(axis=axis))


def d_optimality(block: Block, now: Situation) -> Floats:
    """Growth of log det of the posterior precision, weighted to competencies not yet decided (Segall 1996)."""
    information = maximum_information(block, now)
    return np.asarray(now.weight[:, None] * np.log1p(information * (now.sem**2)[:, None]))


def a_optimality(block: Block, now: Situation) -> Floats:
    """Fall of the weighted trace of the posterior covariance (van der Linden 1999)."""
    information = maximum_information(block, now)
    return np.asarray(now.gain[:, None] * information / (1.0 + information * (now.sem**2)[:, None]))
