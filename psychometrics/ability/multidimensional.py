"""Several correlated competencies at once: each borrows strength from the others.

Every item measures one competency (between-item), so the posterior is the normal prior times one likelihood function a
competency, whatever the number of items. Expectation propagation (Minka 2001; Opper & Winther 2000, Neural Computation
12) replaces each of these functions by a normal factor whose product has the right means and variances, found by
one-dimensional quadrature and rank-one updates. The marginals are then corrected for what the normal factors left out
in the other competencies (the factorised correction of Cseke & Heskes 2011, JMLR 12), which matters where competencies
correlate above 0.8.

Axes: persons, dimensions (competencies), nodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from psychometrics.ability.equations import AnswerTable
from psychometrics.ability.expectation_propagation import NormalApproximation, laplace, propagate
from psychometrics.ability.marginals import corrected_marginals, normal_marginals
from psychometrics.ability.posterior import probability_above
from psychometrics.ability.status import StatusArray
from psychometrics.arrays import as_responses
from psychometrics.likelihood import check_categories
from psychometrics.models.base import Array, ItemParameters
from psychometrics.models.registry import log_probabilities

NODES = np.linspace(-6.0, 6.0, 121)


@dataclass(frozen=True, slots=True, eq=False)
class MultidimensionalPosterior:
    """Posterior of n_dimensions competencies of n_persons persons.

    theta, sem: (n_persons, n_dimensions), marginal means and standard deviations in logits; covariance: (n_persons,
    n_dimensions, n_dimensions), its diagonal sem ** 2. marginal_nodes, marginal_weights: (n_persons, n_dimensions,
    n_points), the marginal densities, weights summing to 1. status: (n_persons,) "converged", or "laplace" where the
    sweeps did not settle and a normal approximation at the mode stands in.
    """

    theta: Array
    sem: Array
    covariance: Array
    marginal_nodes: Array
    marginal_weights: Array
    status: StatusArray

    def probability_above(self, cut_theta: ArrayLike) -> Array:
        """Probability that each competency exceeds its cut (one for all, or one each): (n_persons, n_dimensions)."""
        points = self.marginal_nodes
        standard = np.linspace(-1.0, 1.0, points.shape[-1])
        centre, half = (points[..., 0] + points[..., -1]) / 2, (points[..., -1] - points[..., 0]) / 2
        cut = np.broadcast_to(np.asarray(cut_theta, dtype=np.float64), centre.shape)
        return probability_above(self.marginal_weights, standard, (cut - centre) / half)


def estimate_competencies(
    responses: Any, items: ItemParameters, dimension: ArrayLike, correlations: ArrayLike, **options: Any
) -> MultidimensionalPosterior:
    """Posterior of all competencies from the answers of one or more persons.

    responses: (n_persons, n_items), missing allowed; dimension: (n_items,) the competency each item measures, counted
    from 0; correlations: (n_dimensions, n_dimensions) in the population. Options as for `multidimensional_posterior`.
    """
    nodes = options.pop("nodes", NODES)
    n_dimensions = len(np.asarray(correlations))
    logs = competency_log_likelihood(responses, items, dimension, n_dimensions, nodes)
    return multidimensional_posterior(logs, correlations, nodes=nodes, **options)


def competency_log_likelihood(
    responses: Any, items: ItemParameters, dimension: ArrayLike, n_dimensions: int, nodes: Array = NODES
) -> Array:
    """log P(answers to the competency's items | its theta) on the nodes: (n_persons, n_dimensions, n_nodes)."""
    matrix = as_responses(responses)
    check_categories(matrix, items)
    home = np.asarray(dimension)
    if home.shape != (len(items),) or (len(home) and not (home.min() >= 0 and home.max() < n_dimensions)):
        raise ValueError(
            f"dimension must name one of {n_dimensions} competencies, 0 ..., for each of {len(items)} items"
        )
    answers = AnswerTable(items.n_categories)
    table, given = answers.flatten(log_probabilities(items, nodes)), answers.indicators(matrix)
    logs = np.zeros((len(matrix), n_dimensions, len(nodes)))
    for place in range(n_dimensions):
        mine = home[answers.item] == place
        logs[:, place] = given[:, mine] @ table[mine]
    return logs


def multidimensional_posterior(
    log_likelihood: Array,
    correlations: ArrayLike,
    *,
    nodes: Array = NODES,
    mean: ArrayLike = 0.0,
    sd: ArrayLike = 1.0,
    corrected: bool = True,
) -> MultidimensionalPosterior:
    """Posterior from one likelihood function a competency.

    log_likelihood: (n_persons, n_dimensions, n_nodes) on equally spaced `nodes` (n_nodes,), 0 where a competency has no
    answers; correlations: (n_dimensions, n_dimensions), positive definite; mean, sd: of the population, numbers or
    (n_dimensions,). `corrected=False` keeps the plain normal-cavity marginals: cheaper, and within 3 % in sd.

    Raises ValueError when shapes disagree or the correlations are not those of any distribution.
    """
    centre, prior = _population(np.asarray(correlations, dtype=np.float64), mean, sd)
    if log_likelihood.ndim != 3 or log_likelihood.shape[1:] != (len(centre), len(nodes)):
        raise ValueError(
            f"log_likelihood must be (n_persons, {len(centre)}, {len(nodes)}), persons by competencies by nodes, "
            f"got {log_likelihood.shape}"
        )
    normal, status = _approximation(log_likelihood, nodes, centre, prior)
    return _with_marginals(log_likelihood, nodes, normal, status, corrected)


def _approximation(logs: Array, nodes: Array, centre: Array, prior: Array) -> tuple[NormalApproximation, StatusArray]:
    """Expectation propagation; damped where it does not settle; Laplace where that does not either."""
    state = propagate(logs, nodes, centre, prior)
    status = np.full(len(logs), "converged", dtype="<U9")
    for attempt in ("damped", "laplace"):
        open_ = np.flatnonzero(~state.settled)
        if not open_.size:
            break
        if attempt == "damped":
            again = propagate(logs[open_], nodes, centre, prior, damping=0.3)
        else:
            again = laplace(logs[open_], nodes, centre, prior)
            status[open_] = "laplace"
        for name in ("mean", "covariance", "precision", "shift", "settled"):
            getattr(state, name)[open_] = getattr(again, name)
    return state, status


def _with_marginals(
    logs: Array, nodes: Array, normal: NormalApproximation, status: StatusArray, corrected: bool
) -> MultidimensionalPosterior:
    if corrected:
        parts = (normal.mean, normal.covariance, normal.precision, normal.shift)
        points, weights = corrected_marginals(logs, nodes, *parts)
    else:
        points, weights = normal_marginals(normal.mean, normal.covariance)
    theta = (weights * points).sum(axis=2)
    sem = np.sqrt((weights * (points - theta[:, :, None]) ** 2).sum(axis=2))
    ratio = sem / np.sqrt(np.einsum("pdd->pd", normal.covariance))
    covariance = normal.covariance * (ratio[:, :, None] * ratio[:, None, :])
    return MultidimensionalPosterior(theta, sem, covariance, points, weights, status)


def _population(correlations: Array, mean: ArrayLike, sd: ArrayLike) -> tuple[Array, Array]:
    n = len(correlations)
    if correlations.shape != (n, n) or not np.allclose(correlations, correlations.T, atol=1e-10):
        raise ValueError(f"correlations must be a symmetric matrix, got shape {correlations.shape}")
    if not np.allclose(np.diag(correlations), 1.0):
        raise ValueError("correlations must have 1 on the diagonal; hand the standard deviations over as sd")
    smallest = float(np.linalg.eigvalsh(correlations)[0])
    if smallest < 1e-8:
        raise ValueError(
            f"correlations are not positive definite (smallest eigenvalue {smallest:.2g}); "
            "merge competencies that cannot be told apart"
        )
    spread = np.broadcast_to(np.asarray(sd, dtype=np.float64), (n,))
    centre = np.broadcast_to(np.asarray(mean, dtype=np.float64), (n,)).copy()
    return centre, correlations * np.outer(spread, spread)
