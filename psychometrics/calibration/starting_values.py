"""Where the iteration starts: intercepts from the proportions of answers, and slopes of 1 or, beside a lower
asymptote, steeper ones, because guessing flattens what is seen of a curve.

A likelihood with lower asymptotes may have several maxima: an easy flat item with little guessing, or a harder, steeper
one with much. From steep starts the iteration has more often ended in the higher of them than from flat ones; where
there are few answers to an item both are tried (`routes`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from psychometrics.calibration.maximisation import Kind
from psychometrics.calibration.priors import Beta, Prior
from psychometrics.models.base import Array

SHRUNK = 1.2
"""A logit of a proportion understates the intercept, because ability varies; for slopes of 1 by about this factor."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where items with asymptotes start: slope and logits of the asymptotes, None for the mode of the prior."""

    slope: float
    guessing: float | None
    upper: float | None


USUAL = Route(1.7, -1.5, 3.0)
FLAT = Route(1.0, None, None)
STEEP = Route(3.0, -0.7, 1.5)
FEW_ANSWERS = 5000
"""With more answers than this to every item a second route has not been seen to lead elsewhere."""
PROBIT = 1.702
"""Scale of the normal ogive in logits; a logit of a proportion understates the intercept by
sqrt(1 + (slope / 1.702)^2) (Lord & Novick 1968, section 16.9)."""


def routes(kinds: Sequence[Kind], n_answers: NDArray[np.int64]) -> tuple[Route, ...]:
    """Where to start from, for items with n_answers (n_items,): several where they might lead to different maxima."""
    names = {name for kind in kinds if kind.estimated for name in _asymptotes(kind)}
    if not names or n_answers.min() >= FEW_ANSWERS:
        return (USUAL,)
    return (USUAL, FLAT, STEEP) if "upper" in names else (USUAL, FLAT)


def starting_values(
    kind: Kind, counts: NDArray[np.int64], priors: Mapping[str, Prior] | None = None, route: Route = USUAL
) -> Array:
    """Working parameters (n_items, n_parameters) from counts of answers (n_items, K)."""
    if _asymptotes(kind):
        return np.clip(_with_asymptotes(kind, counts, priors or {}, route), kind.lower, kind.upper)
    smoothed = counts + 0.5
    if kind.model.name == "grm":
        above = smoothed[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
        return _with_slope(SHRUNK * np.log(above / (smoothed.sum(axis=1, keepdims=True) - above)))
    logs = np.log(smoothed[:, 1:] / smoothed[:, :1])
    if kind.model.name == "nrm":
        slopes = np.broadcast_to(np.arange(1.0, kind.n_categories) / (kind.n_categories - 1), logs.shape)
        return np.concatenate([slopes, logs], axis=1)
    return np.clip(_with_slope(SHRUNK * logs), kind.lower, kind.upper)


def _asymptotes(kind: Kind) -> list[str]:
    names = kind.model.parameter_names(kind.n_categories)
    return [name.removesuffix("_logit") for name in names if name.endswith("_logit")]


def _with_asymptotes(kind: Kind, counts: NDArray[np.int64], priors: Mapping[str, Prior], route: Route) -> Array:
    """Slopes and asymptotes of the route; intercepts from what the proportions say as if nobody guessed."""
    share = (counts[:, 1] + 0.5) / (counts.sum(axis=1) + 1.0)
    intercept = np.sqrt(1 + (route.slope / PROBIT) ** 2) * (np.log(share) - np.log1p(-share))
    columns = [np.full(len(counts), route.slope), intercept]
    for name in _asymptotes(kind):
        given = getattr(route, name)
        columns.append(np.full(len(counts), _mode_logit(priors.get(name), name) if given is None else given))
    return np.stack(columns, axis=1)


def _mode_logit(prior: Prior | None, name: str) -> float:
    """Logit of the mode of a beta prior; of the usual asymptote where there is none inside (0, 1)."""
    if not isinstance(prior, Beta) or prior.alpha <= 1 or prior.beta <= 1:
        return float(getattr(USUAL, name))
    return float(np.log(prior.alpha - 1) - np.log(prior.beta - 1))


def _with_slope(intercepts: Array) -> Array:
    return np.concatenate([np.ones((len(intercepts), 1)), intercepts], axis=1)
