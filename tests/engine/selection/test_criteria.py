"""Every criterion against a naive twin written from its definition, one item and one node at a time."""

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import trapezoid
from scipy.optimize import brentq
from scipy.stats import norm

from engine.selection.criteria import strata_of
from engine.selection.plan import Plan
from engine.selection.ranking import scores
from engine.selection.sitting import Sitting
from engine.selection.standing import stand
from psychometrics.information import item_information
from psychometrics.models.base import ItemParameters
from psychometrics.models.registry import log_probabilities, probabilities
from tests.engine.selection.banks import dichotomous_bank, mixed_bank
from tests.engine.selection.situations import plan_for, sitting_after

NODES = np.linspace(-4.0, 4.0, 33)
Floats = NDArray[np.float64]
BANKS = {"2pl": dichotomous_bank(40, 2), "4pl": dichotomous_bank(40, 3, guessing=True), "mixed": mixed_bank(1)}


class Naive:
    """Sums over nodes and categories as the papers (and catR's manual) define them."""

    def __init__(self, items: ItemParameters, sitting: Sitting) -> None:
        self.items, self.sitting = items, sitting
        self.likelihood = np.array([math.exp(self.log_likelihood(theta)) for theta in NODES])
        self.posterior = self.likelihood * norm.pdf(NODES)
        self.theta = self.mean(self.posterior)

    def log_likelihood(self, theta: float) -> float:
        logs = log_probabilities(self.items, [theta])[:, :, 0]
        return float(sum(logs[i, k] for i, k in zip(self.sitting.items, self.sitting.categories, strict=True)))

    def mean(self, density: Floats) -> float:
        return float(trapezoid(density * NODES, NODES) / trapezoid(density, NODES))

    def variance(self, density: Floats) -> float:
        centre = self.mean(density)
        return float(trapezoid(density * (NODES - centre) ** 2, NODES) / trapezoid(density, NODES))

    def chances(self, item: int, theta: float) -> Floats:
        return probabilities(self.items.take([item]), [theta])[0, : self.items.n_categories[item], 0]

    def information(self, item: int, theta: float) -> float:
        return float(item_information(self.items.take([item]), [theta])[0, 0])

    def weighted(self, item: int, density: Floats) -> float:
        return float(trapezoid([self.information(item, t) for t in NODES] * density, NODES))

    def divergence(self, item: int, density: Floats) -> float:
        here = self.chances(item, self.theta)
        there = np.array([self.chances(item, t) for t in NODES])
        return float(trapezoid((here * np.log(here / there)).sum(axis=1) * density, NODES))

    def variance_ahead(self, item: int) -> float:
        table = np.array([self.chances(item, t) for t in NODES])
        spread = [self.variance(self.posterior * table[:, k]) for k in range(table.shape[1])]
        return -float(self.chances(item, self.theta) @ spread)

    def mode_ahead(self, item: int, category: int) -> float:
        def slope(theta: float) -> float:
            step = 1e-5
            logs = [
                self.log_likelihood(t) + math.log(self.chances(item, t)[category]) - 0.5 * t * t
                for t in (theta - step, theta + step)
            ]
            return (logs[1] - logs[0]) / (2 * step)

        return float(brentq(slope, -4.0, 4.0, xtol=1e-10))

    def observed(self, item: int, category: int, theta: float) -> float:
        step = 1e-3
        logs = [math.log(self.chances(item, theta + shift)[category]) for shift in (-step, 0.0, step)]
        return -(logs[0] - 2 * logs[1] + logs[2]) / step**2

    def information_ahead(self, item: int) -> float:
        chances = self.chances(item, self.theta)
        return float(sum(p * self.observed(item, k, self.mode_ahead(item, k)) for k, p in enumerate(chances)))

    def discrimination(self, item: int, density: Floats) -> float:
        weights = density * np.r_[0.5, np.ones(31), 0.5]
        weights = weights / weights.sum()
        table = np.array([self.chances(item, t) for t in NODES])
        return float((weights[:, None] * (table - weights @ table) ** 2).sum())


TWINS: dict[str, Callable[[Naive, int], float]] = {
    "maximum_information": lambda n, i: n.information(i, n.theta),
    "likelihood_weighted_information": lambda n, i: n.weighted(i, n.likelihood),
    "posterior_weighted_information": lambda n, i: n.weighted(i, n.posterior),
    "kullback_leibler": lambda n, i: n.divergence(i, n.likelihood),
    "kullback_leibler_posterior": lambda n, i: n.divergence(i, n.posterior),
    "expected_posterior_variance": lambda n, i: n.variance_ahead(i),
    "expected_information": lambda n, i: n.information_ahead(i),
    "information_at_cut": lambda n, i: n.information(i, 0.3),
    "global_discrimination_posterior": lambda n, i: n.discrimination(i, n.posterior),
}


def _scores(plan: Plan, sitting: Sitting) -> Floats:
    standing = stand(plan, sitting)
    return scores(plan, standing, np.ones_like(standing.eligible))[0]


