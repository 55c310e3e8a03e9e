"""Ability estimation: cohorts, the live step, the score of record, correlated competencies; ratios in the same run.

Run: python -m tests.benchmarks.ability
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from catsim.estimation import NumericalSearchEstimator
from catsim.irt import inf_hpc
from catsim.item_bank import ItemBank

from psychometrics.ability.estimate import METHODS, estimate_ability
from psychometrics.ability.multidimensional import NODES, competency_log_likelihood, estimate_competencies
from psychometrics.ability.posterior import moment_basis, start, step
from psychometrics.ability.record import freeze_table, score_of_record
from psychometrics.ability.summed_score import summed_score_table
from psychometrics.information import item_information
from psychometrics.models.base import Array, ItemParameters
from psychometrics.models.registry import probabilities
from psychometrics.quadrature import normal_grid


def seconds(work: Callable[[], object], repeats: int = 3, number: int = 1) -> float:
    """Best of some repeats, for one call."""
    best = float("inf")
    for _ in range(repeats):
        begin = time.perf_counter()
        for _ in range(number):
            work()
        best = min(best, (time.perf_counter() - begin) / number)
    return best


def cohort(n_persons: int, n_items: int, guessing: float, rng: np.random.Generator) -> tuple[ItemParameters, Array]:
    items = ItemParameters.logistic(rng.lognormal(0.1, 0.3, n_items), rng.normal(size=n_items), guessing)
    right = probabilities(items, rng.normal(size=n_persons))[:, 1].T
    return items, (rng.random(right.shape) < right).astype(np.int8)


def whole_cohorts(rng: np.random.Generator) -> None:
    print("100,000 persons x 100 items, against catsim's bounded ML on 100 of them")
    for guessing, name in ((0.0, "2pl"), (0.2, "3pl")):
        items, responses = cohort(100_000, 100, guessing, rng)
        columns = [items.discrimination, items.difficulty, items.guessing, items.upper]
        rival, bank = NumericalSearchEstimator(), ItemBank(np.stack(columns, axis=1))
        answers = [[bool(x) for x in row] for row in responses[:100]]

        def catsim(rival: object = rival, bank: object = bank, answers: list[list[bool]] = answers) -> None:
            for row in answers:
                rival.estimate(  # type: ignore[attr-defined]
                    item_bank=bank, administered_items=list(range(100)), response_vector=row, est_theta=0.0
                )

        rival_each = seconds(catsim, repeats=2) / 100
        for method in METHODS:
            each = seconds(lambda m=method, r=responses, i=items: estimate_ability(r, i, m), repeats=1) / 100_000  # type: ignore[misc]
            print(f"  {name} {method:7s} {each * 1e5:6.2f} s   catsim ML / this: {rival_each / each:7.0f}")


def live_step(rng: np.random.Generator) -> None:
    grid = normal_grid(121)
    row = probabilities(ItemParameters.logistic(1.2, 0.3), grid.nodes)[0, 1]
    state, basis = start(grid.weights, grid.nodes), moment_basis(grid.nodes)
    out = np.empty_like(row)
    each = seconds(lambda: step(state, row, basis), number=5000)
    floor = seconds(lambda: np.multiply(state.posterior, row, out=out), number=5000)
    print(f"live step, 121 nodes: {each * 1e6:.1f} us = {each / floor:.0f} x one numpy multiply of the grid")
    rows = probabilities(ItemParameters.logistic(1.2, rng.normal(size=5000)), grid.nodes)[:, 1]
    many = start(grid.weights, grid.nodes, n_persons=5000)
    each_of_many = seconds(lambda: step(many, rows, basis)) / 5000
    print(f"  5,000 persons together: {each_of_many * 1e6:.2f} us a person, {each / each_of_many:.0f} x cheaper each")


def score_of_the_record(rng: np.random.Generator) -> None:
    grid = normal_grid(121)
    items, responses = cohort(1, 60, 0.2, rng)
    table = probabilities(items, grid.nodes)
    rows = [freeze_table(table[i])[int(x)] for i, x in enumerate(responses[0])]
    nodes, weights = grid.nodes.tolist(), grid.weights.tolist()
    exact = seconds(lambda: score_of_record(rows, nodes, weights), number=50)
    numpy_eap = seconds(lambda: estimate_ability(responses, items), number=50)
    print(
        f"score of record, 60 answers: {exact * 1e3:.2f} ms = {exact / numpy_eap:.2f} x estimate_ability of one person"
    )


def correlated_competencies(rng: np.random.Generator) -> None:
    items, responses = cohort(200, 30, 0.2, rng)
    dimension = np.arange(30) % 5
    correlations = np.full((5, 5), 0.6) + 0.4 * np.eye(5)
    one = seconds(lambda: estimate_competencies(responses[:1], items, dimension, correlations), number=20)
    many = seconds(lambda: estimate_competencies(responses, items, dimension, correlations)) / 200
    logs = competency_log_likelihood(responses[:1], items, dimension, 5)[0]
    grid = seconds(lambda: product_grid(logs, correlations), repeats=1)
    print(f"30 answers over 5 competencies: {one * 1e3:.2f} ms; 200 sittings together {many * 1e3:.2f} ms each")
    print(f"  product grid of 13^5 nodes / this: {grid / one:.0f}")


def product_grid(logs: Array, correlations: Array) -> Array:
    """Posterior means by brute force on every ninth or tenth node: far too coarse, and still slower."""
    nodes = np.linspace(0, len(NODES) - 1, 13).astype(int)
    axes = np.stack(np.meshgrid(*[NODES[nodes]] * 5, indexing="ij")).reshape(5, -1)
    exponent = -0.5 * np.einsum("in,ij,jn->n", axes, np.linalg.inv(correlations), axes)
    places = np.stack(np.meshgrid(*[nodes] * 5, indexing="ij")).reshape(5, -1)
    exponent += sum(logs[d, places[d]] for d in range(5))
    weights = np.exp(exponent - exponent.max())
    return np.asarray(axes @ weights / weights.sum())


def tables(rng: np.random.Generator) -> None:
    items = ItemParameters.logistic(rng.lognormal(0.1, 0.3, 2000), rng.normal(size=2000), 0.2)
    columns = np.stack([items.discrimination, items.difficulty, items.guessing, items.upper], axis=1)
    theta = np.linspace(-4, 4, 41)
    ours = seconds(lambda: item_information(items, theta))
    rival = seconds(lambda: [inf_hpc(float(t), columns) for t in theta])
    print(f"information of 2,000 3PL items at 41 abilities: {ours * 1e3:.1f} ms; catsim / this: {rival / ours:.2f}")
    sixty = items.take(np.arange(60))
    print(f"summed-score table of 60 items: {seconds(lambda: summed_score_table(sixty)) * 1e3:.1f} ms")


def main() -> None:
    rng = np.random.default_rng(20260101)
    whole_cohorts(rng)
    live_step(rng)
    score_of_the_record(rng)
    correlated_competencies(rng)
    tables(rng)


if __name__ == "__main__":
    main()
