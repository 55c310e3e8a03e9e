"""Rates and overlap of live sittings, by counting pairs one by one."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.exposure.rates import use_of


@given(st.lists(st.sets(st.integers(0, 7), min_size=1), min_size=2, max_size=6))
def test_overlap_is_what_two_sittings_have_in_common(sittings: list[set[int]]) -> None:
    counts = [sum(item in one for one in sittings) for item in range(8)]
    use = use_of(len(sittings), counts)
    pairs = list(combinations(sittings, 2))
    shared = sum(len(one & other) for one, other in pairs) / len(pairs)
    mean_length = sum(map(len, sittings)) / len(sittings)
    assert use.overlap == pytest.approx(shared / mean_length)
    assert use.rates == pytest.approx([count / len(sittings) for count in counts])
    assert use.unused_share == counts.count(0) / 8


def test_one_sitting_overlaps_with_none() -> None:
    use = use_of(1, [1, 0, 1])
    assert (use.overlap, use.highest_rate, use.unused_share) == (None, 1.0, pytest.approx(1 / 3))