@pytest.mark.parametrize("bank", BANKS)
@pytest.mark.parametrize("criterion", TWINS)
def test_equals_its_definition_up_to_a_constant_factor(criterion: str, bank: str) -> None:
    items = BANKS[bank]
    sitting = sitting_after(items, 6, seed=4)
    naive, fast = Naive(items, sitting), _scores(plan_for(items, criterion), sitting)
    chosen = np.setdiff1d(np.arange(len(items)), sitting.items)[::3]
    slow = np.array([TWINS[criterion](naive, int(item)) for item in chosen])
    factor = np.median(slow / fast[chosen])
    loose = 2e-5 if criterion == "expected_information" else 1e-9
    np.testing.assert_allclose(fast[chosen] * factor, slow, rtol=loose, atol=loose * np.abs(slow).max())
    assert int(chosen[fast[chosen].argmax()]) == int(chosen[slow.argmax()])


def test_before_the_first_answer_the_likelihood_is_flat() -> None:
    items = BANKS["2pl"]
    naive = Naive(items, Sitting("s"))
    fast = _scores(plan_for(items, "likelihood_weighted_information"), Sitting("s"))
    assert int(fast.argmax()) == int(np.argmax([naive.weighted(i, np.ones(33)) for i in range(len(items))]))


def test_divergence_at_the_cut() -> None:
    items = BANKS["4pl"]
    fast = _scores(plan_for(items, "kullback_leibler_cut", delta=0.4), sitting_after(items, 3))
    high, low = probabilities(items, [0.7])[:, :, 0], probabilities(items, [-0.1])[:, :, 0]
    np.testing.assert_allclose(fast, (high * np.log(high / low)).sum(axis=1), rtol=1e-10)


def test_mutual_information_is_the_expected_fall_of_the_entropy_of_the_decision() -> None:
    items, sitting = BANKS["2pl"], sitting_after(BANKS["2pl"], 8, seed=1)
    plan = plan_for(items, "mutual_information")
    standing = stand(plan, sitting)
    fast = scores(plan, standing, np.ones_like(standing.eligible))[0]

    def entropy(p: float) -> float:
        return -p * math.log(p) - (1 - p) * math.log(1 - p)

    posterior, above = standing.posterior[0, 0], plan.above[0][0]
    for item in (0, 11, 23):
        table = probabilities(items.take([item]), NODES)[0]
        after = [float((posterior * row) @ above / (posterior @ row)) for row in table]
        fall = entropy(float(posterior @ above)) - sum(
            float(posterior @ row) * entropy(p) for row, p in zip(table, after, strict=True)
        )
        assert fast[item] == pytest.approx(fall, abs=1e-10)


def test_nearest_difficulty_in_both_senses() -> None:
    items = BANKS["4pl"]
    sitting = sitting_after(items, 4)
    theta = float(stand(plan_for(items, "random"), sitting).theta[0, 0])
    by_difficulty = _scores(plan_for(items, "nearest_difficulty", nearest="difficulty"), sitting)
    np.testing.assert_allclose(by_difficulty, -np.abs(items.difficulty - theta), atol=1e-12)
    by_peak = _scores(plan_for(items, "nearest_difficulty"), sitting)
    fine = np.linspace(-7, 7, 28001)
    peaks = fine[item_information(items, fine).argmax(axis=1)]
    np.testing.assert_allclose(by_peak, -np.abs(peaks - theta), atol=6e-4)


def test_strata_rise_in_discrimination_and_blocks_share_difficulty() -> None:
    items = dichotomous_bank(120, 9)
    block = plan_for(items, "stratified").pool.blocks[0]
    strata = strata_of(block, 4, 1)
    assert np.bincount(strata).tolist() == [30, 30, 30, 30]
    tops = [items.discrimination[strata == s] for s in range(4)]
    assert all(low.max() <= high.min() for low, high in itertools.pairwise(tops))
    blocked = strata_of(block, 4, 30)
    means = [items.difficulty[blocked == s].mean() for s in range(4)]
    assert np.ptp(means) < 0.15


def test_stratified_test_climbs_through_the_strata() -> None:
    items = dichotomous_bank(120, 9)
    plan = plan_for(items, "stratified")
    strata = strata_of(plan.pool.blocks[0], 4, 1)
    for n_given, stage in ((0, 0), (4, 0), (5, 1), (10, 2), (19, 3)):
        standing = stand(plan, sitting_after(items, n_given))
        assert strata[scores(plan, standing, standing.eligible)[0].argmax()] == stage


def test_progressive_ends_in_information_and_proportional_draws_in_proportion() -> None:
    items = BANKS["2pl"]
    late = sitting_after(items, 19)
    information = _scores(plan_for(items, "maximum_information"), late)
    np.testing.assert_allclose(_scores(plan_for(items, "progressive"), late), information, rtol=1e-12)
    plan = plan_for(items, "proportional")
    counts = np.zeros(len(items))
    for number in range(4000):
        standing = stand(plan, sitting_after(items, 3, key=f"person {number}"))
        counts[scores(plan, standing, np.ones_like(standing.eligible))[0].argmax()] += 1
    weight = 20 * (1 + 2 + 3) / sum(range(1, 20))
    expected = _scores(plan_for(items, "maximum_information"), sitting_after(items, 3)) ** weight
    expected = 4000 * expected / expected.sum()
    assert ((counts - expected) ** 2 / np.maximum(expected, 1e-9)).sum() < 39 + 4 * math.sqrt(2 * 39)
