"""The simulator: designs compared on the same learners, repeated attempts, pre-test and post-test, real answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.designs import Design, DesignError
from engine.exposure.eligibility import run_with_eligibility
from engine.selection.plan import Plan, compile_design
from engine.selection.tables import Attributes, build_pool
from engine.simulation.cohort import Sittings
from engine.simulation.outcomes import outcome_of
from engine.simulation.report import Attempt, Chain, SimulationReport
from engine.simulation.run import Population, Progress, draw_abilities, replay_responses, run_plan
from psychometrics.ability.estimate import estimate_ability
from psychometrics.arrays import as_responses
from psychometrics.models.base import ItemParameters

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Bank:
    """What designs are simulated on: items, their competencies and further attributes."""

    items: ItemParameters
    competency: Sequence[str] | None = None
    attributes: Attributes | None = None

    def plan(self, design: Design) -> Plan:
        """The plan of a design on this bank."""
        pool = build_pool(self.items, design.ability, competency=self.competency, attributes=self.attributes)
        return compile_design(design, pool)


def simulate(
    designs: Sequence[Design],
    bank: Bank,
    *,
    n_persons: int,
    seed: int,
    population: Population | None = None,
    attempts: int = 1,
    progress: Progress | None = None,
) -> SimulationReport:
    """Every design on the same simulated learners. With attempts > 1 each sits again on items not seen before."""
    _check(designs, n_persons, attempts)
    people = population or Population()
    outcomes = []
    for design in designs:
        plan = bank.plan(design)
        truth = draw_abilities(people, n_persons, plan.pool.n_dimensions, seed)
        sittings, repeats = _attempts(plan, truth, seed, attempts, progress)
        outcomes.append(outcome_of(plan, sittings, truth, repeats))
    return SimulationReport(
        seed=seed,
        n_persons=n_persons,
        population_mean=people.mean,
        population_sd=people.sd,
        source="model",
        designs=tuple(outcomes),
    )


def simulate_on_responses(
    designs: Sequence[Design], bank: Bank, responses: ArrayLike, *, seed: int, progress: Progress | None = None
) -> SimulationReport:
    """Post-hoc simulation: the designs on real answers, measured against theta from all answers of each person."""
    matrix = as_responses(responses)
    _check(designs, len(matrix), 1)
    if matrix.shape[1] != len(bank.items):
        raise DesignError(f"responses have {matrix.shape[1]} columns for {len(bank.items)} items; give one an item.")
    outcomes = []
    for design in designs:
        plan = bank.plan(design)
        truth = _full_estimates(plan, bank, matrix)
        outcomes.append(outcome_of(plan, replay_responses(plan, matrix, seed, progress=progress), truth))
    return SimulationReport(
        seed=seed,
        n_persons=len(matrix),
        population_mean=None,
        population_sd=None,
        source="responses",
        designs=tuple(outcomes),
    )


def simulate_chain(
    pre_test: Design,
    post_test: Design,
    bank: Bank,
    *,
    n_persons: int,
    seed: int,
    population: Population | None = None,
    progress: Progress | None = None,
) -> SimulationReport:
    """Pre-test, then for those who pass it the post-test on items they have not seen; credit asks for both."""
    _check((pre_test, post_test), n_persons, 1)
    people = population or Population()
    first, second = bank.plan(pre_test), bank.plan(post_test)
    if first.pool.n_dimensions != second.pool.n_dimensions or not (first.cuts[-1] and second.cuts[-1]):
        raise DesignError("A chain needs two designs of the same ability.structure, both with decision.cut_theta.")
    truth = draw_abilities(people, n_persons, first.pool.n_dimensions, seed)
    before = run_plan(first, truth, seed, progress=progress)
    passed = np.asarray(before.credited.all(axis=1))
    fresh = ~_seen(before, len(first.pool))[passed]
    after = run_plan(second, truth[passed], seed, eligible=fresh, attempt=1, progress=progress)
    outcomes = [outcome_of(first, before, truth)]
    if passed.any():
        outcomes.append(outcome_of(second, after, truth[passed]))
    chain = _chain_record(first, second, truth, before, after, passed)
    return SimulationReport(
        seed=seed,
        n_persons=n_persons,
        population_mean=people.mean,
        population_sd=people.sd,
        source="model",
        designs=tuple(outcomes),
        chain=chain,
    )


def _chain_record(first: Plan, second: Plan, truth: Floats, before: Sittings, after: Sittings, passed: Mask) -> Chain:
    credited = np.zeros(len(truth), dtype=bool)
    credited[passed] = after.credited.all(axis=1)
    cuts = np.array([cut[-1] for cut in second.cuts])
    master = (truth >= cuts).all(axis=1)
    items = before.length.astype(float)
    items[passed] += after.length
    return Chain(
        pre_test=first.design.name,
        post_test=second.design.name,
        n_persons=len(truth),
        passed_pre_test=float(passed.mean()),
        credited=float(credited.mean()),
        mean_items=float(items.mean()),
        false_credit=float(credited[~master].mean()) if (~master).any() else None,
        false_denial=float((~credited[master]).mean()) if master.any() else None,
    )


def _attempts(
    plan: Plan, truth: Floats, seed: int, attempts: int, progress: Progress | None
) -> tuple[Sittings, tuple[Attempt, ...]]:
    """The first sittings, and the figures of each attempt when there are several."""
    if plan.design.exposure.method == "eligibility":
        first = run_with_eligibility(plan, truth, seed, progress=progress)
    else:
        first = run_plan(plan, truth, seed, progress=progress)
    if attempts == 1:
        return first, ()
    seen = _seen(first, len(plan.pool))
    records, sittings = [_attempt(1, first, truth, seen)], first
    for number in range(2, attempts + 1):
        sittings = run_plan(plan, truth, seed, eligible=~seen, attempt=number - 1, progress=progress)
        seen |= _seen(sittings, len(plan.pool))
        records.append(_attempt(number, sittings, truth, seen))
    return first, tuple(records)


def _attempt(number: int, sittings: Sittings, truth: Floats, seen: Mask) -> Attempt:
    return Attempt(
        number=number,
        n_persons=len(truth),
        mean_length=float(sittings.length.mean()),
        rmse=float(np.sqrt(np.mean((sittings.theta - truth) ** 2))),
        mean_sem=float(np.where(np.isfinite(sittings.sem), sittings.sem, 6.0).mean()),
        mean_items_left=float((~seen).sum(axis=1).mean()),
        exhausted_share=float((sittings.reason == "pool_exhausted").mean()),
        credited=float(sittings.credited.all(axis=1).mean()),
    )


def _seen(sittings: Sittings, n_items: int) -> Mask:
    seen = np.zeros((len(sittings.length), n_items + 1), dtype=bool)
    seen[np.arange(len(seen))[:, None], sittings.items] = True
    return seen[:, :n_items]


def _full_estimates(plan: Plan, bank: Bank, matrix: NDArray[np.int8]) -> Floats:
    """theta from everything a person answered, for each ability."""
    ability = plan.design.ability
    prior = (ability.prior_mean, ability.prior_sd)
    columns = []
    for dimension in range(plan.pool.n_dimensions):
        own = np.flatnonzero(plan.pool.dimension == dimension)
        estimate = estimate_ability(matrix[:, own], bank.items.take(own), "eap", prior=prior)
        columns.append(estimate.theta)
    return np.stack(columns, axis=1)


def _check(designs: Sequence[Design], n_persons: int, attempts: int) -> None:
    if not designs:
        raise DesignError("Give at least one design to simulate.")
    if n_persons < 2:
        raise DesignError(f"n_persons is {n_persons}; a simulation needs at least 2.")
    if attempts < 1:
        raise DesignError(f"attempts is {attempts}; it must be at least 1.")
