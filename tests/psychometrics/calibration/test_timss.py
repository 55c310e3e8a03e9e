"""Real data with most answers missing by design."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from psychometrics import calibrate
from psychometrics.arrays import MISSING

DATA = Path(__file__).parents[4] / "shared" / "data" / "timss2011_g4" / "responses.csv"


@pytest.mark.skipif(not DATA.exists(), reason="the TIMSS 2011 responses are not at hand")
def test_timss_2011_reaches_the_known_maximum() -> None:
    with DATA.open(newline="") as file:
        rows = list(csv.reader(file))
    names = rows[0][4:]
    responses = np.array([[int(c) if c else MISSING for c in row[4:]] for row in rows[1:]], dtype=np.int8)
    result = calibrate(responses, "2pl", item_id=names)
    assert responses.shape == (4668, 174)
    assert result.converged
    assert round(result.log_likelihood, 1) >= -62_470.7
    assert result.standard_errors().status == "positive definite"
    apart = calibrate(responses, "2pl", item_id=names, groups=[row[3] for row in rows[1:]])
    assert apart.log_likelihood > result.log_likelihood + 10
    assert abs(apart.groups[1].mean) < 0.5
