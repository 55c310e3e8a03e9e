"""Likelihoods with several maxima: the calibration must not end below what an ordinary start leads to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from psychometrics import ItemParameters, calibrate
from psychometrics.calibration import marginal_ml, one_dimension
from psychometrics.calibration.maximisation import Kind
from psychometrics.calibration.preparation import make_kinds, prepare
from psychometrics.calibration.starting_values import FEW_ANSWERS, FLAT, USUAL, Route, routes, starting_values
from tests.psychometrics.calibration.data import answers

PRIORS = {"3pl": {"guessing": "beta(5, 17)"}, "4pl": {"guessing": "beta(5, 17)", "upper": "beta(17, 5)"}}


def guessed(seed: int, n_persons: int, n_items: int, model: str) -> NDArray[np.int8]:
    """Answers to items with lower (and upper) asymptotes."""
    rng = np.random.default_rng(seed)
    slopes, located = rng.lognormal(0.1, 0.35, n_items), rng.normal(0, 1, n_items)
    guessing, upper = rng.beta(5, 17, n_items), rng.beta(30, 2, n_items) if model == "4pl" else 1.0
    items = ItemParameters.logistic(slopes, located, guessing, upper)
    return answers(items, rng.normal(size=n_persons), rng)


def objective(result: Any) -> float:
    """Log-likelihood and log priors."""
    evidence = result._evidence
    return float(result.log_likelihood + marginal_ml.penalty(evidence.problem, evidence.parameters))


@pytest.mark.parametrize(
    ("model", "seed", "n_items"), [("3pl", 0, 30), ("3pl", 4, 30), ("3pl", 20, 20), ("4pl", 3, 30)]
)
def test_no_single_start_leads_higher(model: str, seed: int, n_items: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The routes bracket what a user would try."""
    responses = guessed(seed, 1000, n_items, model)
    best = calibrate(responses, model, priors=PRIORS[model])
    assert best.converged
    reached = []
    for route in (Route(0.851, None, None), Route(1.0, -2.5, 4.0), Route(1.4, -1.0, 2.0), Route(1.7, -1.5, 3.0)):
        monkeypatch.setattr(one_dimension, "routes", lambda *_, one=route: (one,))
        reached.append(objective(calibrate(responses, model, priors=PRIORS[model])))
    assert objective(best) > max(reached) - 0.01
    if (model, seed) == ("3pl", 0):
        assert min(reached) < max(reached) - 0.5, "these data are here because their likelihood has two maxima"


def prepared_kinds(model: str, priors: dict[str, str]) -> tuple[Kind, ...]:
    options: Any = dict.fromkeys(("item_id", "groups", "reference_group", "fixed", "n_categories"))
    ready = prepare(guessed(1, 200, 4, model), model, priors=priors, min_responses=10, **options)
    return make_kinds(ready, ready.used)


def test_one_route_where_nothing_is_guessed_or_much_is_known() -> None:
    few, many = np.array([900, 20_000]), np.array([FEW_ANSWERS, 20_000])
    assert routes(prepared_kinds("2pl", {}), few) == (USUAL,)
    assert routes(prepared_kinds("3pl", {}), many) == (USUAL,)
    assert routes(prepared_kinds("3pl", {}), few) == (USUAL, FLAT)
    assert len(routes(prepared_kinds("4pl", {}), few)) == 3


def test_asymptotes_start_at_the_mode_of_their_prior() -> None:
    from psychometrics.calibration.priors import Beta

    (kind,) = prepared_kinds("4pl", {})
    counts = np.array([[40, 160], [100, 100]])
    found = starting_values(kind, counts, {"guessing": Beta(5, 17), "upper": Beta(1, 1)}, FLAT)
    np.testing.assert_allclose(1 / (1 + np.exp(-found[:, 2])), 4 / 20)
    np.testing.assert_allclose(found[:, 3], USUAL.upper)
    assert found[1, 1] == pytest.approx(0.0)
    assert found[0, 1] > np.log(160 / 40)
