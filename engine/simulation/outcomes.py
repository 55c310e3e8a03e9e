"""From simulated sittings to the figures a designer is asked for."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.content.constraints import Constraints, violations
from engine.selection.plan import Plan
from engine.simulation.cohort import Sittings
from engine.simulation.report import (
    AbilityBand,
    Attempt,
    Classification,
    DesignOutcome,
    DistanceBand,
    Exposure,
    ItemExposure,
    Length,
    Precision,
)

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Mask = NDArray[np.bool_]

ABILITY_EDGES = np.concatenate([[-np.inf], np.arange(-2.5, 2.51, 0.5), [np.inf]])
DISTANCE_EDGES = np.concatenate([[-np.inf], np.array([-1.0, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0]), [np.inf]])
_FAR = 6.0


def outcome_of(plan: Plan, sittings: Sittings, truth: Floats, attempts: tuple[Attempt, ...] = ()) -> DesignOutcome:
    """The outcome of a design; truth: (n_persons, n_dimensions) true abilities."""
    found, examples = count_violations(plan, sittings)
    names = _ability_names(plan)
    return DesignOutcome(
        name=plan.design.name,
        n_persons=len(truth),
        n_items=len(plan.pool),
        precision=tuple(precision(name, sittings, truth, d) for d, name in enumerate(names)),
        length=_length(sittings.length),
        reasons=_reasons(sittings),
        exposure=exposure(sittings, plan.pool.items.item_id),
        test_information_used=information_used(plan, sittings),
        constraint_violations=found,
        violation_examples=examples,
        classification=tuple(_classifications(plan, sittings, truth, names)),
        attempts=attempts,
    )


def _ability_names(plan: Plan) -> tuple[str, ...]:
    return plan.pool.competencies if plan.design.ability.structure == "competencies" else ("overall",)


def precision(name: str, sittings: Sittings, truth: Floats, dimension: int) -> Precision:
    """Bias, error and honesty of the estimates of one ability."""
    theta, sem, true = sittings.theta[:, dimension], sittings.sem[:, dimension], truth[:, dimension]
    error = theta - true
    bands = [
        _ability_band(low, high, error[inside], sem[inside], sittings.length[inside])
        for low, high in pairwise(ABILITY_EDGES.tolist())
        if (inside := (true >= low) & (true < high)).any()
    ]
    finite = np.where(np.isfinite(sem), sem, _FAR)
    spread = theta.std() > 0 and true.std() > 0
    return Precision(
        ability=name,
        bias=float(error.mean()),
        rmse=_root_mean_square(error),
        correlation=float(np.corrcoef(theta, true)[0, 1]) if spread else None,
        mean_sem=float(finite.mean()),
        sem_ratio=_root_mean_square(error) / _root_mean_square(finite),
        coverage=float((np.abs(error) <= 1.96 * sem).mean()),
        bands=tuple(bands),
    )


def _ability_band(low: float, high: float, error: Floats, sem: Floats, length: NDArray[np.int32]) -> AbilityBand:
    return AbilityBand(
        lower=float(max(low, -_FAR)),
        upper=float(min(high, _FAR)),
        n_persons=len(error),
        bias=float(error.mean()),
        rmse=_root_mean_square(error),
        mean_sem=float(np.where(np.isfinite(sem), sem, _FAR).mean()),
        coverage=float((np.abs(error) <= 1.96 * sem).mean()),
        mean_length=float(length.mean()),
    )


def _root_mean_square(values: Floats) -> float:
    return float(np.sqrt(np.mean(values**2)))


def _length(length: NDArray[np.int32]) -> Length:
    return Length(
        mean=float(length.mean()),
        sd=float(length.std()),
        shortest=int(length.min()),
        longest=int(length.max()),
        counts=tuple(int(count) for count in np.bincount(length)),
    )


def _reasons(sittings: Sittings) -> dict[str, float]:
    counted = Counter(str(reason) for reason in sittings.reason)
    return {reason: count / len(sittings.reason) for reason, count in sorted(counted.items())}


def exposure(sittings: Sittings, item_id: tuple[str, ...]) -> Exposure:
    """Rates of every item, and the overlap of two learners' tests over the mean length."""
    n_persons = len(sittings.length)
    counts = np.bincount(sittings.items[sittings.items >= 0], minlength=len(item_id)).astype(float)
    rates, pairs = counts / n_persons, max(n_persons * (n_persons - 1.0), 1.0)
    shared = float((counts * (counts - 1.0)).sum()) / pairs / max(float(sittings.length.mean()), 1e-12)
    return Exposure(
        highest_rate=float(rates.max()),
        mean_rate=float(rates.mean()),
        sd_rate=float(rates.std()),
        unused_share=float((counts == 0).mean()),
        overlap=shared,
        items=tuple(
            ItemExposure(item_id=name, exposure_rate=float(rate)) for name, rate in zip(item_id, rates, strict=True)
        ),
    )


