"""Real data with most answers missing by design."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from psychometrics import calibrate
from psychometrics.arrays import MISSING

DATA = Path(__file__).parents[4] / "shared" / "data" / "timss2011_g4" / "responses.csv"


needs_data = pytest.mark.skipif(not DATA.exists(), reason="the TIMSS 2011 responses are not at hand")


def answers() -> tuple[list[str], list[list[str]], np.ndarray[tuple[int, int], np.dtype[np.int8]]]:
    """Names of the items, rows as they stand in the file, and the answers."""
    with DATA.open(newline="") as file:
        rows = list(csv.reader(file))
    cells = [[int(c) if c else MISSING for c in row[4:]] for row in rows[1:]]
    return rows[0][4:], rows[1:], np.array(cells, dtype=np.int8)


@needs_data
def test_timss_2011_reaches_the_known_maximum() -> None:
    names, rows, responses = answers()
    result = calibrate(responses, "2pl", item_id=names)
    assert responses.shape == (4668, 174)
    assert result.converged
    assert round(result.log_likelihood, 1) >= -62_470.7
    assert result.standard_errors().status == "positive definite"
    apart = calibrate(responses, "2pl", item_id=names, groups=[row[3] for row in rows])
    assert apart.log_likelihood > result.log_likelihood + 10
    assert abs(apart.groups[1].mean) < 0.5


@needs_data
def test_nine_sparse_competencies_of_timss_2011_converge() -> None:
    names, _, responses = answers()
    with (DATA.parent / "items.csv").open(newline="") as file:
        competency = {row["item_id"]: row["competency"] for row in csv.DictReader(file)}
    result = calibrate(responses, "2pl", item_id=names, dimensions=competency)
    assert result.converged
    assert result.n_iterations <= 150
    assert result.log_likelihood > -62_358
    assert len(result.dimensions) == 9
    assert result.correlations is not None
    below = result.correlations[np.tril_indices(9, -1)]
    assert below.min() > 0.7
    assert below.max() < 0.97
    assert np.linalg.eigvalsh(result.correlations).min() > 0.01
