"""Fixed forms keep off what a learner has met: a parallel form instead, or a refusal before the start."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.content.feasibility import InfeasibleDesign
from engine.delivery import check_start
from engine.designs import Design, DesignError, ModuleDesign, Route, read_design, write_design
from engine.errors import NoItemLeft
from engine.selection.next_item import NextItem, next_step
from engine.selection.plan import Plan, check_learner, compile_design
from engine.selection.sitting import Sitting
from engine.selection.tables import build_pool
from engine.simulation.simulate import Bank, simulate
from tests.engine.selection.banks import dichotomous_bank

BANK = dichotomous_bank(20)
IDS = BANK.item_id
THREE = Design(name="three", form="linear", items=IDS[:5], parallel=(IDS[5:10], IDS[10:15]))
STAGES = Design(
    name="stages",
    form="multistage",
    modules=(
        ModuleDesign(key="a", stage=1, items=IDS[:3], routes=(Route(to="b", below=0.0), Route(to="c"))),
        ModuleDesign(key="b", stage=2, items=IDS[3:6]),
        ModuleDesign(key="c", stage=2, items=IDS[6:9]),
    ),
)


def plan_of(design: Design) -> Plan:
    return compile_design(design, build_pool(BANK, design.ability))


def sit(plan: Plan, key: str, eligible: np.ndarray | None = None) -> tuple[list[int], str]:
    """A whole sitting, every answer right."""
    sitting = Sitting(key, eligible=eligible)
    while isinstance(step := next_step(plan, sitting), NextItem):
        items = np.append(sitting.items, step.item).astype(np.intp)
        sitting = Sitting(key, items, np.ones_like(items), eligible)
    return sitting.items.tolist(), step.reason


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(0, 19)), st.integers(0, 1000))
def test_a_form_is_given_whole_and_fresh_or_refused(seen: set[int], number: int) -> None:
    plan, eligible = plan_of(THREE), np.ones(20, dtype=bool)
    eligible[list(seen)] = False
    forms = [list(range(start, start + 5)) for start in (0, 5, 10)]
    fresh = [form for form in forms if eligible[form].all()]
    given_items, reason = sit(plan, f"learner {number}", eligible)
    if fresh:
        check_learner(plan, eligible)
        assert (given_items in fresh, reason) == (True, "form_complete")
    else:
        assert (given_items, reason) == ([], "pool_exhausted")
        with pytest.raises(InfeasibleDesign, match=r"form \d lacks"):
            check_learner(plan, eligible)


def test_the_refusal_names_the_form_that_lacks_least_and_uses_nothing_up() -> None:
    plan, eligible = plan_of(THREE), np.ones(20, dtype=bool)
    eligible[[0, 1, 5, 10, 11]] = False
    with pytest.raises(NoItemLeft, match=r"form 2 lacks 1.*no attempt is used up"):
        check_start(plan, Sitting("late", eligible=eligible))


def test_every_form_is_given_to_its_share_of_the_learners() -> None:
    plan = plan_of(THREE)
    firsts = [sit(plan, f"learner {number}")[0][0] for number in range(300)]
    counts = np.bincount(np.array(firsts) // 5, minlength=3)
    # 100 each are expected; four standard errors of a binomial share of a third are 33
    assert np.abs(counts - 100).max() < 33


def test_repeated_attempts_take_the_parallel_forms_one_after_the_other() -> None:
    report = simulate([THREE], Bank(BANK), n_persons=40, seed=3, attempts=4).designs[0]
    assert [attempt.mean_length for attempt in report.attempts] == [5.0, 5.0, 5.0, 0.0]
    assert [attempt.exhausted_share for attempt in report.attempts] == [0.0, 0.0, 0.0, 1.0]


def test_a_multistage_test_asks_for_fresh_modules_wherever_its_routes_may_lead() -> None:
    plan, eligible = plan_of(STAGES), np.ones(20, dtype=bool)
    assert sit(plan, "fresh", eligible)[1] == "form_complete"
    eligible[4] = False
    assert sit(plan, "met one", eligible) == ([], "pool_exhausted")
    with pytest.raises(NoItemLeft, match="the modules lacks 1"):
        check_start(plan, Sitting("met one", eligible=eligible))


def test_parallel_forms_are_checked_and_kept_in_the_document() -> None:
    assert read_design(write_design(THREE), format="json") == THREE
    for parallel, said in (
        ((IDS[5:9],), "form 2 has 4 items, form 1 has 5"),
        ((IDS[4:9],), "form 2 shares 'item_5'"),
        ((IDS[5:10], IDS[5:10]), "form 3 shares"),
    ):
        with pytest.raises(DesignError, match=said):
            Design(name="bad", form="linear", items=IDS[:5], parallel=parallel)
    with pytest.raises(DesignError, match="belong to a linear form"):
        Design(name="bad", parallel=(IDS[:5],))
    with pytest.raises(DesignError, match="'nowhere' is not in the pool"):
        plan_of(Design(name="bad", form="linear", items=IDS[:1], parallel=(("nowhere",),)))
