"""Provisional estimates equal those of `psychometrics.estimate_ability`, perfect and multimodal patterns included."""

import numpy as np
import pytest

from engine.designs import AbilityDesign
from engine.selection.estimators import point_estimate
from engine.selection.posterior import likelihood_of
from engine.selection.tables import build_pool
from psychometrics.ability.estimate import estimate_ability
from psychometrics.models.base import ItemParameters
from tests.engine.selection.banks import dichotomous_bank, mixed_bank


def _answers(items: ItemParameters, n_persons: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    answers = (rng.random((n_persons, len(items))) * items.n_categories).astype(int)
    answers[0], answers[1] = 0, items.n_categories - 1
    return answers


@pytest.mark.parametrize("estimator", ["mle", "map", "wle"])
@pytest.mark.parametrize("kind", ["2pl", "4pl", "mixed"])
def test_equal_to_the_estimators_of_scoring(estimator: str, kind: str) -> None:
    items = mixed_bank() if kind == "mixed" else dichotomous_bank(12, 4, kind == "4pl")
    ability = AbilityDesign(estimator=estimator, n_nodes=121)
    pool = build_pool(items, ability)
    answers = _answers(items, 25, 8)
    index = np.broadcast_to(np.arange(len(items)), answers.shape)
    likelihood = np.stack([likelihood_of(pool.probability, index[0], row) for row in answers])
    theta, sem = point_estimate(pool, ability, index, answers, likelihood)
    expected = estimate_ability(answers, items, estimator, prior=(0.0, 1.0))
    np.testing.assert_allclose(theta, expected.theta, atol=1e-7)
    np.testing.assert_allclose(sem, expected.sem, rtol=1e-5)


def test_no_answers_start_where_the_design_says() -> None:
    ability = AbilityDesign(estimator="mle", start_theta=0.7)
    pool = build_pool(dichotomous_bank(5), ability)
    none = np.zeros((2, 0), dtype=int)
    theta, sem = point_estimate(pool, ability, none, none, np.ones((2, 61)))
    assert theta.tolist() == [0.7, 0.7]
    assert np.isinf(sem).all()
