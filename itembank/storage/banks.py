"""Banks: a named collection of items tied to one framework."""

from uuid import UUID, uuid4

import msgspec

from itembank.storage.database import Connection
from itembank.storage.sql import load

sql = load(__file__)


class Bank(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    uuid: UUID
    key: str
    title: str
    framework_id: int


async def create(connection: Connection, institution_id: int, framework_id: int, key: str, title: str) -> int:
    """Make a bank; its key is unique in the institution."""
    return int(await connection.fetchval(sql.create, uuid4(), institution_id, framework_id, key, title))


async def find(connection: Connection, key: str) -> Bank | None:
    """The bank of that key."""
    row = await connection.fetchrow(sql.find, key)
    return None if row is None else msgspec.convert(dict(row), Bank)


async def lock(connection: Connection, bank_id: int) -> None:
    """Keep other imports and publications of this bank waiting until the transaction ends."""
    await connection.execute(sql.lock, bank_id)


async def all_banks(connection: Connection) -> list[Bank]:
    """The institution's banks by key."""
    return [msgspec.convert(dict(row), Bank) for row in await connection.fetch(sql.list)]
