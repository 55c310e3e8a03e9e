"""Pauses: as many and as long as granted, and never more time than granted, whatever is done with them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.accommodations import Accommodation
from engine.events import AccommodationSet, PauseEnded, PauseTaken
from engine.pauses import pauses_left, pauses_of, running, seconds_added
from engine.policies import preset
from engine.refusals import JourneyRefused
from tests.engine.story import Story

GRANTED = Accommodation(pauses=2, pause_minutes=10)


def begun(granted: Accommodation = GRANTED) -> Story:
    story = Story(preset("nocti"))
    story.add(AccommodationSet(at=story.at("2027-01-04 09:30"), accommodation=granted, by="office"))
    story.begins("post_test", "2027-01-04 10:00")
    return story


def rests(story: Story, text: str, seconds: int, minutes: int = 10) -> None:
    story.add(PauseTaken(at=story.at(text), sitting="s1", minutes=minutes, seconds=seconds))


def goes_on(story: Story, text: str) -> None:
    story.add(PauseEnded(at=story.at(text), sitting="s1"))


def test_two_pauses_of_ten_minutes_and_no_third() -> None:
    story = begun()
    for hour in (11, 12):
        rests(story, f"2027-01-04 {hour}:00", 600)
        assert running(pauses_of(story.events, "s1"), story.at(f"2027-01-04 {hour}:09")) is not None
        with pytest.raises(JourneyRefused, match="on already"):
            rests(story, f"2027-01-04 {hour}:09", 600)
        assert running(pauses_of(story.events, "s1"), story.at(f"2027-01-04 {hour}:10")) is None
    with pytest.raises(JourneyRefused, match="No pause is left; 2 were granted"):
        rests(story, "2027-01-04 13:00", 600)
    with pytest.raises(JourneyRefused, match="no pause to end"):
        goes_on(story, "2027-01-04 13:00")


def test_what_was_not_rested_is_taken_off_the_next_pause() -> None:
    story = begun()
    rests(story, "2027-01-04 11:00", 600)
    goes_on(story, "2027-01-04 11:04")
    with pytest.raises(JourneyRefused, match="lasts 10 minutes, less"):
        rests(story, "2027-01-04 12:00", 600)
    rests(story, "2027-01-04 12:00", 240)


@pytest.mark.parametrize("granted", [Accommodation(), Accommodation(pauses=3), Accommodation(pause_minutes=5)])
def test_nobody_rests_who_is_not_granted_it(granted: Accommodation) -> None:
    with pytest.raises(JourneyRefused, match="No pause is left"):
        rests(begun(granted), "2027-01-04 11:00", 300, minutes=5)


def test_only_a_running_sitting_is_paused() -> None:
    story = begun()
    story.finishes("2027-01-04 11:00", 80)
    with pytest.raises(JourneyRefused, match="is not running"):
        rests(story, "2027-01-04 11:30", 600)


@given(
    st.integers(1, 6), st.integers(1, 60), st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 7200)), max_size=12)
)
def test_all_pauses_together_add_no_more_than_is_granted(n: int, minutes: int, steps: list[tuple[int, int]]) -> None:
    granted = Accommodation(pauses=n, pause_minutes=minutes)
    story = begun(granted)
    now, added, rested, taken = story.at("2027-01-04 11:00"), 0, 0, 0
    for wait, rest in steps:
        now += timedelta(seconds=wait)
        pauses = pauses_of(story.events, "s1")
        if not pauses_left(granted, pauses):
            break
        seconds = seconds_added(granted, pauses, now)
        story.add(PauseTaken(at=now, sitting="s1", minutes=minutes, seconds=seconds))
        now += timedelta(seconds=rest)
        if rest < 60 * minutes:
            story.add(PauseEnded(at=now, sitting="s1"))
        added, rested, taken = added + seconds, rested + min(rest, 60 * minutes), taken + 1
        assert rested <= added, "working time was lost"
        assert added <= 60 * minutes * taken
        assert added - rested <= 60 * minutes
