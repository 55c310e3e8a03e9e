"""The report: perfect scores, words that fit the numbers, next steps with prerequisites, change, both languages."""

import math
from datetime import UTC, datetime

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, norm

from engine.decisions import DomainCurve
from engine.gap_report import (
    CompetencyDomain,
    Evidence,
    GapReport,
    Practice,
    Target,
    evidence_of,
    next_steps,
    probability_of_passing,
    rendered,
    report_gaps,
    state_of,
)
from engine.gap_report.messages import gap
from engine.messages import say
from engine.policies import preset
from engine.subscores import SubscoreWorth, subscores_worth
from itembank.competencies import Competency, Framework, Resource
from psychometrics.ability.multidimensional import estimate_competencies
from psychometrics.models.base import ItemParameters
from tests.engine.story import Story

NODES = tuple(float(x) for x in np.linspace(-6, 6, 121))
CURVE = DomainCurve(nodes=NODES, percents=tuple(100 / (1 + math.exp(-x)) for x in NODES))
KEYS = ("read", "compare", "model")
DOMAINS = tuple(CompetencyDomain(competency=key, curve=CURVE) for key in KEYS)
TARGETS = {key: Target(competency=key, cut_theta=0.8, cut_percent=69.0) for key in KEYS}
FRAMEWORK = Framework(
    key="f",
    title="F",
    competencies=(
        Competency(key="read", statement="Reads a table", can_do=("find a value in a table",)),
        Competency(key="compare", statement="Compares groups", prerequisites=("read",)),
        Competency(
            key="model",
            statement="Fits a line",
            prerequisites=("compare",),
            resources=(Resource(title="Lines", url="https://example.org/lines"),),
        ),
    ),
)
NOW = datetime(2027, 1, 5, tzinfo=UTC)


def evidence(theta: tuple[float, ...], sem: float = 0.35, correlation: float = 0.5, n: int = 6) -> Evidence:
    covariance = [[sem * sem * (1 if i == j else correlation) for j in range(3)] for i in range(3)]
    return Evidence(
        at=NOW, competencies=KEYS, theta=theta, sem=(sem,) * 3, covariance=tuple(map(tuple, covariance)),
        probability=tuple(float(norm.sf(0.8, t, sem)) for t in theta),
        percent=tuple(100 / (1 + math.exp(-t)) for t in theta), percent_error=(7.0,) * 3, n_answers=(n,) * 3,
    )  # fmt: skip


def journey(text: str = "2027-01-04 10:00"):
    story = Story(preset("kctcs"))
    story.sits("pre_test", "2027-01-04 10:00", 50)
    return story.now(text)


def report(given_: Evidence, **options: object) -> GapReport:
    return report_gaps(given_, DOMAINS, TARGETS, FRAMEWORK, journey(), NOW, cut_percent=69.0, **options)


def test_a_perfect_score_gets_a_full_report() -> None:
    items = ItemParameters.logistic(np.full(15, 1.4), np.tile([-1.0, 0.0, 1.0, 1.5, 2.0], 3))
    correlations = np.full((3, 3), 0.6) + 0.4 * np.eye(3)
    posterior = estimate_competencies(np.ones((1, 15), dtype=np.int8), items, np.repeat([0, 1, 2], 5), correlations)
    seen = evidence_of(posterior, 0, DOMAINS, [0.8] * 3, [5] * 3, NOW)
    full = report(seen)
    assert [part.state for part in full.parts] == ["met"] * 3
    assert all(math.isfinite(part.theta) and 0 < part.sem < 1 and part.percent > 80 for part in full.parts)
    assert full.next_steps == ()
    assert full.probability_of_passing > 0.9
    assert rendered(full)["parts"][0]["state"] == "Met"


def test_evidence_agrees_with_the_posterior_it_comes_from() -> None:
    rng = np.random.default_rng(1)
    items = ItemParameters.logistic(np.full(9, 1.2), rng.normal(size=9))
    answers = rng.integers(0, 2, (4, 9)).astype(np.int8)
    posterior = estimate_competencies(answers, items, np.repeat([0, 1, 2], 3), 0.5 * np.ones((3, 3)) + 0.5 * np.eye(3))
    seen = evidence_of(posterior, 2, DOMAINS, [0.1, 0.2, 0.3], [3] * 3, NOW)
    for place, cut in enumerate((0.1, 0.2, 0.3)):
        assert seen.probability[place] == pytest.approx(norm.sf(cut, seen.theta[place], seen.sem[place]), abs=0.03)
        spread = rng.normal(seen.theta[place], seen.sem[place], 100_000)
        assert seen.percent[place] == pytest.approx(np.mean(100 / (1 + np.exp(-spread))), abs=1.0)
    with pytest.raises(ValueError, match="one entry for each of the 3 competencies; got 3, 2 and 3"):
        evidence_of(posterior, 2, DOMAINS, [0.1, 0.2], [3] * 3, NOW)


def test_probability_of_passing_against_simulation() -> None:
    seen = evidence((0.4, 0.9, 0.7))
    draws = multivariate_normal(seen.theta, seen.covariance).rvs(200_000, random_state=7)
    percents = 100 / (1 + np.exp(-draws))
    simulated = float(np.mean(percents.mean(axis=1) >= 69.0))
    # The delta method ignores the curvature of the domain curve: two percentage points here.
    assert probability_of_passing(seen, DOMAINS, 69.0) == pytest.approx(simulated, abs=0.03)
    both = float(np.mean((percents.mean(axis=1) >= 69.0) & (draws[:, 0] >= 0.2)))
    with_own = probability_of_passing(seen, DOMAINS, 69.0, own_cuts={"read": 0.2})
    assert with_own == pytest.approx(both, abs=0.08)
    assert with_own < probability_of_passing(seen, DOMAINS, 69.0)


