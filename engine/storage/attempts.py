"""Attempts and the chained events that decide them."""

from datetime import datetime
from uuid import UUID, uuid4

import msgspec

from itembank.storage.database import Connection
from itembank.storage.sql import load

sql = load(__file__)


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One learner's way through one assessment."""

    id: int
    uuid: UUID
    account_id: int
    assessment_id: int
    assessment_version_id: int
    created_at: datetime


async def open_attempt(
    connection: Connection, institution_id: int, account_id: int, assessment_id: int, version_id: int
) -> tuple[Attempt, bool]:
    """The learner's attempt at the assessment, and whether it is new."""
    made = await connection.fetchval(sql.open, uuid4(), institution_id, account_id, assessment_id, version_id)
    row = await connection.fetchrow(sql.of_learner, account_id, assessment_id)
    return msgspec.convert(dict(row), Attempt), made is not None


async def find(connection: Connection, uuid: UUID) -> Attempt | None:
    """The attempt of that uuid."""
    row = await connection.fetchrow(sql.find, uuid)
    return None if row is None else msgspec.convert(dict(row), Attempt)


async def get(connection: Connection, attempt_id: int) -> Attempt:
    """The attempt of that id."""
    return msgspec.convert(dict(await connection.fetchrow(sql.get, attempt_id)), Attempt)


async def of_account(connection: Connection, account_id: int) -> list[Attempt]:
    """All attempts of a learner, oldest first."""
    return [msgspec.convert(dict(row), Attempt) for row in await connection.fetch(sql.of_account, account_id)]


async def every(connection: Connection) -> list[Attempt]:
    """All attempts of the institution, oldest first."""
    return [msgspec.convert(dict(row), Attempt) for row in await connection.fetch(sql.all)]


async def lock(connection: Connection, attempt_id: int) -> datetime:
    """Keep other steps of this attempt waiting until the transaction ends; returns the database's clock."""
    now: datetime = await connection.fetchval(sql.lock, attempt_id)
    return now


async def head(connection: Connection, attempt_id: int) -> str:
    """The hash of the last event, kept apart from the log."""
    return str(await connection.fetchval(sql.head, attempt_id))


async def events(connection: Connection, attempt_id: int) -> list[tuple[str, str]]:
    """(body, hash) of the attempt's events in order; bodies byte for byte as written."""
    return [(row["body"], row["hash"]) for row in await connection.fetch(sql.events, attempt_id)]


async def append(
    connection: Connection,
    institution_id: int,
    attempt_id: int,
    entries: list[tuple[int, str, str, datetime]],
    actor_id: int,
) -> None:
    """Write the next events (position, body, hash, moment)."""
    rows = [
        (attempt_id, institution_id, position, body, link, actor_id, moment) for position, body, link, moment in entries
    ]
    await connection.executemany(sql.append, rows)
    await connection.execute(sql.set_head, attempt_id, entries[-1][2])
