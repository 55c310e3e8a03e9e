"""Every estimator against a naive twin: sums of logs from the textbook, scipy's optimisers, brute-force integrals."""

from types import SimpleNamespace

import numpy as np
import polars
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq

from psychometrics.ability.estimate import METHODS, AbilityEstimate, estimate_ability
from psychometrics.ability.prior import N_NODES
from psychometrics.information import item_information
from psychometrics.models.base import Array, ItemParameters
from psychometrics.quadrature import Grid, normal_grid
from tests.psychometrics.ability.banks import (
    MODELS,
    draw_responses,
    naive_log_likelihood,
    naive_probabilities,
    random_bank,
)

FINE = np.linspace(-6, 6, 1201)


def mixed_cohort(
    seed: int, n_persons: int = 12, n_items: int = 18, missing: float = 0.2
) -> tuple[ItemParameters, Array]:
    rng = np.random.default_rng(seed)
    items = random_bank(MODELS, n_items, rng)
    return items, draw_responses(items, rng.normal(size=n_persons), rng, missing)


def naive_curve(items: ItemParameters, answers: Array) -> Array:
    return np.array([naive_log_likelihood(items, answers, t) for t in FINE])


def naive_peak(objective: Array) -> float:
    """The vertex of the parabola through the highest of 1201 nodes and its neighbours."""
    k = int(objective.argmax())
    if k in (0, len(FINE) - 1):
        return float(FINE[k])
    left, top, right = objective[k - 1 : k + 2]
    return float(FINE[k] + 0.5 * (FINE[1] - FINE[0]) * (left - right) / (left - 2 * top + right))


def test_eap_is_the_ratio_of_integrals() -> None:
    items, responses = mixed_cohort(1, n_persons=4)
    found = estimate_ability(responses, items, "eap")
    for person, answers in enumerate(responses):

        def moment(power: int, centre: float, answers: Array = answers) -> float:
            def f(t: float) -> float:
                return (t - centre) ** power * np.exp(naive_log_likelihood(items, answers, t) - t * t / 2)

            return quad(f, -6, 6, epsabs=0, epsrel=1e-11, limit=300)[0]

        theta = moment(1, 0.0) / moment(0, 0.0)
        assert found.theta[person] == pytest.approx(theta, abs=1e-9)
        assert found.sem[person] == pytest.approx(np.sqrt(moment(2, theta) / moment(0, 0.0)), abs=1e-8)


@pytest.mark.parametrize("method", ["mle", "map"])
def test_modes_are_where_a_fine_grid_has_them(method: str) -> None:
    items, responses = mixed_cohort(2)
    found = estimate_ability(responses, items, method)
    for person, answers in enumerate(responses):
        objective = naive_curve(items, answers) - (FINE**2 / 2 if method == "map" else 0.0)
        assert found.theta[person] == pytest.approx(naive_peak(objective), abs=2e-5)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_mode_solves_its_equation_to_1e_10(seed: int) -> None:
    items, responses = mixed_cohort(seed, n_persons=6)
    theta = estimate_ability(responses, items, "map", prior=(0.3, 1.4)).theta
    for person, answers in enumerate(responses):

        def slope(t: float, answers: Array = answers) -> float:
            total = (0.3 - t) / 1.4**2
            for i, x in enumerate(answers):
                if x >= 0:
                    h = 1e-6
                    high, low = naive_probabilities(items, i, t + h)[x], naive_probabilities(items, i, t - h)[x]
                    total += (np.log(high) - np.log(low)) / (2 * h)
            return total

        assert abs(slope(theta[person])) < 1e-6


def warm_slope(items: ItemParameters, answers: Array, theta: float) -> float:
    """Warm's left side with derivatives of P by differences, one item at a time."""
    score = bend = information = 0.0
    h = 1e-4
    for i, x in enumerate(answers):
        if x < 0:
            continue
        low, mid, high = (naive_probabilities(items, i, theta + s) for s in (-h, 0.0, h))
        d1, d2 = (high - low) / (2 * h), (high - 2 * mid + low) / h**2
        score += d1[x] / mid[x]
        bend += (d1 * d2 / mid).sum()
        information += (d1**2 / mid).sum()
    return float(score + bend / (2 * information))


@pytest.mark.parametrize("models", [("2pl",), ("3pl", "4pl"), ("grm", "gpcm", "nrm", "2pl")])
def test_wle_solves_warms_equation(models: tuple[str, ...]) -> None:
    rng = np.random.default_rng(5)
    items = random_bank(models, 24, rng)
    responses = draw_responses(items, rng.normal(size=8), rng, missing=0.1)
    found = estimate_ability(responses, items, "wle")
    for person, answers in enumerate(responses):
        if found.status[person] != "converged":
            continue
        theta = found.theta[person]
        assert warm_slope(items, answers, theta) == pytest.approx(0.0, abs=1e-4)
        root = brentq(lambda t, answers=answers: warm_slope(items, answers, t), theta - 0.05, theta + 0.05, xtol=1e-10)
        assert theta == pytest.approx(root, abs=1e-5)


