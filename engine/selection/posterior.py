"""The posterior of ability while a test runs, on a grid, for one or many learners and one or many competencies.

Several competencies share a general factor: theta_c = mean + sd·(√ρ·g + √(1 − ρ)·s_c). Given g they are independent,
so their joint posterior needs only products of (general nodes × nodes) matrices, however many competencies there are
(Gibbons & Hedeker 1992, Psychometrika 57, reduce the dimension in the same way).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from engine.designs import AbilityDesign

Floats = NDArray[np.float64]

GENERAL_NODES = np.linspace(-5.0, 5.0, 31)


@dataclass(frozen=True, slots=True)
class Prior:
    """Density of each ability at the nodes (weights of the trapezoidal rule included), and the link between them.

    kernel: (n_general, n_nodes) weights given the general factor, rows summing to 1; None for one ability.
    """

    nodes: Floats
    weights: Floats
    kernel: Floats | None
    general: Floats


@dataclass(frozen=True, slots=True)
class Summary:
    """posterior: (n_persons, n_dimensions, n_nodes), rows summing to 1; theta, sem: (n_persons, n_dimensions);
    covariance: (n_persons, n_dimensions, n_dimensions)."""

    posterior: Floats
    theta: Floats
    sem: Floats
    covariance: Floats


def build_prior(ability: AbilityDesign, n_dimensions: int = 1) -> Prior:
    """The prior an ability design asks for."""
    nodes = np.linspace(ability.lower, ability.upper, ability.n_nodes)
    mean, sd, correlation = ability.prior_mean, ability.prior_sd, ability.competency_correlation
    if n_dimensions == 1 or ability.prior == "uniform":
        density = np.ones(len(nodes)) if ability.prior == "uniform" else _density(nodes, mean, sd)
        return Prior(nodes, _trapezoid(density), None, np.ones(1))
    general = _density(GENERAL_NODES, 0.0, 1.0)
    centres = mean + sd * np.sqrt(correlation) * GENERAL_NODES
    rows = [_trapezoid(_density(nodes, centre, sd * np.sqrt(1.0 - correlation))) for centre in centres]
    kernel, general = np.array(rows), general / general.sum()
    return Prior(nodes, general @ kernel, kernel, general)


def _density(nodes: Floats, mean: float, sd: float) -> Floats:
    exponent = -0.5 * ((nodes - mean) / sd) ** 2
    return np.asarray(np.exp(exponent - exponent.max()))


def _trapezoid(density: Floats) -> Floats:
    weights = density.copy()
    weights[[0, -1]] *= 0.5
    return np.asarray(weights / weights.sum())


BLOCK = 8
"""Answers whose product is rescaled together."""


def likelihood_of(table: Floats, items: NDArray[np.intp], categories: NDArray[np.intp]) -> Floats:
    """Likelihood at the nodes (n_nodes,) of one learner's answers, scaled to a maximum of 1.

    table: (n_items, K, n_nodes). Products of a block of answers at a time are rescaled, so that neither thousands of
    answers nor contradictory ones underflow to zero everywhere.
    """
    factors = factors_of(table, items, categories)
    likelihood = None if factors is None else joined(*factors)
    return _likelihood_by_logarithms(table, items, categories) if likelihood is None else likelihood


def factors_of(table: Floats, items: NDArray[np.intp], categories: NDArray[np.intp]) -> tuple[Floats, Floats] | None:
    """The likelihood of all whole blocks of answers, scaled, and the product of the answers since; each (n_nodes,).

    None when a block underflows. A sitting only ever adds to them, by the same multiplications in the same order.
    """
    blocks, whole = np.ones(table.shape[2]), len(items) - len(items) % BLOCK
    for start in range(0, whole, BLOCK):
        part = slice(start, start + BLOCK)
        scaled = joined(blocks, np.multiply.reduce(table[items[part], categories[part]], axis=0))
        if scaled is None:
            return None
        blocks = scaled
    return blocks, np.multiply.reduce(table[items[whole:], categories[whole:]], axis=0)


def joined(blocks: Floats, product: Floats) -> Floats | None:
    """Their product scaled to a maximum of 1; None when it underflows everywhere."""
    likelihood = product * blocks
    top = np.maximum.reduce(likelihood)
    return likelihood / top if top > 0.0 else None


def _likelihood_by_logarithms(table: Floats, items: NDArray[np.intp], categories: NDArray[np.intp]) -> Floats:
    tiny = np.finfo(np.float64).tiny
    logs = np.log(np.maximum(table[items, categories], tiny)).sum(axis=0)
    return np.asarray(np.exp(logs - logs.max()))


def summarise(likelihood: Floats, prior: Prior) -> Summary:
    """Posterior, mean, standard deviation and covariance from likelihoods (n_persons, n_dimensions, n_nodes)."""
    if prior.kernel is None:
        return _independent(likelihood, prior)
    return _linked(likelihood, prior, prior.kernel)


def _independent(likelihood: Floats, prior: Prior) -> Summary:
    posterior = likelihood * prior.weights
    posterior /= posterior.sum(axis=2, keepdims=True)
    theta = posterior @ prior.nodes
    variance = np.maximum(posterior @ prior.nodes**2 - theta**2, 0.0)
    covariance = variance[:, :, None] * np.eye(theta.shape[1])
    return Summary(posterior, theta, np.sqrt(variance), covariance)


def _linked(likelihood: Floats, prior: Prior, kernel: Floats) -> Summary:
    marginal = np.maximum(likelihood @ kernel.T, 1e-300)
    general = prior.general * np.prod(marginal / marginal.max(axis=2, keepdims=True), axis=1)
    general /= general.sum(axis=1, keepdims=True)
    posterior = likelihood * ((general[:, None, :] / marginal) @ kernel)
    posterior /= posterior.sum(axis=2, keepdims=True)
    theta = posterior @ prior.nodes
    given = (likelihood * prior.nodes) @ kernel.T / marginal
    spread = given - theta[:, :, None]
    covariance = (spread * general[:, None, :]) @ spread.transpose(0, 2, 1)
    variance = np.maximum(posterior @ prior.nodes**2 - theta**2, 0.0)
    diagonal = np.arange(theta.shape[1])
    covariance[:, diagonal, diagonal] = variance
    return Summary(posterior, theta, np.sqrt(variance), covariance)


def mass_above(nodes: Floats, cut: float) -> Floats:
    """Weights v (n_nodes,) with P(theta ≥ cut) = posterior · v for a smooth posterior on equally spaced nodes.

    The cut mostly lies between two nodes. A posterior no narrower than the spacing is determined by its values at the
    nodes (Whittaker's cardinal series), and the integral of that series above the cut is a sum of sine integrals; its
    error falls faster than any power of the spacing, as that of the grid's other sums does (Stenger 1993).
    """
    spacing = nodes[1] - nodes[0]
    sine_integral, _ = scipy.special.sici(np.pi * (cut - nodes) / spacing)
    return np.asarray(0.5 - sine_integral / np.pi)
