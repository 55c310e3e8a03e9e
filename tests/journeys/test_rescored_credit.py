"""Credit follows the decisions: a key that proves wrong takes it from one learner and gives it to another."""

from decimal import Decimal
from typing import Any

import pytest

from engine.credit import Course, Part
from engine.workflows.publish_course import publish_course
from engine.workflows.replay import replay_sessions
from itembank.storage.database import Database
from tests.api.conftest import body
from tests.journeys.walking import Client, account, open_attempt
from tests.journeys.words import publish_words

URL = "/api/v1/rescorings"


@pytest.fixture(scope="module")
async def words(sample_database: Database) -> None:
    await publish_words(sample_database)
    course = Course(key="words-course", title="Words", parts=(Part(module="words", hours=Decimal("0.1")),))
    await publish_course(sample_database, 1, course, 1)


async def sit(client: Client, headers: dict[str, str], word: str) -> str:
    """An attempt in which every answer is this word."""
    attempt = await open_attempt(client, headers, "words")
    url = f"/api/v1/attempts/{attempt}/sessions"
    session = body(await client.post(url, json={"occasion": "post_test"}, headers=headers), 201)
    while session["state"] == "open":
        given = {"position": session["item"]["position"], "answer": word}
        url = f"/api/v1/sessions/{session['uuid']}/responses"
        session = body(await client.post(url, json=given, headers=headers), 201)
    return attempt


async def standing(client: Client, headers: dict[str, str], attempt: str) -> dict[str, Any]:
    found: dict[str, Any] = body(await client.get(f"/api/v1/attempts/{attempt}", headers=headers), 200)
    return found


async def course_of(client: Client, headers: dict[str, str]) -> bool:
    listed = body(await client.get("/api/v1/courses", headers=headers), 200)
    return bool(next(one for one in listed if one["key"] == "words-course")["complete"])


async def test_a_wrong_key_moves_credit_from_one_learner_to_another(
    sample_client: Client, sample_database: Database, words: None
) -> None:
    registrar, _ = await account(sample_database, "a registrar", "registrar")
    had, had_uuid = await account(sample_database, "was told right")
    lacked, lacked_uuid = await account(sample_database, "was right")
    first, second = await sit(sample_client, had, "right"), await sit(sample_client, lacked, "alpha")
    assert (await standing(sample_client, had, first))["state"] == "credited"
    assert (await standing(sample_client, lacked, second))["credit"] is None
    credential = body(await sample_client.get(f"/api/v1/attempts/{first}/credential", headers=had), 200)
    assert await course_of(sample_client, had)
    outcomes: dict[str, set[str]] = {had_uuid: set(), lacked_uuid: set()}
    for number in range(6):
        sent = {
            "bank": "words", "item": f"word-{number}", "kind": "rekey", "reason": "the key was of another edition",
            "hold_harmless": False, "key": {"RESPONSE": ["alpha"]}, "named": "the registrar",
        }  # fmt: skip
        done = body(await sample_client.post(URL, json=sent, headers=registrar), 201)
        for one in done["affected"]:
            outcomes[one["learner"]].add(one["outcome"])
            credited_before = one["credential"] in ("revoke", "replace")
            assert credited_before == (one["passed_before"])
        replayed = await replay_sessions(sample_database, 1)
        assert replayed.differences == ()
    assert "no_longer_passes" in outcomes[had_uuid]
    assert "now_passes" in outcomes[lacked_uuid]
    lost = await standing(sample_client, had, first)
    assert (lost["credit"], lost["state"] == "credited") == (None, False)
    assert body(await sample_client.get(f"/api/v1/verify/{credential['uuid']}"), 200)["status"] == "revoked"
    assert not await course_of(sample_client, had)
    won = await standing(sample_client, lacked, second)
    assert (won["state"], won["credit"]["hours"]) == ("credited", "0.1")
    issued = body(await sample_client.get(f"/api/v1/attempts/{second}/credential", headers=lacked), 200)
    assert body(await sample_client.get(f"/api/v1/verify/{issued['uuid']}"), 200)["status"] == "valid"
    assert await course_of(sample_client, lacked)
