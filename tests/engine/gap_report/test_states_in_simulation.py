"""What the report says is right as often as it claims, over simulated learners whose true abilities are known."""

import numpy as np
import pytest

from engine.gap_report import state_of
from psychometrics.ability.multidimensional import estimate_competencies
from psychometrics.models.base import ItemParameters
from psychometrics.models.registry import probabilities

N_COMPETENCIES = 5


def simulate(rng: np.random.Generator, n_persons: int, per_competency: int, correlation: float, assumed: float = 0.0):
    """True abilities, answers to `per_competency` random items each of a 300-item bank, and the joint posterior."""
    true, believed = (
        np.full((N_COMPETENCIES, N_COMPETENCIES), value) + (1 - value) * np.eye(N_COMPETENCIES)
        for value in (correlation, assumed or correlation)
    )
    theta = rng.multivariate_normal(np.zeros(N_COMPETENCIES), true, size=n_persons)
    n_items = N_COMPETENCIES * per_competency
    items = ItemParameters.logistic(
        discrimination=rng.lognormal(0.2, 0.25, n_items),
        difficulty=rng.normal(0, 1, n_items),
        guessing=np.full(n_items, 0.15),
    )
    dimension = np.repeat(np.arange(N_COMPETENCIES), per_competency)
    responses = np.empty((n_persons, n_items), dtype=np.int8)
    for item in range(n_items):
        right = probabilities(items.take([item]), theta[:, dimension[item]])[0, 1]
        responses[:, item] = rng.random(n_persons) < right
    return theta, estimate_competencies(responses, items, dimension, believed)


@pytest.mark.parametrize("per_competency", [3, 6, 15])
@pytest.mark.parametrize("correlation", [0.3, 0.8])
@pytest.mark.parametrize("cut", [0.0, 0.8])
def test_met_and_not_yet_are_right_nine_times_in_ten(per_competency: int, correlation: float, cut: float) -> None:
    rng = np.random.default_rng(20 + per_competency)
    theta, posterior = simulate(rng, 1_500, per_competency, correlation)
    probability = posterior.probability_above(cut)
    above = theta >= cut
    states = np.array([[state_of(p, per_competency) for p in row] for row in probability])
    right = []
    for state, truth in (("met", above), ("not_yet", ~above)):
        said = states == state
        right.append(truth[said])
        if said.sum() >= 20:
            assert truth[said].mean() >= 0.90 - 2 * np.sqrt(0.09 / said.sum()), state
    pooled = np.concatenate(right)
    assert pooled.size > 50, "hardly anything was said; the test would show nothing"
    assert pooled.mean() >= 0.90
    likely = states == "likely_met"
    assert above[likely].mean() >= 0.65


def test_statements_hold_when_competencies_correlate_less_than_assumed() -> None:
    """A bank calibrated on one dimension is taken to have competencies correlated at 0.9; here the truth is 0.5."""
    theta, posterior = simulate(np.random.default_rng(1), 2_000, 6, 0.5, assumed=0.9)
    probability = posterior.probability_above(0.5)
    states = np.array([[state_of(p, 6) for p in row] for row in probability])
    for right in ((theta >= 0.5)[states == "met"], (theta < 0.5)[states == "not_yet"]):
        assert right.mean() >= 0.90 - 2 * np.sqrt(0.90 * 0.10 / len(right))


def test_statements_become_common_as_answers_grow() -> None:
    said = []
    for per_competency in (2, 6, 15):
        _, posterior = simulate(np.random.default_rng(3), 600, per_competency, 0.6)
        probability = posterior.probability_above(0.0)
        said.append(float(np.mean([[state_of(p, 1) in ("met", "not_yet") for p in row] for row in probability])))
    assert said[0] < said[1] < said[2]


def test_borrowed_evidence_alone_never_says_met_or_not_yet() -> None:
    assert state_of(0.999, 0) == "likely_met"
    assert state_of(0.001, 0) == "not_enough_evidence"
    assert (state_of(0.92, 1), state_of(0.08, 1)) == ("met", "not_yet")
    assert (state_of(0.65, 1), state_of(0.64, 1)) == ("likely_met", "not_enough_evidence")
