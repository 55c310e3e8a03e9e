"""Paired curves equal the bank-wide tables of the models, and their derivatives equal differences of logarithms."""

import numpy as np
import pytest

from engine.selection.curves import curves_of
from psychometrics.information import item_information
from psychometrics.models.base import ItemParameters
from psychometrics.models.registry import log_probabilities, probabilities, theta_gradient
from tests.engine.selection.banks import dichotomous_bank, mixed_bank

THETA = np.array([-4.0, -1.3, 0.0, 0.7, 3.9])
BANKS = {"2pl": dichotomous_bank(), "4pl": dichotomous_bank(guessing=True), "mixed": mixed_bank()}


@pytest.mark.parametrize("name", BANKS)
def test_probabilities_and_information_equal_the_models(name: str) -> None:
    items, curves = BANKS[name], curves_of(BANKS[name])
    index, at = np.meshgrid(np.arange(len(items)), THETA, indexing="ij")
    np.testing.assert_allclose(
        curves.probabilities(index, at).transpose(0, 2, 1), probabilities(items, THETA), atol=1e-13
    )
    np.testing.assert_allclose(curves.information(index, at), item_information(items, THETA), atol=1e-12, rtol=1e-9)


@pytest.mark.parametrize("name", BANKS)
def test_score_and_observed_information_are_derivatives(name: str) -> None:
    items, curves, step = BANKS[name], curves_of(BANKS[name]), 1e-4
    for category in range(2):
        index, at = np.meshgrid(np.arange(len(items)), THETA, indexing="ij")
        logs = [log_probabilities(items, THETA + shift)[:, category] for shift in (-step, 0.0, step)]
        first, second = (logs[2] - logs[0]) / (2 * step), (logs[2] - 2 * logs[1] + logs[0]) / step**2
        chosen = np.full(index.shape, category)
        np.testing.assert_allclose(curves.score(index, chosen, at), first, atol=1e-6)
        np.testing.assert_allclose(curves.observed_information(index, chosen, at), -second, atol=1e-5)


@pytest.mark.parametrize("name", BANKS)
def test_warm_correction_is_the_sum_over_categories(name: str) -> None:
    items, curves, step = BANKS[name], curves_of(BANKS[name]), 1e-5
    first = theta_gradient(items, THETA)
    second = (theta_gradient(items, THETA + step) - theta_gradient(items, THETA - step)) / (2 * step)
    chance = probabilities(items, THETA)
    present = chance > 0
    naive = np.where(present, first * second / np.where(present, chance, 1.0), 0.0).sum(axis=1)
    index, at = np.meshgrid(np.arange(len(items)), THETA, indexing="ij")
    np.testing.assert_allclose(curves.information_lean(index, at), naive, atol=1e-7)


def test_extreme_items_stay_finite() -> None:
    items = ItemParameters.logistic([150.0, 6.0, 0.05], [-1.0, 3.0, 0.0], [0.0, 0.5, 0.5])
    curves = curves_of(items)
    index, at = np.meshgrid(np.arange(3), [-800.0, -9.0, 4.0, 800.0], indexing="ij")
    assert np.isfinite(curves.information(index, at)).all()
    assert np.isfinite(curves.probabilities(index, at)).all()
    assert np.isfinite(curves.score(index, np.ones_like(index), at)).all()
