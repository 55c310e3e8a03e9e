"""Courses made of modules, and each learner's ledger: modules credited and revoked, courses completed and reopened."""

from collections.abc import Sequence
from uuid import uuid4

import msgspec

from engine.credit import Course, LedgerEntry
from itembank.records import canonical
from itembank.storage.database import Connection
from itembank.storage.sql import load

sql = load(__file__)


async def publish(connection: Connection, institution_id: int, course: Course, published_by: int) -> None:
    """Keep a course; one that is there already stays as it is."""
    document = canonical(course).decode()
    await connection.execute(sql.publish, uuid4(), institution_id, course.key, document, published_by)


async def find(connection: Connection, key: str) -> Course | None:
    """The course of that key."""
    document = await connection.fetchval(sql.find, key)
    return None if document is None else msgspec.json.decode(document, type=Course)


async def every(connection: Connection) -> list[Course]:
    """All courses of the institution, oldest first."""
    return [msgspec.json.decode(row["document"], type=Course) for row in await connection.fetch(sql.every)]


async def lock(connection: Connection, account_id: int) -> None:
    """Keep others from settling this learner's courses until the transaction ends."""
    await connection.execute(sql.lock, account_id % 2**31)


async def ledger(connection: Connection, account_id: int) -> list[LedgerEntry]:
    """Everything that happened to a learner's modules and courses, oldest first."""
    return [msgspec.convert(dict(row), LedgerEntry) for row in await connection.fetch(sql.ledger, account_id)]


async def add_entry(connection: Connection, institution_id: int, account_id: int, entry: LedgerEntry) -> None:
    """Write that a course was completed or reopened; the number keeps the two in turns."""
    await connection.execute(sql.add_entry, account_id, institution_id, entry.key, entry.kind, entry.at)


async def holders(connection: Connection, modules: Sequence[str]) -> list[int]:
    """The accounts with credit, live or revoked, for any of these modules."""
    return [row["account_id"] for row in await connection.fetch(sql.holders, list(modules))]
