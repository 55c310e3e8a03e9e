"""What an item is worth next: one function a criterion, for many learners at once, higher being better.

Every function takes a block of items and the situation of n_persons learners on the block's ability, and returns
(n_persons, n_items). The registry beside this file gives each its name; docs/methods/selection.md says when to use it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.designs import SelectionDesign
from engine.selection.modes import SlopeOn, modes_after
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
    squared unit; weight: 1 for a competency not yet decided. slope_on: a learner's slope of the log
    posterior, for criteria that look one answer ahead.
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
    slope_on: Callable[[int], SlopeOn]
    cut_theta: tuple[float, ...]
    gain: Floats
    weight: Floats
    options: SelectionDesign


def _all_items(block: Block) -> Any:
    """An index of all items: the whole slice where that spares a copy."""
    return slice(None) if block.curves.all_logistic else np.arange(len(block))[None, :]


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


def _chances(block: Block, theta: Floats) -> list[Floats]:
    """Probability of every category at each learner's theta: K arrays (n_persons, n_items)."""
    if block.curves.all_logistic:
        right = block.curves.probability_right(_all_items(block), theta[:, None])
        return [1.0 - right, right]
    items = np.broadcast_to(_all_items(block), (len(theta), len(block)))
    table = block.curves.probabilities(items, np.broadcast_to(theta[:, None], items.shape))
    return [np.ascontiguousarray(table[..., k]) for k in range(table.shape[2])]


def _divergence(block: Block, theta: Floats, weights: Floats) -> Floats:
    """Σ_q w_q KL(theta ‖ node q) of every item, (n_persons, n_items)."""
    total, whole = np.zeros((len(theta), len(block))), weights.sum(axis=1)[:, None]
    for here, logarithms in zip(_chances(block, theta), block.logarithms, strict=True):
        total += here * (np.log(np.maximum(here, _TINY)) * whole - weights @ logarithms)
    return total


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


def _look_ahead(block: Block, now: Situation, highest: int) -> list[list[Floats]]:
    """For every next category: its mass under the posterior, then the moments of theta about the present one.

    Moments up to the `highest` power, (n_persons, n_items) each; about theta, so a small variance keeps its digits.
    """
    centred = block.nodes[None, :] - now.theta[:, None]
    weights = [now.posterior * centred**power for power in range(highest + 1)]
    upper = [[each @ table for each in weights] for table in block.by_category[1:]]
    lowest = [each.sum(axis=1)[:, None] - sum(sums[power] for sums in upper) for power, each in enumerate(weights)]
    ahead = [lowest, *upper]
    for moments in ahead:
        np.maximum(moments[0], _TINY, out=moments[0])
        for moment in moments[1:]:
            moment /= moments[0]
    return ahead


def _next_chances(block: Block, now: Situation, ahead: list[list[Floats]]) -> list[Floats]:
    """Probability of each next category, at theta (as catR has it) or averaged over the posterior."""
    if now.options.predictive == "posterior":
        return [moments[0] for moments in ahead]
    return _chances(block, now.theta)


def expected_posterior_variance(block: Block, now: Situation) -> Floats:
    """Minus the variance of theta expected after the answer (Owen 1975; van der Linden 1998; MEPV)."""
    ahead = _look_ahead(block, now, 2)
    total = np.zeros((len(now.theta), len(block)))
    for chance, (_, shift, square) in zip(_next_chances(block, now, ahead), ahead, strict=True):
        total -= chance * np.maximum(square - shift * shift, 0.0)
    return total


def expected_information(block: Block, now: Situation) -> Floats:
    """Information at the theta re-estimated after each possible answer, averaged (van der Linden 1998; MEI)."""
    ahead, most = _look_ahead(block, now, 1), block.curves.n_categories
    category = np.minimum(np.arange(len(ahead))[:, None], most - 1).astype(np.intp)
    theta = np.stack([now.theta[:, None] + moments[1] for moments in ahead], axis=1)
    if now.options.provisional_estimator == "map":
        theta = _modes(block, now, category, theta)
    items = _all_items(block)
    if now.options.information == "observed":
        after = block.curves.observed_information(items, category, theta)
    else:
        after = block.curves.information(items, theta)
    chances = _next_chances(block, now, ahead)
    return np.asarray(sum(chance * after[:, k] * (k < most) for k, chance in enumerate(chances)))


def _modes(block: Block, now: Situation, category: Indices, start: Floats) -> Floats:
    """Posterior modes after each item's answer, kept inside the grid: (n_persons, n_categories, n_items)."""
    ends = (float(block.nodes[0]), float(block.nodes[-1]))
    return np.stack(
        [modes_after(block.curves, now.slope_on(person), category, row, ends) for person, row in enumerate(start)]
    )


def global_discrimination(block: Block, now: Situation) -> Floats:
    """Likelihood-weighted variance of the response curves (Kaplan, de la Torre & Barrada 2015; GDI)."""
    weights = _end_weights(now.likelihood)
    return _curve_variance(block, weights / weights.sum(axis=1, keepdims=True))


def global_discrimination_posterior(block: Block, now: Situation) -> Floats:
    """Posterior-weighted variance of the response curves (GDIP)."""
    return _curve_variance(block, now.posterior)


def _curve_variance(block: Block, weights: Floats) -> Floats:
    means = [weights @ table for table in block.by_category[1:]]
    means.append(1.0 - np.asarray(sum(means)))
    return np.asarray(weights @ block.squares - sum(mean * mean for mean in means))


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
    total = np.zeros((len(now.theta), len(block)))
    chances = [np.zeros_like(total) for _ in block.by_category]
    for share in shares:
        mass = now.posterior * share
        whole = mass.sum(axis=1)[:, None]
        joint = [np.maximum(mass @ table, 0.0) for table in block.by_category[1:]]
        joint.insert(0, np.maximum(whole - np.asarray(sum(joint)), 0.0))
        for chance, part in zip(chances, joint, strict=True):
            chance += part
            total -= _surprise(part)
        total += _surprise(np.maximum(whole, 0.0))
    return np.asarray(total + sum(_surprise(chance) for chance in chances))


def _surprise(mass: Floats) -> Floats:
    return np.asarray(-mass * np.log(np.maximum(mass, _TINY)))


def d_optimality(block: Block, now: Situation) -> Floats:
    """Growth of log det of the posterior precision, weighted to competencies not yet decided (Segall 1996)."""
    information = maximum_information(block, now)
    return np.asarray(now.weight[:, None] * np.log1p(information * (now.sem**2)[:, None]))


def a_optimality(block: Block, now: Situation) -> Floats:
    """Fall of the weighted trace of the posterior covariance (van der Linden 1999)."""
    information = maximum_information(block, now)
    return np.asarray(now.gain[:, None] * information / (1.0 + information * (now.sem**2)[:, None]))
