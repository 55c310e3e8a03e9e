"""A transaction that only asks: it sees what it writes, and nobody sees it afterwards."""

import pytest

from itembank.storage import accounts, institutions
from itembank.storage.database import Database


async def test_what_is_only_asked_is_seen_inside_and_gone_afterwards(database: Database, database_dsn: str) -> None:
    institution = await institutions.create(database_dsn, "asking", "Asking")
    async with database.transaction(institution, keep=False) as connection:
        await accounts.create(connection, institution, "nobody", ["learner"])
        assert await accounts.find(connection, "nobody") is not None
    async with database.transaction(institution) as connection:
        assert await accounts.find(connection, "nobody") is None


async def test_an_error_while_asking_is_told(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.transaction(None, keep=False):
            raise ZeroDivisionError
    async with database.transaction(None) as connection:
        assert await connection.fetchval("SELECT 1") == 1
