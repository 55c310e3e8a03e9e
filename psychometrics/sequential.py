"""What was to be expected of each answer, given only what the same person had answered before.

In an adaptive test later items depend on earlier answers, so an answer judged with hindsight looks less surprising than
it was. Here every answer is predicted from the answers before it, under a normal population of correlated competencies
that is carried along by moment matching (assumed density filtering: Maybeck 1982; Opper 1998). Given the model, each
prediction holds whatever the rule that chose the item, which is what sums of surprises over persons and time need.

Answers are long arrays in the order in which each person gave them: person, item, category, all (n_answers,).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from psychometrics.models.base import Array, ItemParameters
from psychometrics.models.registry import probabilities

Places = NDArray[np.int64]

N_POINTS = 15
PRIOR_PERSONS = 30.0
"""How many persons of the reference population, N(0, correlations), count towards the population of a group."""


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """chance: (n_answers, n_shifts), of the answer given if its item were easier by each shift, in logits of ability;
    expected and variance of the category without a shift: (n_answers,). theta: (n_persons, n_dimensions) after all
    answers, covariance: (n_persons, n_dimensions, n_dimensions).
    """

    shifts: Array
    chance: Array
    expected: Array
    variance: Array
    theta: Array
    covariance: Array


@dataclass(frozen=True, slots=True, eq=False)
class Ability:
    """A normal population: mean (n_dimensions,), covariance (n_dimensions, n_dimensions)."""

    mean: Array
    covariance: Array


def predict_answers(
    items: ItemParameters, dimension: ArrayLike, population: Ability, person: ArrayLike, item: ArrayLike,
    category: ArrayLike, shifts: ArrayLike = (0.0,),
) -> Predictions:  # fmt: skip
    """Predict every answer from the person's earlier ones.

    dimension: (n_items,) counted from 0; shifts: (n_shifts,), among which 0. Persons are counted from 0 without gaps.
    Raises ValueError when the arrays differ in length or 0 is not among the shifts.
    """
    who, what, scored = (np.asarray(part, dtype=np.int64) for part in (person, item, category))
    moved, home = np.asarray(shifts, dtype=np.float64), np.asarray(dimension, dtype=np.int64)
    if not who.shape == what.shape == scored.shape or home.shape != (len(items),):
        raise ValueError("person, item and category must be as long as each other, and dimension as long as items")
    if 0.0 not in moved.tolist():
        raise ValueError("shifts must hold 0, the item as it was calibrated")
    n_persons = int(who.max(initial=-1)) + 1
    found = Predictions(
        moved, np.ones((len(who), len(moved))), np.zeros(len(who)), np.zeros(len(who)),
        np.tile(population.mean, (n_persons, 1)), np.tile(population.covariance, (n_persons, 1, 1)),
    )  # fmt: skip
    points, weights = np.polynomial.hermite_e.hermegauss(N_POINTS)
    alone = {one: items.take([one]) for one in np.unique(what).tolist()}
    for turn in _turns(who, n_persons):
        for one, answers in _by_item(what, turn):
            _predict(alone[one], int(home[one]), found, who[answers], answers, scored[answers],
                     (points, weights / weights.sum()))  # fmt: skip
    return found


def _turns(who: Places, n_persons: int) -> Iterator[Places]:
    """First answers of everybody, then second ones, and so on."""
    order = np.argsort(who, kind="stable")
    counts = np.bincount(who, minlength=n_persons)
    turn = np.arange(len(who)) - np.repeat(np.cumsum(counts) - counts, counts)
    for number in range(int(counts.max(initial=0))):
        yield order[turn == number]


def _by_item(what: Places, answers: Places) -> Iterator[tuple[int, Places]]:
    order = answers[np.argsort(what[answers], kind="stable")]
    items, starts = np.unique(what[order], return_index=True)
    yield from zip(items.tolist(), np.split(order, starts[1:]))


def _predict(
    item: ItemParameters, home: int, found: Predictions, who: Places, answers: Places, scored: Places,
    rule: tuple[Array, Array],
) -> None:  # fmt: skip
    """Chances of these answers to one item, then what they say about the ability."""
    points, weights = rule
    mean, variance = found.theta[who, home], found.covariance[who, home, home]
    nodes = mean[:, None] + np.sqrt(variance)[:, None] * points
    moved = nodes[None] + found.shifts[:, None, None]
    table = probabilities(item, moved.ravel())[0].reshape(-1, *moved.shape)
    likelihood = np.take_along_axis(table, scored[None, None, :, None], axis=0)[0]
    found.chance[answers] = (likelihood @ weights).T
    here = found.shifts.tolist().index(0.0)
    plain = table[:, here] @ weights
    scores = np.arange(len(plain))[:, None]
    found.expected[answers] = (scores * plain).sum(axis=0)
    found.variance[answers] = (scores**2 * plain).sum(axis=0) - found.expected[answers] ** 2
    _learn(found, who, home, nodes, likelihood[here] * weights)


def _learn(found: Predictions, who: Places, home: int, nodes: Array, posterior: Array) -> None:
    """Match mean and variance of the answer's competency and carry both on to the others."""
    posterior = posterior / posterior.sum(axis=1, keepdims=True)
    mean = (posterior * nodes).sum(axis=1)
    variance = (posterior * (nodes - mean[:, None]) ** 2).sum(axis=1)
    before = found.covariance[who, home, home]
    column = found.covariance[who, :, home] / before[:, None]
    found.theta[who] += column * (mean - found.theta[who, home])[:, None]
    found.covariance[who] += (variance - before)[:, None, None] * (column[:, :, None] * column[:, None, :])


def fit_population(
    items: ItemParameters, dimension: ArrayLike, correlations: ArrayLike, person: ArrayLike, item: ArrayLike,
    category: ArrayLike, *, n_rounds: int = 3,
) -> Ability:  # fmt: skip
    """Mean of every competency and one common spread of those who answered; the correlations are kept.

    EM over `n_rounds` passes, with `PRIOR_PERSONS` persons of N(0, correlations) thrown in, so that a handful of
    sittings stays near the reference population (Bock & Aitkin 1981, Psychometrika 46, for the E step's role).
    """
    base = np.atleast_2d(np.asarray(correlations, dtype=np.float64))
    known = Ability(np.zeros(len(base)), base)
    for _ in range(n_rounds):
        seen = predict_answers(items, dimension, known, person, item, category)
        counted = len(seen.theta) + PRIOR_PERSONS
        mean = seen.theta.sum(axis=0) / counted
        spread = seen.covariance.sum(axis=0) + np.einsum("pd,pe->de", seen.theta - mean, seen.theta - mean)
        scale = float(np.trace(np.linalg.solve(base, spread)) / len(base) + PRIOR_PERSONS) / counted
        known = Ability(mean, base * scale)
    return known
