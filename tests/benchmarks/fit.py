"""Fit, DIF and linking at the size of a large field test; each against a floor or a plain rival of the same run.

Run: python -m tests.benchmarks.fit
The floor is one pass over the probabilities of all answers, which every statistic of persons by items must make; the
rivals are the textbook loops that the tests also use.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from psychometrics.ability.summed_score import lord_wingersky
from psychometrics.arrays import MISSING
from psychometrics.dif import logistic_dif, mantel_haenszel
from psychometrics.equating import link, rescale_items
from psychometrics.fit import item_mean_squares, lz, lz_star, m2, q3, s_x2
from psychometrics.fit.summed_scores import rest_score_distributions
from psychometrics.models.base import Array, ItemParameters
from psychometrics.models.registry import probabilities
from psychometrics.quadrature import normal_grid


def seconds(work: Callable[[], object], repeats: int = 2) -> float:
    """Best of some repeats."""
    best = float("inf")
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begin)
    return best


def field_test(n_persons: int, n_items: int, rng: np.random.Generator) -> tuple[ItemParameters, Array, Array]:
    items = ItemParameters.logistic(rng.lognormal(0.1, 0.3, n_items), rng.normal(size=n_items))
    theta = rng.normal(size=n_persons)
    right = probabilities(items, theta)[:, 1].T
    return items, (rng.random(right.shape) < right).astype(np.int8), theta


def fit_statistics(rng: np.random.Generator) -> None:
    items, responses, theta = field_test(20_000, 100, rng)
    floor = seconds(lambda: probabilities(items, theta))
    print(f"20,000 persons x 100 items; floor, one pass over the probabilities: {floor:.3f} s")
    work: dict[str, Callable[[], object]] = {
        "S-X2": lambda: s_x2(items, responses),
        "infit and outfit": lambda: item_mean_squares(items, responses),
        "Q3": lambda: q3(items, responses),
        "lz": lambda: lz(items, responses),
        "lz*": lambda: lz_star(items, responses),
        "M2": lambda: m2(items, responses),
    }
    for name, compute in work.items():
        taken = seconds(compute)
        print(f"  {name:18} {taken:7.3f} s   {taken / floor:6.1f} x the floor")


def sparse_fit(rng: np.random.Generator) -> None:
    items, responses, _ = field_test(20_000, 500, rng)
    booklet = np.arange(20_000) % 10
    responses[(booklet[:, None] != np.arange(500) // 50) & (booklet[:, None] != (np.arange(500) // 50 + 1) % 10)] = (
        MISSING
    )
    print(f"20,000 x 500 in ten booklets of 100 items, S-X2: {seconds(lambda: s_x2(items, responses), 1):.2f} s")


def rest_scores(rng: np.random.Generator) -> None:
    items, _, _ = field_test(2, 100, rng)
    table = probabilities(items, normal_grid().nodes)

    def one_by_one() -> None:
        for item in range(len(table)):
            lord_wingersky(np.delete(table, item, axis=0), np.delete(items.n_categories, item))

    halved, plain = seconds(lambda: list(rest_score_distributions(list(table)))), seconds(one_by_one)
    print(f"scores without each of 100 items: {halved * 1e3:.1f} ms, {plain / halved:.1f} x faster than one by one")


def dif_and_linking(rng: np.random.Generator) -> None:
    items, responses, theta = field_test(20_000, 100, rng)
    focal = rng.random(20_000) < 0.5
    floor = seconds(lambda: probabilities(items, theta))
    for name, test in (("Mantel-Haenszel", mantel_haenszel), ("logistic regression", logistic_dif)):
        taken = seconds(lambda t=test: t(responses, focal))  # type: ignore[misc]
        print(f"{name} with purification, 20,000 x 100: {taken:.2f} s, {taken / floor:.1f} x the floor")
    new = rescale_items(items, 0.9, 0.2)
    print(f"Stocking-Lord over 100 anchors with jackknife errors: {seconds(lambda: link(new, items)):.2f} s")


def main() -> None:
    rng = np.random.default_rng(20)
    fit_statistics(rng)
    sparse_fit(rng)
    rest_scores(rng)
    dif_and_linking(rng)


if __name__ == "__main__":
    main()
