"""Row-level security alone: with no filter of the program's own, no row of another institution is read or written."""

import asyncpg
import pytest

from itembank.storage.database import Database
from tests.security.conftest import Tenant

TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attname = 'institution_id' ORDER BY 1
"""


async def tables(dsn: str) -> dict[str, dict[int, int]]:
    """Rows by institution in every tenant table, as its owner sees them."""
    connection = await asyncpg.connect(dsn)
    try:
        found = {}
        for (name,) in await connection.fetch(TABLES):
            counted = f"SELECT institution_id, count(*) FROM {name} GROUP BY institution_id"
            found[name] = {tenant: count for tenant, count in await connection.fetch(counted)}  # noqa: C416
        return found
    finally:
        await connection.close()


async def test_every_table_shows_one_institution_alone(
    sample_database: Database, sample_dsn: str, home: Tenant, elsewhere: Tenant
) -> None:
    rows = await tables(sample_dsn)
    assert len(rows) > 20
    assert sum(home.id in counts for counts in rows.values()) >= 8
    for place in (home.id, elsewhere.id, None):
        async with sample_database.transaction(place) as connection:
            for name, counts in rows.items():
                seen = await connection.fetch(f"SELECT institution_id FROM {name}")
                assert len(seen) == counts.get(place or 0, 0), name
                assert {row[0] for row in seen} <= {place}, name


async def test_no_statement_changes_a_row_of_another_institution(
    sample_database: Database, sample_dsn: str, home: Tenant, elsewhere: Tenant
) -> None:
    before = await tables(sample_dsn)
    for name in before:
        for statement in (f"DELETE FROM {name}", f"UPDATE {name} SET institution_id = {elsewhere.id}"):
            try:
                async with sample_database.transaction(elsewhere.id) as connection:
                    await connection.execute(f"{statement} WHERE institution_id = {home.id}")
            except asyncpg.InsufficientPrivilegeError:
                continue
    assert await tables(sample_dsn) == before


async def test_no_row_is_planted_in_another_institution(
    sample_database: Database, home: Tenant, elsewhere: Tenant
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        async with sample_database.transaction(elsewhere.id) as connection:
            await connection.execute(
                "INSERT INTO account (uuid, institution_id, pseudonym, roles) "
                "VALUES (gen_random_uuid(), $1, 'p', '{}')",
                home.id,
            )


async def test_the_application_cannot_become_the_owner(sample_database: Database) -> None:
    for statement in (
        "ALTER TABLE session DISABLE ROW LEVEL SECURITY", "CREATE POLICY everybody ON session USING (true)",
        "UPDATE response SET category = 1", "DELETE FROM attempt_event",
    ):  # fmt: skip
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with sample_database.transaction(None) as connection:
                await connection.execute(statement)
