"""The M-step: items of one kind together, by Fisher scoring on their expected answers.

For linear logits (2PL, partial credit, nominal) the expected information is the exact Hessian, so this is Newton's
method; for the others it is the scoring of Bock & Aitkin (1981), Psychometrika 46, item by item.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from psychometrics.calibration.priors import Prior, log_prior, prior_curvature
from psychometrics.models.base import Array, Model

PSEUDO_ANSWER = 0.5
"""Weight of the pseudo-answer in a category nobody chose, which keeps its parameters finite."""
LONGEST_STEP = 1.5
TINY = 1e-290


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """Items that share a model and a number of categories.

    where: positions in the bank; estimated: False for items held on an existing scale; empty (n_items, K): categories
    nobody chose; lower, upper: bounds of the working parameters (n_parameters,).
    """

    model: Model
    n_categories: int
    where: NDArray[np.int64]
    estimated: bool
    empty: NDArray[np.bool_]
    lower: Array
    upper: Array

    @property
    def free(self) -> NDArray[np.bool_]:
        """Which working parameters are estimated (n_parameters,)."""
        mask = np.full(len(self.lower), self.estimated)
        mask[0] &= not self.model.fixed_slope
        return mask


def pseudo_answers(kind: Kind, weights: Array) -> Array:
    """Pseudo-answers (n_items, K, n_nodes) in the categories nobody chose, spread as the population is."""
    return np.asarray(PSEUDO_ANSWER * kind.empty[:, :, None] * weights, dtype=np.float64)


def item_values(kind: Kind, working: Array, counts: Array, theta: Array, priors: Mapping[str, Prior]) -> Array:
    """Expected complete log-likelihood of each item plus its log prior (n_items,); -inf outside the model."""
    log_probability = kind.model.log_probabilities(working, theta)
    with np.errstate(invalid="ignore"):
        value = (counts * log_probability).sum(axis=(1, 2)) + log_prior(kind.model, working, priors)
    return np.where(np.isfinite(value), value, -np.inf)


def curvature(
    kind: Kind, working: Array, counts: Array, theta: Array, priors: Mapping[str, Prior]
) -> tuple[Array, Array]:
    """Gradient (n_items, p) and expected information (n_items, p, p) of `item_values`."""
    probability = np.maximum(kind.model.probabilities(working, theta), TINY)
    slopes = kind.model.parameter_gradient(working, theta)
    n_items, width = working.shape
    flat = slopes.reshape(n_items, width, -1)
    gradient = (flat @ (counts / probability).reshape(n_items, -1, 1))[:, :, 0]
    weight = np.sqrt(counts.sum(axis=1)[:, None, :] / probability)
    scaled = flat * weight.reshape(n_items, 1, -1)
    information = scaled @ scaled.transpose(0, 2, 1)
    prior_gradient, prior_hessian = prior_curvature(kind.model, working, priors)
    return gradient + prior_gradient, information - prior_hessian


def scoring_step(kind: Kind, gradient: Array, information: Array) -> Array:
    """Information^-1 gradient over the free parameters, capped in length: (n_items, p)."""
    free = kind.free
    if kind.model.common_slope:
        return _capped(_pooled_step(gradient, information))
    fixed = np.flatnonzero(~free)
    bordered, pull = information.copy(), np.where(free, gradient, 0.0)
    bordered[:, fixed, :] = 0.0
    bordered[:, :, fixed] = 0.0
    diagonal = np.einsum("ipp->ip", bordered)
    diagonal += 1e-9 * diagonal.max(axis=1, keepdims=True) + TINY
    diagonal[:, fixed] = 1.0
    step = np.linalg.solve(_positive(bordered), pull[:, :, None])[:, :, 0]
    return _capped(np.asarray(step, dtype=np.float64))


def _positive(information: Array) -> Array:
    """A prior may be convex far from its mode: lift eigenvalues that are not positive."""
    try:
        np.linalg.cholesky(information)
        return information
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(information)
        floor = 1e-6 * np.abs(values).max(axis=1, keepdims=True) + TINY
        lifted = np.maximum(np.abs(values), floor)
        return np.asarray((vectors * lifted[:, None, :]) @ vectors.transpose(0, 2, 1), dtype=np.float64)


def _pooled_step(gradient: Array, information: Array) -> Array:
    """One slope for all items: eliminate the intercepts, solve for the slope, substitute back."""
    cross, own = information[:, 0, 1], np.maximum(information[:, 1, 1], TINY)
    pull = (gradient[:, 0] - cross * gradient[:, 1] / own).sum()
    stiffness = (information[:, 0, 0] - cross**2 / own).sum()
    slope = float(pull / max(stiffness, TINY))
    return np.asarray(np.stack([np.full(len(own), slope), (gradient[:, 1] - cross * slope) / own], axis=1))


def _capped(step: Array) -> Array:
    longest = np.abs(step).max(axis=1, keepdims=True)
    return np.asarray(step * np.minimum(1.0, LONGEST_STEP / np.maximum(longest, TINY)), dtype=np.float64)


def maximise(
    kind: Kind, working: Array, counts: Array, theta: Array, priors: Mapping[str, Prior], n_steps: int
) -> tuple[Array, Array]:
    """Up to n_steps scoring steps, none of which lowers an item's value.

    Returns the new working parameters and the information (n_items, p, p) at the old ones.
    """
    first = None
    for _ in range(n_steps):
        gradient, information = curvature(kind, working, counts, theta, priors)
        first = information if first is None else first
        step = scoring_step(kind, gradient, information)
        working, moved = _climb(kind, working, step, counts, theta, priors)
        if moved < 1e-2:
            break
    assert first is not None
    return working, first


def _climb(
    kind: Kind, working: Array, step: Array, counts: Array, theta: Array, priors: Mapping[str, Prior]
) -> tuple[Array, float]:
    """Take the step where it helps, half of it where it does not, and so on; (new working, longest move)."""
    longest = float(np.abs(step).max(initial=0.0))
    if longest < 1e-3:
        return _bounded(kind, working + step), longest
    before = item_values(kind, working, counts, theta, priors)
    for _ in range(8):
        tried = _bounded(kind, working + step)
        worse = item_values(kind, tried, counts, theta, priors) < before - 1e-9 * np.abs(before)
        if kind.model.common_slope:
            worse[:] = worse.any() and bool(item_values(kind, tried, counts, theta, priors).sum() < before.sum())
        if not worse.any():
            return tried, longest
        step = np.where(worse[:, None], 0.5 * step, step)
    return np.where(worse[:, None], working, tried), longest


def _bounded(kind: Kind, working: Array) -> Array:
    return np.where(kind.free, np.clip(working, kind.lower, kind.upper), working)