def test_next_step_is_the_one_that_moves_passing_most() -> None:
    heavy = tuple(msgspec.structs.replace(d, weight=3.0 if d.competency == "model" else 1.0) for d in DOMAINS)
    seen = evidence((1.6, 1.5, 0.3))
    states = {key: state_of(p, 6) for key, p in zip(KEYS, seen.probability)}
    steps = next_steps(seen, heavy, states, FRAMEWORK, 75.0)
    assert steps[0].competency == "model"
    assert steps[0].resources[0].url == "https://example.org/lines"
    raised = {d.competency: probability_of_passing(seen, heavy, 75.0, raised=d.competency) for d in heavy}
    assert raised["model"] == max(raised.values())
    assert steps[0].gain == pytest.approx(raised["model"] - steps[0].probability_before)


def test_prerequisites_that_are_missing_come_first() -> None:
    seen = evidence((0.0, 0.1, -1.5))
    states = {"read": "not_yet", "compare": "likely_met", "model": "not_yet"}
    steps = next_steps(seen, DOMAINS, states, FRAMEWORK, 40.0, own_cuts={"model": 0.0})
    assert [step.competency for step in steps][:2] == ["read", "model"]
    assert steps[0].prerequisite_of == "model"


@given(st.floats(0, 100), st.floats(5, 95))
def test_plain_words_never_contradict_the_numbers(percent: float, cut: float) -> None:
    said = gap("not_yet", percent, cut).values
    assert 0 <= said["shown"] <= said["whole"]
    assert abs(said["shown"] / said["whole"] - percent / 100) <= 0.5 / said["whole"] + 1e-9
    if said["whole"] < 100:
        assert (said["shown"] >= said["needed"]) == (percent >= cut)


def test_the_plain_sentence() -> None:
    assert say(gap("not_yet", 61.0, 80.0)) == "About 6 of 10 items at the required level; 8 needed."
    assert say(gap("not_yet", 77.0, 80.0)) == "About 15 of 20 items at the required level; 16 needed."


def test_steps_in_words_promise_only_what_moves() -> None:
    """Far below the cut half a logit changes no percent of the chance; then the sentence names the step alone."""
    far = rendered(report(evidence((-3.0, -3.0, -3.0))))["next_steps"]
    assert {step["why"] for step in far} <= {
        "",
        "Compares groups builds on it, so it comes first.",
        "Fits a line builds on it, so it comes first.",
    }
    near = rendered(report(evidence((0.6, 0.6, 0.6))))["next_steps"]
    assert any("moves the chance of passing from about" in step["why"] for step in near)


def test_change_and_whether_it_is_reliable() -> None:
    before, after = evidence((0.0, 0.0, 0.0)), evidence((1.2, 0.3, -1.2))
    parts = report(after, earlier=before, latest=after).parts
    assert [part.change.reliable for part in parts if part.change] == [True, False, True]
    assert parts[0].change is not None
    assert parts[0].change.standard_error == pytest.approx(math.sqrt(2) * 0.35)
    said = [part["change"] for part in rendered(report(after, earlier=before, latest=after))["parts"]]
    assert said[0].startswith("Better than before by about 27")
    assert "chance alone may explain it" in said[1]
    assert said[2].startswith("Lower than before")


def test_reliable_change_happens_by_chance_at_most_one_time_in_twenty() -> None:
    rng = np.random.default_rng(4)
    first, second = rng.normal(0.3, 0.35, (2, 20_000))
    assert np.mean(np.abs(second - first) > 1.96 * math.hypot(0.35, 0.35)) == pytest.approx(0.05, abs=0.006)


def test_both_languages_say_everything() -> None:
    seen = evidence((0.2, 0.85, 1.9))
    worth = {
        "read": SubscoreWorth(
            competency="read", from_subscore=0.5, from_total=0.7, from_both=0.72, adds_value=False, n_persons=9
        )
    }
    whole = report(
        seen, practice=[Practice(item="i1", competency="model", difficulty=0.7, stem="Which line fits?")], worth=worth
    )
    english, french = rendered(whole, "en"), rendered(whole, "fr")
    assert english["parts"][0]["meaning"] == "At the required level you can say: find a value in a table."
    assert english["parts"][2]["meaning"] == "An example at the required level: Which line fits?"
    assert english["parts"][0]["worth"].startswith("In this test, the score of this single competency says no more")
    assert french["parts"][0]["worth"].startswith("Dans ce test")
    assert english["next_attempt"].startswith("The next attempt opens as soon as")
    assert {part["state"] for part in french["parts"]} <= {
        "Acquis", "Probablement acquis", "Pas encore acquis", "Pas assez d’éléments",
    }  # fmt: skip
    assert english["parts"][1].keys() == french["parts"][1].keys()


def test_a_report_travels_as_json() -> None:
    whole = report(evidence((0.2, 0.85, 1.9)))
    assert msgspec.json.decode(msgspec.json.encode(whole), type=GapReport) == whole


def test_worth_of_subscores_in_two_cohorts() -> None:
    """Nearly the same ability everywhere: the total says it all. Separate abilities: the subscores add something."""
    rng = np.random.default_rng(9)
    worth = {}
    for name, correlation in (("alike", 0.98), ("apart", 0.2)):
        truth = rng.multivariate_normal([0] * 3, correlation + (1 - correlation) * np.eye(3), 2_000, method="cholesky")
        seen = truth + rng.normal(0, 0.6, truth.shape)
        worth[name] = subscores_worth(KEYS, seen, [1 / (1 + 0.36)] * 3)
    assert not any(part.adds_value for part in worth["alike"])
    assert all(part.adds_value for part in worth["apart"])
