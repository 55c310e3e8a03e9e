"""A server works out the step of a sitting it remembers before it holds the row: what happened elsewhere counts."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from api.app import create_app
from api.settings import Settings
from engine.storage import answers
from engine.workflows.heard_clock import HeardClock
from itembank.storage.database import Database
from tests.api.at_once import AtOnce, at_once
from tests.api.conftest import body, learner
from tests.journeys.test_sitting_rules import Client, as_owner, start, wrong_answer
from tests.journeys.test_two_servers import other_client

__all__ = ["other_client"]

Sat = tuple[dict[str, str], str, dict[str, Any]]


async def answer(client: Any, headers: dict[str, str], url: str, session: dict[str, Any]) -> Any:
    given = {
        "position": session["item"]["position"], "answer": wrong_answer(session["item"]), "id": str(uuid4()),
    }  # fmt: skip
    return await client.post(f"{url}/responses", json=given, headers=headers)


ENDED = """
SELECT extract(epoch FROM now() - s.finished_at)::double precision AS age,
    s.finished_at = (e.body ->> 'at')::timestamptz AND s.finished_at = max(r.answered_at) AS is_one
FROM session s JOIN attempt_event e ON e.attempt_id = s.attempt_id AND e.body ->> 'sitting' = s.uuid::text
    JOIN response r ON r.session_id = s.id
WHERE s.uuid = $1::text::uuid AND e.body ->> 'event' = 'sitting_finished'
GROUP BY s.id, e.body ->> 'at'
"""


@pytest.fixture
async def known(sample_client: Client, sample_database: Database) -> Sat:
    """A sitting that has just moved on the first server: its learner's headers, its address, where it stands."""
    headers = await learner(sample_database, f"known {uuid4()}")
    _, session = await start(sample_client, headers)
    url = f"/api/v1/sessions/{session['uuid']}"
    for _ in range(2):
        session = body(await answer(sample_client, headers, url, session), 201)
    return headers, url, session


async def test_a_sitting_that_another_server_ended_takes_no_answer(
    sample_client: Client, other_client: Client, sample_database: Database, known: Sat
) -> None:
    headers, url, session = known
    body(await other_client.post(f"{url}/finish", headers=headers), 201)
    refused = await answer(sample_client, headers, url, session)
    assert refused.status_code == 409
    async with sample_database.transaction(1) as connection:
        n_answers = await connection.fetchval(
            "SELECT count(*) FROM response r JOIN session s ON s.id = r.session_id WHERE s.uuid = $1::text::uuid",
            session["uuid"],
        )
    assert n_answers == 2


async def test_a_known_sitting_whose_time_is_up_ends(sample_client: Client, sample_dsn: str, known: Sat) -> None:
    headers, url, session = known
    past = "UPDATE session SET deadline = now() - interval '1 minute' WHERE uuid = $1::text::uuid"
    await as_owner(sample_dsn, past, session["uuid"])
    ended = body(await answer(sample_client, headers, url, session), 201)
    assert (ended["state"], ended["reason"], ended["decision"]["n_items"]) == ("finished", "time_limit", 2)


async def test_a_deadline_that_was_moved_elsewhere_is_told(sample_client: Client, sample_dsn: str, known: Sat) -> None:
    headers, url, session = known
    before = datetime.now().astimezone() + timedelta(hours=9)
    later = "UPDATE session SET deadline = now() + interval '9 hours' WHERE uuid = $1::text::uuid"
    await as_owner(sample_dsn, later, session["uuid"])
    moved = body(await answer(sample_client, headers, url, session), 201)
    assert datetime.fromisoformat(moved["deadline"]) >= before
    assert moved["seconds_left"] == pytest.approx(9 * 3600, abs=60)


@pytest.mark.parametrize("seconds", [-10.0, 0.0, 0.05, 10.0])
async def test_a_sitting_ends_at_the_moment_of_the_database(
    sample_client: Client, sample_database: Database, monkeypatch: pytest.MonkeyPatch, known: Sat, seconds: float
) -> None:
    headers, url, session = known
    heard = HeardClock.now
    monkeypatch.setattr(HeardClock, "now", lambda clock, at: heard(clock, at) + timedelta(seconds=seconds))
    while session["item"]:
        session = body(await answer(sample_client, headers, url, session), 201)
    async with sample_database.transaction(1) as connection:
        age, is_one = await connection.fetchrow(ENDED, session["uuid"])
    assert 0 <= age < 5, "a clock that is wrong ends nothing"
    assert is_one


async def test_an_answer_waits_for_a_row_that_somebody_holds(sample_dsn: str, known: Sat) -> None:
    headers, url, session = known
    connection = await asyncpg.connect(sample_dsn)
    async with at_once(create_app(Settings(public_url="http://testserver.local"), sample_dsn)) as server:
        session = body(await answer(server, headers, url, session), 201)
        async with connection.transaction():
            await connection.execute("SELECT 1 FROM session WHERE uuid = $1::text::uuid FOR UPDATE", session["uuid"])
            waiting = asyncio.create_task(answer(server, headers, url, session))
            done, _ = await asyncio.wait([waiting], timeout=0.5)
            assert not done
        assert body(await waiting, 201)["answered"] == 4
    await connection.close()


async def test_nothing_is_refused_by_what_may_be_old(
    sample_client: Client, other_client: Client, sample_database: Database, known: Sat
) -> None:
    headers, url, session = known
    given = {"position": session["item"]["position"], "answer": wrong_answer(session["item"]), "id": str(uuid4())}
    body(await other_client.post(f"{url}/responses", json=given, headers=headers), 201)
    changed = {**given, "answer": ["no such choice", "nor this"]}
    refused = await sample_client.post(f"{url}/responses", json=changed, headers=headers)
    assert refused.status_code == 422
    assert refused.json()["type"].endswith("reused-id")
    fresh = {**changed, "id": str(uuid4())}
    assert (await sample_client.post(f"{url}/responses", json=fresh, headers=headers)).status_code == 409


async def test_one_batch_is_written_at_a_time_and_leaves_half_of_the_answers(
    busy_client: AtOnce, sample_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_learners, at_work, most, sizes, write = 24, 0, 0, [], answers.write

    async def watched(*given: Any) -> Any:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        sizes.append(len(given[2]) + len(given[3]))
        await asyncio.sleep(0.05)
        written = await write(*given)
        at_work -= 1
        return written

    sittings: list[Sat] = []
    for _ in range(n_learners):
        headers = await learner(sample_database, f"one of many {uuid4()}")
        _, session = await start(busy_client, headers)
        url = f"/api/v1/sessions/{session['uuid']}"
        sittings.append((headers, url, body(await answer(busy_client, headers, url, session), 201)))
    monkeypatch.setattr(answers, "write", watched)
    given = await asyncio.gather(*(answer(busy_client, *sitting) for sitting in sittings))
    assert [body(one, 201)["answered"] for one in given] == [2] * n_learners
    assert sum(sizes) == n_learners
    assert most == 1
    assert max(sizes) <= n_learners / 2
