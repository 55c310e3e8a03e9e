"""The posterior of record by arrays has the bits of the program of an appeal, however hard the answers."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psychometrics.ability.record import FLOOR, recorded_posterior
from psychometrics.ability.record_tables import record_tables


def bits(values: list[float]) -> bytes:
    return struct.pack(f"{len(values)}d", *values)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n_answers=st.sampled_from([0, 1, 7, 40, 700, 2000]), hard=st.booleans())
def test_it_has_the_same_bits(seed: int, n_answers: int, hard: bool) -> None:
    rng = np.random.default_rng(seed)
    tables = [
        np.maximum(rng.uniform(0, 1, (rng.integers(2, 6), 31)) ** (rng.integers(1, 200) if hard else 1), FLOOR).tolist()
        for _ in range(12)
    ]
    weights = rng.uniform(0, 1, 31).tolist()
    if hard:
        weights = [0.0, 5e-324, 2.0**-1000, *weights[3:]]
    items = rng.integers(12, size=n_answers).tolist()
    categories = [int(rng.integers(len(tables[item]))) for item in items]
    rows = [tables[item][category] for item, category in zip(items, categories)]
    assert bits(record_tables(tables, weights).posterior(items, categories)) == bits(recorded_posterior(rows, weights))


def test_nothing_left_is_said() -> None:
    with pytest.raises(ValueError, match="weight 0"):
        record_tables([[[0.5, 0.5]]], [0.0, 0.0]).posterior([0], [0])
