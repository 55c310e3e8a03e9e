"""Laws every registered model keeps, and hand-written twins of each formula."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from psychometrics.models.base import LISTS, SCALARS, ItemParameters
from psychometrics.models.registry import MODELS, kinds, log_probabilities, probabilities, theta_gradient

THETA = np.linspace(-5, 5, 23)
number = st.floats(-3, 3)
slope = st.floats(0.2, 3)


@st.composite
def one_item(draw: st.DrawFn, name: str) -> dict[str, Any]:
    record: dict[str, Any] = {"item_id": "x", "model": name}
    model = MODELS[name]
    bounds = draw(st.integers(1, 5)) if model.polytomous else 1
    record["discrimination"] = 1.0 if model.fixed_slope else draw(slope)
    if name == "nrm":
        return record | {
            "discrimination": None,
            "slopes": [0.0, *(draw(number) for _ in range(bounds))],
            "intercepts": [0.0, *(draw(number) for _ in range(bounds))],
        }
    if name == "grm":
        gaps = np.cumsum([draw(st.floats(0.05, 1.5)) for _ in range(bounds)])
        return record | {"thresholds": list(draw(number) + gaps)}
    if model.polytomous:
        return record | {"steps": [draw(number) for _ in range(bounds)]}
    record["difficulty"] = draw(number)
    record["guessing"] = draw(st.floats(0.01, 0.4)) if name in ("3pl", "4pl") else 0.0
    record["upper"] = draw(st.floats(0.7, 0.99)) if name == "4pl" else 1.0
    return record


every_model = pytest.mark.parametrize("name", list(MODELS))


@every_model
@given(data=st.data())
def test_probabilities_are_positive_and_sum_to_one(name: str, data: st.DataObject) -> None:
    items = ItemParameters.from_records([data.draw(one_item(name))])
    table = probabilities(items, np.linspace(-40, 40, 41))
    assert (table >= 0).all()
    np.testing.assert_allclose(table.sum(axis=1), 1.0, atol=1e-12)
    assert np.isfinite(log_probabilities(items, np.linspace(-40, 40, 41))).all()


@every_model
@given(data=st.data())
def test_theta_gradient_agrees_with_differences(name: str, data: st.DataObject) -> None:
    items = ItemParameters.from_records([data.draw(one_item(name))])
    step = 1e-5
    difference = (probabilities(items, THETA + step) - probabilities(items, THETA - step)) / (2 * step)
    np.testing.assert_allclose(theta_gradient(items, THETA), difference, atol=1e-8)


@every_model
@given(data=st.data())
def test_information_is_not_negative(name: str, data: st.DataObject) -> None:
    items = ItemParameters.from_records([data.draw(one_item(name))])
    information = (theta_gradient(items, THETA) ** 2 / probabilities(items, THETA)).sum(axis=1)
    assert (information >= 0).all()
    assert information.max() > 0 or name == "nrm"  # a nominal item with equal slopes says nothing


@every_model
@given(data=st.data())
def test_parameter_gradient_agrees_with_differences(name: str, data: st.DataObject) -> None:
    items = ItemParameters.from_records([data.draw(one_item(name))])
    model, working = MODELS[name], MODELS[name].working(items)
    gradient = model.parameter_gradient(working, THETA)
    assert gradient.shape == (1, working.shape[1], items.n_categories[0], THETA.size)
    for place in range(working.shape[1]):
        step = np.zeros(working.shape[1])
        step[place] = 1e-5
        difference = (model.probabilities(working + step, THETA) - model.probabilities(working - step, THETA)) / 2e-5
        np.testing.assert_allclose(gradient[:, place], difference, atol=1e-8)


@every_model
@given(data=st.data())
def test_logits_rise_as_the_model_says(name: str, data: st.DataObject) -> None:
    items = ItemParameters.from_records([data.draw(one_item(name))])
    model, n_categories = MODELS[name], int(items.n_categories[0])
    rise, theta = model.logit_rise(n_categories), np.array([-0.5, 0.0, 1.0])
    working, step = model.working(items), 1e-5
    found = []
    for shift in step * np.eye(working.shape[1]):
        ahead, behind = (model.log_probabilities(working + s * shift, theta)[0] for s in (1, -1))
        change = (ahead - behind) / (2 * step)
        found.append(change[1:] - change[0])
    beyond = np.stack(found, axis=1)
    if rise is None:
        assert name in ("grm", "3pl", "4pl")
    else:
        np.testing.assert_allclose(beyond[:, :, 2] - beyond[:, :, 1], rise, atol=1e-6)
        np.testing.assert_allclose(beyond[:, :, 1] - beyond[:, :, 0], 0.5 * rise, atol=1e-6)


@every_model
@given(data=st.data())
def test_parametrisations_round_trip(name: str, data: st.DataObject) -> None:
    record = data.draw(one_item(name))
    items = ItemParameters.from_records([record])
    model = MODELS[name]
    working = model.working(items)
    assert working.shape[1] == len(model.parameter_names(int(items.n_categories[0])))
    for column, values in model.reported(working).items():
        np.testing.assert_allclose(values, getattr(items, column), atol=1e-10, rtol=1e-10)
    again = ItemParameters.from_records(items.to_records())
    for column in (*SCALARS, *LISTS):
        np.testing.assert_array_equal(getattr(again, column), getattr(items, column))


def _twin(record: dict[str, Any], theta: float) -> list[float]:
    """The formulas as the papers print them, one category at a time."""
    a = record["discrimination"]
    if record["model"] == "grm":
        above = [1.0, *(1 / (1 + math.exp(-a * (theta - t))) for t in record["thresholds"]), 0.0]
        return [above[k] - above[k + 1] for k in range(len(above) - 1)]
    if record["model"] in ("pcm", "gpcm"):
        scores = [0.0]
        for step in record["steps"]:
            scores.append(scores[-1] + a * (theta - step))
    elif record["model"] == "nrm":
        scores = [s * theta + i for s, i in zip(record["slopes"], record["intercepts"], strict=True)]
    else:
        core = 1 / (1 + math.exp(-a * (theta - record["difficulty"])))
        right = record["guessing"] + (record["upper"] - record["guessing"]) * core
        return [1 - right, right]
    total = sum(math.exp(s) for s in scores)
    return [math.exp(s) / total for s in scores]


@every_model
@given(data=st.data())
def test_probabilities_equal_the_printed_formula(name: str, data: st.DataObject) -> None:
    record = data.draw(one_item(name))
    table = probabilities(ItemParameters.from_records([record]), THETA)[0]
    for place, theta in enumerate(THETA):
        np.testing.assert_allclose(table[:, place], _twin(record, float(theta)), atol=1e-12)


def _mixed_bank() -> ItemParameters:
    return ItemParameters.from_records(
        [
            {"item_id": "a", "model": "2pl", "discrimination": 1.2, "difficulty": 0.3},
            {"item_id": "b", "model": "grm", "discrimination": 0.8, "thresholds": [-1.0, 0.0, 1.5]},
            {"item_id": "c", "model": "gpcm", "discrimination": 0.8, "steps": [-1.0, 0.5]},
            {"item_id": "d", "model": "2pl", "discrimination": 0.7, "difficulty": -0.3},
        ]
    )


def test_a_mixed_bank_is_computed_kind_by_kind() -> None:
    items = _mixed_bank()
    assert [(model.name, k, where.tolist()) for model, k, where in kinds(items)] == [
        ("2pl", 2, [0, 3]),
        ("grm", 4, [1]),
        ("gpcm", 3, [2]),
    ]
    table = probabilities(items, THETA)
    assert table.shape == (4, 4, THETA.size)
    assert (table[0, 2:] == 0).all()
    assert (log_probabilities(items, 0.0)[2, 3] == -np.inf).all()
    np.testing.assert_allclose(table[3], probabilities(items.take([3]), THETA)[0, :2].tolist() + [[0.0] * 23] * 2)


def test_logistic_names_the_smallest_model() -> None:
    items = ItemParameters.logistic([1, 2, 1], 0.5, guessing=[0, 0.2, 0.2], upper=[1, 1, 0.9], item_id=["p", "q", "r"])
    assert items.model == ("2pl", "3pl", "4pl")
    assert items.item_id == ("p", "q", "r")
    np.testing.assert_array_equal(items.difficulty, 0.5)


def test_records_hold_no_nan() -> None:
    for record in _mixed_bank().to_records():
        assert not any(isinstance(v, float) and math.isnan(v) for v in record.values())


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"item_id": "x", "model": "2pl", "discrimination": 1.0}, "item x .2pl.: difficulty is absent"),
        ({"item_id": "x", "model": "grm", "discrimination": 1.0, "thresholds": [1, 0]}, "thresholds must increase"),
        (
            {"item_id": "x", "model": "gpcm", "discrimination": "?", "steps": [1, 0]},
            "discrimination '.' is not a number",
        ),
        ({"item_id": "x"}, "item 0: model is absent"),
        ({"item_id": "x", "model": "5pl", "discrimination": 1, "difficulty": 0}, "'5pl' is not one of rasch, 1pl"),
    ],
)
def test_incomplete_items_are_named(record: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        probabilities(ItemParameters.from_records([record]), 0.0)


def test_theta_must_be_numbers_in_a_row() -> None:
    items = ItemParameters.logistic(1, 0)
    with pytest.raises(ValueError, match="2 dimensions"):
        probabilities(items, [[0.0]])
    with pytest.raises(ValueError, match=r"theta\[1\]"):
        probabilities(items, [0.0, float("nan")])
    with pytest.raises(ValueError, match="item 0: 0 <= guessing < upper"):
        ItemParameters.logistic(1, 0, guessing=0.5, upper=0.4)
