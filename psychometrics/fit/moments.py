"""First and second moments of item scores that a model implies, and their derivatives and sampling covariance.

Univariate functions are either the item scores (M2*; for dichotomous items M2) or the indicators of the categories
above 0 (C2); bivariate ones are always products of two item scores, for pairs in the order of `numpy.triu_indices`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from psychometrics.models.base import Array, ItemParameters
from psychometrics.models.registry import kinds, probabilities
from psychometrics.quadrature import Grid


@dataclass(frozen=True, slots=True, eq=False)
class Univariate:
    """Functions f of single items. item: (n_functions,) whose item; value: (n_functions, K_max), f of each category."""

    item: NDArray[np.int64]
    value: Array


@dataclass(frozen=True, slots=True, eq=False)
class ConditionalMoments:
    """Per node: table (n_items, K_max, n_nodes), score and square (n_nodes, n_items), single (n_nodes, n_functions)."""

    table: Array
    score: Array
    square: Array
    single: Array
    weights: Array


def score_functions(n_categories: NDArray[np.int64]) -> Univariate:
    """The score of each item: what M2 and M2* look at one item at a time."""
    n_items = len(n_categories)
    return Univariate(np.arange(n_items), np.tile(np.arange(float(n_categories.max())), (n_items, 1)))


def category_functions(n_categories: NDArray[np.int64]) -> Univariate:
    """An indicator for each category above 0 of each item: what C2 looks at one item at a time."""
    item = np.repeat(np.arange(len(n_categories)), n_categories - 1)
    category = np.concatenate([np.arange(1, k) for k in n_categories])
    return Univariate(item, np.eye(int(n_categories.max()))[category])


def conditional_moments(table: Array, weights: Array, functions: Univariate) -> ConditionalMoments:
    """Moments at each node from P(category | theta), (n_items, K_max, n_nodes)."""
    scores = np.arange(float(table.shape[1]))
    return ConditionalMoments(
        table=table,
        score=np.einsum("k,ikq->qi", scores, table),
        square=np.einsum("k,ikq->qi", scores**2, table),
        single=np.einsum("ak,akq->qa", functions.value, table[functions.item]),
        weights=weights,
    )


def expected_moments(moments: ConditionalMoments) -> Array:
    """Univariate then bivariate moments in the population, (n_moments,)."""
    cross = moments.score.T @ (moments.score * moments.weights[:, None])
    return np.concatenate([moments.weights @ moments.single, cross[np.triu_indices(len(cross), k=1)]])


def observed_moments(responses: NDArray[np.int8], functions: Univariate) -> Array:
    """The same moments of complete answers (n_persons, n_items)."""
    answers = responses.astype(np.float64)
    cross = answers.T @ answers / len(answers)
    categories = np.arange(functions.value.shape[1])
    shares = (responses[:, :, None] == categories).mean(axis=0)
    single = (functions.value * shares[functions.item]).sum(axis=1)
    return np.concatenate([single, cross[np.triu_indices(len(cross), k=1)]])


def sampling_covariance(moments: ConditionalMoments, functions: Univariate) -> Array:
    """Covariance of the moments of one person, (n_moments, n_moments).

    Items are independent given theta, so products of different items are products of their conditional means; where
    two moments share an item, the conditional mean of the square (or of f times the score) replaces the product.
    """
    n_items, n_single = moments.score.shape[1], len(functions.item)
    first, second = np.triu_indices(n_items, k=1)
    functions_at = np.concatenate([moments.single, moments.score[:, first] * moments.score[:, second]], axis=1)
    covariance = functions_at.T @ (functions_at * moments.weights[:, None])
    _replace_single(covariance[:n_single, :n_single], moments, functions)
    pair_of = np.zeros((n_items, n_items), dtype=np.int64)
    pair_of[first, second] = pair_of[second, first] = n_single + np.arange(first.size)
    for item in range(n_items):
        _replace_shared(covariance, moments, functions, item, pair_of)
    _replace_same_pair(covariance, moments, n_single, first, second)
    mean = moments.weights @ functions_at
    return np.asarray(covariance - np.outer(mean, mean), dtype=np.float64)


def _replace_single(block: Array, moments: ConditionalMoments, functions: Univariate) -> None:
    same = functions.item[:, None] == functions.item
    left, right = np.nonzero(same)
    product = functions.value[left] * functions.value[right]
    population = moments.table[functions.item[left]] @ moments.weights
    block[left, right] = (product * population).sum(axis=1)


def _replace_shared(
    covariance: Array, moments: ConditionalMoments, functions: Univariate, item: int, pair_of: NDArray[np.int64]
) -> None:
    """Moments that share one item: pairs (item, j) with functions of item, and with pairs (item, l)."""
    others = np.delete(np.arange(len(pair_of)), item)
    pairs = pair_of[item, others]
    score = moments.score[:, others]
    weighted = score * (moments.weights * (moments.square[:, item] - moments.score[:, item] ** 2))[:, None]
    covariance[np.ix_(pairs, pairs)] += score.T @ weighted
    own = np.flatnonzero(functions.item == item)
    scores = np.arange(float(moments.table.shape[1]))
    product = (functions.value[own] * scores) @ moments.table[item]
    excess = (product - moments.single[:, own].T * moments.score[:, item]) * moments.weights
    covariance[np.ix_(own, pairs)] += excess @ score
    covariance[np.ix_(pairs, own)] += (excess @ score).T


def _replace_same_pair(
    covariance: Array, moments: ConditionalMoments, n_single: int, first: NDArray[np.int64], second: NDArray[np.int64]
) -> None:
    diagonal = n_single + np.arange(first.size)
    covariance[diagonal, diagonal] = moments.weights @ (moments.square[:, first] * moments.square[:, second])


def moment_derivatives(
    items: ItemParameters, grid: Grid, functions: Univariate, population: tuple[str, ...], estimated: NDArray[np.bool_]
) -> Array:
    """Derivatives of the moments by every estimated parameter, (n_moments, n_parameters).

    Slopes fixed by the model are left out, a common slope is one column; population: any of mean, sd.
    """
    moments = conditional_moments(probabilities(items, grid.nodes), grid.weights, functions)
    columns: list[Array] = []
    for model, n_categories, where in kinds(items):
        free = where[estimated[where]]
        if free.size == 0:
            continue
        gradient = model.parameter_gradient(model.working(items.take(free)), grid.nodes)
        names = model.parameter_names(n_categories)
        blocks = {
            name: np.stack([_item_column(moments, functions, int(i), gradient[at, place]) for at, i in enumerate(free)])
            for place, name in enumerate(names)
            if not (model.fixed_slope and name == "slope")
        }
        for name, block in blocks.items():
            columns.extend([block.sum(axis=0)] if model.common_slope and name == "slope" else list(block))
    columns.extend(_population_column(moments, grid, which) for which in population)
    return np.stack(columns, axis=1) if columns else np.zeros((expected_moments(moments).size, 0))


def _item_column(moments: ConditionalMoments, functions: Univariate, item: int, gradient: Array) -> Array:
    """Derivative of all moments by one parameter of one item, from that of its probabilities (K, n_nodes)."""
    n_items = moments.score.shape[1]
    single = np.zeros(len(functions.item))
    own = functions.item == item
    single[own] = functions.value[own, : len(gradient)] @ (gradient @ moments.weights)
    score = (np.arange(float(len(gradient))) @ gradient) * moments.weights
    cross = np.zeros((n_items, n_items))
    cross[item] = score @ moments.score
    cross[:, item] = cross[item]
    return np.concatenate([single, cross[np.triu_indices(n_items, k=1)]])


def _population_column(moments: ConditionalMoments, grid: Grid, which: str) -> Array:
    """Derivative by the mean or sd of a normal population on the grid: weights times the centred score function."""
    deviation = grid.nodes - grid.mean
    slope = deviation / grid.sd**2 if which == "mean" else deviation**2 / grid.sd**3
    change = grid.weights * (slope - grid.weights @ slope)
    cross = moments.score.T @ (moments.score * change[:, None])
    return np.concatenate([change @ moments.single, cross[np.triu_indices(len(cross), k=1)]])
