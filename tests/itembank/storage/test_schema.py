"""schema.sql is what the migrations make, and every tenant table is guarded."""

import asyncio
from pathlib import Path
from uuid import uuid4

import asyncpg

import itembank.storage
from itembank.storage.database import Database, migrate
from tests.conftest import with_database

SCHEMA = Path(itembank.storage.__file__).with_name("schema.sql")

CATALOGUE = {
    "columns": """SELECT table_name, column_name, ordinal_position, data_type, is_nullable, column_default,
        identity_generation FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 3""",
    "constraints": """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2""",
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
    "policies": """SELECT tablename, policyname, cmd, qual, with_check FROM pg_policies ORDER BY 1, 2""",
    "security": """SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1""",
    "functions": """SELECT proname, pg_get_functiondef(oid) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace ORDER BY 1""",
    "grants": """SELECT table_name, column_name, privilege_type FROM information_schema.column_privileges
        WHERE grantee = 'assay_app' ORDER BY 1, 2, 3""",
    "deletes": """SELECT table_name FROM information_schema.table_privileges
        WHERE grantee = 'assay_app' AND privilege_type = 'DELETE' ORDER BY 1""",
}


async def describe(dsn: str) -> dict[str, list[tuple[object, ...]]]:
    connection = await asyncpg.connect(dsn)
    try:
        found = {name: [tuple(row) for row in await connection.fetch(query)] for name, query in CATALOGUE.items()}
    finally:
        await connection.close()
    return {name: [row for row in rows if "alembic_version" not in str(row[0])] for name, rows in found.items()}


async def test_schema_file_equals_migrations(server_dsn: str, template_dsn: str) -> None:
    name = f"assay_schema_{uuid4().hex[:8]}"
    keeper = await asyncpg.connect(server_dsn)
    await keeper.execute(f'CREATE DATABASE "{name}"')
    by_file = with_database(server_dsn, name)
    connection = await asyncpg.connect(by_file)
    await connection.execute(SCHEMA.read_text("utf-8"))
    await connection.close()
    try:
        expected, actual = await describe(by_file), await describe(template_dsn)
    finally:
        await keeper.execute(f'DROP DATABASE "{name}"')
        await keeper.close()
    for part in CATALOGUE:
        ours = [row for row in actual[part] if "alembic_version" not in str(row)]
        assert ours == expected[part], part


async def test_every_tenant_table_forces_row_level_security(template_dsn: str) -> None:
    connection = await asyncpg.connect(template_dsn)
    rows = await connection.fetch(
        """SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AS forced,
            EXISTS (SELECT 1 FROM pg_policies p WHERE p.tablename = c.relname AND p.policyname = 'tenant') AS guarded
        FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'alembic_version'"""
    )
    await connection.close()
    assert len(rows) > 20
    assert [row["relname"] for row in rows if not (row["forced"] and row["guarded"])] == []


async def test_the_application_cannot_bypass_row_level_security(database: Database) -> None:
    async with database.transaction(None) as connection:
        role = await connection.fetchrow(
            "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        )
        assert tuple(role) == ("assay_app", False, False)
        assert await connection.fetch("SELECT id FROM institution") == []


async def test_several_processes_may_migrate_at_once(server_dsn: str) -> None:
    name = f"assay_race_{uuid4().hex[:8]}"
    keeper = await asyncpg.connect(server_dsn)
    await keeper.execute(f'CREATE DATABASE "{name}"')
    dsn = with_database(server_dsn, name)
    try:
        await asyncio.gather(*(migrate(dsn) for _ in range(4)))
        connection = await asyncpg.connect(dsn)
        assert await connection.fetchval("SELECT count(*) FROM alembic_version") == 1
        await connection.close()
    finally:
        await keeper.execute(f'DROP DATABASE "{name}"')
        await keeper.close()
