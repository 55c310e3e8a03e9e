"""Answers to requests already carried out."""

import msgspec

from itembank.storage.database import Connection
from itembank.storage.sql import load

sql = load(__file__)


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What was answered, and to which request."""

    request_hash: bytes
    status: int
    body: bytes


async def find(connection: Connection, account_id: int, key: str) -> Kept | None:
    """The answer kept under this account's key."""
    row = await connection.fetchrow(sql.find, account_id, key)
    return None if row is None else msgspec.convert(dict(row), Kept)


async def keep(
    connection: Connection,
    institution_id: int,
    account_id: int,
    key: str,
    request_hash: bytes,
    status: int,
    body: bytes,
) -> None:
    """Keep an answer; the first one under a key stays."""
    await connection.execute(sql.keep, institution_id, account_id, key, request_hash, status, body)
