from __future__ import annotations

from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from psychometrics.arrays import MISSING, as_responses


def test_takes_whatever_asarray_takes() -> None:
    wanted = np.array([[0, 1, 2], [MISSING, 3, 0]], dtype=np.int8)
    forms = (
        wanted,
        wanted.tolist(),
        wanted.astype(float),
        [[0, 1, 2], [None, 3, 0]],
        [[0.0, 1.0, 2.0], [float("nan"), 3.0, 0.0]],
        [["0", "1", "2"], [None, "3", "0"]],
        [[Decimal(0), Decimal(1), Decimal(2)], [None, Decimal(3), Decimal(0)]],
        pl.DataFrame({"a": [0, None], "b": [1, 3], "c": [2, 0]}),
    )
    for form in forms:
        got = as_responses(form)
        assert got.dtype == np.int8
        np.testing.assert_array_equal(got, wanted)


def test_booleans_are_right_and_wrong() -> None:
    np.testing.assert_array_equal(as_responses(np.array([[True, False]])), [[1, 0]])


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([[0, 1], [1, 0.5]], "row 1, column 1: 0.5 is not a whole category"),
        ([[0, 1], [-2, 0]], "row 1, column 0: -2 is outside"),
        ([[0, 300]], "row 0, column 1: 300 is outside"),
        ([[0, float("inf")]], "row 0, column 1: inf is outside"),
        ([[0, "B"]], "row 0, column 1: 'B' is not a number; score the answers first"),
        ([0, 1], "not an array of 1 dimension"),
    ],
)
def test_refuses_by_name(cells: object, words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("(", r"\(").replace(")", r"\)")):
        as_responses(cells)


def test_does_not_copy_what_is_already_right() -> None:
    matrix = np.zeros((3, 2), dtype=np.int8)
    assert as_responses(matrix) is matrix
