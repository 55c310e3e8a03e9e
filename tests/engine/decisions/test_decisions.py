"""Decisions against closed forms of the normal posterior, and against simulation of who is truly above the cut."""

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from engine.decisions import (
    Decision,
    DomainCurve,
    Posterior,
    chance_of_passing,
    classify,
    decide_sitting,
    grade_of,
    mean_and_sd,
    percent_at,
    probability_above,
    resolve_cut,
    theta_at,
)
from engine.policies import DecisionRule, GradeBand, GradeMap, PercentCut, Policy, StandardSettingCut, ThetaCut, preset

NODES = tuple(float(x) for x in np.linspace(-6, 6, 121))
CURVE = DomainCurve(nodes=NODES, percents=tuple(float(100 / (1 + math.exp(-x))) for x in NODES))


def normal(mean: float, sd: float) -> Posterior:
    return Posterior(nodes=NODES, weights=tuple(float(w) for w in norm.pdf(NODES, mean, sd)))


def policy(cut: object, rule: DecisionRule, **changes: object) -> Policy:
    base = preset("kctcs")
    occasions = tuple(
        msgspec.structs.replace(occasion, cut=cut, decision=rule, **changes) for occasion in base.occasions
    )
    return msgspec.structs.replace(base, occasions=occasions)


@given(st.floats(-2, 2), st.floats(0.2, 0.8), st.floats(-3, 3))
def test_probability_above_matches_the_normal_distribution_to_the_grids_accuracy(
    mean: float, sd: float, cut: float
) -> None:
    assert probability_above(normal(mean, sd), cut) == pytest.approx(norm.sf(cut, mean, sd), abs=1e-3)


@given(st.floats(1, 99))
def test_cut_in_percent_and_theta_are_the_same_place(percent: float) -> None:
    resolved = resolve_cut(PercentCut(value=percent), CURVE)
    assert percent_at(CURVE, resolved.theta) == pytest.approx(percent, abs=1e-9)
    assert theta_at(CURVE, percent) == resolved.theta
    assert resolved.theta == pytest.approx(math.log(percent / (100 - percent)), abs=5e-3)


def test_a_cut_outside_the_domain_is_refused() -> None:
    narrow = DomainCurve(nodes=NODES, percents=tuple(20 + 0.6 * p for p in CURVE.percents))
    with pytest.raises(ValueError, match=r"A cut of 90 % of the domain lies outside .* \(20\.1 to 79\.9 %\)"):
        resolve_cut(PercentCut(value=90), narrow)


def test_the_error_of_a_standard_setting_becomes_logits_and_joins_the_persons() -> None:
    cut = StandardSettingCut(value=50.0, standard_error=2.5, unit="percent", method="modified Angoff")
    resolved = resolve_cut(cut, CURVE)
    # The slope of the curve at its middle is 25 percentage points a logit.
    assert resolved.standard_error == pytest.approx(0.1, abs=1e-3)
    decided = decide_sitting(policy(cut, DecisionRule()), "post_test", normal(0.4, 0.3), CURVE)
    assert decided.standard_error == pytest.approx(math.hypot(0.3, 0.1), abs=1e-3)
    assert decided.margin == pytest.approx(0.4, abs=1e-6)


@pytest.mark.parametrize(("mean", "passes"), [(0.11, False), (0.12, True)])
def test_probability_rule(mean: float, passes: bool) -> None:
    # P(theta >= 0) >= 0.65 with sd 0.3 from a mean of 0.3 * 0.38532 = 0.1156 upwards.
    decided = decide_sitting(policy(ThetaCut(value=0), DecisionRule()), "post_test", normal(mean, 0.3), CURVE)
    assert decided.passed is passes
    assert decided.decision_error == pytest.approx(1 - decided.probability if passes else decided.probability)
    assert decided.false_credit == (decided.decision_error if passes else 0.0)


@pytest.mark.parametrize(("mean", "passes"), [(-1e-6, False), (1e-6, True)])
def test_score_rule_on_theta(mean: float, passes: bool) -> None:
    rule = DecisionRule(kind="score")
    assert decide_sitting(policy(ThetaCut(value=0), rule), "post_test", normal(mean, 0.3), CURVE).passed is passes


