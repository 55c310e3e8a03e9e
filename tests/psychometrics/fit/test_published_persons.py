"""Infit, outfit, their z and lz of six persons, against the values mirt prints."""

import numpy as np
import pytest

from psychometrics.fit import lz, person_mean_squares
from psychometrics.models.base import ItemParameters
from tests.reference.mirt_personfit import INFIT, OUTFIT, RESIDUALS, Z_INFIT, Z_OUTFIT, ZH


@pytest.mark.parametrize("person", range(6))
def test_equals_mirt(person):
    residual = RESIDUALS[person]
    answers = (residual > 0).astype(int)[None]
    right = np.where(residual > 0, 1 - residual, -residual)
    items = ItemParameters.logistic(1.0, np.log1p(-right) - np.log(right))
    fit = person_mean_squares(items, answers, theta=[0.0])
    found = (fit.outfit[0], fit.outfit_z[0], fit.infit[0], fit.infit_z[0])
    expected = (OUTFIT[person], Z_OUTFIT[person], INFIT[person], Z_INFIT[person])
    assert found == pytest.approx(expected, rel=2e-5, abs=2e-6)
    assert lz(items, answers, theta=[0.0]).statistic[0] == pytest.approx(ZH[person], rel=2e-5)
