"""The statements of the hot path read the rows of their own sittings, however many others are open."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from msgspec import json

from engine.storage import answers
from itembank.storage.database import Database
from tests.api.conftest import learner
from tests.journeys.test_sitting_rules import Client, start

N_OTHERS = 6000
MOST_BUFFERS = 100
"""Pages looked at for one sitting; the index of the open ones alone has more."""
GRACE = timedelta(seconds=5)

CROWD = """
WITH people AS (
    INSERT INTO account (uuid, institution_id, pseudonym, roles)
    SELECT gen_random_uuid(), institution_id, 'crowd-' || n, roles
    FROM account, generate_series(1, $2) AS n WHERE id = (SELECT account_id FROM session WHERE uuid = $1)
    RETURNING id
), attempts AS (
    INSERT INTO attempt (uuid, institution_id, account_id, assessment_id, assessment_version_id)
    SELECT gen_random_uuid(), a.institution_id, p.id, a.assessment_id, a.assessment_version_id
    FROM people p, attempt a WHERE a.id = (SELECT attempt_id FROM session WHERE uuid = $1)
    RETURNING id, account_id
), sittings AS (
    INSERT INTO session (
        uuid, institution_id, attempt_id, account_id, bank_version_id, occasion, tie_key, position, theta, sem,
        started_at
    )
    SELECT gen_random_uuid(), s.institution_id, a.id, a.account_id, s.bank_version_id, s.occasion, s.tie_key, 0,
        s.theta, s.sem, s.started_at
    FROM attempts a, session s WHERE s.uuid = $1
    RETURNING id, account_id
)
INSERT INTO session_item (
    session_id, institution_id, position, account_id, item_id, bank_position, is_pretest, shown_at
)
SELECT s.id, i.institution_id, 0, s.account_id, i.item_id, i.bank_position, i.is_pretest, i.shown_at
FROM sittings s, session_item i WHERE i.session_id = (SELECT id FROM session WHERE uuid = $1)
"""
HERE = """
SELECT s.id, s.attempt_id, s.institution_id, s.account_id, a.head,
    (SELECT count(*)::integer FROM attempt_event e WHERE e.attempt_id = a.id) AS n_events,
    (SELECT min(i.id) FROM item i WHERE i.id <> o.item_id AND i.institution_id = s.institution_id) AS other_item
FROM session s JOIN attempt a ON a.id = s.attempt_id JOIN session_item o ON o.session_id = s.id WHERE s.uuid = $1
"""


@pytest.fixture
async def crowded(
    sample_client: Client, sample_database: Database, sample_dsn: str
) -> AsyncIterator[tuple[asyncpg.Connection, Any, UUID]]:
    """A connection of the program among thousands of open sittings, one sitting's ids, and its uuid."""
    _, session = await start(sample_client, await learner(sample_database, f"crowded {uuid4()}"))
    uuid = UUID(session["uuid"])
    connection = await asyncpg.connect(sample_dsn, server_settings={"jit": "off"})
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute(CROWD, uuid, N_OTHERS)
        await connection.execute("SET LOCAL session_replication_role = origin")
        here = await connection.fetchrow(HERE, uuid)
        await connection.execute("SET LOCAL ROLE assay_app")
        yield connection, here, uuid
    finally:
        await transaction.rollback()
        await connection.close()


async def buffers(connection: asyncpg.Connection, statement: str, *arguments: object) -> int:
    """How many pages a statement looks at, those within its function included, once its plans are made."""
    looked_at = 0
    for _ in range(2):
        trial = connection.transaction()
        await trial.start()
        found = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", *arguments)
        await trial.rollback()
        plan = json.decode(found)[0]["Plan"]
        assert plan["Actual Rows"] == 1, "it found its sitting"
        looked_at = int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
    return looked_at


def answered(position: int) -> tuple[list[Any], ...]:
    return [position], [uuid4()], [bytes(32)], ['"A"'], [0], [0.0]


async def test_a_sitting_is_looked_up_by_its_key(crowded: Any) -> None:
    connection, here, uuid = crowded
    assert await buffers(connection, answers.sql.running, here["institution_id"], [uuid]) < MOST_BUFFERS


async def test_an_answer_is_taken_by_its_key(crowded: Any) -> None:
    connection, here, _ = crowded
    arguments = (
        here["institution_id"], GRACE, [here["id"]], *answered(0), [0.1], [0.9], [here["account_id"]],
        [here["other_item"]], [1], [False], [None],
    )  # fmt: skip
    assert await buffers(connection, answers.sql.take, *arguments) < MOST_BUFFERS


async def test_a_sitting_is_ended_by_its_key(crowded: Any) -> None:
    connection, here, _ = crowded
    now = await connection.fetchval("SELECT now()")
    arguments = (
        here["institution_id"], GRACE, now, [here["id"]], *answered(0), [0.1], [0.9], ["max_items"], ["{}"],
        [here["attempt_id"]], [here["head"]], [here["n_events"]], ["{}"], ["a" * 64], [here["account_id"]],
    )  # fmt: skip
    assert await buffers(connection, answers.sql.end, *arguments) < MOST_BUFFERS
