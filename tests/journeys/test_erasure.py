"""A learner asks for everything, then to be erased: no byte of the person is left, and every decision still stands."""

import asyncpg
import pytest

from engine.storage import notes
from engine.workflows.replay import replay_sessions
from itembank.items import Item
from itembank.storage.database import Database
from tests.api.conftest import body
from tests.journeys.walking import Client, account, earn, event, open_attempt, sample_items
from tests.journeys.words import publish_words

NAME = "Wilhelmina Quackenbush"
EMAIL = "quackenbush@example.org"
CLOSED = "/api/v1/flags?state=closed"


@pytest.fixture(scope="module")
async def items(sample_database: Database) -> dict[str, Item]:
    return await sample_items(sample_database)


@pytest.fixture(scope="module")
async def registrar(sample_database: Database) -> dict[str, str]:
    return (await account(sample_database, "a registrar", "registrar"))[0]


async def tables_that_hold(database_dsn: str, needles: list[str]) -> set[str]:
    """Tables with a row in which any of the texts stands, as text or as bytes, in any letter case."""
    connection = await asyncpg.connect(database_dsn)
    found = set()
    try:
        for row in await connection.fetch(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        ):
            for needle in needles:
                hexed = needle.encode().hex()
                if await connection.fetchval(
                    f'SELECT EXISTS (SELECT 1 FROM "{row["relname"]}" t WHERE strpos(lower(t::text), $1) > 0'
                    " OR strpos(lower(t::text), $2) > 0)",
                    needle.lower(),
                    hexed,
                ):
                    found.add(row["relname"])
    finally:
        await connection.close()
    return found


async def sit_and_sign(client: Client, headers: dict[str, str], attempt: str) -> int:
    """A sitting in which every answer is the learner's name; returns how many were given."""
    url = f"/api/v1/attempts/{attempt}/sessions"
    session = body(await client.post(url, json={"occasion": "post_test"}, headers=headers), 201)
    while session["state"] == "open":
        given = {"position": session["item"]["position"], "answer": NAME}
        url = f"/api/v1/sessions/{session['uuid']}/responses"
        session = body(await client.post(url, json=given, headers=headers), 201)
    return int(session["decision"]["n_items"])


async def flags_closed(dsn: str, attempt: str) -> tuple[list[str], str]:
    """Closed flags about a sitting of an attempt and about an item, in whose reasons a name stands; one of others."""
    planted = """
        INSERT INTO flag (uuid, institution_id, bank_id, kind, session_id, item_id, value, said, evidence, closed_at,
            closed_by, outcome, named, reason)
        SELECT gen_random_uuid(), 1, b.id, $1, $2, $3, 0.4, '[]', '{}', now(), a.id, 'noted', 'Dr A. Haddad', $4
        FROM bank b, account a WHERE b.key = 'data-literacy' AND a.pseudonym = 'a registrar' RETURNING uuid::text
    """
    connection = await asyncpg.connect(dsn)
    try:
        mine = await connection.fetchval(
            "SELECT s.id FROM session s JOIN attempt t ON t.id = s.attempt_id WHERE t.uuid = $1::text::uuid LIMIT 1",
            attempt,
        )
        other = await connection.fetchval(
            "SELECT min(id) FROM session WHERE attempt_id <> (SELECT attempt_id FROM session WHERE id = $1)", mine
        )
        item = await connection.fetchval(
            "SELECT i.id FROM item i JOIN bank b ON b.id = i.bank_id WHERE b.key = 'data-literacy' LIMIT 1"
        )
        about_her = [
            await connection.fetchval(planted, "rapid_guessing", mine, None, "Mrs Quackenbush was unwell"),
            await connection.fetchval(planted, "leak_alarm", None, item, f"{NAME.upper()} told her class"),
        ]
        return about_her, await connection.fetchval(planted, "rapid_guessing", other, None, "spoke with somebody else")
    finally:
        await connection.close()


