"""The log of an attempt: read and checked, appended through the policy's gate, sealed into its chain."""

from collections.abc import Sequence

from engine.admission import admit
from engine.events import Event
from engine.policies.records import Policy
from engine.record import Entry, extend, verify
from engine.storage import attempts
from itembank.storage.database import Connection


async def read(connection: Connection, attempt_id: int) -> tuple[tuple[Entry, ...], tuple[Event, ...]]:
    """The sealed entries of an attempt and the events in them.

    Raises:
        RecordBroken: when the chain does not fit.
    """
    rows = await attempts.events(connection, attempt_id)
    chain = tuple(Entry(position=place, body=body.encode(), hash=seal) for place, (body, seal) in enumerate(rows))
    return chain, verify(chain, await attempts.head(connection, attempt_id))


async def append(
    connection: Connection,
    institution_id: int,
    attempt_id: int,
    policy: Policy,
    new: Sequence[Event],
    actor_id: int,
) -> tuple[Event, ...]:
    """Append events, each only as far as policy and log allow; returns the whole log.

    Raises:
        JourneyRefused: with the rules that stand in the way; nothing is written then.
    """
    chain, events = await read(connection, attempt_id)
    longer = list(chain)
    for event in new:
        events = admit(policy, events, event)
        longer.append(extend(longer, event))
    entries = [
        (entry.position, entry.body.decode(), entry.hash, event.at) for entry, event in zip(longer[len(chain) :], new)
    ]
    await attempts.append(connection, institution_id, attempt_id, entries, actor_id)
    return events
