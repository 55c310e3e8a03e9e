"""Institutions: the tenants."""

from uuid import UUID, uuid4

import asyncpg
import msgspec

from itembank.storage.database import Connection, Database
from itembank.storage.sql import load

sql = load(__file__)


class Institution(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant: everything else belongs to exactly one."""

    id: int
    uuid: UUID
    key: str
    name: str
    time_zone: str
    is_sample: bool


async def create(owner_dsn: str, key: str, name: str, *, time_zone: str = "UTC", is_sample: bool = False) -> int:
    """Make an institution, or find the one of that key. Only the owner of the database may; so it takes the DSN."""
    connection = await asyncpg.connect(owner_dsn)
    try:
        made = await connection.fetchval(sql.create, uuid4(), key, name, time_zone, is_sample)
        return int(made if made is not None else await connection.fetchval(sql.find, key))
    finally:
        await connection.close()


async def find(database: Database, key: str) -> int | None:
    """The id of the institution with that key."""
    async with database.transaction(None) as connection:
        found = await connection.fetchval(sql.find, key)
    return None if found is None else int(found)


async def get(connection: Connection, institution_id: int) -> Institution:
    """The institution of this transaction."""
    return msgspec.convert(dict(await connection.fetchrow(sql.get, institution_id)), Institution)
