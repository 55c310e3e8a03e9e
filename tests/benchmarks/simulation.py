"""Simulated adaptive tests a second, beside catsim in the same process.

Run: python tests/benchmarks/simulation.py
CPU time is compared, so other work on the machine matters little. catsim estimates by bounded maximum likelihood.
"""

from __future__ import annotations

import time

import numpy as np
from catsim.estimation import NumericalSearchEstimator
from catsim.initialization import FixedPointInitializer
from catsim.selection import MaxInfoSelector
from catsim.simulation import Simulator
from catsim.stopping import TestLengthStopper

from engine.designs import AbilityDesign, Design, StoppingDesign
from engine.selection.plan import compile_design
from engine.selection.tables import build_pool
from engine.simulation.run import Population, draw_abilities, run_plan
from psychometrics.models.base import ItemParameters

LENGTH = 30


def bank(n_items: int) -> ItemParameters:
    rng = np.random.default_rng(1)
    return ItemParameters.logistic(rng.lognormal(0.0, 0.3, n_items), rng.normal(0.0, 1.0, n_items))


def assay_seconds(items: ItemParameters, estimator: str, n_persons: int, ability: AbilityDesign) -> tuple[float, float]:
    """CPU seconds a learner (median of 5) and CPU seconds of the set-up."""
    design = Design(name="benchmark", ability=ability, stopping=StoppingDesign(max_items=LENGTH))
    start = time.process_time()
    plan = compile_design(design, build_pool(items, ability))
    _ = plan.pool.blocks[0].candidates
    set_up = time.process_time() - start
    theta = draw_abilities(Population(), n_persons, 1, 3)
    spent = []
    for _ in range(5):
        start = time.process_time()
        run_plan(plan, theta, 3)
        spent.append(time.process_time() - start)
    return float(np.median(spent)) / n_persons, set_up


def catsim_seconds(items: ItemParameters, n_persons: int) -> float:
    """CPU seconds a learner of catsim's bounded maximum likelihood tests (median of 3)."""
    columns = np.column_stack([items.discrimination, items.difficulty, items.guessing, items.upper])
    theta = np.random.default_rng(3).normal(size=n_persons)
    spent = []
    for _ in range(3):
        simulator = Simulator(
            columns,
            theta,
            initializer=FixedPointInitializer(0.0),
            selector=MaxInfoSelector(),
            estimator=NumericalSearchEstimator(),
            stopper=TestLengthStopper(max_items=LENGTH),
        )
        start = time.process_time()
        simulator.simulate(verbose=False)
        spent.append(time.process_time() - start)
    return float(np.median(spent)) / n_persons


def main() -> None:
    times: dict[tuple[int, str], float] = {}
    for n_items in (500, 2000):
        items = bank(n_items)
        rival = catsim_seconds(items, 40)
        print(f"{n_items} items: catsim ML {rival * 1e3:.1f} ms a learner")
        for estimator, grid in (("eap", (61, 6.0)), ("eap", (33, 4.0)), ("mle", (61, 6.0))):
            ability = AbilityDesign(estimator=estimator, n_nodes=grid[0], lower=-grid[1], upper=grid[1])  # type: ignore[arg-type]
            spent, set_up = assay_seconds(items, estimator, 20_000, ability)
            times[n_items, f"{estimator} {grid[0]}"] = spent
            print(
                f"{n_items} items, {estimator} on {grid[0]} nodes: {spent * 1e6:.1f} µs a learner, "
                f"{1 / spent:,.0f} learners a second, {rival / spent:,.0f} × catsim ML (set-up {set_up * 1e3:.0f} ms)"
            )
    for name in ("eap 61", "eap 33", "mle 61"):
        print(f"2,000 items against 500, {name}: {times[2000, name] / times[500, name]:.2f} ×")


if __name__ == "__main__":
    main()
