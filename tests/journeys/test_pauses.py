"""A granted pause over HTTP: the deadline moves later, the question is put away, and nothing more is given."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from api.app import create_app
from api.pages.items.rendering import FIELD
from api.settings import Settings
from engine.workflows.replay import replay_sessions
from itembank.storage.database import Database
from tests.api.at_once import AtOnce, at_once
from tests.api.conftest import body
from tests.journeys.test_sitting_rules import as_owner
from tests.journeys.walking import Client, account, open_attempt
from tests.journeys.words import POLICY, publish_words

TIMED = POLICY.replace('key = "post_test"\n', 'key = "post_test"\ntime_limit_minutes = 30\n')


@pytest.fixture(scope="module")
async def words(sample_database: Database) -> None:
    await publish_words(sample_database, 6, TIMED)


async def begin(client: Client, database: Database, name: str, **granted: int) -> tuple[dict[str, str], str]:
    """A learner's headers and the address of a sitting that runs."""
    registrar, _ = await account(database, f"registrar of {name}", "registrar")
    headers, _ = await account(database, name)
    attempt = await open_attempt(client, headers, "words")
    event = {"event": "accommodation_set", **granted}
    body(await client.post(f"/api/v1/attempts/{attempt}/events", json=event, headers=registrar), 201)
    url = f"/api/v1/attempts/{attempt}/sessions"
    session = body(await client.post(url, json={"occasion": "post_test"}, headers=headers), 201)
    return headers, f"/api/v1/sessions/{session['uuid']}"


@pytest.fixture(scope="module")
async def servers(sample_dsn: str, words: None) -> AsyncIterator[tuple[AtOnce, AtOnce]]:
    """Two server processes' worth of state on one database."""
    first, second = (create_app(Settings(public_url="http://testserver.local"), sample_dsn) for _ in range(2))
    async with at_once(first) as one, at_once(second) as other:
        yield one, other


def reply(position: int) -> dict[str, Any]:
    """A wrong answer: no credit falls due at the end, which is then written by the statement for many."""
    return {"position": position, "answer": "wrong", "id": str(uuid4())}


async def row(database: Database, url: str) -> dict[str, Any]:
    """A sitting as it is kept, with the number of answers."""
    async with database.transaction(1) as connection:
        found = await connection.fetchrow(
            "SELECT *, (SELECT count(*) FROM response r WHERE r.session_id = s.id) AS n FROM session s"
            " WHERE uuid = $1::text::uuid",
            url.rsplit("/", 1)[1],
        )
    return dict(found)


async def deadline(client: Client, headers: dict[str, str], url: str) -> datetime:
    found: dict[str, Any] = body(await client.get(url, headers=headers), 200)
    return datetime.fromisoformat(found["deadline"])


async def test_a_pause_moves_the_deadline_and_no_third_is_given(
    sample_client: Client, sample_database: Database, words: None
) -> None:
    headers, url = await begin(sample_client, sample_database, "rests", pauses=2, pause_minutes=10)
    before = await deadline(sample_client, headers, url)
    first = body(await sample_client.post(f"{url}/pause", headers=headers), 201)
    assert (first["pauses_left"], first["minutes"]) == (1, 10)
    assert await deadline(sample_client, headers, url) == before + timedelta(minutes=10)
    again = body(await sample_client.post(f"{url}/pause", headers=headers | {"idempotency-key": "a-2"}), 201)
    assert again == first, "a repeat takes no second pause"
    assert body(await sample_client.post(f"{url}/resume", headers=headers), 200)["until"] is None
    assert body(await sample_client.post(f"{url}/resume", headers=headers), 200)["pauses_left"] == 1
    body(await sample_client.post(f"{url}/pause", headers=headers), 201)
    total = await deadline(sample_client, headers, url) - before
    assert timedelta(minutes=10) <= total < timedelta(minutes=11), "what was not rested was not added again"
    body(await sample_client.post(f"{url}/resume", headers=headers), 200)
    refused = body(await sample_client.post(f"{url}/pause", headers=headers), 409)
    assert refused["refusals"][0]["rule"] == "pauses"
    assert "2 were granted" in refused["refusals"][0]["sentence"]


async def test_others_cannot_pause_it_and_an_ended_sitting_has_none(
    sample_client: Client, sample_database: Database, words: None
) -> None:
    headers, url = await begin(sample_client, sample_database, "is left alone", pauses=1, pause_minutes=5)
    other, _ = await account(sample_database, "another learner")
    assert (await sample_client.post(f"{url}/pause", headers=other)).status_code == 404
    body(await sample_client.post(f"{url}/finish", headers=headers), 201)
    assert (await sample_client.post(f"{url}/pause", headers=headers)).status_code == 409
    assert (await replay_sessions(sample_database, 1, url.rsplit("/", 1)[1])).differences == ()


