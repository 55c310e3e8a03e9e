"""Credit whose sitting fails after rescoring rests on the other passed sitting, with a credential that says so."""

from typing import Any

import pytest

from engine.workflows.replay import replay_sessions
from itembank.storage.database import Database
from tests.api.conftest import body
from tests.journeys.test_rescored_credit import URL, standing
from tests.journeys.walking import Client, account, open_attempt
from tests.journeys.words import POLICY, publish_words

TWICE = POLICY.replace('key = "post_test"\n', 'key = "post_test"\nafter_pass = "open"\nmaximum = 2\n')


@pytest.fixture(scope="module")
async def words(sample_database: Database) -> None:
    await publish_words(sample_database, 12, TWICE)


async def sit(client: Client, headers: dict[str, str], attempt: str) -> str:
    """A sitting in which every answer is right; its uuid."""
    url = f"/api/v1/attempts/{attempt}/sessions"
    session = body(await client.post(url, json={"occasion": "post_test"}, headers=headers), 201)
    while session["state"] == "open":
        given = {"position": session["item"]["position"], "answer": "right"}
        url = f"/api/v1/sessions/{session['uuid']}/responses"
        session = body(await client.post(url, json=given, headers=headers), 201)
    assert session["decision"]["passed"]
    return str(session["uuid"])


async def items_of(database: Database, sitting: str) -> list[str]:
    query = """
        SELECT i.key FROM session_item AS shown JOIN session AS s ON s.id = shown.session_id
        JOIN item AS i ON i.id = shown.item_id WHERE s.uuid = $1 ORDER BY shown.position
    """
    async with database.transaction(1) as connection:
        return [row["key"] for row in await connection.fetch(query, sitting)]


async def rekey(client: Client, headers: dict[str, str], items: list[str]) -> list[dict[str, Any]]:
    """What became of every affected sitting."""
    affected = []
    for item in items:
        sent = {
            "bank": "words", "item": item, "kind": "rekey", "reason": "the key was of another edition",
            "hold_harmless": False, "key": {"RESPONSE": ["alpha"]}, "named": "the registrar",
        }  # fmt: skip
        affected += body(await client.post(URL, json=sent, headers=headers), 201)["affected"]
    return affected


async def decided(client: Client, headers: dict[str, str], sitting: str) -> float:
    found = body(await client.get(f"/api/v1/sessions/{sitting}", headers=headers), 200)
    return float(found["decision"]["percent"])


async def badge(client: Client, headers: dict[str, str], attempt: str) -> str:
    """The uuid of the credential as it is now."""
    return str(body(await client.get(f"/api/v1/attempts/{attempt}/credential", headers=headers), 200)["uuid"])


async def status(client: Client, credential: str) -> str:
    return str(body(await client.get(f"/api/v1/verify/{credential}"), 200)["status"])


async def test_credit_rests_on_the_highest_and_goes_only_when_nothing_passes(
    sample_client: Client, sample_database: Database, words: None
) -> None:
    registrar, _ = await account(sample_database, "a registrar", "registrar")
    learner, _ = await account(sample_database, "passed twice")
    attempt = await open_attempt(sample_client, learner, "words")
    first = await sit(sample_client, learner, attempt)
    oldest = await badge(sample_client, learner, attempt)
    second = await sit(sample_client, learner, attempt)
    scores = {sitting: await decided(sample_client, learner, sitting) for sitting in (first, second)}
    assert scores[first] != scores[second]
    highest, other = sorted(scores, key=lambda sitting: -scores[sitting])
    held = await standing(sample_client, learner, attempt)
    assert held["credit"]["grade"] == f"{int(scores[highest])} %"
    assert (await status(sample_client, oldest) == "revoked") is (highest == second)
    shown = await badge(sample_client, learner, attempt)
    assert await status(sample_client, shown) == "valid"
    told = await rekey(sample_client, registrar, await items_of(sample_database, highest))
    assert [one["credential"] for one in told if one["outcome"] == "no_longer_passes"] in (["replace"], [""])
    assert "revoke" not in {one["credential"] for one in told}
    kept = await standing(sample_client, learner, attempt)
    assert (kept["state"], kept["credit"]["hours"]) == ("credited", "0.1")
    assert kept["credit"]["grade"] == f"{int(scores[other])} %"
    assert await status(sample_client, shown) == "revoked"
    reissued = await badge(sample_client, learner, attempt)
    assert (reissued != shown, await status(sample_client, reissued)) == (True, "valid")
    assert (await replay_sessions(sample_database, 1)).differences == ()
    told = await rekey(sample_client, registrar, await items_of(sample_database, other))
    assert "revoke" in {one["credential"] for one in told}
    lost = await standing(sample_client, learner, attempt)
    assert (lost["credit"], lost["state"] == "credited") == (None, False)
    assert await status(sample_client, reissued) == "revoked"
    assert (await replay_sessions(sample_database, 1)).differences == ()
