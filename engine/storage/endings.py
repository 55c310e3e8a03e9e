"""Sittings that end, many at a time: their attempts held together, their ends written together."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from engine.record import Entry
from engine.sessions import Administered
from engine.storage.attempts import Attempt
from itembank.records import Record
from itembank.storage.database import Connection
from itembank.storage.sql import load

sql = load(__file__)


class Held(Record, frozen=True, kw_only=True):
    """An attempt whose row is held until the transaction ends, with the hash of its last event."""

    attempt: Attempt
    head: str


class Ended(Record, frozen=True, kw_only=True):
    """The last answer of a sitting, the decision from it, and the entry that seals it in the attempt's log."""

    session_id: int
    attempt_id: int
    account_id: int
    answered: Administered
    theta: float
    sem: float
    reason: str
    outcome: bytes
    entry: Entry


async def hold(connection: Connection, institution_id: int, attempt_ids: Sequence[int]) -> dict[int, Held]:
    """The attempts that no other step holds; none while a rescoring is under way. Nothing here waits for anybody."""
    found = {}
    for record in await connection.fetch(sql.hold, attempt_ids, institution_id):
        fields = dict(record)
        head, undisturbed = fields.pop("head"), fields.pop("undisturbed")
        if undisturbed:
            found[fields["id"]] = Held(attempt=Attempt(**fields), head=head)
    return found


class Before(NamedTuple):
    """What stands when attempts are held: the sealed entries of each, in order, and which of the items are rescored."""

    logs: dict[int, list[Entry]]
    rescored: frozenset[int]


async def before(connection: Connection, attempt_ids: Sequence[int], item_ids: Sequence[int]) -> Before:
    """Read after `hold`, by a statement of its own: what others committed until then is seen."""
    logs, rescored = {}, frozenset[int]()
    for attempt_id, bodies, hashes, touched in await connection.fetch(sql.before, attempt_ids, item_ids):
        entries = enumerate(zip(bodies, hashes, strict=True))
        logs[attempt_id] = [Entry(position=place, body=body.encode(), hash=seal) for place, (body, seal) in entries]
        rescored = frozenset(touched)
    return Before(logs, rescored)


async def write(connection: Connection, institution_id: int, ended: Sequence[Ended]) -> int:
    """Write last answers, decisions and log entries in one statement; how many sittings ended."""
    answered = [end.answered for end in ended]
    return int(
        await connection.fetchval(
            sql.write,
            institution_id,
            [end.session_id for end in ended],
            [item.position for item in answered],
            [item.client_id for item in answered],
            [item.request_hash for item in answered],
            [msgspec.json.encode(item.answer).decode() for item in answered],
            [item.category for item in answered],
            [item.score for item in answered],
            [end.theta for end in ended],
            [end.sem for end in ended],
            [end.reason for end in ended],
            [end.outcome.decode() for end in ended],
            [end.attempt_id for end in ended],
            [end.entry.position for end in ended],
            [end.entry.body.decode() for end in ended],
            [end.entry.hash for end in ended],
            [end.account_id for end in ended],
        )
    )
