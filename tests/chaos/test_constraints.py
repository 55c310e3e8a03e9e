"""The last line: whatever a program does, the database itself keeps one answer, one open sitting, one credit."""

import asyncpg
import pytest

from itembank.storage.database import Database
from tests.benchmarks.server_bank import seat_learners

COPIES = {
    "an open sitting": """INSERT INTO session (uuid, institution_id, attempt_id, account_id, bank_version_id, occasion,
        tie_key, position, theta, sem, started_at) SELECT gen_random_uuid(), institution_id, attempt_id, account_id,
        bank_version_id, occasion, tie_key, position, theta, sem, started_at FROM session WHERE uuid = $1""",
    "an item on screen": """INSERT INTO session_item (session_id, institution_id, position, account_id, item_id,
        bank_position, is_pretest, shown_at) SELECT i.session_id, i.institution_id, i.position + 1, i.account_id,
        i.item_id, i.bank_position, i.is_pretest, i.shown_at FROM session_item i JOIN session s ON s.id = i.session_id
        WHERE s.uuid = $1""",
}


@pytest.mark.parametrize("what", sorted(COPIES))
async def test_the_database_refuses_a_second(
    what: str, database: Database, database_dsn: str, short_institution: int
) -> None:
    (seat,) = await seat_learners(database_dsn, short_institution, 1, f"second {what}")
    with pytest.raises(asyncpg.UniqueViolationError):
        async with database.transaction(short_institution) as connection:
            await connection.execute(COPIES[what], seat.session)


async def test_the_database_refuses_a_second_answer(
    database: Database, database_dsn: str, short_institution: int
) -> None:
    (seat,) = await seat_learners(database_dsn, short_institution, 1, "second answer")
    add = """INSERT INTO response (session_id, position, institution_id, client_id, request_hash, answer, category,
        score, answered_at) SELECT id, 0, institution_id, gen_random_uuid(), decode(repeat('00', 32), 'hex'), '{}', 0,
        0, now() FROM session WHERE uuid = $1"""
    async with database.transaction(short_institution) as connection:
        await connection.execute(add, seat.session)
    with pytest.raises(asyncpg.UniqueViolationError):
        async with database.transaction(short_institution) as connection:
            await connection.execute(add, seat.session)
