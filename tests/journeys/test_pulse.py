"""Time by the database's clock: deadlines move only later, and time without service is given back once."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import asyncpg
import pytest

from api.database_server import keep_ready
from engine.storage import pulse
from itembank.storage.database import Database
from tests.api.conftest import body, learner
from tests.journeys.test_sitting_rules import Client, as_owner, start, wrong_answer


async def timed_sitting(client: Client, database: Database, name: str) -> tuple[dict[str, str], str]:
    headers = await learner(database, name)
    _, session = await start(client, headers)
    async with database.transaction(1) as connection:
        await connection.execute("UPDATE session SET deadline = NULL WHERE uuid = $1::text::uuid", session["uuid"])
    return headers, session["uuid"]


async def deadline(database: Database, uuid: str) -> float | None:
    """Seconds until the deadline."""
    async with database.transaction(1) as connection:
        return await connection.fetchval(
            "SELECT extract(epoch FROM deadline - now())::float FROM session WHERE uuid = $1::text::uuid", uuid
        )


async def ends_at(database: Database, uuid: str) -> float:
    """The deadline, in seconds of the clock."""
    async with database.transaction(1) as connection:
        statement = "SELECT extract(epoch FROM deadline)::float FROM session WHERE uuid = $1::text::uuid"
        return float(await connection.fetchval(statement, uuid))


async def silence(dsn: str, seconds: float) -> None:
    await as_owner(
        dsn, "UPDATE service_pulse SET beat_at = clock_timestamp() - make_interval(secs => $1)", float(seconds)
    )


async def set_deadline(dsn: str, uuid: str, seconds: float) -> None:
    await as_owner(
        dsn, "UPDATE session SET deadline = now() + make_interval(secs => $2) WHERE uuid = $1::text::uuid",
        uuid, float(seconds),
    )  # fmt: skip


async def test_time_without_service_is_given_back_once(
    sample_client: Client, sample_database: Database, sample_dsn: str
) -> None:
    _, uuid = await timed_sitting(sample_client, sample_database, "interrupted")
    await set_deadline(sample_dsn, uuid, 300)
    before, began = await ends_at(sample_database, uuid), time.monotonic()
    await silence(sample_dsn, 120)
    given = await asyncio.gather(*(pulse.beat(sample_database) for _ in range(8)))
    moved = await ends_at(sample_database, uuid) - before
    assert 119.9 < moved < 120.1 + time.monotonic() - began
    assert sum(seconds > 0 for seconds in given) <= 1
    assert await pulse.beat(sample_database, timedelta(minutes=1)) == 0.0


async def test_a_deadline_that_fell_into_the_outage_does_not_end_the_sitting(
    sample_client: Client, sample_database: Database, sample_dsn: str
) -> None:
    headers, uuid = await timed_sitting(sample_client, sample_database, "cut-off")
    seen = body(await sample_client.get(f"/api/v1/sessions/{uuid}", headers=headers), 200)
    await set_deadline(sample_dsn, uuid, -30)
    await silence(sample_dsn, 60)
    given = {"position": 0, "answer": wrong_answer(seen["item"])}
    answered = body(await sample_client.post(f"/api/v1/sessions/{uuid}/responses", json=given, headers=headers), 201)
    assert (answered["state"], answered["answered"]) == ("open", 1)
    assert 10 < answered["seconds_left"] < 60


async def test_time_that_was_up_before_the_outage_stays_up(
    sample_client: Client, sample_database: Database, sample_dsn: str
) -> None:
    headers, uuid = await timed_sitting(sample_client, sample_database, "too late")
    seen = body(await sample_client.get(f"/api/v1/sessions/{uuid}", headers=headers), 200)
    await set_deadline(sample_dsn, uuid, -90)
    before = await deadline(sample_database, uuid)
    await silence(sample_dsn, 60)
    given = {"position": 0, "answer": wrong_answer(seen["item"])}
    ended = body(await sample_client.post(f"/api/v1/sessions/{uuid}/responses", json=given, headers=headers), 201)
    assert (ended["state"], ended["reason"]) == ("finished", "time_limit")
    after = await deadline(sample_database, uuid)
    assert before is not None
    assert after is not None
    assert after <= before  # seconds until then: nothing was given to it


async def test_a_short_silence_is_no_outage(sample_database: Database, sample_dsn: str) -> None:
    await silence(sample_dsn, 2)
    assert await pulse.beat(sample_database, timedelta(minutes=1)) == 0.0


async def test_a_server_that_stands_still_while_it_beats_keeps_nobody_waiting(database_dsn: str) -> None:
    waits, stands = threading.Event(), threading.Event()

    async def hold_until_it_stands() -> bool:
        """Let a beat wait for the pulse, let go when its server does nothing any more, and take the pulse again."""
        other = await asyncpg.connect(database_dsn, server_settings={"lock_timeout": "5000"})
        async with other.transaction():
            await other.execute("SELECT FROM service_pulse FOR UPDATE")
            while not await other.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                await other.execute("SELECT pg_sleep(0.01)")
            waits.set()
            await asyncio.to_thread(stands.wait)
        is_free = await other.fetchval("SELECT true FROM service_pulse FOR UPDATE")
        await other.close()
        return bool(is_free)

    async with keep_ready(database_dsn, None):
        with ThreadPoolExecutor(1) as elsewhere:
            done = elsewhere.submit(asyncio.run, hold_until_it_stands())
            await asyncio.to_thread(waits.wait)
            stands.set()
            assert done.result()  # this loop, and with it the server, does nothing until then


async def test_nobody_moves_a_deadline_earlier(
    sample_client: Client, sample_database: Database, sample_dsn: str
) -> None:
    _, uuid = await timed_sitting(sample_client, sample_database, "cheated")
    await set_deadline(sample_dsn, uuid, 300)
    with pytest.raises(asyncpg.CheckViolationError, match="never earlier"):
        async with sample_database.transaction(1) as connection:
            await connection.execute(
                "UPDATE session SET deadline = deadline - interval '1 second' WHERE uuid = $1::text::uuid", uuid
            )
