"""One sitting after another on the sample institution: answers once, in order, and nothing half-saved."""

import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from itembank.storage.database import Database
from sample.bank import load_bank
from tests.api.at_once import AtOnce
from tests.api.conftest import bearer, body, learner
from tests.sample.shown import besides_questions, texts_of

Client = AsyncTestClient[Litestar] | AtOnce


async def open_attempt(client: Client, headers: dict[str, str]) -> str:
    answer = await client.post("/api/v1/attempts", json={"assessment": "data-literacy"}, headers=headers)
    return str(body(answer, 201)["uuid"])


async def start(client: Client, headers: dict[str, str], occasion: str = "pre_test") -> tuple[str, dict[str, Any]]:
    attempt = await open_attempt(client, headers)
    answer = await client.post(f"/api/v1/attempts/{attempt}/sessions", json={"occasion": occasion}, headers=headers)
    return attempt, body(answer, 201)


def wrong_answer(item: dict[str, Any]) -> Any:
    """An answer of the right form that is not right on purpose."""
    interaction = item["content"]["interactions"][0]
    return "-99999" if interaction.get("numeric") else [choice["key"] for choice in interaction["choices"]][:1]


async def as_owner(dsn: str, statement: str, *values: object) -> None:
    """What no program may do: change a row behind the triggers' back."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(statement, *values)
    finally:
        await connection.close()


async def rows(database: Database) -> tuple[int, int, int]:
    async with database.transaction(1) as connection:
        counts = [
            await connection.fetchval(f"SELECT count(*) FROM {table}")
            for table in ("response", "session_item", "attempt_event")
        ]
    return counts[0], counts[1], counts[2]


async def test_nothing_that_leaves_tells_the_answer(sample_client: Client, sample_database: Database) -> None:
    _, session = await start(sample_client, await learner(sample_database, "curious"))
    assert set(session["item"]) == {"position", "item", "content", "draft"}
    rows = [row for row in load_bank() if row["item_id"] == session["item"]["item"]]
    assert len(rows) == 1
    text = besides_questions(texts_of(session), rows)
    for secret in ("scoring", "correct", "rationale", "difficulty", "discrimination", "theta", "competenc"):
        assert secret not in text
    assert session["decision"] is None


async def test_answers_out_of_turn_are_refused_and_change_nothing(
    sample_client: Client, sample_database: Database
) -> None:
    headers = await learner(sample_database, "hasty")
    _, session = await start(sample_client, headers)
    url = f"/api/v1/sessions/{session['uuid']}/responses"
    before = await rows(sample_database)
    ahead = await sample_client.post(url, json={"position": 3, "answer": "A"}, headers=headers)
    problem = body(ahead, 409)
    assert problem["type"] == "urn:assay:problem:out-of-turn"
    assert "Question 1 is on screen" in problem["detail"]
    unreadable = await sample_client.post(url, json={"position": 0, "answer": {"NOWHERE": ["A"]}}, headers=headers)
    assert unreadable.status_code == 422
    assert await rows(sample_database) == before
    assert body(await sample_client.get(f"/api/v1/sessions/{session['uuid']}", headers=headers), 200)["answered"] == 0


async def test_the_same_answer_may_be_sent_until_it_is_acknowledged(
    sample_client: Client, sample_database: Database
) -> None:
    headers = await learner(sample_database, "tunnel")
    _, session = await start(sample_client, headers)
    url = f"/api/v1/sessions/{session['uuid']}/responses"
    given = {"position": 0, "answer": wrong_answer(session["item"]), "id": str(uuid4())}
    first = body(await sample_client.post(url, json=given, headers=headers), 201)
    again = body(await sample_client.post(url, json=given, headers=headers), 200)
    assert again["item"] == first["item"]
    changed = await sample_client.post(url, json={**given, "answer": None}, headers=headers)
    assert body(changed, 422)["type"] == "urn:assay:problem:reused-id"
    other = await sample_client.post(url, json={"position": 0, "answer": None}, headers=headers)
    assert body(other, 409)["type"] == "urn:assay:problem:already-answered"


async def test_many_at_once_make_one_answer(busy_client: AtOnce, sample_database: Database) -> None:
    headers = await learner(sample_database, "nervous")
    _, session = await start(busy_client, headers)
    url = f"/api/v1/sessions/{session['uuid']}/responses"
    given = {"position": 0, "answer": wrong_answer(session["item"]), "id": str(uuid4())}
    answers = await asyncio.gather(*(busy_client.post(url, json=given, headers=headers) for _ in range(64)))
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [200] * 63 + [201]
    assert len({answer.json()["item"]["item"] for answer in answers}) == 1


async def test_racing_starts_make_one_sitting(busy_client: AtOnce, sample_database: Database) -> None:
    headers = await learner(sample_database, "double-click")
    answers = await asyncio.gather(
        *(busy_client.post("/api/v1/attempts", json={"assessment": "data-literacy"}, headers=headers) for _ in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    attempt = answers[0].json()["uuid"]
    url = f"/api/v1/attempts/{attempt}/sessions"
    starts = await asyncio.gather(
        *(busy_client.post(url, json={"occasion": "pre_test"}, headers=headers) for _ in range(8))
    )
    assert sorted(answer.status_code for answer in starts) == [200] * 7 + [201]
    assert len({answer.json()["uuid"] for answer in starts}) == 1


async def test_an_idempotency_key_gives_the_same_answer(sample_client: Client, sample_database: Database) -> None:
    headers = await learner(sample_database, "retry") | {"Idempotency-Key": "one"}
    sent = {"assessment": "data-literacy"}
    first = body(await sample_client.post("/api/v1/attempts", json=sent, headers=headers), 201)
    assert body(await sample_client.post("/api/v1/attempts", json=sent, headers=headers), 201) == first
    other = await sample_client.post("/api/v1/attempts", json={"assessment": "other"}, headers=headers)
    assert "another request" in body(other, 400)["detail"]


async def test_after_the_end_nothing_is_taken(sample_client: Client, sample_database: Database) -> None:
    headers = await learner(sample_database, "leaver")
    attempt, session = await start(sample_client, headers)
    url = f"/api/v1/sessions/{session['uuid']}"
    ended = body(await sample_client.post(f"{url}/finish", headers=headers), 201)
    assert (ended["state"], ended["reason"]) == ("finished", "ended_by_learner")
    assert (ended["decision"]["passed"], ended["decision"]["complete"]) == (False, False)
    assert body(await sample_client.post(f"{url}/finish", headers=headers), 200)["decision"] == ended["decision"]
    late = await sample_client.post(f"{url}/responses", json={"position": 0, "answer": "A"}, headers=headers)
    assert body(late, 409)["type"] == "urn:assay:problem:sitting-over"
    refused = await sample_client.post(
        f"/api/v1/attempts/{attempt}/sessions", json={"occasion": "pre_test"}, headers=headers
    )
    problem = body(refused, 409)
    assert any(refusal["not_before"] for refusal in problem["refusals"]), problem


async def test_strangers_see_nothing(sample_client: Client, sample_database: Database) -> None:
    attempt, session = await start(sample_client, await learner(sample_database, "owner"))
    stranger = await learner(sample_database, "stranger", ("learner", "institution_admin"))
    for url in (f"/api/v1/attempts/{attempt}", f"/api/v1/sessions/{session['uuid']}"):
        assert (await sample_client.get(url, headers=stranger)).status_code == 404
    url = f"/api/v1/sessions/{session['uuid']}/responses"
    assert (await sample_client.post(url, json={"position": 0, "answer": "A"}, headers=stranger)).status_code == 404


async def test_a_draft_is_kept_and_is_no_answer(sample_client: Client, sample_database: Database) -> None:
    headers = await learner(sample_database, "slow")
    _, session = await start(sample_client, headers)
    url = f"/api/v1/sessions/{session['uuid']}"
    draft = {"position": 0, "answer": wrong_answer(session["item"])}
    assert (await sample_client.put(f"{url}/draft", json=draft, headers=headers)).status_code == 204
    seen = body(await sample_client.get(url, headers=headers), 200)
    assert seen["answered"] == 0
    assert list(seen["item"]["draft"].values()) == [
        draft["answer"] if isinstance(draft["answer"], list) else [draft["answer"]]
    ]


async def test_a_deadline_that_passed_ends_the_sitting(
    sample_client: Client, sample_database: Database, sample_dsn: str
) -> None:
    headers = await learner(sample_database, "late")
    _, session = await start(sample_client, headers)
    await as_owner(
        sample_dsn,
        "UPDATE session SET deadline = now() - interval '1 minute' WHERE uuid = $1::text::uuid",
        session["uuid"],
    )
    url = f"/api/v1/sessions/{session['uuid']}/responses"
    given = {"position": 0, "answer": wrong_answer(session["item"])}
    ended = body(await sample_client.post(url, json=given, headers=headers), 201)
    assert (ended["state"], ended["reason"], ended["decision"]["n_items"]) == ("finished", "time_limit", 0)


@pytest.mark.parametrize("assessment", ["nothing", "data literacy", "../x"])
async def test_an_unknown_assessment_is_named(
    sample_client: Client, sample_database: Database, assessment: str
) -> None:
    headers = await learner(sample_database, f"lost {assessment}")
    problem = body(await sample_client.post("/api/v1/attempts", json={"assessment": assessment}, headers=headers), 404)
    assert assessment in problem["detail"]


async def test_a_wrong_key_is_no_key(sample_client: Client) -> None:
    assert (await sample_client.get("/api/v1/attempts", headers=bearer("assay_x"))).status_code == 401