async def test_the_page_has_a_button_and_puts_the_question_away(
    sample_client: Client, sample_database: Database, words: None
) -> None:
    headers, url = await begin(sample_client, sample_database, "presses", pauses=1, pause_minutes=15)
    page = f"/sittings/{url.rsplit('/', 1)[1]}"
    html = headers | {"accept": "text/html"}
    asked = (await sample_client.get(page, headers=html)).text
    assert "Take a pause of up to 15 minutes" in asked
    assert "Say it in a word" in asked
    resting = (await sample_client.post(f"{page}/pause", headers=html)).text
    assert resting == (await sample_client.get(page, headers=html)).text
    assert "You are taking a pause" in resting
    assert "Say it in a word" not in resting
    back = (await sample_client.post(f"{page}/resume", headers=html)).text
    assert "Say it in a word" in back
    assert "Take a pause" not in back


async def test_without_a_grant_there_is_no_button(
    sample_client: Client, sample_database: Database, words: None
) -> None:
    headers, url = await begin(sample_client, sample_database, "needs none", extra_time_percent=25)
    page = f"/sittings/{url.rsplit('/', 1)[1]}"
    assert "Take a pause" not in (await sample_client.get(page, headers=headers | {"accept": "text/html"})).text
    assert (await sample_client.post(f"{url}/pause", headers=headers)).status_code == 409


@pytest.mark.parametrize("n_known", [0, 1, 3], ids=["at the first question", "of a known sitting", "that would end it"])
async def test_no_answer_is_taken_in_a_pause(
    servers: tuple[AtOnce, AtOnce], sample_client: Client, sample_database: Database, n_known: int
) -> None:
    """A server that remembers the sitting does not know of the pause, which another one began."""
    here, there = servers
    headers, url = await begin(sample_client, sample_database, f"thinks {n_known}", pauses=1, pause_minutes=10)
    for position in range(n_known):
        body(await here.post(f"{url}/responses", json=reply(position), headers=headers), 201)
    rests = body(await there.post(f"{url}/pause", headers=headers), 201)
    seen = body(await here.get(url, headers=headers), 200)
    assert (seen["state"], seen["item"], seen["paused_until"]) == ("paused", None, rests["until"])
    given, before = reply(n_known), await row(sample_database, url)
    for server in (here, there, here):
        refused = body(await server.post(f"{url}/responses", json=given, headers=headers), 409)
        assert refused["type"] == "urn:assay:problem:sitting-paused"
        assert "Resume the sitting" in refused["detail"]
    assert await row(sample_database, url) == before
    assert (before["n"], before["position"]) == (n_known, n_known)
    body(await there.post(f"{url}/resume", headers=headers), 200)
    taken = body(await here.post(f"{url}/responses", json=given, headers=headers), 201)
    assert taken["state"] == ("finished" if n_known == 3 else "open")
    assert datetime.fromisoformat(taken["deadline"]) == before["deadline"]
    assert (await replay_sessions(sample_database, 1, url.rsplit("/", 1)[1])).differences == ()


async def test_what_was_answered_before_is_told_again_without_the_question(
    sample_client: Client, sample_database: Database, words: None
) -> None:
    headers, url = await begin(sample_client, sample_database, "sends again", pauses=1, pause_minutes=10)
    given = reply(0)
    assert body(await sample_client.post(f"{url}/responses", json=given, headers=headers), 201)["item"]
    body(await sample_client.post(f"{url}/pause", headers=headers), 201)
    again = body(await sample_client.post(f"{url}/responses", json=given, headers=headers), 200)
    assert (again["state"], again["item"], again["answered"]) == ("paused", None, 1)
    attempts = body(await sample_client.get("/api/v1/attempts", headers=headers), 200)
    found = await sample_client.post(
        f"/api/v1/attempts/{attempts[0]['uuid']}/sessions", json={"occasion": "post_test"}, headers=headers
    )
    assert body(found, 200)["item"] is None


@pytest.mark.parametrize("n_known", [0, 1, 3])
async def test_a_pause_ends_by_itself(
    sample_client: Client, sample_database: Database, sample_dsn: str, words: None, n_known: int
) -> None:
    headers, url = await begin(sample_client, sample_database, f"is slow {n_known}", pauses=1, pause_minutes=10)
    for position in range(n_known):
        body(await sample_client.post(f"{url}/responses", json=reply(position), headers=headers), 201)
    body(await sample_client.post(f"{url}/pause", headers=headers), 201)
    past = "UPDATE session SET paused_until = now() WHERE uuid = $1::text::uuid"
    await as_owner(sample_dsn, past, url.rsplit("/", 1)[1])
    assert body(await sample_client.get(url, headers=headers), 200)["item"]["position"] == n_known
    body(await sample_client.post(f"{url}/responses", json=reply(n_known), headers=headers), 201)


