"""`estimate_ability`: every estimator of ability behind one call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from psychometrics.ability.bayesian import expected_a_posteriori
from psychometrics.ability.equations import (
    AnswerTable,
    Equation,
    LikelihoodEquation,
    PosteriorEquation,
    Responses,
    WarmEquation,
)
from psychometrics.ability.maximum_likelihood import FLAT, LOWER, UPPER, maximise, search_nodes
from psychometrics.ability.prior import Prior, make_prior
from psychometrics.ability.robust import TUNING, RobustEquation
from psychometrics.ability.status import STATUS, StatusArray, note, pattern_status
from psychometrics.arrays import as_responses
from psychometrics.information import expected_information, observed_information
from psychometrics.likelihood import check_categories
from psychometrics.models.base import Array, ItemParameters
from psychometrics.models.registry import log_probabilities

METHODS = ("eap", "map", "mle", "wle", "robust")


@dataclass(frozen=True, slots=True, eq=False)
class AbilityEstimate:
    """theta, sem (n_persons,) in logits, and a status key (n_persons,) from `psychometrics.ability.status.STATUS`.

    theta is always a finite number. sem is infinite only where the answers carry no information at that theta at all.
    """

    theta: Array
    sem: Array
    status: StatusArray

    def __len__(self) -> int:
        return len(self.theta)

    def sentences(self) -> list[str]:
        """The status of each person in words."""
        return [STATUS[str(key)] for key in self.status]


@dataclass(frozen=True, slots=True)
class Options:
    """What a method was asked for besides the answers; see `estimate_ability`."""

    method: str
    bounds: tuple[float, float]
    information: str
    weight: str
    tuning: float


def estimate_ability(
    responses: Any,
    items: Any,
    method: str = "eap",
    *,
    prior: Any = None,
    grid: Any = None,
    bounds: tuple[float, float] = (-6.0, 6.0),
    information: str = "expected",
    weight: str = "huber",
    tuning: float | None = None,
) -> AbilityEstimate:
    """Ability of every person, for any mixture of dichotomous and polytomous items.

    responses: (n_persons, n_items) categories from 0, `MISSING` (-1) or NaN where not administered; items:
    `ItemParameters`, a calibration result, its list of item records, or a matrix of discrimination, difficulty and, if
    there are, guessing and upper (n_items, 2 to 4).

    method: "eap" posterior mean and sd on the grid (Bock & Mislevy 1982, APM 6); "map" posterior mode (Birnbaum 1969);
    "mle" maximum likelihood; "wle" Warm's (1989, Psychometrika 54) weighted likelihood; "robust" weighted scores
    (Mislevy & Bock 1982; Schuster & Yuan 2011). All but eap return the global maximum within `bounds`, to 1e-10.

    prior: (mean, sd), numbers or one each per person; a `Grid`; or weights on the grid's nodes. Default: the grid's own
    weights, else N(0, 1). Used by eap and map, and by all for a person without answers.
    grid: a `Grid` or ascending nodes; default 121 nodes on `bounds`.
    information: "expected" or "observed", for the sem of map and mle: 1 / sqrt(I) and 1 / sqrt(I + prior precision).
    The sem of wle is 1 / sqrt(I), expected.
    weight, tuning: of "robust": "huber" (default tuning 1) or "biweight" (4).

    Raises ValueError for an unknown method or option, or answers that do not fit the items. Perfect, empty and
    contradictory patterns do not raise: they have a status.
    """
    bank, matrix = _as_items(items), as_responses(responses)
    check_categories(matrix, bank)
    options = _options(method, bounds, information, weight, tuning)
    belief = make_prior(prior, grid, options.bounds, len(matrix))
    status = pattern_status(matrix, bank)
    theta, sem = np.zeros(len(matrix)), np.zeros(len(matrix))
    estimate = _eap(bank, belief) if method == "eap" else _by_equation(bank, belief, options)
    for persons in _chunks(matrix, bank):
        theta[persons], sem[persons] = estimate(matrix[persons], belief.rows(persons), status[persons])
    return AbilityEstimate(theta, sem, status)


def _as_items(items: Any) -> ItemParameters:
    if not isinstance(items, ItemParameters):
        items = getattr(items, "items", items)
    if isinstance(items, ItemParameters):
        return items
    if isinstance(items, (list, tuple)) and all(isinstance(item, Mapping) for item in items):
        return ItemParameters.from_records(items)
    columns = np.asarray(items, dtype=np.float64)
    if columns.ndim != 2 or not 2 <= columns.shape[1] <= 4:
        raise ValueError(
            "items must be ItemParameters, a calibration result, item records, or a matrix of discrimination, "
            f"difficulty, guessing and upper, not an array of shape {columns.shape}"
        )
    return ItemParameters.logistic(*columns.T)


class _eap:
    """EAP of a chunk of persons."""

    def __init__(self, items: ItemParameters, prior: Prior) -> None:
        self.answers = AnswerTable(items.n_categories)
        self.logs = self.answers.flatten(log_probabilities(items, prior.nodes))

    def __call__(self, responses: Responses, prior: Prior, status: StatusArray) -> tuple[Array, Array]:
        return expected_a_posteriori(self.answers.indicators(responses) @ self.logs, prior, status)


class _by_equation:
    """ML, MAP, WLE or robust estimate of a chunk of persons."""

    def __init__(self, items: ItemParameters, prior: Prior, options: Options) -> None:
        lower, upper = options.bounds
        if options.method == "map":
            lower, upper = max(lower, prior.support[0]), min(upper, prior.support[1])
        self.items, self.options = items, options
        self.equation = _equation(items, search_nodes(items, lower, upper), options)

    def __call__(self, responses: Responses, prior: Prior, status: StatusArray) -> tuple[Array, Array]:
        theta, place = maximise(self.equation, responses, prior)
        note(status, place == LOWER, "lower_bound")
        note(status, place == UPPER, "upper_bound")
        note(status, place == FLAT, "no_information")
        sem = self._sem(theta, responses, prior)
        unknown = (status == "no_responses") | (status == "no_information")
        lower, upper = self.equation.nodes[0], self.equation.nodes[-1]
        theta = np.where(unknown, np.clip(prior.mean, lower, upper), theta)
        return theta, np.where(unknown, prior.sd, sem)

    def _sem(self, theta: Array, responses: Responses, prior: Prior) -> Array:
        if isinstance(self.equation, RobustEquation):
            return self.equation.sem(theta, responses)
        observed = self.options.information == "observed" and self.options.method != "wle"
        total = (observed_information if observed else expected_information)(self.items, responses, theta)
        if self.options.method == "map":
            total = total + prior.precision(theta)
        return np.divide(1.0, np.sqrt(np.maximum(total, 0.0)), out=np.full_like(total, np.inf), where=total > 0)


def _equation(items: ItemParameters, nodes: Array, options: Options) -> Equation:
    if options.method == "robust":
        return RobustEquation(items, nodes, options.weight, options.tuning)
    kinds = {"mle": LikelihoodEquation, "map": PosteriorEquation, "wle": WarmEquation}
    return kinds[options.method](items, nodes)


def _options(method: str, bounds: Any, information: str, weight: str, tuning: float | None) -> Options:
    for name, value, legal in (
        ("method", method, METHODS),
        ("information", information, ("expected", "observed")),
        ("weight", weight, tuple(TUNING)),
    ):
        if value not in legal:
            raise ValueError(f"{name} {value!r} is not one of {', '.join(legal)}")
    lower, upper = (float(x) for x in bounds)
    if not (np.isfinite(lower) and np.isfinite(upper) and lower < upper):
        raise ValueError(f"bounds must be two finite ascending numbers, got ({lower}, {upper})")
    constant = TUNING[weight] if tuning is None else float(tuning)
    if not constant > 0:
        raise ValueError(f"tuning must be positive, got {constant}")
    return Options(method, (lower, upper), information, weight, constant)


def _chunks(responses: NDArray[np.int8], items: ItemParameters) -> Iterator[slice]:
    """Slices of persons small enough for the tables of a chunk to stay in the processor's cache."""
    size = int(np.clip(400_000 // max(1, len(items) * items.max_categories), 64, 4096))
    for start in range(0, len(responses), size):
        yield slice(start, min(start + size, len(responses)))
