"""Linking constants: STUIRT's output, exact recovery, errors by simulation."""

import dataclasses

import numpy as np
import pytest

from psychometrics.equating import link, linked_items, rescale_items
from psychometrics.equating.linking import FLAT, LINKED, METHODS
from psychometrics.models.base import ItemParameters
from psychometrics.models.registry import probabilities
from psychometrics.quadrature import normal_grid
from tests.psychometrics.fit.banks import dichotomous_bank, mixed_bank
from tests.reference.kolen_programs import COMMON_NEW, COMMON_OLD, NEW_DENSITY, OLD_DENSITY, STUIRT, density, logistic


@pytest.mark.parametrize("method", METHODS)
def test_constants_equal_stuirt(method):
    found = link(
        logistic(COMMON_NEW), logistic(COMMON_OLD), method, grid=density(OLD_DENSITY), new_grid=density(NEW_DENSITY)
    )
    assert (found.slope, found.intercept) == pytest.approx(STUIRT[method], abs=4e-6)
    assert found.status == LINKED


def test_rasch_intercepts_equal_sirt():
    # equating.rasch of the R package sirt on theta -4 (0.05) 4, as recorded in jMetrik's IrtScaleLinkingTest; it
    # compares curves on the old scale alone, which for one free intercept on an even grid differs little
    new = [-3.188047976, 1.031760328, 0.819040914, -2.706947360, -0.094527077, 0.689697135, -0.551837153, -0.359559276]
    old = [-3.074599226, 1.01282435, 0.868538408, -2.404483603, 0.037402866, 0.70074742, -0.602555046, -0.350426446]
    rasch = ("rasch",) * 8
    pair = [dataclasses.replace(ItemParameters.logistic(1.0, b), model=rasch) for b in (new, old)]
    even = normal_grid(n_nodes=161, lower=-4, upper=4, sd=1000.0)
    expected = {"mean/mean": 0.068484, "mean/sigma": 0.068484, "haebara": 0.06468396, "stocking-lord": 0.05736233}
    for method, intercept in expected.items():
        found = link(*pair, method, grid=even)
        assert found.slope == 1.0
        assert found.intercept == pytest.approx(intercept, abs=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_an_exact_change_of_scale_is_found(method):
    items = mixed_bank(np.random.default_rng(1), 3)
    if not method.startswith(("hae", "sto")):
        items = items.take([i for i, model in enumerate(items.model) if model != "nrm"])
    new = rescale_items(items, 1 / 1.3, -0.4 / 1.3)
    found = link(new, items, method)
    assert (found.slope, found.intercept) == pytest.approx((1.3, 0.4), abs=1e-6)
    assert found.shift == pytest.approx(np.zeros(len(items)), abs=1e-6)
    assert found.linking_error == pytest.approx(0.0, abs=1e-6)
    theta = np.linspace(-2, 2, 9)
    assert probabilities(linked_items(new, found), theta) == pytest.approx(probabilities(items, theta), abs=1e-6)


@pytest.mark.parametrize("by_item", [True, False])
def test_curve_methods_find_the_minimum_of_their_criterion(by_item):
    rng = np.random.default_rng(2)
    old = dichotomous_bank(rng, 15)
    new = rescale_items(old, 0.8, 0.3)
    new = dataclasses.replace(new, difficulty=new.difficulty + rng.normal(scale=0.1, size=15))
    found = link(new, old, "haebara" if by_item else "stocking-lord")
    grid = normal_grid()

    def criterion(slope, intercept):
        there = probabilities(old, grid.nodes) - probabilities(new, (grid.nodes - intercept) / slope)
        back = probabilities(new, grid.nodes) - probabilities(old, slope * grid.nodes + intercept)
        parts = [(x[:, 1] if by_item else x[:, 1].sum(axis=0, keepdims=True)) ** 2 for x in (there, back)]
        return sum(float((part @ grid.weights).sum()) for part in parts)

    best = criterion(found.slope, found.intercept)
    for step in np.random.default_rng(3).normal(scale=0.01, size=(40, 2)):
        assert criterion(found.slope + step[0], found.intercept + step[1]) >= best - 1e-12


def test_jackknife_errors_equal_the_spread_over_samples_of_anchors():
    rng = np.random.default_rng(4)
    found = []
    for _ in range(60):
        old = dichotomous_bank(rng, 20)
        new = rescale_items(old, 1 / 1.2, 0.2)
        found.append(link(dataclasses.replace(new, difficulty=new.difficulty + rng.normal(scale=0.15, size=20)), old))
    slopes, intercepts = np.array([f.slope for f in found]), np.array([f.intercept for f in found])
    assert np.mean([f.slope_error for f in found]) == pytest.approx(slopes.std(), rel=0.3)
    assert np.mean([f.intercept_error for f in found]) == pytest.approx(intercepts.std(), rel=0.3)
    assert np.mean([f.linking_error for f in found]) == pytest.approx(1.2 * 0.15 / np.sqrt(20), rel=0.15)


def test_anchors_are_matched_by_id_in_any_order():
    rng = np.random.default_rng(5)
    old = dichotomous_bank(rng, 8)
    new = rescale_items(old, 2.0, -1.0).take([5, 2, 7, 0])
    found = link(new, old, "mean/sigma")
    assert found.anchors == ("item_6", "item_3", "item_8", "item_1")
    assert (found.slope, found.intercept) == pytest.approx((0.5, 0.5))
    assert link(new, old, "mean/sigma", anchors=["item_1", "item_8"]).anchors == ("item_1", "item_8")


def test_anchors_of_one_location_have_a_status():
    old = ItemParameters.logistic([1.0, 1.2], [0.5, 0.5])
    found = link(old, old, "mean/sigma")
    assert found.status == FLAT
    assert (found.slope, found.intercept) == (1.0, 0.0)


def test_bad_input_is_named():
    items = mixed_bank(np.random.default_rng(6), 1)
    other = dataclasses.replace(items, item_id=tuple(f"x{i}" for i in range(len(items))))
    with pytest.raises(ValueError, match="share no item id"):
        link(items, other)
    with pytest.raises(ValueError, match="anchor two9 is not in both"):
        link(items, items, anchors=["two0", "two9"])
    with pytest.raises(ValueError, match="anchor nrm0 is nominal"):
        link(items, items, "mean/sigma")
    with pytest.raises(ValueError, match="method must be one of"):
        link(items, items, "tukey")
    fewer = dataclasses.replace(items, n_categories=np.full(len(items), 2))
    with pytest.raises(ValueError, match="anchor grm0 has a different number of categories"):
        link(fewer, items)
