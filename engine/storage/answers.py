"""Answers to items on screen, many sittings at a time: locked together, written together."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from engine.sessions import Administered, SessionRow
from itembank.records import Record
from itembank.storage.database import Connection, Database
from itembank.storage.sql import load

sql = load(__file__)

PLANNER = "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
"""A handful of rows by key out of tables that may be empty or huge: always by their indexes."""


class Locked(Record, frozen=True, kw_only=True):
    """A sitting whose row is held until the transaction ends, and the assessment version that it pins."""

    session: SessionRow
    assessment_version_id: int


class Moved(Record, frozen=True, kw_only=True):
    """A scored answer, the item that follows it, and the ability estimated after it."""

    session_id: int
    account_id: int
    answered: Administered
    following: Administered
    theta: float
    sem: float


async def lock(connection: Connection, uuids: Sequence[UUID]) -> dict[int, Locked]:
    """The sittings that exist and that no other step holds, by the uuid's number; nothing here waits for anybody."""
    return {record["uuid"].int: _locked(dict(record)) for record in await connection.fetch(sql.lock, uuids)}


def _locked(fields: dict[str, object]) -> Locked:
    version = fields.pop("assessment_version_id")
    for name in ("pool", "outcome"):
        text = fields[name]
        fields[name] = None if text is None else msgspec.json.decode(str(text))
    return Locked(session=SessionRow(**fields), assessment_version_id=version)  # type: ignore[arg-type]


async def administered(connection: Connection, session_ids: Sequence[int]) -> dict[int, list[Administered]]:
    """The items shown so far in each sitting, in order, each with its answer."""
    found: dict[int, list[Administered]] = {session_id: [] for session_id in session_ids}
    for record in await connection.fetch(sql.administered, session_ids):
        fields = dict(record)
        fields["answer"] = None if fields["answer"] is None else msgspec.json.decode(fields["answer"])
        found[fields.pop("session_id")].append(Administered(**fields))
    return found


async def seen_earlier(connection: Connection, sessions: Sequence[SessionRow]) -> dict[int, set[int]]:
    """The ids of items that each sitting's learner was shown in earlier sittings."""
    found: dict[int, set[int]] = {session.id: set() for session in sessions}
    rows = await connection.fetch(
        sql.seen_earlier, [session.id for session in sessions], [session.account_id for session in sessions]
    )
    for session_id, item_id in rows:
        found[session_id].add(item_id)
    return found


class Taken(NamedTuple):
    """What became of an answer that was taken: its sitting's deadline now, and the moment of the database's clock."""

    deadline: datetime | None
    moment: datetime


def columns(answered: Sequence[Administered]) -> tuple[list[Any], ...]:
    """Answers as columns of `response`: position, client's id, hash of what was sent, answer, category, score."""
    return (
        [item.position for item in answered],
        [item.client_id for item in answered],
        [item.request_hash for item in answered],
        [msgspec.json.encode(item.answer).decode() for item in answered],
        [item.category for item in answered],
        [item.score for item in answered],
    )


async def take(
    source: "Database | Connection", institution_id: int, moves: Sequence[Moved], grace: timedelta
) -> dict[int, Taken]:
    """Write answers and the items that follow; what was taken, by session id. The rest was left as it stands.

    From a database it is a transaction by itself, on disk when this returns; on a connection, part of its own.
    """
    answered = [move.answered for move in moves]
    following = [move.following for move in moves]
    arguments = (
        institution_id,
        grace,
        [move.session_id for move in moves],
        *columns(answered),
        [move.theta for move in moves],
        [move.sem for move in moves],
        [move.account_id for move in moves],
        [item.item_id for item in following],
        [item.bank_position for item in following],
        [item.is_pretest for item in following],
    )
    rows = await (source.at_once if isinstance(source, Database) else source.fetch)(sql.take, *arguments)
    return {session_id: Taken(until, moment) for session_id, until, moment in rows}
