"""The log as a chain of hashes: whoever changes, removes, inserts or reorders an event breaks every hash after it.

Each entry's hash covers the hash before it, its position and the canonical bytes of its event. The last hash (the
head) is kept apart from the log, so that cutting off the end is found as well.
"""

from collections.abc import Iterable, Sequence

import msgspec

from engine.errors import RecordBroken
from engine.events import Event
from itembank.records import Record, canonical, digest

GENESIS = "0" * 64


class Entry(Record, frozen=True, kw_only=True):
    """One link: the event's canonical bytes as they are stored, and the hash that seals it."""

    position: int
    body: bytes
    hash: str

    @property
    def event(self) -> Event:
        """The event in the bytes."""
        return decode_event(self.body)


def encode_event(event: Event) -> bytes:
    """Canonical bytes of an event."""
    return canonical(event)


def decode_event(body: bytes) -> Event:
    """The event in canonical bytes.

    Raises:
        RecordBroken: when the bytes are no event.
    """
    try:
        decoded: Event = _DECODER.decode(body)
    except msgspec.DecodeError as error:
        raise RecordBroken(f"An entry of the log is no event ({error}); restore it from a backup.") from None
    return decoded


_DECODER: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def seal(previous: str, position: int, body: bytes) -> str:
    """The hash of an entry."""
    return digest(previous.encode(), position.to_bytes(8, "big"), body)


def extend(chain: Sequence[Entry], event: Event) -> Entry:
    """The entry that appends the event."""
    previous = chain[-1].hash if chain else GENESIS
    body = encode_event(event)
    return Entry(position=len(chain), body=body, hash=seal(previous, len(chain), body))


def chained(events: Iterable[Event]) -> tuple[Entry, ...]:
    """A whole log as a chain."""
    chain: list[Entry] = []
    for event in events:
        chain.append(extend(chain, event))
    return tuple(chain)


def verify(chain: Sequence[Entry], head: str | None = None) -> tuple[Event, ...]:
    """The events of an unbroken chain.

    Args:
        chain: entries in order.
        head: the last hash as it was kept apart; None leaves a cut-off end unnoticed.

    Raises:
        RecordBroken: naming the first position that does not fit.
    """
    previous = GENESIS
    for position, entry in enumerate(chain):
        if entry.position != position or entry.hash != seal(previous, position, entry.body):
            raise RecordBroken(f"The log was changed at or before entry {position}: its hash does not fit its content.")
        previous = entry.hash
    if head is not None and head != previous:
        raise RecordBroken(
            f"The log ends at entry {len(chain) - 1}, but the head kept apart is another; its end is missing."
        )
    return tuple(entry.event for entry in chain)
