"""What was answered in a sitting that was struck stays in the record and enters no gap report."""

from typing import Any

import pytest

from itembank.storage.database import Database
from tests.api.conftest import body
from tests.journeys.walking import Client, account, open_attempt
from tests.journeys.words import publish_words


@pytest.fixture(scope="module")
async def words(sample_database: Database) -> None:
    await publish_words(sample_database, 12)


async def sit(client: Client, headers: dict[str, str], attempt: str, word: str) -> tuple[str, int]:
    """A sitting in which every answer is this word: its uuid and length."""
    url = f"/api/v1/attempts/{attempt}/sessions"
    session = body(await client.post(url, json={"occasion": "post_test"}, headers=headers), 201)
    n = 0
    while session["state"] == "open":
        given = {"position": session["item"]["position"], "answer": word}
        session = body(
            await client.post(f"/api/v1/sessions/{session['uuid']}/responses", json=given, headers=headers), 201
        )
        n += 1
    return str(session["uuid"]), n


async def reported(client: Client, headers: dict[str, str], attempt: str, status: int = 200) -> dict[str, Any]:
    found: dict[str, Any] = body(await client.get(f"/api/v1/attempts/{attempt}/gap-report", headers=headers), status)
    return found


async def test_answers_of_a_struck_sitting_say_nothing(
    sample_client: Client, sample_database: Database, words: None
) -> None:
    registrar, _ = await account(sample_database, "strikes", "registrar")
    headers, _ = await account(sample_database, "somebody else sat for them")
    attempt = await open_attempt(sample_client, headers, "words")
    struck, n_struck = await sit(sample_client, headers, attempt, "wrong")
    before = await reported(sample_client, headers, attempt)
    assert [part["n_answers"] for part in before["parts"]] == [n_struck]
    event = {"event": "sitting_voided", "session": struck, "reason": "another person sat"}
    body(await sample_client.post(f"/api/v1/attempts/{attempt}/events", json=event, headers=registrar), 201)
    await reported(sample_client, headers, attempt, 404)
    _, n_own = await sit(sample_client, headers, attempt, "right")
    (part,) = (await reported(sample_client, headers, attempt))["parts"]
    assert part["n_answers"] == n_own
    assert part["theta"] > 0.5 > before["parts"][0]["theta"], "the struck answers would have pulled it down"
    assert part.get("change") is None, "there is no earlier sitting to compare with"
    fresh, _ = await account(sample_database, "sat alone")
    alone = await open_attempt(sample_client, fresh, "words")
    await sit(sample_client, fresh, alone, "right")
    (same,) = (await reported(sample_client, fresh, alone))["parts"]
    assert part["sem"] == pytest.approx(same["sem"], abs=0.1)
