"""What advisors wrote down about learners, and when they meant to look again."""

from datetime import date, datetime
from uuid import UUID, uuid4

import msgspec

from itembank.storage.database import Connection
from itembank.storage.sql import load

sql = load(__file__)


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """One note. `follow_up_on`: the day to look again; `done_at`: when that was done."""

    uuid: UUID
    learner: UUID
    learner_name: str
    author: str
    body: str
    follow_up_on: date | None
    created_at: datetime
    done_at: datetime | None


async def add(
    connection: Connection, institution_id: int, account_id: int, author_id: int, body: str, follow_up_on: date | None
) -> None:
    """Write a note about a learner."""
    await connection.execute(sql.add, uuid4(), institution_id, account_id, author_id, body, follow_up_on)


async def of_learner(connection: Connection, account_id: int) -> list[Note]:
    """The notes about a learner, newest first."""
    return [msgspec.convert(dict(row), Note) for row in await connection.fetch(sql.of_learner, account_id)]


async def due(connection: Connection, today: date) -> list[Note]:
    """The notes whose day has come, the oldest first."""
    return [msgspec.convert(dict(row), Note) for row in await connection.fetch(sql.due, today)]


async def done(connection: Connection, uuid: UUID) -> None:
    """The follow-up of a note has been done."""
    await connection.execute(sql.done, uuid)
