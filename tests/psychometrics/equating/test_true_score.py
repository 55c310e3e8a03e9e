"""True-score equating: POLYEQUATE's output and laws."""

import numpy as np
import pytest

from psychometrics.equating import true_score_equating
from psychometrics.equating.true_score import AT_TOP, BELOW_CHANCE, EQUATED
from psychometrics.information import test_characteristic_curve as expected_score
from psychometrics.models.base import ItemParameters
from tests.reference import kolen_programs as kolen


@pytest.mark.parametrize("model", ["gpcm", "grm"])
def test_mixed_forms_equal_polyequate(model):
    rows = {"gpcm": (kolen.GPCM_X, kolen.GPCM_Y), "grm": (kolen.GRM_X, kolen.GRM_Y)}[model]
    form_x = kolen.mixed_form(kolen.LOGISTIC_X, **{model: rows[0]})
    form_y = kolen.mixed_form(kolen.LOGISTIC_Y, **{model: rows[1]})
    theta, equivalent = {
        "gpcm": (kolen.GPCM_THETA, kolen.GPCM_EQUIVALENT), "grm": (kolen.GRM_THETA, kolen.GRM_EQUIVALENT)
    }[model]  # fmt: skip
    found = true_score_equating(form_x, form_y)
    assert found.equivalent == pytest.approx(equivalent, abs=2e-5)
    assert found.theta[3:-1] == pytest.approx(theta, abs=2e-5)
    assert found.status == (BELOW_CHANCE,) * 3 + (EQUATED,) * len(theta) + (AT_TOP,)


def test_a_form_is_worth_itself():
    form = kolen.mixed_form(kolen.LOGISTIC_X, gpcm=kolen.GPCM_X)
    found = true_score_equating(form, form)
    assert found.equivalent == pytest.approx(found.score, abs=1e-9)


def test_equivalents_rise_and_share_theta():
    form_x = kolen.mixed_form(kolen.LOGISTIC_X, gpcm=kolen.GPCM_X)
    form_y = kolen.mixed_form(kolen.LOGISTIC_Y, grm=kolen.GRM_Y)
    found = true_score_equating(form_x, form_y, np.linspace(0, 24, 97))
    assert (np.diff(found.equivalent) > 0).all()
    inside = np.array([s == EQUATED for s in found.status])
    assert expected_score(form_x, found.theta[inside]) == pytest.approx(found.score[inside], abs=1e-9)
    assert expected_score(form_y, found.theta[inside]) == pytest.approx(found.equivalent[inside], abs=1e-9)


def test_there_and_back():
    form_x = kolen.mixed_form(kolen.LOGISTIC_X)
    form_y = kolen.mixed_form(kolen.LOGISTIC_Y)
    scores = np.linspace(0, 12, 25)
    there = true_score_equating(form_x, form_y, scores).equivalent
    assert true_score_equating(form_y, form_x, there).equivalent == pytest.approx(scores, abs=1e-8)


def test_upper_asymptotes_are_interpolated_too():
    form_x = ItemParameters.logistic([1.0, 1.0], [0.0, 0.0], 0.0, 0.9)
    found = true_score_equating(form_x, ItemParameters.logistic([1.0, 1.0], [0.5, 0.5]), [1.8, 1.9, 2.0])
    assert found.equivalent.tolist() == [2.0, 2.0, 2.0]
    assert set(found.status) == {AT_TOP}


def test_bad_input_is_named():
    form = kolen.mixed_form(kolen.LOGISTIC_X)
    with pytest.raises(ValueError, match="scores must lie between 0 and 12"):
        true_score_equating(form, form, [13.0])
    falling = ItemParameters.logistic([-1.0, 1.0], [0.0, 0.0])
    with pytest.raises(ValueError, match="form_y: the expected score of item item_1 falls"):
        true_score_equating(form, falling)
