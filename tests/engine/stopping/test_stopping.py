"""Each stopping rule against its definition, the tree of rules, the reasons, and the minima that hold it back."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from engine.designs import (
    AbilityDesign,
    AllRule,
    AnyRule,
    ConfidenceRule,
    ContentDesign,
    CountConstraint,
    DecisionDesign,
    Design,
    GlrRule,
    InformationRule,
    LengthRule,
    LossRule,
    SemReductionRule,
    SemRule,
    SprtRule,
    StoppingDesign,
    StopRule,
    TimeRule,
)
from engine.selection.next_item import NextItem, next_step, should_stop
from engine.selection.plan import Plan, compile_design
from engine.selection.sitting import Sitting
from engine.selection.standing import stand
from engine.selection.tables import build_pool
from engine.stopping.rules import expected_loss, holds, log_ratio, probability_above, wald_bounds
from engine.stopping.stop import REASONS, credits, stop_for
from psychometrics.models.registry import log_probabilities
from tests.engine.selection.banks import dichotomous_bank
from tests.engine.selection.situations import sitting_after

BANK = dichotomous_bank(80, 6)
CUT = 0.3


def plan_with(rule: StopRule | None, cuts: tuple[float, ...] = (CUT,), **stopping: object) -> Plan:
    limits = {"min_items": 1, "max_items": 40} | stopping
    design = Design(
        name="rule",
        ability=AbilityDesign(n_nodes=121),
        stopping=StoppingDesign(rule=rule, **limits),  # type: ignore[arg-type]
        decision=DecisionDesign(cut_theta=cuts, false_credit_loss=2.0),
    )
    return compile_design(design, build_pool(BANK, design.ability))


def log_likelihood(sitting: Sitting, theta: float) -> float:
    logs = log_probabilities(BANK, [theta])[:, :, 0]
    return float(logs[sitting.items, sitting.categories].sum())


@pytest.mark.parametrize("seed", range(6))
def test_likelihood_ratio_is_exact_at_the_two_points(seed: int) -> None:
    rule = SprtRule(alpha=0.05, beta=0.1, delta=0.25)
    plan, sitting = plan_with(rule), sitting_after(BANK, 12, seed)
    ratio = log_likelihood(sitting, CUT + 0.25) - log_likelihood(sitting, CUT - 0.25)
    assert log_ratio(rule, plan, stand(plan, sitting), 0, CUT)[0] == pytest.approx(ratio, abs=1e-12)
    low, high = math.log(0.1 / 0.95), math.log(0.9 / 0.05)
    assert wald_bounds(0.05, 0.1) == (low, high)
    assert bool(holds(rule, plan, stand(plan, sitting))[0]) == (not low < ratio < high)


@pytest.mark.parametrize("seed", range(8))
def test_generalised_ratio_takes_the_two_suprema(seed: int) -> None:
    rule = GlrRule(delta=0.2)
    plan, sitting = plan_with(rule), sitting_after(BANK, 15, seed)
    sides = []
    for bounds in ((CUT + 0.2, 6.0), (-6.0, CUT - 0.2)):
        found = minimize_scalar(lambda t: -log_likelihood(sitting, t), bounds=bounds, method="bounded")
        sides.append(max(-found.fun, *(log_likelihood(sitting, edge) for edge in bounds)))
    assert log_ratio(rule, plan, stand(plan, sitting), 0, CUT)[0] == pytest.approx(sides[0] - sides[1], abs=2e-3)


def test_confidence_interval_excludes_the_cut() -> None:
    plan, sitting = plan_with(ConfidenceRule(alpha=0.1)), sitting_after(BANK, 10, 2)
    standing = stand(plan, sitting)
    theta, sem = standing.theta[0, 0], standing.sem[0, 0]
    for cut in (theta - 1.7 * sem, theta - 1.6 * sem, theta + 1.6 * sem, theta + 1.7 * sem):
        other = plan_with(ConfidenceRule(alpha=0.1), (float(cut),))
        outside = abs(theta - cut) >= norm.ppf(0.95) * sem
        assert bool(holds(ConfidenceRule(alpha=0.1), other, standing)[0]) == outside


def test_expected_loss_weighs_the_two_mistakes() -> None:
    plan, sitting = plan_with(LossRule(at_most=0.2)), sitting_after(BANK, 9, 3)
    standing = stand(plan, sitting)
    above = probability_above(plan, standing, 0, 0)[0]
    fine = np.linspace(-6, 6, 24001)
    logs = log_probabilities(BANK, fine)[sitting.items, sitting.categories].sum(axis=0) + norm.logpdf(fine)
    density = np.exp(logs - logs.max())
    assert above == pytest.approx(density[fine >= CUT].sum() / density.sum(), abs=3e-4)
    assert expected_loss(plan, standing, 0, 0)[0] == pytest.approx(min(2.0 * (1 - above), above), abs=1e-12)


def test_every_cut_must_be_decided() -> None:
    rule, standing = ConfidenceRule(alpha=0.05), stand(plan_with(None), sitting_after(BANK, 30, 1))
    theta, sem = float(standing.theta[0, 0]), float(standing.sem[0, 0])
    far, near = theta - 5 * sem, theta + 0.1 * sem
    assert holds(rule, plan_with(rule, (far,)), standing)[0]
    assert not holds(rule, plan_with(rule, (far, near)), standing)[0]


def test_sem_and_its_predicted_fall() -> None:
    plan, sitting = plan_with(None), sitting_after(BANK, 10, 4)
    standing = stand(plan, sitting)
    sem = float(standing.sem[0, 0])
    assert holds(SemRule(at_most=sem + 1e-9), plan, standing)[0]
    assert not holds(SemRule(at_most=sem - 1e-9), plan, standing)[0]
    best = max(
        float(plan.pool.curves.information(np.array(i), standing.theta[0, 0]))
        for i in range(80)
        if i not in sitting.items
    )
    fall = sem - 1 / math.sqrt(1 / sem**2 + best)
    assert holds(SemReductionRule(below=fall + 1e-9), plan, standing)[0]
    assert not holds(SemReductionRule(below=fall - 1e-9), plan, standing)[0]
    assert holds(InformationRule(below=best + 1e-9), plan, standing)[0]
    assert not holds(InformationRule(below=best - 1e-9), plan, standing)[0]


def test_trees_of_rules() -> None:
    yes, no = LengthRule(items=5), LengthRule(items=50)
    plan = plan_with(None)
    standing = stand(plan, sitting_after(BANK, 6))
    assert holds(AnyRule(rules=(no, yes)), plan, standing)[0]
    assert not holds(AllRule(rules=(no, yes)), plan, standing)[0]
    assert holds(AllRule(rules=(yes, AnyRule(rules=(no, yes)))), plan, standing)[0]


def test_limits_come_first_and_reasons_are_sentences() -> None:
    assert should_stop(plan_with(LengthRule(items=3), min_items=8), sitting_after(BANK, 5)) is None
    stop = should_stop(plan_with(LengthRule(items=3), min_items=8), sitting_after(BANK, 8))
    assert stop is not None
    assert (stop.reason, stop.sentence) == ("length", REASONS["length"])
    full = should_stop(plan_with(None, max_items=9), sitting_after(BANK, 9))
    assert full is not None
    assert full.reason == "max_items"
    timed = plan_with(TimeRule(seconds=60.0), max_seconds=90.0)
    sitting = sitting_after(BANK, 4)
    late = Sitting("s", sitting.items, sitting.categories, seconds=95.0)
    soon = Sitting("s", sitting.items, sitting.categories, seconds=60.0)
    assert should_stop(timed, late) == stop_for("max_seconds")
    assert should_stop(timed, soon) == stop_for("time")
    assert should_stop(timed, sitting) is None


def test_the_blueprint_holds_the_rule_back() -> None:
    design = Design(
        name="held",
        stopping=StoppingDesign(min_items=1, max_items=10, rule=LengthRule(items=2)),
        content=ContentDesign(constraints=(CountConstraint(attribute="competency", min=2),)),
    )
    pool = build_pool(BANK, design.ability, competency=["a", "b"] * 40)
    plan, sitting = compile_design(design, pool), Sitting("h")
    while isinstance(step := next_step(plan, sitting), NextItem):
        sitting = Sitting("h", np.append(sitting.items, step.item), np.append(sitting.categories, 1))
    assert step.reason == "length"
    assert np.bincount(sitting.items % 2).min() == 2


def test_credit_by_theta_and_by_probability() -> None:
    plan = plan_with(None)
    standing = stand(plan, sitting_after(BANK, 20, 3))
    theta = float(standing.theta[0, 0])
    assert credits(plan_with(None, (theta - 0.01,)), standing)[0, 0]
    assert not credits(plan_with(None, (theta + 0.01,)), standing)[0, 0]
    design = Design(
        name="sure",
        ability=AbilityDesign(n_nodes=121),
        decision=DecisionDesign(cut_theta=(theta - 0.01,), credit_probability=0.9),
    )
    assert not credits(compile_design(design, plan.pool), standing)[0, 0]


def test_competencies_are_decided_one_by_one() -> None:
    design = Design(
        name="each",
        ability=AbilityDesign(structure="competencies"),
        stopping=StoppingDesign(min_items=2, max_items=60, scope="competencies", rule=LossRule(at_most=0.1)),
        decision=DecisionDesign(cut_theta=(0.0,), competency_cut_theta={"b": 1.0}),
    )
    pool = build_pool(BANK, design.ability, competency=["a", "b"] * 40)
    plan = compile_design(design, pool)
    assert plan.cuts == ((0.0,), (1.0,))
    sitting = Sitting("c")
    rng = np.random.default_rng(5)
    while isinstance(step := next_step(plan, sitting), NextItem):
        right = rng.random() < (0.9 if step.item % 2 == 0 else 0.3)
        sitting = Sitting("c", np.append(sitting.items, step.item), np.append(sitting.categories, int(right)))
    standing = stand(plan, sitting)
    assert step.reason == "bayes_loss"
    assert all(expected_loss(plan, standing, d, 0)[0] <= 0.1 for d in (0, 1))
    assert credits(plan, standing)[0].tolist() == [True, False]
