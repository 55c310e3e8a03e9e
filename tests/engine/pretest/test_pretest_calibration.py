"""New items onto a scale that is held: one dimension or several, two categories or more, and what has to wait."""

from typing import Any

import numpy as np
import pytest

from engine.pretest_calibration import CollectedResponse, calibrate_beside, collect
from itembank.exchange.item_forms import choice_item
from itembank.items import Item, ItemFacts
from psychometrics.arrays import MISSING

N_SITTINGS = 900
CORRELATION = 0.7


def item(key: str, competency: str, max_category: int = 1) -> Item:
    formed = choice_item(f"Question {key}", ("a", "b"), {"A": 1.0}, max_score=1)
    scoring = formed.scoring.__class__(
        rule=formed.scoring.rule, responses=formed.scoring.responses, max_category=max_category
    )
    return Item(key=key, content=formed.content, scoring=scoring, facts=ItemFacts(competencies=(competency,)))


def simulate(dimensions: bool, seed: int) -> tuple[list[CollectedResponse], dict[str, Any], dict[str, Item]]:
    """Sittings of two occasions; each gets half of the operational items, and one of the three new ones."""
    rng = np.random.default_rng(seed)
    records = [
        {"item_id": f"{c}{n}", "model": "2pl", "discrimination": float(rng.lognormal(0.1, 0.2)),
         "difficulty": float(rng.normal())}
        for c in "ab" for n in range(12)
    ]  # fmt: skip
    items = {record["item_id"]: item(record["item_id"], record["item_id"][0]) for record in records}
    items |= {"new": item("new", "a"), "turned": item("turned", "b"), "few": item("few", "a")}
    truth = {r["item_id"]: (r["discrimination"], r["difficulty"]) for r in records}
    truth |= {"new": (1.3, 0.4), "turned": (-0.9, 0.0), "few": (1.0, 0.0)}
    shared = CORRELATION if dimensions else 1.0
    rows = []
    for sitting in range(N_SITTINGS):
        later = sitting % 2
        general = rng.normal()
        theta = {c: 0.5 * later + np.sqrt(shared) * general + np.sqrt(1 - shared) * rng.normal() for c in "ab"}
        given = list(rng.permutation([r["item_id"] for r in records])[:12])
        given.append("few" if sitting < 40 else ("new", "turned")[int(rng.integers(2))])
        for key in given:
            slope, difficulty = truth[key]
            right = rng.uniform() < 1 / (1 + np.exp(-slope * (theta[items[key].facts.competencies[0]] - difficulty)))
            rows.append(
                CollectedResponse(
                    session_id=sitting, occasion=("pre", "post")[later], item=str(key), category=int(right)
                )
            )
    document = {"assay": "calibration/1", "items": records, "dimensions": ["a", "b"] if dimensions else []}
    return rows, document, items


@pytest.mark.parametrize("dimensions", [False, True])
def test_new_items_come_onto_the_held_scale(dimensions: bool) -> None:
    rows, document, items = simulate(dimensions, seed=7)
    found = calibrate_beside(collect(rows, items.keys()), document, items, model="2pl", min_responses=100)
    assert found.status == "converged"
    (record,) = found.records
    assert (record["item_id"], record["competency"]) == ("new", "a")
    for name, value in (("discrimination", 1.3), ("difficulty", 0.4)):
        assert abs(record[name] - value) < 3 * record["standard_error"][name]
        assert record["standard_error"][name] < 0.3
    assert set(found.waiting) == {"turned", "few"}
    assert "check its key" in found.waiting["turned"]
    assert found.waiting["few"] == "40 answers; 100 are needed."
    assert (found.n_sittings, found.n_responses) == (N_SITTINGS, N_SITTINGS * 13)


def test_answers_become_a_matrix_of_sittings() -> None:
    rows = [
        CollectedResponse(session_id=9, occasion="pre", item="x", category=1),
        CollectedResponse(session_id=9, occasion="pre", item="gone", category=1),
        CollectedResponse(session_id=12, occasion="post", item="y", category=0),
    ]
    matrix = collect(rows, {"x", "y"})
    assert (matrix.item_id, matrix.occasions) == (("x", "y"), ("pre", "post"))
    assert matrix.responses.tolist() == [[1, MISSING], [MISSING, 0]]


N_LOOPS, NEW = 60, {"new-1": (1.2, -0.4), "new-2": (0.8, 0.6), "new-3": (1.6, 0.2), "new-4": (1.0, -1.0)}


def loop(rng: np.random.Generator) -> tuple[list[CollectedResponse], dict[str, Any], dict[str, Item]]:
    """330 sittings of four random items out of 60, eight near what these show, and two of the four new ones."""
    slopes, places = rng.lognormal(0.1, 0.2, 60), rng.normal(0, 1.2, 60)
    records = [
        {"item_id": f"old-{n}", "model": "2pl", "discrimination": float(a), "difficulty": float(b)}
        for n, (a, b) in enumerate(zip(slopes, places))
    ]
    truth = {r["item_id"]: (r["discrimination"], r["difficulty"]) for r in records} | NEW
    rows = []

    def right(key: str, theta: float) -> int:
        slope, difficulty = truth[key]
        return int(rng.uniform() < 1 / (1 + np.exp(-slope * (theta - difficulty))))

    for sitting, theta in enumerate(rng.normal(0.3, 1.0, 330)):
        given = {f"old-{n}": right(f"old-{n}", theta) for n in rng.permutation(60)[:4]}
        near = np.argsort(np.abs(places - 0.8 * (sum(given.values()) - 2)))
        then = [key for n in near if (key := f"old-{n}") not in given][:8]
        then += [f"new-{n + 1}" for n in rng.permutation(4)[:2]]
        given |= {key: right(key, theta) for key in then}
        rows += [
            CollectedResponse(session_id=sitting, occasion="pre_test", item=key, category=category)
            for key, category in given.items()
        ]
    return rows, {"assay": "calibration/1", "items": records, "dimensions": []}, {key: item(key, "a") for key in truth}


def test_standard_errors_say_how_far_the_estimates_miss() -> None:
    """Misses in standard errors have a mean square near 1 over seeded loops.

    There are n = 480 of them, two and two correlated at most perfectly, so that their mean square has a standard
    deviation of at most sqrt(4 / n) = 0.092 where the errors are normal: within four of these of 1.
    """
    misses = []
    for seed in range(N_LOOPS):
        rows, document, items = loop(np.random.default_rng([3, seed]))
        found = calibrate_beside(collect(rows, items.keys()), document, items, model="2pl", min_responses=100)
        assert len(found.records) == len(NEW)
        for record in found.records:
            for name, true in zip(("discrimination", "difficulty"), NEW[record["item_id"]]):
                misses.append((record[name] - true) / record["standard_error"][name])
    assert len(misses) == 480
    assert 1 - 4 * 0.092 < float(np.mean(np.square(misses))) < 1 + 4 * 0.092
    assert abs(float(np.mean(misses))) < 4 / np.sqrt(240)