def test_score_rule_on_percent_compares_the_expected_percent() -> None:
    rule, posterior = DecisionRule(kind="score"), normal(1.5, 0.4)
    percent, _ = mean_and_sd(CURVE.percents, posterior.weights)
    for shift, passes in ((-0.01, True), (0.01, False)):
        decided = decide_sitting(policy(PercentCut(value=percent + shift), rule), "post_test", posterior, CURVE)
        assert decided.passed is passes


def test_every_competency_must_pass_and_the_failing_one_is_named() -> None:
    rules = policy(
        ThetaCut(value=0), DecisionRule(kind="score"), competency_cuts={"a": ThetaCut(value=0), "b": ThetaCut(value=0)}
    )
    parts = {"a": (normal(1, 0.4), CURVE), "b": (normal(-0.2, 0.4), CURVE)}
    decided = decide_sitting(rules, "post_test", normal(0.5, 0.3), CURVE, competencies=parts)
    assert (decided.passed, decided.because) == (False, ("b",))
    assert decided.decision_error == pytest.approx(norm.sf(0, -0.2, 0.4), abs=1e-3)
    with pytest.raises(ValueError, match="'b' has a cut in occasion 'post_test' but no posterior"):
        decide_sitting(rules, "post_test", normal(0.5, 0.3), CURVE, competencies={"a": parts["a"]})


@pytest.mark.parametrize(
    ("margin", "words"),
    [(0.6, "clearly_above"), (0.1, "above"), (0.0, "above"), (-0.1, "below"), (-0.6, "clearly_below")],
)
def test_words(margin: float, words: str) -> None:
    assert classify(margin, 0.3) == words


def test_grades() -> None:
    decided = decide_sitting(
        policy(PercentCut(value=70), DecisionRule(kind="score")), "post_test", normal(1.2, 0.2), CURVE
    )
    assert 76 < decided.percent < 77
    assert grade_of(GradeMap(), decided) == "76 %"
    bands = (GradeBand(minimum=75, grade="B"), GradeBand(minimum=60, grade="C"))
    assert grade_of(GradeMap(bands=bands, below="E"), decided) == "B"
    margins = GradeMap(scale="margin_percent", bands=(GradeBand(minimum=10, grade="far"),), below="near")
    assert grade_of(margins, decided) == "near"


def test_posterior_and_curve_must_share_their_nodes() -> None:
    other = Posterior(nodes=NODES[1:], weights=normal(0, 1).weights[1:])
    with pytest.raises(ValueError, match="same theta nodes"):
        decide_sitting(preset("kctcs"), "post_test", other, CURVE)
    with pytest.raises(ValueError, match="must not fall"):
        DomainCurve(nodes=(0.0, 1.0), percents=(50.0, 49.0))


def test_stated_error_is_the_observed_one() -> None:
    """Over 4,000 draws of true theta from N(0, 1), wrong decisions are as frequent as the decisions say."""
    rng = np.random.default_rng(5)
    rules = policy(ThetaCut(value=0.5), DecisionRule())
    stated, wrong = [], []
    for truth in rng.normal(size=4_000):
        seen = rng.normal(truth, 0.35)
        shrink = 1 / (1 + 0.35**2)
        decided = decide_sitting(rules, "post_test", normal(seen * shrink, math.sqrt(0.35**2 * shrink)), CURVE)
        stated.append(decided.decision_error)
        wrong.append(decided.passed != (truth >= 0.5))
    assert np.mean(wrong) == pytest.approx(np.mean(stated), abs=4 * math.sqrt(np.mean(wrong) / 4_000))


def test_a_decision_travels_as_json() -> None:
    decided = decide_sitting(preset("kctcs"), "pre_test", normal(2, 0.3), CURVE, n_items=17)
    assert msgspec.json.decode(msgspec.json.encode(decided), type=Decision) == decided


def test_the_stated_error_before_a_sitting() -> None:
    """By hand: with sem 0.27, probability 0.65 asks for 0.38532 × 0.27 = 0.1040 above the cut."""
    rule = DecisionRule()
    assert chance_of_passing(rule, -0.5, 0.27) == pytest.approx(norm.sf(0.6040 / 0.27), abs=1e-4)
    assert 1 - chance_of_passing(rule, 0.5, 0.27) == pytest.approx(norm.sf(0.3960 / 0.27), abs=1e-4)
    assert chance_of_passing(rule, -0.5, 0.27) < 0.02
    assert 1 - chance_of_passing(rule, 0.5, 0.27) < 0.10
    assert chance_of_passing(DecisionRule(kind="score"), 0.0, 0.3) == 0.5