def jeffreys_mode(items: ItemParameters, answers: Array) -> float:
    information = item_information(items, FINE).sum(axis=0)
    return naive_peak(naive_curve(items, answers) + 0.5 * np.log(information))


def test_wle_is_the_jeffreys_mode_for_2pl_but_not_for_3pl() -> None:
    rng = np.random.default_rng(6)
    for guessing, same in ((0.0, True), (0.25, False)):
        items = ItemParameters.logistic(rng.lognormal(0.2, 0.3, 12), rng.normal(size=12), guessing)
        responses = draw_responses(items, np.array([0.4]), rng)
        found = float(estimate_ability(responses, items, "wle").theta[0])
        assert (abs(found - jeffreys_mode(items, responses[0])) < 1e-4) is same


def test_errors_follow_the_stated_conventions() -> None:
    items, responses = mixed_cohort(7, n_persons=5)
    for method, extra in (("mle", 0.0), ("wle", 0.0), ("map", 1 / 1.5**2)):
        found = estimate_ability(responses, items, method, prior=(0.0, 1.5))
        for person, answers in enumerate(responses):
            table = item_information(items, found.theta[person])[:, 0]
            expected = 1 / np.sqrt(table[answers >= 0].sum() + extra)
            assert found.sem[person] == pytest.approx(expected, rel=1e-10)


def test_observed_information_is_minus_the_curvature() -> None:
    items, responses = mixed_cohort(8, n_persons=5)
    found = estimate_ability(responses, items, "mle", information="observed")
    h = 1e-4
    for person, answers in enumerate(responses):
        low, mid, high = (naive_log_likelihood(items, answers, found.theta[person] + s) for s in (-h, 0, h))
        assert found.sem[person] == pytest.approx((-(high - 2 * mid + low) / h**2) ** -0.5, rel=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_each_person_alone_gets_the_same_numbers(method: str) -> None:
    items, responses = mixed_cohort(9, n_persons=9)
    together = estimate_ability(responses, items, method)
    for person in range(9):
        alone = estimate_ability(responses[person : person + 1], items, method)
        assert alone.theta[0] == pytest.approx(together.theta[person], abs=1e-9)
        assert alone.sem[0] == pytest.approx(together.sem[person], abs=1e-9)
        assert alone.status[0] == together.status[person]


@pytest.mark.parametrize("method", METHODS)
def test_missing_items_count_for_nothing(method: str) -> None:
    items, responses = mixed_cohort(10, n_persons=1, missing=0.4)
    here = np.flatnonzero(responses[0] >= 0)
    full = estimate_ability(responses, items, method)
    cut_down = estimate_ability(responses[:, here], items.take(here), method)
    assert full.theta[0] == pytest.approx(cut_down.theta[0], abs=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_recovers_ability_on_a_long_test(method: str) -> None:
    rng = np.random.default_rng(11)
    items = random_bank(("2pl", "grm", "gpcm", "3pl"), 120, rng)
    theta = rng.normal(size=300)
    found = estimate_ability(draw_responses(items, theta, rng), items, method)
    error = found.theta - theta
    assert abs(error.mean()) < 0.04
    assert np.sqrt((error**2).mean()) == pytest.approx(np.sqrt((found.sem**2).mean()), rel=0.15)


def test_a_cohort_larger_than_a_chunk_is_one_cohort() -> None:
    rng = np.random.default_rng(12)
    items = random_bank(("2pl",), 5, rng)
    responses = np.tile(draw_responses(items, rng.normal(size=3), rng), (3000, 1))
    found = estimate_ability(responses, items, "mle")
    np.testing.assert_allclose(found.theta.reshape(3000, 3), np.tile(found.theta[:3], (3000, 1)), atol=1e-9)


def test_priors_one_a_person() -> None:
    items, responses = mixed_cohort(13, n_persons=3)
    mean, sd = np.array([-1.0, 0.0, 1.0]), np.array([0.5, 1.0, 1.5])
    for method in ("eap", "map"):
        found = estimate_ability(responses, items, method, prior=(mean, sd))
        for person in range(3):
            alone = estimate_ability(responses[[person]], items, method, prior=(mean[person], sd[person]))
            assert found.theta[person] == pytest.approx(alone.theta[0], abs=1e-9)


def test_a_tabulated_normal_prior_is_the_normal_prior() -> None:
    items, responses = mixed_cohort(14)
    grid = normal_grid(N_NODES, mean=0.4, sd=1.3)
    for method, close in (("eap", 1e-12), ("map", 1e-5)):
        by_numbers = estimate_ability(responses, items, method, prior=(0.4, 1.3))
        for given_as in ({"prior": grid.weights}, {"grid": grid}, {"prior": grid}):
            by_table = estimate_ability(responses, items, method, **given_as)
            np.testing.assert_allclose(by_table.theta, by_numbers.theta, atol=close)


def test_any_prior_on_a_grid() -> None:
    items, responses = mixed_cohort(15, n_persons=6)
    nodes = np.linspace(-4, 4, 33)
    skew = np.exp(nodes - np.exp(nodes))
    found = estimate_ability(responses, items, "eap", prior=skew, grid=nodes)
    for person, answers in enumerate(responses):
        weights = skew * np.exp([naive_log_likelihood(items, answers, t) for t in nodes])
        assert found.theta[person] == pytest.approx(weights @ nodes / weights.sum(), abs=1e-10)


def test_a_prior_that_excludes_abilities_is_obeyed_by_map() -> None:
    items = ItemParameters.logistic(1.5, np.zeros(10))
    nodes = np.linspace(-6, 6, 121)
    only_low = (nodes < 1.0).astype(float)
    found = estimate_ability(np.ones((1, 10)), items, "map", prior=only_low, grid=nodes)
    assert found.theta[0] <= 1.0


def test_sentences_for_people() -> None:
    items = ItemParameters.logistic(1.0, [0.0, 1.0])
    found = estimate_ability([[1, 1], [-1, -1]], items, "mle")
    assert isinstance(found, AbilityEstimate)
    assert len(found) == 2
    assert found.sentences()[0].startswith("No maximum inside the bounds")
    assert found.sentences()[1].startswith("There is no answer yet")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"method": "ml"}, "method 'ml' is not one of eap, map, mle, wle, robust"),
        ({"information": "fisher"}, "information 'fisher' is not one of"),
        ({"weight": "tukey"}, "weight 'tukey' is not one of"),
        ({"tuning": 0.0}, "tuning must be positive"),
        ({"bounds": (3.0, -3.0)}, "bounds must be two finite ascending numbers"),
        ({"prior": (0.0, -1.0)}, "prior of person 0: mean 0.0 and sd -1.0"),
        ({"prior": (0.0, 1.0, 2.0)}, r"prior must be \(mean, sd\)"),
        ({"prior": (np.zeros(7), 1.0)}, "one per person"),
        ({"prior": np.ones(7)}, "prior has weights of shape"),
        ({"prior": -np.ones(121)}, "none negative"),
        ({"grid": [1.0, 0.0]}, "ascending finite nodes"),
    ],
)
def test_bad_options_are_refused_in_words(arguments: dict[str, object], sentence: str) -> None:
    items = ItemParameters.logistic(1.0, [0.0, 1.0])
    with pytest.raises(ValueError, match=sentence):
        estimate_ability([[1, 0]], items, **arguments)  # type: ignore[arg-type]


