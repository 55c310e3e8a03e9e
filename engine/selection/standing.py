"""From answers to a standing: likelihood, posterior and estimate of one sitting or of many of equal length."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.selection.estimators import point_estimate
from engine.selection.plan import Plan
from engine.selection.posterior import likelihood_of, summarise
from engine.selection.sitting import Sitting, Standing, session_key

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


def stand(plan: Plan, sitting: Sitting) -> Standing:
    """Where one sitting stands, recomputed from its answers alone."""
    items, categories = np.asarray(sitting.items, dtype=np.intp), np.asarray(sitting.categories, dtype=np.intp)
    _check_answers(plan, items, categories)
    likelihood = np.stack([_likelihood(plan, items, categories, c) for c in range(plan.pool.n_dimensions)])
    eligible = np.ones(len(plan.pool), dtype=bool) if sitting.eligible is None else sitting.eligible.copy()
    eligible[items] = False
    return standing_of(
        plan, session_key(sitting), items[None], categories[None], likelihood[None], eligible[None],
        np.array([sitting.seconds]),
    )  # fmt: skip


def _likelihood(plan: Plan, items: Indices, categories: Indices, dimension: int) -> Floats:
    if plan.pool.n_dimensions > 1:
        own = plan.pool.dimension[items] == dimension
        items, categories = items[own], categories[own]
    return likelihood_of(plan.pool.probability, items, categories)


def _check_answers(plan: Plan, items: Indices, categories: Indices) -> None:
    if len(items) and (items.min() < 0 or items.max() >= len(plan.pool)):
        raise ValueError(f"items must be positions 0 to {len(plan.pool) - 1} in the pool.")
    if len(set(items.tolist())) != len(items):
        raise ValueError("An item was given twice in this sitting; items must differ.")
    if len(items) and ((categories < 0) | (categories >= plan.pool.curves.n_categories[items])).any():
        raise ValueError("categories must lie between 0 and the item's number of categories − 1.")


def standing_of(
    plan: Plan,
    keys: NDArray[np.uint64],
    items: Indices,
    categories: Indices,
    likelihood: Floats,
    eligible: NDArray[np.bool_],
    seconds: Floats,
) -> Standing:
    """The standing of sittings whose likelihoods are known, by the design's estimator."""
    ability = plan.design.ability
    summary = summarise(likelihood, plan.prior)
    theta, sem = summary.theta, summary.sem
    if ability.estimator != "eap":
        point, error = point_estimate(plan.pool, ability, items, categories, likelihood[:, 0])
        theta, sem = point[:, None], error[:, None]
    elif items.shape[1] == 0:
        theta = np.full_like(theta, ability.start_theta)
    return Standing(
        keys, items, categories, likelihood, summary.posterior, theta, sem, summary.covariance, eligible, seconds
    )
