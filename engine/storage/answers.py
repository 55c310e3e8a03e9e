"""Answers to items on screen, many sittings at a time: locked together, written together."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from engine.record import Entry
from engine.sessions import Administered, SessionRow
from itembank.records import Record
from itembank.storage.database import Database
from itembank.storage.sql import load

sql = load(__file__)


class Log(Record, frozen=True, kw_only=True):
    """An attempt's log as it was stored: its sealed entries, in order, and its head."""

    bodies: tuple[str, ...]
    seals: tuple[str, ...]
    head: str

    @property
    def chain(self) -> list[Entry]:
        """The entries, not verified."""
        entries = enumerate(zip(self.bodies, self.seals, strict=True))
        return [Entry(position=place, body=body.encode(), hash=seal) for place, (body, seal) in entries]


class Running(Record, frozen=True, kw_only=True):
    """A running sitting, the assessment version that it pins, its attempt's log, the items shown so far, in order, and
    the ids of items that its learner was shown in earlier sittings."""

    session: SessionRow
    assessment_version_id: int
    log: Log
    shown: tuple[Administered, ...]
    seen: set[int]


class Moved(Record, frozen=True, kw_only=True):
    """A scored answer, the item that follows it, and the ability estimated after it.

    `moment`: that of the database's clock by which the item was chosen, where the rules look at the time.
    """

    session_id: int
    account_id: int
    answered: Administered
    following: Administered
    theta: float
    sem: float
    moment: datetime | None = None


_RUNNING = msgspec.json.Decoder(Running)


async def running(database: Database, institution_id: int, uuids: Sequence[UUID]) -> list[Running]:
    """The sittings on screen that run, as they stand; nothing is held."""
    return [_RUNNING.decode(row["found"]) for row in await database.at_once(sql.running, institution_id, uuids)]


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


async def take(database: Database, institution_id: int, moves: Sequence[Moved], grace: timedelta) -> dict[int, Taken]:
    """Write answers and the items that follow, on disk when this returns; what was taken, by session id.

    The rest was left as it stands.
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
        [move.moment for move in moves],
    )
    rows = await database.at_once(sql.take, *arguments)
    return {session_id: Taken(until, moment) for session_id, until, moment in rows}
