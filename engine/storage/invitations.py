"""One-time links for raters. What is said about people stands here and not in the log, so that it can be erased."""

from datetime import datetime

import msgspec

from itembank.storage.database import Connection, Database
from itembank.storage.sql import load

sql = load(__file__)


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """A link as it is kept: the hash of its token, who was asked, when it was used and what was added in words."""

    token_hash: str
    attempt_id: int
    requirement: str
    rater: str
    comment: str
    invited_at: datetime
    used_at: datetime | None


async def add(
    connection: Connection,
    institution_id: int,
    token_hash: str,
    attempt_id: int,
    requirement: str,
    rater: str,
    invited_by: int,
    now: datetime,
) -> None:
    """Keep a link's hash and whom it went to."""
    await connection.execute(sql.add, token_hash, institution_id, attempt_id, requirement, rater, invited_by, now)


async def institution_of(database: Database, token_hash: str) -> int | None:
    """Which institution sent the link; whoever holds it may ask."""
    async with database.transaction(None) as connection:
        found = await connection.fetchval(sql.institution_of, token_hash)
    return None if found is None else int(found)


async def find(connection: Connection, token_hash: str) -> Invitation | None:
    """The invitation behind a token's hash."""
    row = await connection.fetchrow(sql.find, token_hash)
    return None if row is None else msgspec.convert(dict(row), Invitation)


async def of_attempt(connection: Connection, attempt_id: int) -> list[Invitation]:
    """The invitations of an attempt, oldest first."""
    return [msgspec.convert(dict(row), Invitation) for row in await connection.fetch(sql.of_attempt, attempt_id)]


async def used(connection: Connection, token_hash: str, now: datetime, comment: str) -> None:
    """The link was used, with these words."""
    await connection.execute(sql.used, token_hash, now, comment)


async def forget_words(connection: Connection, account_id: int) -> None:
    """Erase who rated a learner and what they wrote."""
    await connection.execute(sql.forget_words, account_id)
