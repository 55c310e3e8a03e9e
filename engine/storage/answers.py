"""Answers to items on screen, many sittings at a time: locked together, written together, last ones among them."""

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


class Ended(Record, frozen=True, kw_only=True):
    """The last answer of a sitting, the decision from it, and the entry that seals it in a log that ends at `head`."""

    session_id: int
    attempt_id: int
    account_id: int
    answered: Administered
    theta: float
    sem: float
    reason: str
    outcome: bytes
    head: str
    entry: Entry


_RUNNING = msgspec.json.Decoder(Running)


async def running(database: Database, institution_id: int, uuids: Sequence[UUID]) -> list[Running]:
    """The sittings on screen that run, as they stand; nothing is held."""
    return [_RUNNING.decode(row["found"]) for row in await database.at_once(sql.running, institution_id, uuids)]


class Taken(NamedTuple):
    """What became of an answer that was taken: its sitting's deadline now, and the moment of the database's clock."""

    deadline: datetime | None
    moment: datetime


async def write(
    database: Database,
    institution_id: int,
    moves: Sequence[Moved],
    ends: Sequence[Ended],
    now: datetime,
    grace: timedelta,
) -> tuple[dict[int, Taken], set[int]]:
    """Write answers with the items that follow, and last answers with all that ends their sittings, in one transaction.

    now: the database's clock, by which the sittings end. On disk when this returns: what was taken, by session id, and
    the ids of the sittings that ended. The rest was left as it stands.
    """
    given: tuple[object, ...] = (institution_id, grace)
    if not ends:
        rows = await database.at_once(sql.take, *given, *_of_moves(moves))
    elif not moves:
        rows = await database.at_once(sql.end, *given, now, *_of_ends(ends))
    else:
        rows = await database.at_once(sql.take_and_end, *given, *_of_moves(moves), now, *_of_ends(ends))
    taken = {session_id: Taken(until, moment) for session_id, until, moment in rows if moment is not None}
    return taken, {session_id for session_id, _, moment in rows if moment is None}


def _of_moves(moves: Sequence[Moved]) -> tuple[list[Any], ...]:
    following = [move.following for move in moves]
    return (
        [move.session_id for move in moves],
        *_columns([move.answered for move in moves]),
        [move.theta for move in moves],
        [move.sem for move in moves],
        [move.account_id for move in moves],
        [item.item_id for item in following],
        [item.bank_position for item in following],
        [item.is_pretest for item in following],
        [move.moment for move in moves],
    )


def _of_ends(ends: Sequence[Ended]) -> tuple[list[Any], ...]:
    return (
        [end.session_id for end in ends],
        *_columns([end.answered for end in ends]),
        [end.theta for end in ends],
        [end.sem for end in ends],
        [end.reason for end in ends],
        [end.outcome.decode() for end in ends],
        [end.attempt_id for end in ends],
        [end.head for end in ends],
        [end.entry.position for end in ends],
        [end.entry.body.decode() for end in ends],
        [end.entry.hash for end in ends],
        [end.account_id for end in ends],
    )


def _columns(answered: Sequence[Administered]) -> tuple[list[Any], ...]:
    """Answers as columns of `response`: position, client's id, hash of what was sent, answer, category, score."""
    return (
        [item.position for item in answered],
        [item.client_id for item in answered],
        [item.request_hash for item in answered],
        [msgspec.json.encode(item.answer).decode() for item in answered],
        [item.category for item in answered],
        [item.score for item in answered],
    )
