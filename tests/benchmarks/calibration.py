"""Calibration: time, processor time, peak memory and standard errors of each case, and the ratio to girth in one run.

Run: python -m tests.benchmarks.calibration [--large] [CASE ...]

Each case runs in a process of its own, so that its peak memory is its own. girth is run where it has the model and
would end within minutes; the million persons are run with --large.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any

import numpy as np
from numpy.typing import NDArray

from psychometrics import ItemParameters, calibrate
from psychometrics.arrays import MISSING
from psychometrics.models.registry import probabilities

REPEATS = 3


@dataclass(frozen=True)
class Case:
    """Data to draw, the model, and whether girth takes part."""

    model: str
    n_persons: int
    n_items: int
    missing: float = 0.0
    n_categories: int = 2
    n_dimensions: int = 1
    girth: bool = False
    large: bool = False
    options: dict[str, Any] = field(default_factory=dict)


CASES = {
    "2pl 10,000 x 50": Case("2pl", 10_000, 50, girth=True),
    "2pl 50,000 x 100": Case("2pl", 50_000, 100),
    "2pl 20,000 x 500, 90 % missing": Case("2pl", 20_000, 500, missing=0.9),
    "2pl 20,000 x 500, 98 % missing": Case("2pl", 20_000, 500, missing=0.98),
    "3pl 10,000 x 60": Case("3pl", 10_000, 60, options={"priors": {"guessing": "beta(5, 17)"}}),
    "grm 2,500 x 20 x 5": Case("grm", 2_500, 20, n_categories=5, girth=True),
    "gpcm 2,500 x 20 x 5": Case("gpcm", 2_500, 20, n_categories=5, girth=True),
    "five dimensions 3,000 x 60": Case("2pl", 3_000, 60, n_dimensions=5),
    "2pl 1,000,000 x 100": Case("2pl", 1_000_000, 100, large=True),
}


def bank(case: Case, rng: np.random.Generator) -> ItemParameters:
    """Items with ordinary parameters."""
    slopes, located = rng.lognormal(0.1, 0.3, case.n_items), rng.normal(0, 0.8, case.n_items)
    if case.n_categories == 2:
        return ItemParameters.logistic(slopes, located, 0.2 if case.model == "3pl" else 0.0)
    name = "thresholds" if case.model == "grm" else "steps"
    bounds = np.linspace(-1.2, 1.2, case.n_categories - 1)
    return ItemParameters.from_records(
        {"item_id": str(j), "model": case.model, "discrimination": a, name: (b + bounds).tolist()}
        for j, (a, b) in enumerate(zip(slopes, located, strict=True))
    )


def draw(case: Case, seed: int = 1) -> tuple[NDArray[np.int8], NDArray[Any]]:
    """Responses, and the correlation of the dimensions."""
    rng = np.random.default_rng(seed)
    items = bank(case, rng)
    factor = rng.normal(size=(case.n_dimensions, case.n_dimensions + 2))
    spread = factor @ factor.T + 3
    correlation = spread / np.sqrt(np.outer(np.diag(spread), np.diag(spread)))
    root = np.linalg.cholesky(correlation)
    responses = np.empty((case.n_persons, case.n_items), dtype=np.int8)
    for start in range(0, case.n_persons, 5000):
        rows = responses[start : start + 5000]
        theta = rng.normal(size=(len(rows), case.n_dimensions)) @ root.T
        for d in range(case.n_dimensions):
            own = np.arange(d, case.n_items, case.n_dimensions)
            bounds = probabilities(items.take(own), theta[:, d]).cumsum(axis=1)[:, :-1]
            rows[:, own] = (rng.random((len(own), 1, len(rows))) > bounds).sum(axis=1).T
        rows[rng.random(rows.shape) < case.missing] = MISSING
    return responses, correlation


def timed(work: Callable[[], Any], repeats: int) -> tuple[Any, float, float]:
    """Result, and the least elapsed and processor time of some repeats."""
    elapsed, processor, result = [], [], None
    for _ in range(repeats):
        begin, begin_processor = time.perf_counter(), time.process_time()
        result = work()
        elapsed.append(time.perf_counter() - begin)
        processor.append(time.process_time() - begin_processor)
    return result, min(elapsed), min(processor)


def run_case(name: str) -> dict[str, Any]:
    """Measure one case; called in a process of its own."""
    case = CASES[name]
    responses, correlation = draw(case)
    labels = {"dimensions": [f"d{j % case.n_dimensions}" for j in range(case.n_items)]} if case.n_dimensions > 1 else {}
    repeats = 1 if case.large else REPEATS
    result, elapsed, processor = timed(lambda: calibrate(responses, case.model, **labels, **case.options), repeats)
    _, errors, _ = timed(result.standard_errors, 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    row = {"elapsed": elapsed, "processor": processor, "peak": peak, "errors": errors, "result": result.status}
    row |= {"iterations": result.n_iterations, "answers": result.n_responses}
    if case.n_dimensions > 1:
        off = np.abs(result.correlations - correlation)[np.tril_indices(case.n_dimensions, -1)]
        row["remark"] = f"correlations off by {off.mean():.3f} on average, {off.max():.3f} at worst"
    if case.girth:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            other, theirs, _ = timed(lambda: calibrate(responses, case.model, estimator="girth"), 1)
        row["girth"] = theirs
        row["remark"] = f"log-likelihood {result.log_likelihood - other.log_likelihood:+.2f} over girth's"
    return row


def main(arguments: list[str]) -> None:
    """Run the cases asked for, or all that are not large."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("cases", nargs="*", help="names or parts of names; all when none is given")
    parser.add_argument("--large", action="store_true", help="also the million persons")
    asked = parser.parse_args(arguments)
    chosen = [n for n, c in CASES.items() if asked.large or not c.large]
    chosen = [n for n in chosen if not asked.cases or any(part in n for part in asked.cases)]
    print(f"{'case':<32} {'seconds':>8} {'CPU':>7} {'peak MB':>8} {'s.e.':>7} {'steps':>5} {'girth/ours':>10}")
    for name in chosen:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
            row = apart.submit(run_case, name).result()
        ratio = f"{row['girth'] / row['elapsed']:.0f}" if "girth" in row else "-"
        print(
            f"{name:<32} {row['elapsed']:>8.3f} {row['processor']:>7.3f} {row['peak']:>8.0f} {row['errors']:>7.2f} "
            f"{row['iterations']:>5} {ratio:>10}  {row['result']}; {row.get('remark', '')}".rstrip("; "),
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
