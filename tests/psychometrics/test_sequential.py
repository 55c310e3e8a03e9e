"""One-step predictions: the exact posterior with one competency, the exact normal update with several, martingales."""

import numpy as np
import pytest

from psychometrics.models.base import ItemParameters
from psychometrics.models.registry import probabilities
from psychometrics.sequential import Ability, fit_population, predict_answers
from tests.psychometrics.fit.banks import dichotomous_bank, draw, mixed_bank

NODES = np.linspace(-7, 7, 1401)


def long_arrays(responses, rng):
    """Every person answers all items in an order of their own."""
    n_persons, n_items = responses.shape
    item = np.concatenate([rng.permutation(n_items) for _ in range(n_persons)])
    person = np.repeat(np.arange(n_persons), n_items)
    return person, item, responses[person, item]


def naive(items, order, answers, shift):
    """P(answer | earlier answers, item easier by shift): a normal belief, each posterior's moments from a fine grid."""
    mean, sd, found = 0.0, 1.0, []
    for item, answer in zip(order, answers, strict=True):
        nodes = mean + sd * NODES
        belief = np.exp(-0.5 * NODES**2) / np.exp(-0.5 * NODES**2).sum()
        found.append(belief @ probabilities(items.take([item]), nodes + shift)[0, answer])
        belief = belief * probabilities(items.take([item]), nodes)[0, answer]
        belief /= belief.sum()
        mean = belief @ nodes
        sd = np.sqrt(belief @ (nodes - mean) ** 2)
    return found


def test_one_competency_equals_a_plain_loop_on_a_fine_grid():
    rng = np.random.default_rng(1)
    items = mixed_bank(rng, 2)
    person, item, category = long_arrays(draw(items, rng.normal(size=12), rng), rng)
    population = Ability(np.zeros(1), np.eye(1))
    found = predict_answers(items, np.zeros(10), population, person, item, category, (-1.0, 0.0, 1.0))
    for one in range(12):
        own = person == one
        for place, shift in enumerate((-1.0, 0.0, 1.0)):
            expected = naive(items, item[own], category[own], shift)
            assert found.chance[own, place] == pytest.approx(expected, abs=1e-3)


def test_several_competencies_carry_what_is_learnt_to_each_other():
    """After one answer the other competency has moved by the correlation, as regression says exactly."""
    items = ItemParameters.logistic([1.5, 1.5], [0.0, 0.0])
    correlation = np.array([[1.0, 0.6], [0.6, 1.0]])
    found = predict_answers(items, [0, 1], Ability(np.zeros(2), correlation), [0], [0], [1])
    posterior = np.exp(-0.5 * NODES**2) * probabilities(items.take([0]), NODES)[0, 1]
    posterior /= posterior.sum()
    mean = posterior @ NODES
    variance = posterior @ (NODES - mean) ** 2
    assert found.theta[0] == pytest.approx([mean, 0.6 * mean], abs=1e-4)
    assert found.covariance[0, 1, 1] == pytest.approx(1 - 0.36 * (1 - variance), abs=1e-4)
    assert found.covariance[0, 0, 1] == pytest.approx(0.6 * variance, abs=1e-4)


def test_expected_category_and_variance_are_those_of_the_prediction():
    rng = np.random.default_rng(2)
    items = mixed_bank(rng, 1)
    found = predict_answers(
        items, np.zeros(5), Ability(np.zeros(1), np.eye(1)), np.arange(5), np.arange(5), np.zeros(5)
    )
    weights = np.exp(-0.5 * NODES**2) / np.exp(-0.5 * NODES**2).sum()
    table = probabilities(items, NODES) @ weights
    scores = np.arange(table.shape[1])
    assert found.expected == pytest.approx(table @ scores, abs=1e-4)
    assert found.variance == pytest.approx(table @ scores**2 - (table @ scores) ** 2, abs=1e-4)


def test_an_adaptive_rule_does_not_bend_predictions():
    """Items chosen by the answers so far: the sum of observed minus predicted is within four standard errors of 0."""
    rng = np.random.default_rng(3)
    items = dichotomous_bank(rng, 60)
    n_persons, n_given = 1500, 15
    theta = rng.normal(size=n_persons)
    level, rows = np.zeros(n_persons), []
    open_ = np.ones((n_persons, 60), dtype=bool)
    for _ in range(n_given):
        chosen = np.argmin(np.where(open_, np.abs(items.difficulty - level[:, None]), np.inf), axis=1)
        chance = 1 / (1 + np.exp(-items.discrimination[chosen] * (theta - items.difficulty[chosen])))
        right = (rng.random(n_persons) < chance).astype(int)
        level += np.where(right == 1, 0.4, -0.4)
        open_[np.arange(n_persons), chosen] = False
        rows.append((chosen, right))
    item, category = np.array([row[0] for row in rows]).T.ravel(), np.array([row[1] for row in rows]).T.ravel()
    person = np.repeat(np.arange(n_persons), n_given)
    found = predict_answers(items, np.zeros(60), Ability(np.zeros(1), np.eye(1)), person, item, category)
    gap = category - found.expected
    error = np.sqrt(found.variance.sum())
    assert abs(gap.sum()) < 4 * error
    late = np.tile(np.arange(n_given) >= 10, n_persons)
    assert abs(gap[late].sum()) < 4 * np.sqrt(found.variance[late].sum())


def test_a_population_is_found_and_few_stay_near_the_reference():
    rng = np.random.default_rng(4)
    items = dichotomous_bank(rng, 25)
    responses = draw(items, rng.normal(0.8, 0.7, 1500), rng)
    many = fit_population(items, np.zeros(25), [[1.0]], *long_arrays(responses, rng), n_rounds=6)
    assert many.mean[0] == pytest.approx(0.8, abs=0.08)
    assert many.covariance[0, 0] == pytest.approx(0.49, abs=0.1)
    few = fit_population(items, np.zeros(25), [[1.0]], *long_arrays(responses[:3], rng))
    assert abs(few.mean[0]) < 0.2


def test_lengths_and_shifts_are_checked():
    items = dichotomous_bank(np.random.default_rng(5), 2)
    population = Ability(np.zeros(1), np.eye(1))
    with pytest.raises(ValueError, match="as long as each other"):
        predict_answers(items, [0, 0], population, [0], [0, 1], [1, 1])
    with pytest.raises(ValueError, match="shifts must hold 0"):
        predict_answers(items, [0, 0], population, [0], [0], [1], shifts=(0.5,))
