"""The E-step for several correlated abilities, without a product grid.

Each item loads on one competency, so a person's likelihood is a product of functions of one ability each. Expectation
propagation (Minka 2001, UAI 17; for probit and logit sites Kuss & Rasmussen 2005, JMLR 6) stands in for each of them
with a Gaussian, chosen so that its moments are those of the true function under what the other competencies and their
correlations say; that needs one-dimensional grids only. At its fixed point the gradient of the evidence by the item
parameters is the expectation under these one-dimensional posteriors, so the M-step is the ordinary one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from psychometrics.calibration.expectation import SMALLEST_LOG
from psychometrics.models.base import Array

SWEEPS = 12
SETTLED = 1e-3
"""Largest change of a posterior mean, in its standard deviations, at which the sites have settled."""
WEAKEST_SITE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class ManyBlock:
    """Persons; columns: for each dimension the indicators of answers, dense (n_columns, n_persons) or CSR."""

    columns: tuple[Any, ...]
    n_persons: int


@dataclass(frozen=True, slots=True, eq=False)
class ManyTables:
    """answers, base: for each dimension log-probability tables (n_columns, n_nodes) and their common term (n_nodes,);
    mean (n_dimensions,) and covariance of the population."""

    answers: tuple[Array, ...]
    base: tuple[Array, ...]
    nodes: Array
    mean: Array
    covariance: Array


@dataclass(frozen=True, slots=True, eq=False)
class Sites:
    """Gaussians in place of likelihoods: precision and precision times mean, (n_persons, n_dimensions), float32."""

    precision: NDArray[np.float32]
    shift: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class ManyExpected:
    """For each dimension counts (n_columns, n_nodes) and mass (n_nodes,); first and second moments of theta summed over
    persons; the log evidence; and where the sites of these persons ended."""

    counts: tuple[Array, ...]
    mass: tuple[Array, ...]
    first: Array
    second: Array
    log_likelihood: float
    sites: Sites


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """mean (n_persons, n_dimensions), covariance (n_persons, D, D), each dimension's own posterior (n_nodes, n_persons)
    and the log evidence of each person."""

    mean: Array
    covariance: Array
    marginals: tuple[NDArray[Any], ...]
    log_likelihood: Array
    sites: Sites


def expect_many(block: ManyBlock, tables: ManyTables, sites: Sites | None = None) -> ManyExpected:
    """Expected counts of a block: a pure function of the block, the parameters and where the sites start."""
    posterior = propagate(block, tables, sites=sites)
    counts, mass = [], []
    for columns, marginal in zip(block.columns, posterior.marginals, strict=True):
        counts.append(_product(columns, marginal))
        mass.append(marginal.sum(axis=1, dtype=np.float64))
    second = posterior.covariance.sum(axis=0) + posterior.mean.T @ posterior.mean
    total = float(posterior.log_likelihood.sum())
    return ManyExpected(tuple(counts), tuple(mass), posterior.mean.sum(axis=0), second, total, posterior.sites)


def _product(columns: Any, marginal: NDArray[Any]) -> Array:
    if isinstance(columns, np.ndarray):
        return np.asarray(np.asarray(columns, dtype=marginal.dtype) @ marginal.T, dtype=np.float64)
    return np.asarray(columns.T @ marginal.T, dtype=np.float64)


def propagate(
    block: ManyBlock,
    tables: ManyTables,
    kind: Any = np.float32,
    settled: float = SETTLED,
    sites: Sites | None = None,
) -> Posterior:
    """Sweep all sites at once until the posterior means stay where they are."""
    logs = [_log_likelihood(c, a, b, kind) for c, a, b in zip(block.columns, tables.answers, tables.base, strict=True)]
    precision, shift = _start(sites, (block.n_persons, len(logs)))
    prior = np.asarray(np.linalg.inv(tables.covariance), dtype=np.float64)
    pull = prior @ tables.mean
    mean, covariance = _gaussian(prior, pull, precision, shift)
    for _ in range(SWEEPS):
        tilted = _tilt(logs, tables.nodes, mean, covariance, precision, shift, kind)
        precision, shift = tilted.precision, tilted.shift
        before = mean
        mean, covariance = _gaussian(prior, pull, precision, shift)
        spread = np.sqrt(np.einsum("ndd->nd", covariance))
        if float(np.abs((mean - before) / spread).max(initial=0.0)) < settled:
            break
    evidence = _evidence(tilted, prior, pull, tables, mean, covariance)
    ended = Sites(precision.astype(np.float32), shift.astype(np.float32))
    return Posterior(mean, covariance, tilted.marginals, evidence, ended)


def _start(sites: Sites | None, shape: tuple[int, int]) -> tuple[Array, Array]:
    if sites is None:
        return np.full(shape, WEAKEST_SITE), np.zeros(shape)
    return sites.precision.astype(np.float64), sites.shift.astype(np.float64)


def _log_likelihood(columns: Any, answers: Array, base: Array, kind: Any) -> NDArray[Any]:
    """log P(answers on one dimension | theta): (n_nodes, n_persons)."""
    if isinstance(columns, np.ndarray):
        joint = np.ascontiguousarray(answers.T, dtype=kind) @ np.asarray(columns, dtype=kind)
    else:
        joint = np.ascontiguousarray((columns.astype(kind, copy=False) @ answers.astype(kind)).T)
    joint += base.astype(kind)[:, None]
    return np.asarray(joint)


def _gaussian(prior: Array, pull: Array, precision: Array, shift: Array) -> tuple[Array, Array]:
    """Mean (n, D) and covariance (n, D, D) of the prior times the sites."""
    inverse = np.broadcast_to(prior, (len(precision), *prior.shape)).copy()
    np.einsum("ndd->nd", inverse)[...] += precision
    covariance = np.linalg.inv(inverse)
    mean = (covariance @ (pull + shift)[:, :, None])[:, :, 0]
    return np.asarray(mean, dtype=np.float64), np.asarray(covariance, dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class _Tilted:
    """Sites (n, D), the cavities they were computed in (n, D), log normalisers (n, D) and posteriors on the grid."""

    precision: Array
    shift: Array
    cavity_precision: Array
    cavity_shift: Array
    log_normaliser: Array
    marginals: tuple[NDArray[Any], ...]


def _tilt(
    logs: list[NDArray[Any]], nodes: Array, mean: Array, covariance: Array, precision: Array, shift: Array, kind: Any
) -> _Tilted:
    """Moments of each likelihood under its cavity, and the sites that reproduce them."""
    variance = np.einsum("ndd->nd", covariance)
    cavity_precision = np.maximum(1.0 / variance - precision, WEAKEST_SITE)
    cavity_shift = mean / variance - shift
    natural = np.stack([nodes, -0.5 * nodes**2], axis=1).astype(kind)
    powers = np.stack([np.ones_like(nodes), nodes, nodes**2]).astype(kind)
    found = np.empty((3, *mean.shape))
    tops, marginals = np.empty(mean.shape), []
    for d, likelihood in enumerate(logs):
        joint = natural @ np.stack([cavity_shift[:, d], cavity_precision[:, d]]).astype(kind)
        joint += likelihood
        top = joint.max(axis=0)
        joint -= top
        np.maximum(joint, SMALLEST_LOG, out=joint)
        np.exp(joint, out=joint)
        found[:, :, d] = powers @ joint
        joint /= found[0, :, d].astype(kind)
        tops[:, d] = top
        marginals.append(joint)
    centre = found[1] / found[0]
    spread = np.maximum(found[2] / found[0] - centre**2, 1e-4)
    new = np.maximum(1.0 / spread - cavity_precision, WEAKEST_SITE)
    moved = centre * (new + cavity_precision) - cavity_shift
    width = np.log(nodes[1] - nodes[0])
    return _Tilted(new, moved, cavity_precision, cavity_shift, np.log(found[0]) + tops + width, tuple(marginals))


def _evidence(tilted: _Tilted, prior: Array, pull: Array, tables: ManyTables, mean: Array, covariance: Array) -> Array:
    """log evidence of each person (n_persons,): Minka (2001), equation for the normaliser, with unit-scale sites."""
    n_dimensions = mean.shape[1]
    _, log_determinant = np.linalg.slogdet(covariance)
    _, log_prior = np.linalg.slogdet(tables.covariance)
    joint = 0.5 * np.einsum("nd,nd->n", mean, pull + tilted.shift) + 0.5 * log_determinant
    joint = joint - 0.5 * float(tables.mean @ pull) - 0.5 * log_prior
    precision, shift = tilted.cavity_precision + tilted.precision, tilted.cavity_shift + tilted.shift
    own = 0.5 * shift**2 / precision - 0.5 * np.log(precision)
    sites = (tilted.log_normaliser - own).sum(axis=1) - 0.5 * n_dimensions * np.log(2 * np.pi)
    return np.asarray(joint + sites, dtype=np.float64)
