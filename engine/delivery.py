"""What a learner may receive at one step of a sitting, and what a finished one amounts to: pure."""

from collections.abc import Sequence
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from engine import CODE_VERSION
from engine.content.feasibility import InfeasibleDesign
from engine.decisions import Decision, decide_sitting
from engine.designs import Design
from engine.errors import NoItemLeft
from engine.frozen_bank import FrozenBank
from engine.occasion_design import design_for
from engine.policies.records import Occasion, Policy
from engine.rescoring import Override, overridden
from engine.selection.next_item import NextItem, next_step, step_and_estimate
from engine.selection.plan import Plan, check_learner
from engine.selection.sitting import Sitting
from engine.sessions import Administered
from engine.stopping.stop import Stop
from itembank.items import Answer, ItemContent
from itembank.records import Record


class ShownItem(Record, frozen=True, kw_only=True):
    """An item as a learner's browser receives it: no key, no parameter, no competency."""

    position: int
    item: str
    content: ItemContent
    draft: Answer | None = None


def eligible_items(bank: FrozenBank, seen: set[int], pool: Sequence[int] | None) -> NDArray[np.bool_]:
    """(n_operational,) False for items seen in other sittings and those outside the sitting's pool."""
    eligible = np.ones(bank.n_operational, dtype=bool)
    if seen:
        eligible[[place for item_id in seen if (place := bank.place_of.get(item_id)) is not None]] = False
    if pool is not None:
        inside = np.zeros(bank.n_operational, dtype=bool)
        inside[[place for place in pool if place < bank.n_operational]] = True
        eligible &= inside
    return eligible


def sitting_of(
    session_uuid: UUID,
    bank: FrozenBank,
    shown: Sequence[Administered],
    *,
    seen: set[int],
    pool: Sequence[int] | None,
    seconds: float,
) -> Sitting:
    """The sitting as selection sees it. `seen`: ids of items this learner met before; `pool`: positions, or None."""
    answered = [item for item in shown if item.category is not None and not item.is_pretest]
    return Sitting(
        session_key=session_uuid.hex,
        items=np.array([item.bank_position for item in answered], dtype=np.intp),
        categories=np.array([item.category for item in answered], dtype=np.intp),
        eligible=eligible_items(bank, seen, pool),
        seconds=seconds,
    )


def check_start(plan: Plan, sitting: Sitting) -> None:
    """Whether a sitting about to begin has enough questions left for a whole test.

    Raises:
        NoItemLeft: naming what is missing.
    """
    try:
        if sitting.eligible is not None:
            check_learner(plan, sitting.eligible)
    except InfeasibleDesign as error:
        missing = "; ".join(f"{name} lacks {amount:g}" for name, amount in error.shortages.items())
        raise NoItemLeft(
            f"The questions you have not met yet do not make a whole test: {missing}. "
            "Nothing was started and no attempt is used up; the assessment needs more questions."
        ) from None


def next_of(plan: Plan, sitting: Sitting) -> NextItem | Stop:
    """The next item or the reason to stop; a design that cannot go on ends the sitting with that reason."""
    return next_step(plan, sitting)


def running_estimate(plan: Plan, sitting: Sitting) -> tuple[float, float]:
    """theta and sem so far, to the last bit those that the next item is chosen from; of several competencies, means."""
    estimated = step_and_estimate(plan, sitting)
    return estimated.theta, estimated.sem


def decide_outcome(
    policy: Policy,
    occasion: Occasion,
    bank: FrozenBank,
    shown: Sequence[Administered],
    overrides: Sequence[Override] = (),
) -> Decision:
    """The decision of record from the answers alone: exact arithmetic on frozen tables.

    `overrides`: items withdrawn or re-keyed. A sitting is as long as the learner made it, whatever was withdrawn since.
    """
    given = answers_of(shown)
    positions, categories = answers_of(overridden(shown, overrides)) if overrides else given
    competencies = {
        name: (bank.posterior(positions, categories, name), bank.competency_curves[name])
        for name in occasion.competency_cuts
    }
    return decide_sitting(
        policy,
        occasion.key,
        bank.posterior(positions, categories),
        bank.curve,
        competencies=competencies,
        n_items=len(positions),
        complete=len(given[0]) >= shortest_test(occasion, bank),
        parameter_version=bank.parameter_version,
        code_version=CODE_VERSION,
    )


def shortest_test(occasion: Occasion, bank: FrozenBank) -> int:
    """The fewest answers with which the occasion's design lets a sitting end by itself."""
    design = design_for(occasion, bank.n_operational)
    return (
        len(design.items) if design.form == "linear" else design.stopping.min_items if design.form == "adaptive" else 1
    )


def answers_of(shown: Sequence[Administered]) -> tuple[list[int], list[int]]:
    """Bank positions and categories of the answers that count."""
    counted = [
        (item.bank_position, item.category) for item in shown if item.category is not None and not item.is_pretest
    ]
    return [position for position, _ in counted], [category for _, category in counted]


def length_of(design: Design) -> tuple[int, int]:
    """How many questions a sitting asks at least and at most, seeded ones included: what a learner may be promised."""
    return design.shortest, _longest(design) + design.pretest.items


def _longest(design: Design) -> int:
    if design.form == "linear":
        return len(design.items)
    if design.form == "adaptive":
        return design.stopping.max_items
    stages = {module.stage for module in design.modules}
    return sum(max(len(module.items) for module in design.modules if module.stage == stage) for stage in stages)


def range_left(plan: Plan, answered: int) -> tuple[int, int]:
    """How many questions are left at least and at most, in a way that tells neither which are seeded nor how it goes.

    The bounds are the design's alone: a narrower forecast would have to read the answers, and be a running score.
    """
    least, most = length_of(plan.design)
    return max(least - answered, 1), max(most - answered, 1)