def information_used(plan: Plan, sittings: Sittings, n_persons: int = 400) -> float:
    """Information at the final theta as a share of the most the bank could give in as many items (first learners)."""
    shares = []
    for person in range(min(n_persons, len(sittings.length))):
        given = sittings.items[person, : sittings.length[person]].astype(np.intp)
        if not len(given):
            continue
        theta = sittings.theta[person, plan.pool.dimension]
        every = plan.pool.curves.information(np.arange(len(plan.pool)), theta)
        best = np.partition(every, len(every) - len(given))[len(every) - len(given) :].sum()
        shares.append(every[given].sum() / max(float(best), 1e-12))
    return float(np.mean(shares)) if shares else 0.0


def count_violations(plan: Plan, sittings: Sittings) -> tuple[int, tuple[str, ...]]:
    """Sittings that broke a constraint, gave an item twice or ended without a reason, with some examples."""
    examples = _doubles(sittings)
    unexplained = int((sittings.reason == "").sum())
    if unexplained:
        examples.append(f"{unexplained} sittings ended without a reason")
    if plan.constraints.is_empty or plan.design.form != "adaptive":
        return len(examples), tuple(examples[:5])
    whole = np.isin(sittings.reason, ("max_seconds",), invert=True)
    for person in np.flatnonzero(whole):
        given = sittings.items[person, : sittings.length[person]].astype(np.intp)
        examples.extend(_broken(plan.constraints, given, int(person)))
    return len(examples), tuple(examples[:5])


def _doubles(sittings: Sittings) -> list[str]:
    ordered = np.sort(sittings.items, axis=1)
    repeated = ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any(axis=1)
    return [f"learner {person} was given an item twice" for person in np.flatnonzero(repeated)]


def _broken(constraints: Constraints, given: Indices, person: int) -> list[str]:
    found = violations(constraints, given)
    return [f"learner {person}: {found[0]}"] if found else []


def _classifications(plan: Plan, sittings: Sittings, truth: Floats, names: tuple[str, ...]) -> list[Classification]:
    return [
        classification(name, cuts[-1], sittings.credited[:, dimension], truth[:, dimension])
        for dimension, (name, cuts) in enumerate(zip(names, plan.cuts, strict=True))
        if cuts
    ]


def classification(name: str, cut: float, credited: Mask, true: Floats) -> Classification:
    """Rates of right and wrong decisions at a cut, overall and by distance from it."""
    master = true >= cut
    below, above = credited[~master], ~credited[master]
    wrong = ~master[credited]
    bands = [
        DistanceBand(
            lower=float(max(low, -_FAR)),
            upper=float(min(high, _FAR)),
            n_persons=int(inside.sum()),
            credited=float(credited[inside].mean()),
            accuracy=float((credited[inside] == master[inside]).mean()),
        )
        for low, high in pairwise(DISTANCE_EDGES.tolist())
        if (inside := (true - cut >= low) & (true - cut < high)).any()
    ]
    return Classification(
        ability=name,
        cut_theta=cut,
        accuracy=float((credited == master).mean()),
        credited=float(credited.mean()),
        false_credit=_share(below),
        false_credit_error=_share_error(below),
        false_denial=_share(above),
        wrong_credit_share=_share(wrong),
        wrong_credit_error=_share_error(wrong),
        distance=tuple(bands),
    )


def _share(hits: Mask) -> float | None:
    return float(hits.mean()) if len(hits) else None


def _share_error(hits: Mask) -> float | None:
    return float(np.sqrt(hits.mean() * (1.0 - hits.mean()) / len(hits))) if len(hits) else None