async def test_time_that_is_up_in_a_pause_ends_the_sitting(
    sample_client: Client, sample_database: Database, sample_dsn: str, words: None
) -> None:
    headers, url = await begin(sample_client, sample_database, "rests too late", pauses=1, pause_minutes=10)
    body(await sample_client.post(f"{url}/pause", headers=headers), 201)
    past = "UPDATE session SET deadline = now() - interval '1 minute' WHERE uuid = $1::text::uuid"
    await as_owner(sample_dsn, past, url.rsplit("/", 1)[1])
    assert body(await sample_client.get(url, headers=headers), 200)["state"] == "open"
    ended = body(await sample_client.post(f"{url}/responses", json=reply(0), headers=headers), 201)
    assert (ended["state"], ended["reason"], ended["answered"]) == ("finished", "time_limit", 0)


async def test_a_sitting_may_be_given_up_in_a_pause(
    sample_client: Client, sample_database: Database, words: None
) -> None:
    headers, url = await begin(sample_client, sample_database, "gives up", pauses=1, pause_minutes=10)
    body(await sample_client.post(f"{url}/pause", headers=headers), 201)
    assert (await row(sample_database, url))["paused_until"] is not None
    ended = body(await sample_client.post(f"{url}/finish", headers=headers), 201)
    assert (ended["state"], ended["reason"]) == ("finished", "ended_by_learner")
    assert (await row(sample_database, url))["paused_until"] is None


async def test_the_page_keeps_what_was_sent_in_a_pause_and_takes_it_afterwards(
    sample_client: Client, sample_database: Database, words: None
) -> None:
    headers, url = await begin(sample_client, sample_database, "has two tabs", pauses=1, pause_minutes=10)
    page, html = f"/sittings/{url.rsplit('/', 1)[1]}", headers | {"accept": "text/html"}
    body(await sample_client.post(f"{url}/pause", headers=headers), 201)
    form = {"position": "0", "id": str(uuid4()), f"{FIELD}RESPONSE": "a word of mine", "action": "answer"}
    resting = (await sample_client.post(page, data=form, headers=html)).text
    assert "You are taking a pause" in resting
    assert (await row(sample_database, url))["n"] == 0
    back = (await sample_client.post(f"{page}/resume", headers=html)).text
    assert "a word of mine" in back


def kinds(answers: Sequence[Any]) -> list[str]:
    return sorted("taken" if one.status_code == 201 else one.json()["type"].rsplit(":", 1)[1] for one in answers)


async def test_a_pause_and_sixty_four_answers_at_once(
    servers: tuple[AtOnce, AtOnce], sample_client: Client, sample_database: Database
) -> None:
    """One answer at most comes before the pause; what comes behind it is refused, whoever asks which server."""
    here, there = servers
    sat = [
        await begin(sample_client, sample_database, f"presses both {n}", pauses=1, pause_minutes=10) for n in range(8)
    ]
    for headers, url in sat[:4]:
        body(await here.post(f"{url}/responses", json=reply(0), headers=headers), 201)
    answers = [
        server.post(f"{url}/responses", json=reply(int(place < 4)), headers=headers)
        for place, (headers, url) in enumerate(sat) for server in (here, there) for _ in range(4)
    ]  # fmt: skip
    for place, (headers, url) in enumerate(sat):
        answers.insert(9 * place + place, here.post(f"{url}/pause", headers=headers))
    told = await asyncio.gather(*answers)
    assert [answer.status_code for answer in told if answer.url.path.endswith("pause")] == [201] * 8
    for place, (headers, url) in enumerate(sat):
        own = kinds([one for one in told if one.url.path == f"{url}/responses"])
        taken, kept = own.count("taken"), await row(sample_database, url)
        assert taken <= 1
        assert set(own) <= {"taken", "already-answered", "sitting-paused"}
        assert kept["n"] == kept["position"] == taken + (place < 4)
        refused = await there.post(f"{url}/responses", json=reply(kept["n"]), headers=headers)
        assert kinds([refused]) == ["sitting-paused"]


async def test_an_ended_sitting_cannot_be_kept_at_rest(
    sample_client: Client, sample_database: Database, sample_dsn: str, words: None
) -> None:
    headers, url = await begin(sample_client, sample_database, "has ended", pauses=1, pause_minutes=10)
    body(await sample_client.post(f"{url}/finish", headers=headers), 201)
    rests = "UPDATE session SET paused_until = now() WHERE uuid = $1::text::uuid"
    with pytest.raises(asyncpg.CheckViolationError):
        await as_owner(sample_dsn, rests, url.rsplit("/", 1)[1])