async def test_everything_kept_is_told_and_then_erased(
    sample_client: Client,
    sample_database: Database,
    sample_dsn: str,
    items: dict[str, Item],
    registrar: dict[str, str],
) -> None:
    headers, learner = await account(sample_database, NAME, email=EMAIL)
    attempt = await earn(sample_client, headers, items)
    credential = body(await sample_client.get(f"/api/v1/attempts/{attempt}/credential", headers=headers), 200)
    signer, other = await account(sample_database, f"{NAME} (night school)")
    await publish_words(sample_database)
    signed = await sit_and_sign(sample_client, signer, await open_attempt(sample_client, signer, "words"))
    assert signed >= 3
    async with sample_database.transaction(1) as connection:
        for uuid in (learner, other):
            about = await connection.fetchval("SELECT id FROM account WHERE uuid = $1::text::uuid", uuid)
            await notes.add(connection, 1, about, about, f"{NAME} called about her result.", None)
    about_her, about_others = await flags_closed(sample_dsn, attempt)
    kept = headers | {"Idempotency-Key": NAME}
    body(await sample_client.post("/api/v1/me/erasure", json={"withdraw": True}, headers=kept), 201)
    told = body(await sample_client.get("/api/v1/me/data", headers=headers), 200)
    assert (told["person"]["name"], told["person"]["email"]) == (NAME, EMAIL)
    assert len(told["attempts"][0]["sittings"]) == 2
    assert told["credits"][0]["credential"] == credential["uuid"]
    early = await sample_client.post(f"/api/v1/erasures/{learner}", headers=registrar)
    assert "has not asked" in body(early, 422)["detail"]
    for who in (headers, signer):
        assert body(await sample_client.post("/api/v1/me/erasure", json={}, headers=who), 201)["asked"]
    waiting = body(await sample_client.get("/api/v1/erasures", headers=registrar), 200)
    assert {one["uuid"] for one in waiting} == {learner, other}
    assert (await sample_client.post(f"/api/v1/erasures/{learner}", headers=headers)).status_code == 403
    before = await tables_that_hold(sample_dsn, [NAME, EMAIL])
    assert {"person", "account", "advisor_note", "response", "idempotency", "flag"} <= before
    done = body(await sample_client.post(f"/api/v1/erasures/{learner}", headers=registrar), 201)
    assert done == {"learner": learner, "answers_emptied": 0}, "right answers to the sample are choices and numbers"
    emptied = body(await sample_client.post(f"/api/v1/erasures/{other}", headers=registrar), 201)
    assert emptied["answers_emptied"] == signed
    assert await tables_that_hold(sample_dsn, [NAME, EMAIL, "Wilhelmina", "Quackenbush"]) == set()
    assert (await sample_client.get("/api/v1/me/data", headers=headers)).status_code == 401
    shown = {flag["uuid"]: flag for flag in body(await sample_client.get(CLOSED, headers=registrar), 200)}
    for uuid in about_her:
        flag = shown[uuid]
        assert (flag["reason"], flag["named"], flag["outcome"], flag["value"]) == ("", "Dr A. Haddad", "noted", 0.4)
    assert shown[about_others]["reason"] == "spoke with somebody else"
    page = "/institution/flags?state=closed"
    seen_page = await sample_client.get(page, headers=registrar | {"accept": "text/html"})
    assert "(reason erased with the learner)" in seen_page.text
    verdict = body(await sample_client.get(f"/api/v1/verify/{credential['uuid']}"), 200)
    assert verdict["status"] == "valid"
    replayed = await replay_sessions(sample_database, 1)
    assert replayed.differences == ()
    seen = body(await sample_client.get(f"/api/v1/attempts/{attempt}", headers=registrar), 200)
    assert seen["state"] == "credited"
    assert body(await sample_client.get("/api/v1/erasures", headers=registrar), 200) == []


async def test_nobody_is_erased_during_a_sitting(
    sample_client: Client, sample_database: Database, registrar: dict[str, str]
) -> None:
    headers, learner = await account(sample_database, "sits and asks")
    attempt = await open_attempt(sample_client, headers)
    url = f"/api/v1/attempts/{attempt}/sessions"
    session = body(await sample_client.post(url, json={"occasion": "pre_test"}, headers=headers), 201)
    body(await sample_client.post("/api/v1/me/erasure", json={}, headers=headers), 201)
    refused = await sample_client.post(f"/api/v1/erasures/{learner}", headers=registrar)
    assert "is running" in body(refused, 422)["detail"]
    await event(sample_client, registrar, attempt, "sitting_voided", session=session["uuid"], reason="asked to leave")
    body(await sample_client.post(f"/api/v1/erasures/{learner}", headers=registrar), 201)
    async with sample_database.transaction(1) as connection:
        row = await connection.fetchrow(
            "SELECT pseudonym, disabled_at FROM account WHERE uuid = $1::text::uuid", learner
        )
    assert row["pseudonym"] == f"erased-{learner}"
    assert row["disabled_at"] is not None
