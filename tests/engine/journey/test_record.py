"""The chain: one changed byte, a removed, inserted or reordered event is found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import RecordBroken
from engine.policies import preset
from engine.record import Entry, chained, decode_event, encode_event, verify
from tests.engine.story import Story


def story() -> Story:
    told = Story(preset("kctcs"))
    told.sits("pre_test", "2027-01-04 10:00", 85)
    told.learns("2027-01-04 10:30")
    told.sits("post_test", "2027-01-04 11:00", 95)
    told.credited("2027-01-04 11:00")
    return told


EVENTS = story().events
CHAIN = chained(EVENTS)
HEAD = CHAIN[-1].hash


def test_events_return_unchanged() -> None:
    assert verify(CHAIN, HEAD) == EVENTS
    assert all(encode_event(decode_event(entry.body)) == entry.body for entry in CHAIN)


@given(st.data())
def test_one_changed_byte_is_found(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(CHAIN) - 1))
    body = bytearray(CHAIN[place].body)
    spot = data.draw(st.integers(0, len(body) - 1))
    body[spot] ^= data.draw(st.integers(1, 255))
    forged = Entry(position=place, body=bytes(body), hash=CHAIN[place].hash)
    with pytest.raises(RecordBroken, match=f"entry {place}"):
        verify((*CHAIN[:place], forged, *CHAIN[place + 1 :]), HEAD)


@pytest.mark.parametrize("place", range(len(CHAIN)))
def test_removed_inserted_or_swapped_is_found(place: int) -> None:
    with pytest.raises(RecordBroken):
        verify((*CHAIN[:place], *CHAIN[place + 1 :]), HEAD)
    with pytest.raises(RecordBroken):
        verify((*CHAIN[:place], CHAIN[place], *CHAIN[place:]), HEAD)
    if place:
        swapped = (*CHAIN[: place - 1], CHAIN[place], CHAIN[place - 1], *CHAIN[place + 1 :])
        with pytest.raises(RecordBroken):
            verify(swapped, HEAD)


def test_a_forger_who_reseals_the_chain_meets_the_head() -> None:
    with pytest.raises(RecordBroken, match="head"):
        verify(chained(EVENTS[:-1]), HEAD)


def test_bytes_that_are_no_event_are_named() -> None:
    with pytest.raises(RecordBroken, match="is no event"):
        decode_event(b'{"event":"coffee"}')