def test_answers_that_do_not_fit_the_items_are_refused() -> None:
    items = ItemParameters.logistic(1.0, [0.0, 1.0], item_id=["a", "b"])
    with pytest.raises(ValueError, match="item b has categories 0 to 1, not 2"):
        estimate_ability([[1, 2]], items)
    with pytest.raises(ValueError, match="3 columns for 2 items"):
        estimate_ability([[1, 0, 1]], items)


def test_the_grid_may_be_a_grid_of_the_callers_own() -> None:
    items, responses = mixed_cohort(16, n_persons=3)
    nodes = np.linspace(-4, 4, 33)
    weights = np.exp(-(nodes**2) / 2)
    found = estimate_ability(responses, items, grid=Grid(nodes, weights / weights.sum()))
    for person, answers in enumerate(responses):
        posterior = weights * np.exp([naive_log_likelihood(items, answers, t) for t in nodes])
        assert found.theta[person] == pytest.approx(posterior @ nodes / posterior.sum(), abs=1e-10)


def test_the_textbook_example_of_maximum_likelihood() -> None:
    """Baker (2001), The Basics of Item Response Theory, chapter 5: answers 1, 0, 1 give .3249, standard error 1.23."""
    items = ItemParameters.logistic([1.0, 1.2, 0.8], [-1.0, 0.0, 1.0])
    found = estimate_ability([[1, 0, 1]], items, "mle")
    assert found.theta[0] == pytest.approx(0.3249, abs=1e-4)
    assert found.sem[0] == pytest.approx(1.23, abs=0.005)


def test_items_in_whatever_form_they_are_held() -> None:
    items = ItemParameters.logistic([1.0, 1.5], [0.0, 0.5], [0.0, 0.2])
    answers = [[1, 0], [0, 1]]
    expected = estimate_ability(answers, items).theta
    matrix = np.array([[1.0, 0.0, 0.0], [1.5, 0.5, 0.2]])
    for held in (items.to_records(), matrix, SimpleNamespace(items=items)):
        np.testing.assert_allclose(estimate_ability(answers, held).theta, expected, atol=1e-12)
    with pytest.raises(ValueError, match=r"not an array of shape \(2, 5\)"):
        estimate_ability(answers, np.ones((2, 5)))


def test_data_frames_and_missing_values_of_the_callers_kind() -> None:
    items = ItemParameters.logistic(1.0, [0.0, 0.5])
    expected = estimate_ability([[1, -1], [0, 1]], items).theta
    frame = polars.DataFrame({"a": [1, 0], "b": [None, 1]})
    for held in (frame, [[1, None], [0, 1]], np.array([[1.0, np.nan], [0.0, 1.0]])):
        np.testing.assert_array_equal(estimate_ability(held, items).theta, expected)
