"""A granted pause over HTTP: the deadline moves later, the question is put away, and nothing more is given."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from engine.workflows.replay import replay_sessions
from itembank.storage.database import Database
from tests.api.conftest import body
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
