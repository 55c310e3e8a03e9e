"""What the report says is right as often as it claims, over simulated learners whose true abilities are known.

Abilities are drawn through Cholesky factors: the default of `multivariate_normal` takes the singular value
decomposition, whose vectors are free where correlations are equal, and then each processor draws other people.
"""

from collections.abc import Sequence

import numpy as np
import pytest

from engine.designs import Design
from engine.frozen_bank import ASSUMED_CORRELATION, ASSUMED_RANGE
from engine.gap_report import state_of
from engine.simulation.run import replay_responses
from engine.simulation.simulate import Bank
from psychometrics.ability.multidimensional import competency_log_likelihood, multidimensional_posterior
from psychometrics.arrays import MISSING
from psychometrics.models.base import ItemParameters
from psychometrics.models.registry import probabilities

N_COMPETENCIES = 5
ENOUGH = 100
"""Statements of a kind below which their share of right ones is not judged: its standard error exceeds three points."""


def alike(correlation: float) -> np.ndarray:
    return np.full((N_COMPETENCIES, N_COMPETENCIES), correlation) + (1 - correlation) * np.eye(N_COMPETENCIES)


def people(rng: np.random.Generator, n_persons: int, correlation: float) -> np.ndarray:
    shape = {"mean": np.zeros(N_COMPETENCIES), "cov": alike(correlation), "size": n_persons}
    return rng.multivariate_normal(**shape, method="cholesky")


def short_test(rng: np.random.Generator, each: int, guessing: float = 0.15) -> tuple[ItemParameters, np.ndarray]:
    """`each` random items of every competency."""
    n = N_COMPETENCIES * each
    items = ItemParameters.logistic(rng.lognormal(0.2, 0.25, n), rng.normal(0, 1, n), np.full(n, guessing))
    return items, np.repeat(np.arange(N_COMPETENCIES), each)


def answers(rng: np.random.Generator, theta: np.ndarray, items: ItemParameters, home: np.ndarray) -> np.ndarray:
    chance = np.empty((len(theta), len(items)))
    for place in range(N_COMPETENCIES):
        mine = np.flatnonzero(home == place)
        chance[:, mine] = probabilities(items.take(mine), theta[:, place])[:, 1].T
    return (rng.random(chance.shape) < chance).astype(np.int8)


def states_said(responses: np.ndarray, items: ItemParameters, home: np.ndarray, cut: float, believed: Sequence[float]):
    """States (n_persons, n_competencies): `believed` is the correlation, or the middle and both ends of a range."""
    logs = competency_log_likelihood(responses, items, home, N_COMPETENCIES)
    chances = [multidimensional_posterior(logs, alike(value)).probability_above(cut) for value in believed]
    own = np.stack([(responses[:, home == place] != MISSING).sum(axis=1) for place in range(N_COMPETENCIES)], axis=1)
    lowest, highest = np.min(chances, axis=0), np.max(chances, axis=0)
    flat = zip(chances[0].ravel(), own.ravel(), lowest.ravel(), highest.ravel())
    said = [state_of(float(p), int(n), lowest=float(low), highest=float(high)) for p, n, low, high in flat]
    return np.array(said).reshape(own.shape)


def check_statements(states: np.ndarray, above: np.ndarray) -> int:
    """Each kind of statement is right nine times in ten; how many of both kinds there were."""
    for state, truth in (("met", above), ("not_yet", ~above)):
        said = states == state
        if said.sum() >= ENOUGH:
            assert truth[said].mean() >= 0.90, f"{state}: {truth[said].mean():.3f} of {said.sum()}"
    return int(np.isin(states, ["met", "not_yet"]).sum())


@pytest.mark.parametrize("each", [3, 6, 15])
@pytest.mark.parametrize("correlation", [0.3, 0.8])
@pytest.mark.parametrize("cut", [0.0, 0.8])
def test_met_and_not_yet_are_right_nine_times_in_ten(each: int, correlation: float, cut: float) -> None:
    rng = np.random.default_rng(20 + each)
    theta, (items, home) = people(rng, 1_500, correlation), short_test(rng, each)
    states = states_said(answers(rng, theta, items, home), items, home, cut, [correlation])
    above = theta >= cut
    assert check_statements(states, above) > 300, "hardly anything was said; the test would show nothing"
    assert above[states == "likely_met"].mean() >= 0.65


@pytest.mark.parametrize(("each", "truth"), [(3, 0.3), (3, 0.9), (6, 0.5)])
def test_statements_hold_whatever_the_assumed_correlation_really_is(each: int, truth: float) -> None:
    """A bank calibrated on one dimension leaves the correlations open; 0.3 lies outside of what is assumed."""
    rng = np.random.default_rng([4, each])
    theta, (items, home) = people(rng, 2_000, truth), short_test(rng, each)
    given = answers(rng, theta, items, home)
    for cut in (0.0, 0.5):
        states = states_said(given, items, home, cut, (ASSUMED_CORRELATION, *ASSUMED_RANGE))
        assert check_statements(states, theta >= cut) > 600


@pytest.mark.parametrize("truth", [0.5, 0.8])
def test_statements_hold_for_5000_adaptive_sittings_on_300_items(truth: float) -> None:
    """Items are chosen for one overall ability, so that some competencies get few: the hardest case in use."""
    rng = np.random.default_rng([5, int(10 * truth)])
    difficulty = np.concatenate([rng.normal(level, 0.5, 100) for level in (-1.2, 0.0, 1.2)])
    items = ItemParameters.logistic(rng.lognormal(np.log(1.1), 0.25, 300), difficulty)
    home = np.tile(np.repeat(np.arange(N_COMPETENCIES), 20), 3)
    theta = people(rng, 5_000, truth)
    plan = Bank(items, competency=[str(place) for place in home]).plan(Design(name="adaptive"))
    sittings = replay_responses(plan, answers(rng, theta, items, home), seed=6)
    given = np.full((len(theta), len(items)), MISSING, dtype=np.int8)
    np.put_along_axis(given, sittings.items, sittings.categories, axis=1)
    for cut in (-0.5, 0.5):
        states = states_said(given, items, home, cut, (ASSUMED_CORRELATION, *ASSUMED_RANGE))
        assert check_statements(states, theta >= cut) > 10_000


def test_statements_become_common_as_answers_grow() -> None:
    said = []
    for each in (2, 6, 15):
        rng = np.random.default_rng(3)
        theta, (items, home) = people(rng, 600, 0.6), short_test(rng, each)
        states = states_said(answers(rng, theta, items, home), items, home, 0.0, [0.6])
        said.append(float(np.isin(states, ["met", "not_yet"]).mean()))
    assert said[0] < said[1] < said[2]


def test_borrowed_evidence_alone_never_says_met_or_not_yet() -> None:
    assert state_of(0.999, 0) == "likely_met"
    assert state_of(0.001, 0) == "not_enough_evidence"
    assert (state_of(0.92, 1), state_of(0.08, 1)) == ("met", "not_yet")
    assert (state_of(0.65, 1), state_of(0.64, 1)) == ("likely_met", "not_enough_evidence")


def test_what_holds_under_one_correlation_only_is_not_stated() -> None:
    assert state_of(0.95, 4, lowest=0.91, highest=0.97) == "likely_met"
    assert state_of(0.05, 4, lowest=0.02, highest=0.09) == "not_enough_evidence"
    assert state_of(0.95, 4, lowest=0.93, highest=0.97) == "met"
