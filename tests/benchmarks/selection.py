"""The live step and whole-bank criteria on 2,000 items, beside catsim's live step in the same process.

Run: python tests/benchmarks/selection.py
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from catsim.estimation import NumericalSearchEstimator
from catsim.selection import MaxInfoSelector

from engine.designs import (
    AbilityDesign,
    ConfidenceRule,
    DecisionDesign,
    Design,
    LossRule,
    SelectionDesign,
    SemRule,
    SprtRule,
    StoppingDesign,
    StopRule,
)
from engine.selection.next_item import next_step, select_next
from engine.selection.plan import Plan, compile_design
from engine.selection.ranking import scores
from engine.selection.registry import CRITERIA
from engine.selection.sitting import Sitting
from engine.selection.standing import stand
from engine.selection.tables import Pool, build_pool
from psychometrics.models.base import ItemParameters

N_ITEMS = 2000
ANSWERS = 15


LIVE_STEP = 30.0
"""Microseconds that a live step may take: one answer taken, the next of 2,000 items chosen, its stopping rule asked."""
RULES: tuple[StopRule, ...] = (
    SemRule(at_most=0.01), ConfidenceRule(alpha=1e-6), LossRule(at_most=1e-6),
    SprtRule(alpha=1e-6, beta=1e-6, delta=0.1),
)  # fmt: skip
"""Rules asked at every step and satisfied at none, so that whole steps are timed."""


def under_rule(pool: Pool, ability: AbilityDesign, rule: StopRule) -> Plan:
    """Maximum information until the rule holds."""
    stopping = StoppingDesign(min_items=5, max_items=30, rule=rule)
    decision = DecisionDesign(cut_theta=(0.5,))
    return compile_design(Design(name="live", ability=ability, stopping=stopping, decision=decision), pool)


def microseconds(task: Callable[[], object], n_repeats: int = 300) -> float:
    """CPU time of one call, median of 7 rounds."""
    task()
    rounds = []
    for _ in range(7):
        start = time.process_time()
        for _ in range(n_repeats):
            task()
        rounds.append((time.process_time() - start) / n_repeats)
    return float(np.median(rounds)) * 1e6


def plan_for(pool: Pool, ability: AbilityDesign, criterion: str) -> Plan:
    options = SelectionDesign(criterion=criterion, provisional_estimator="eap", information="expected")
    design = Design(
        name=criterion,
        ability=ability,
        selection=options,
        stopping=StoppingDesign(max_items=30),
        decision=DecisionDesign(cut_theta=(0.5,)),
    )
    return compile_design(design, pool)


def main() -> None:
    rng = np.random.default_rng(1)
    items = ItemParameters.logistic(rng.lognormal(0.0, 0.3, N_ITEMS), rng.normal(0.0, 1.0, N_ITEMS))
    given, answers = rng.permutation(N_ITEMS)[:ANSWERS], rng.integers(2, size=ANSWERS)
    ability = AbilityDesign()
    pool = build_pool(items, ability)
    sitting = Sitting("benchmark", given, answers)
    plan = plan_for(pool, ability, "maximum_information")
    live = microseconds(lambda: next_step(plan, sitting), 2000)
    print(f"live step, {ANSWERS} answers scored anew, next of {N_ITEMS:,}: {live:.1f} µs; ", end="")
    rival = microseconds(lambda: catsim_step(items, given, answers), 20)
    print(f"catsim {rival:.0f} µs, {rival / live:.0f} ×")
    assert select_next(plan, sitting) == next_step(plan, sitting)
    for rule in RULES:
        one = under_rule(pool, ability, rule)
        assert next_step(one, sitting) == next_step(plan, sitting), "the rule was to be asked and to let it go on"
        spent = microseconds(lambda one=one: next_step(one, sitting), 1000)  # type: ignore[misc]
        held = "held" if spent <= LIVE_STEP else "BROKEN"
        print(f"  with the rule {type(rule).__name__}: {spent:.1f} µs, {LIVE_STEP:.0f} µs allowed, {held}")
    for name in CRITERIA:
        one = plan_for(pool, ability, name)
        standing = stand(one, sitting)
        spent = microseconds(lambda one=one, standing=standing: scores(one, standing, standing.eligible), 100)  # type: ignore[misc]
        print(f"{name:34s} over {N_ITEMS:,} items: {spent:6.1f} µs")
    spent = default_mei(pool, ability, sitting)
    print(f"{'expected_information, by modes':34s} over {N_ITEMS:,} items: {spent:6.1f} µs")


def default_mei(pool: Pool, ability: AbilityDesign, sitting: Sitting) -> float:
    """MEI with a posterior mode for every item and answer, and observed information: as catR has it by default."""
    design = Design(name="MEI", ability=ability, selection=SelectionDesign(criterion="MEI"))
    plan = compile_design(design, pool)
    standing = stand(plan, sitting)
    return microseconds(lambda: scores(plan, standing, standing.eligible), 100)


def catsim_step(items: ItemParameters, given: np.ndarray, answers: np.ndarray) -> int:
    """catsim's estimate and next item for the same answers."""
    columns = np.column_stack([items.discrimination, items.difficulty, items.guessing, items.upper])
    theta = NumericalSearchEstimator().estimate(
        item_bank=_bank(columns), administered_items=given.tolist(), response_vector=answers.astype(bool).tolist(),
        est_theta=0.0,
    )  # fmt: skip
    chosen = MaxInfoSelector().select(item_bank=_bank(columns), administered_items=given.tolist(), est_theta=theta)
    return int(chosen or 0)


_BANKS: list[object] = []


def _bank(columns: np.ndarray) -> object:
    """catsim's bank, built once outside the timed part."""
    if not _BANKS:
        from catsim.item_bank import ItemBank

        _BANKS.append(ItemBank(columns))
    return _BANKS[0]


if __name__ == "__main__":
    main()
