"""Simulating a design: learners drawn from a population, or real answers replayed, in blocks of fixed size.

The size of a block is part of the seed's meaning: a cohort of ten thousand begins with the same learners and answers as
one of a thousand, whatever course the design takes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.designs import DesignError
from engine.selection.plan import Plan
from engine.selection.ties import Keys, hashes, keys_of
from engine.simulation.cohort import Answer, Indices, Mask, Sittings, longest_test, run_general
from engine.simulation.fast import is_fast, run_fast

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]
"""(learners done, learners in all)"""

BLOCK = 1024
GENERAL_BLOCK = 256


@dataclass(frozen=True, slots=True)
class Population:
    """Normal abilities; several competencies correlate alike."""

    mean: float = 0.0
    sd: float = 1.0
    correlation: float = 0.7


def draw_abilities(population: Population, n_persons: int, n_dimensions: int, seed: int) -> Floats:
    """True abilities (n_persons, n_dimensions); the first learners are the same for every n_persons."""
    blocks = [
        np.random.default_rng([seed, 1, start]).standard_normal((BLOCK, n_dimensions + 1))
        for start in range(0, n_persons, BLOCK)
    ]
    normal = np.concatenate(blocks)[:n_persons] if blocks else np.zeros((0, n_dimensions + 1))
    if n_dimensions == 1:
        return np.asarray(population.mean + population.sd * normal[:, 1:])
    shared, own = np.sqrt(population.correlation), np.sqrt(1.0 - population.correlation)
    return np.asarray(population.mean + population.sd * (shared * normal[:, :1] + own * normal[:, 1:]))


def session_keys(seed: int, first: int, n_persons: int, attempt: int = 0) -> Keys:
    """Keys of simulated sittings."""
    people = np.arange(first, first + n_persons, dtype=np.uint64)
    return hashes(keys_of((f"simulation {seed} {attempt}",)), 0, people)


def run_plan(
    plan: Plan,
    theta: Floats,
    seed: int,
    *,
    eligible: Mask | None = None,
    attempt: int = 0,
    progress: Progress | None = None,
) -> Sittings:
    """Sittings of learners with these true abilities (n_persons, n_dimensions).

    eligible: (n_persons, n_items), None for all. The same seed gives the same learners the same luck under every
    design, so that designs compared side by side differ by design alone.
    """
    _check_abilities(plan, theta)

    def answers(start: int, stop: int) -> Answer:
        luck = np.random.default_rng([seed, 2 + attempt, start]).random((longest_test(plan), BLOCK))
        return _model_answers(plan, theta, luck, start)

    return _run_blocks(plan, len(theta), seed, answers, eligible, attempt, progress)


def replay_responses(
    plan: Plan, responses: NDArray[np.int8], seed: int, *, progress: Progress | None = None
) -> Sittings:
    """Post-hoc simulation: the design run on real answers (n_persons, n_items), −1 where an item was not given.

    An item a person was not given is not eligible, so no answer is ever invented.
    """
    if responses.shape[1] != len(plan.pool):
        raise DesignError(f"responses have {responses.shape[1]} columns for {len(plan.pool)} items; give one an item.")

    def answers(start: int, stop: int) -> Answer:
        def answer(persons: Indices, items: Indices, position: int) -> Indices:
            return np.asarray(responses[persons, items], dtype=np.intp)

        return answer

    return _run_blocks(plan, len(responses), seed, answers, responses >= 0, 0, progress)


def _run_blocks(
    plan: Plan,
    n_persons: int,
    seed: int,
    answers: Callable[[int, int], Answer],
    eligible: Mask | None,
    attempt: int,
    progress: Progress | None,
) -> Sittings:
    into = Sittings.empty(n_persons, longest_test(plan), plan.pool.n_dimensions)
    run, size = (run_fast, BLOCK) if is_fast(plan) else (run_general, GENERAL_BLOCK)
    for start in range(0, n_persons, BLOCK):
        stop = min(start + BLOCK, n_persons)
        answer, keys = answers(start, stop), session_keys(seed, start, stop - start, attempt)
        for first in range(start, stop, size):
            persons = np.arange(first, min(first + size, stop))
            may = np.ones((len(persons), len(plan.pool)), dtype=bool) if eligible is None else eligible[persons]
            run(plan, persons, keys[persons - start], may, answer, into)
        if progress is not None:
            progress(stop, n_persons)
    return into


def _model_answers(plan: Plan, theta: Floats, luck: Floats, start: int) -> Answer:
    """Answers drawn from the model: the category whose cumulative probability passes the learner's luck."""
    curves, dimension = plan.pool.curves, plan.pool.dimension

    def answer(persons: Indices, items: Indices, position: int) -> Indices:
        at = theta[persons, dimension[items]] if theta.shape[1] > 1 else theta[persons, 0]
        chance = luck[position, persons - start]
        if curves.all_logistic:
            return np.asarray(chance < curves.probability_right(items, at), dtype=np.intp)
        cumulative = np.cumsum(curves.probabilities(items, at)[:, ::-1], axis=1)[:, ::-1]
        return np.asarray((chance[:, None] < cumulative[:, 1:]).sum(axis=1), dtype=np.intp)

    return answer


def _check_abilities(plan: Plan, theta: Floats) -> None:
    if theta.ndim != 2 or theta.shape[1] != plan.pool.n_dimensions:
        raise DesignError(f"theta must be (n_persons, {plan.pool.n_dimensions}), not {theta.shape}.")
    if not np.isfinite(theta).all():
        raise DesignError(f"theta of person {int(np.argmin(np.isfinite(theta).all(axis=1)))} is not a finite number.")
