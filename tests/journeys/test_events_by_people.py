"""What people write into an attempt over HTTP: each kind by those who may, and what follows from it."""

from datetime import datetime
from typing import Any

import pytest

from engine.workflows.replay import replay_sessions
from itembank.items import Item
from itembank.storage.database import Database
from tests.api.conftest import body
from tests.journeys.walking import Client, account, event, nothing, open_attempt, sample_items, sit


@pytest.fixture(scope="module")
async def items(sample_database: Database) -> dict[str, Item]:
    return await sample_items(sample_database)


@pytest.fixture(scope="module")
async def advisor(sample_database: Database) -> dict[str, str]:
    return (await account(sample_database, "an advisor", "advisor"))[0]


@pytest.fixture(scope="module")
async def registrar(sample_database: Database) -> dict[str, str]:
    return (await account(sample_database, "a registrar", "registrar"))[0]


async def start(client: Client, headers: dict[str, str], attempt: str, occasion: str) -> Any:
    return await client.post(f"/api/v1/attempts/{attempt}/sessions", json={"occasion": occasion}, headers=headers)


def starts(standing: dict[str, Any]) -> list[str]:
    return [may["occasion"] for may in standing["may"] if may["action"] == "start"]


async def test_learning_opens_the_post_test_on_the_learners_own_word(
    sample_client: Client, sample_database: Database, items: dict[str, Item]
) -> None:
    headers, _ = await account(sample_database, "learns")
    attempt = await open_attempt(sample_client, headers)
    await sit(sample_client, headers, attempt, "pre_test", items, nothing)
    before = body(await sample_client.get(f"/api/v1/attempts/{attempt}", headers=headers), 200)
    assert starts(before) == []
    refused = await event(sample_client, headers, attempt, "learning_recorded", 422, what="intervention", minutes=60)
    assert "by an advisor" in refused["detail"]
    after = await event(sample_client, headers, attempt, "learning_recorded", minutes=90, resource="OpenIntro, ch. 2")
    assert starts(after) == ["post_test"]


async def test_staff_see_and_write_what_their_role_lets(
    sample_client: Client,
    sample_database: Database,
    items: dict[str, Item],
    advisor: dict[str, str],
    registrar: dict[str, str],
) -> None:
    headers, learner = await account(sample_database, "seen")
    attempt = await open_attempt(sample_client, headers)
    await sit(sample_client, headers, attempt, "pre_test", items, nothing)
    for staff in (advisor, registrar):
        seen = body(await sample_client.get(f"/api/v1/attempts/{attempt}", headers=staff), 200)
        listed = body(await sample_client.get(f"/api/v1/learners/{learner}/attempts", headers=staff), 200)
        assert [seen] == listed
        report = body(await sample_client.get(f"/api/v1/attempts/{attempt}/gap-report", headers=staff), 200)
        assert len(report["parts"]) == 5
    assert (await sample_client.get(f"/api/v1/learners/{learner}/attempts", headers=headers)).status_code == 403
    stranger, _ = await account(sample_database, "not seen")
    assert (await sample_client.get(f"/api/v1/attempts/{attempt}", headers=stranger)).status_code == 404
    await event(sample_client, stranger, attempt, "learning_recorded", 404)
    await event(sample_client, headers, attempt, "approval_given", 403, occasion="pre_test")
    await event(sample_client, headers, attempt, "accommodation_set", 403, untimed=True)
    session = seen["occasions"][0]
    assert session["attempts_used"] == 1
    await event(sample_client, advisor, attempt, "sitting_voided", 403, session=attempt, reason="not mine to strike")
    await event(sample_client, advisor, attempt, "approval_given", 409, occasion="no such occasion")
    await event(sample_client, advisor, attempt, "attempt_opened", 400)


async def test_a_rule_is_lifted_as_far_as_the_policy_lets_and_no_further(
    sample_client: Client, sample_database: Database, items: dict[str, Item], advisor: dict[str, str]
) -> None:
    headers, _ = await account(sample_database, "waits")
    attempt = await open_attempt(sample_client, headers)
    await sit(sample_client, headers, attempt, "pre_test", items, nothing)
    problem = body(await start(sample_client, headers, attempt, "pre_test"), 409)
    assert [refusal["rule"] for refusal in problem["refusals"]] == ["wait"]
    await event(
        sample_client, advisor, attempt, "rule_lifted", 409, rule="learning", occasion="post_test", reason="no"
        " such lift in the policy",
    )  # fmt: skip
    lifted = await event(
        sample_client, advisor, attempt, "rule_lifted", rule="wait", occasion="pre_test", reason="the room was on fire"
    )
    assert starts(lifted) == ["pre_test"]
    again = await event(
        sample_client, advisor, attempt, "rule_lifted", 409, rule="wait", occasion="pre_test", reason="once more"
    )
    assert again["type"] == "urn:assay:problem:refused-by-policy"


