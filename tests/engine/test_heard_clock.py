"""What a process makes of the times it was told: never behind, hardly ahead, and never wrong for long."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.workflows.heard_clock import DRIFT, EPOCH, HeardClock

BEGAN = 1.8e9
TRIPS = st.lists(st.tuples(st.floats(0, 100), st.floats(0, 0.9), st.floats(0, 0.9)), min_size=1, max_size=30)


def shown(clock: HeardClock, at: float) -> float:
    """By how much the clock is ahead of a database that shows BEGAN when the process shows 0."""
    return (clock.now(at) - EPOCH).total_seconds() - BEGAN - at


def told(at: float) -> datetime:
    """What the database shows when the process shows `at`."""
    return EPOCH + timedelta(seconds=BEGAN + at)


@given(TRIPS)
def test_it_is_never_behind_and_ahead_by_the_quickest_trip(trips: list[tuple[float, float, float]]) -> None:
    clock, now, best = HeardClock(), 0.0, float("inf")
    for pause, there, back in trips:
        asked = now + pause
        heard = asked + there + back
        clock.hear(told(asked + there), asked, heard)
        best = min(there, best + DRIFT * (heard - now))
        now = heard
        assert -2e-6 <= shown(clock, now) <= best + 2e-6


@pytest.mark.parametrize("step", [-3600.0, -0.5, 5.0, 3600.0])
def test_a_clock_that_was_set_is_believed_at_once(step: float) -> None:
    clock = HeardClock()
    clock.hear(told(0.001), 0.0, 0.002)
    clock.hear(told(10.001 + step), 10.0, 10.002)
    assert shown(clock, 10.002) == pytest.approx(step + 0.001, abs=2e-6)


def test_nobody_has_told_it() -> None:
    assert HeardClock().now(5.0) == EPOCH
