"""Simulated sittings of an adaptive test, honest or not, as the evidence that flags are raised from."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.flags import Evidence, Seen
from psychometrics.models.base import ItemParameters
from psychometrics.models.registry import probabilities

NODES = np.linspace(-4.0, 4.0, 33)
N_WRONG = 3
SPREAD_OF_TIMES = 0.4
START = 1_767_225_600.0
Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Known = Callable[[Places, Places], Floats]


@dataclass(frozen=True)
class Bank:
    """Items of several competencies, with the popularity of their wrong choices and their usual times."""

    parameters: ItemParameters
    dimension: Places
    correlations: Floats
    wrong: Floats
    log_seconds: Floats


@dataclass(frozen=True)
class Sat:
    """Answers as (n_persons, n_answers) arrays in the order given; option 0 is right. Whoever cheats is in
    `planted`."""

    item: Places
    right: Places
    option: Places
    seconds: Floats
    theta: Floats
    planted: Places


def make_bank(rng: np.random.Generator, n_items: int, n_dimensions: int = 5, correlation: float = 0.75) -> Bank:
    correlations = np.full((n_dimensions, n_dimensions), correlation)
    np.fill_diagonal(correlations, 1.0)
    parameters = ItemParameters.logistic(
        np.exp(rng.normal(0.1, 0.25, n_items)), rng.normal(0.0, 1.1, n_items), item_id=[f"i{k}" for k in range(n_items)]
    )
    return Bank(
        parameters, np.arange(n_items) % n_dimensions, correlations, rng.dirichlet([2.0] * N_WRONG, n_items),
        rng.normal(3.6, 0.35, n_items),
    )  # fmt: skip


def sit(
    bank: Bank, rng: np.random.Generator, n_persons: int, n_answers: int, *, adaptive: bool = True,
    known: Known | None = None,
) -> Sat:  # fmt: skip
    """Everybody sits; adaptive: one of the five most informative items left for the ability estimated so far.

    known: (persons, items) -> the chance that a person knows the item beforehand and answers it right at once.
    """
    n_dimensions = len(bank.correlations)
    theta = rng.multivariate_normal(np.zeros(n_dimensions), bank.correlations, n_persons, method="cholesky")
    item, right = np.zeros((2, n_persons, n_answers), dtype=np.int64)
    curves = probabilities(bank.parameters, NODES)[:, 1]
    slope = bank.parameters.discrimination[:, None]
    information = (slope**2 * curves * (1.0 - curves)).T
    posterior = np.tile(np.exp(-0.5 * NODES**2), (n_persons, 1))
    open_ = np.ones((n_persons, len(bank.parameters)), dtype=bool)
    everybody = np.arange(n_persons)
    quick = np.zeros((n_persons, n_answers), dtype=bool)
    for turn in range(n_answers):
        worth = information[np.argmax(posterior, axis=1)] if adaptive else rng.random(open_.shape)
        best = np.argsort(-np.where(open_, worth, -1.0), axis=1)[:, :5]
        chosen = best[everybody, rng.integers(0, min(5, len(bank.parameters) - turn), n_persons)]
        logit = bank.parameters.discrimination[chosen] * (
            theta[everybody, bank.dimension[chosen]] - bank.parameters.difficulty[chosen]
        )
        if known is not None:
            quick[:, turn] = rng.random(n_persons) < known(everybody, chosen)
        item[:, turn] = chosen
        right[:, turn] = quick[:, turn] | (rng.random(n_persons) < 1.0 / (1.0 + np.exp(-logit)))
        open_[everybody, chosen] = False
        posterior *= np.where(right[:, turn, None] == 1, curves[chosen], 1.0 - curves[chosen])
    draws = rng.random(item.shape)[:, :, None]
    option = np.where(right == 1, 0, 1 + (draws > np.cumsum(bank.wrong[item], axis=2)[:, :, :-1]).sum(axis=2))
    speed = rng.normal(0.0, 0.3, (n_persons, 1))
    log_seconds = bank.log_seconds[item] - speed + rng.normal(0.0, SPREAD_OF_TIMES, item.shape)
    seconds = np.exp(log_seconds - 1.2 * quick)
    return Sat(item, right, option, seconds, theta, np.flatnonzero(quick.any(axis=1)))


def hurry(sat: Sat, rng: np.random.Generator, persons: Places, share: float) -> Sat:
    """These persons click through the last share of the test: two seconds, a choice at random."""
    n_answers = sat.item.shape[1]
    from_ = n_answers - round(share * n_answers)
    right, option, seconds = sat.right.copy(), sat.option.copy(), sat.seconds.copy()
    option[persons, from_:] = rng.integers(0, N_WRONG + 1, (len(persons), n_answers - from_))
    right[persons, from_:] = option[persons, from_:] == 0
    seconds[persons, from_:] = rng.uniform(0.8, 2.5, (len(persons), n_answers - from_))
    return replace(sat, right=right, option=option, seconds=seconds, planted=persons)


def copy(sat: Sat, rng: np.random.Generator, copiers: Places, sources: Places, share: float) -> Sat:
    """Each copier takes that share of the source's answers, where both have the item."""
    right, option = sat.right.copy(), sat.option.copy()
    for copier, source in zip(copiers.tolist(), sources.tolist(), strict=True):
        theirs = {item: place for place, item in enumerate(sat.item[source].tolist())}
        for place, item in enumerate(sat.item[copier].tolist()):
            if item in theirs and rng.random() < share:
                right[copier, place] = sat.right[source, theirs[item]]
                option[copier, place] = sat.option[source, theirs[item]]
    return replace(sat, right=right, option=option, planted=copiers)


def evidence_of(bank: Bank, sat: Sat, *, days: float = 60.0) -> Evidence:
    """One sitting after the other over so many days."""
    n_persons, n_answers = sat.item.shape
    began = START + np.linspace(0.0, 86_400.0 * days, n_persons)[:, None]
    flat = sat.item.ravel()
    return Evidence(
        sittings=tuple(Seen(id=k, learner=k, population="pre_test") for k in range(n_persons)),
        item_ids=tuple(range(len(bank.parameters))), parameters=bank.parameters,
        entry_item=np.arange(len(bank.parameters)), dimension=bank.dimension, correlations=bank.correlations,
        sitting=np.repeat(np.arange(n_persons), n_answers), item=flat, entry=flat, category=sat.right.ravel(),
        option=(flat * (N_WRONG + 1) + sat.option.ravel()),
        letter=(flat + sat.option.ravel()) % (N_WRONG + 1), seconds=sat.seconds.ravel(),
        at=(began + np.cumsum(sat.seconds, axis=1)).ravel(),
    )  # fmt: skip