async def test_extra_time_reaches_a_sitting_that_runs_and_attempts_to_come(
    sample_client: Client, sample_database: Database, items: dict[str, Item], advisor: dict[str, str]
) -> None:
    headers, _ = await account(sample_database, "needs time")
    attempt = await open_attempt(sample_client, headers)
    await sit(sample_client, headers, attempt, "pre_test", items)
    session = body(await start(sample_client, headers, attempt, "post_test"), 201)
    url = f"/api/v1/sessions/{session['uuid']}"

    async def deadline() -> datetime | None:
        told = body(await sample_client.get(url, headers=headers), 200)["deadline"]
        return None if told is None else datetime.fromisoformat(told)

    first = await deadline()
    assert first is not None
    await event(sample_client, advisor, attempt, "accommodation_set", extra_time_percent=50)
    second = await deadline()
    assert second is not None
    assert (second - first).total_seconds() == 30 * 60
    await event(sample_client, advisor, attempt, "accommodation_set", extra_time_percent=25)
    assert await deadline() == second, "time that was given is not taken away during a sitting"
    await event(sample_client, advisor, attempt, "accommodation_set", untimed=True)
    assert await deadline() is None
    body(await sample_client.post(f"{url}/finish", headers=headers), 201)
    async with sample_database.transaction(1) as connection:
        bodies = await connection.fetch(
            "SELECT e.body FROM attempt_event e JOIN attempt a ON a.id = e.attempt_id WHERE a.uuid = $1::text::uuid",
            attempt,
        )
    assert sum("accommodation_set" in row["body"] for row in bodies) == 3


async def test_a_sitting_struck_with_its_reason_counts_for_nothing_and_stays_in_the_record(
    sample_client: Client,
    sample_database: Database,
    items: dict[str, Item],
    registrar: dict[str, str],
) -> None:
    headers, _ = await account(sample_database, "fire drill")
    attempt = await open_attempt(sample_client, headers)
    session = body(await start(sample_client, headers, attempt, "pre_test"), 201)
    reason = "fire alarm in the test room"
    struck = await event(sample_client, registrar, attempt, "sitting_voided", session=session["uuid"], reason=reason)
    assert struck["occasions"][0]["attempts_used"] == 0
    assert struck["occasions"][0]["decision"] is None
    told = body(await sample_client.get(f"/api/v1/sessions/{session['uuid']}", headers=headers), 200)
    assert (told["state"], told["reason"]) == ("finished", "voided")
    twice = await event(
        sample_client, registrar, attempt, "sitting_voided", 409, session=session["uuid"], reason=reason
    )
    assert twice["refusals"][0]["rule"] == "sitting_state"
    assert (await sample_client.get(f"/api/v1/attempts/{attempt}/gap-report", headers=headers)).status_code == 404
    passed = await sit(sample_client, headers, attempt, "pre_test", items)
    assert passed["decision"]["passed"]
    spent = await event(
        sample_client, registrar, attempt, "sitting_voided", session=passed["uuid"], reason="another person sat",
        uses_attempt=True,
    )  # fmt: skip
    assert spent["occasions"][0]["attempts_used"] == 1
    assert "post_test" not in starts(spent)
    replayed = await replay_sessions(sample_database, 1, session["uuid"])
    assert (replayed.n_sessions, replayed.n_identical) == (1, 1)


async def test_a_closed_attempt_starts_nothing_more(
    sample_client: Client, sample_database: Database, registrar: dict[str, str]
) -> None:
    headers, _ = await account(sample_database, "leaves")
    attempt = await open_attempt(sample_client, headers)
    session = body(await start(sample_client, headers, attempt, "pre_test"), 201)
    running = await event(sample_client, headers, attempt, "attempt_closed", 422)
    assert "is running" in running["detail"]
    body(await sample_client.post(f"/api/v1/sessions/{session['uuid']}/finish", headers=headers), 201)
    for who in (headers, registrar):
        closed = await event(sample_client, who, attempt, "attempt_closed", reason="moved away")
        assert (closed["state"], starts(closed)) == ("closed", [])
    refused = body(await start(sample_client, headers, attempt, "pre_test"), 409)
    assert {refusal["rule"] for refusal in refused["refusals"]} == {"closed"}


async def test_an_event_is_written_once_for_an_idempotency_key(
    sample_client: Client, sample_database: Database, advisor: dict[str, str]
) -> None:
    headers, _ = await account(sample_database, "twice")
    attempt = await open_attempt(sample_client, headers)
    sent = {"event": "learning_recorded", "what": "intervention", "minutes": 45}
    url = f"/api/v1/attempts/{attempt}/events"
    for _ in range(3):
        body(await sample_client.post(url, json=sent, headers=advisor | {"Idempotency-Key": "an event"}), 201)
    async with sample_database.transaction(1) as connection:
        written = await connection.fetchval(
            "SELECT count(*) FROM attempt_event e JOIN attempt a ON a.id = e.attempt_id"
            " WHERE a.uuid = $1::text::uuid AND e.body::text LIKE '%intervention%'",
            attempt,
        )
    assert written == 1
