"""From answers to a flag, and from a flag to a named person's decision: over the API, the command's workflow and the
pages."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from engine.flags.records import Outcome
from engine.storage import flags
from engine.workflows.close_flag import Closing, FlagClosed, close_flag
from engine.workflows.raise_flags import raise_flags
from engine.workflows.shelf import Shelf
from itembank.items import Item
from itembank.storage.database import Database
from tests.api.browsing import see, send, sign_in, words_of
from tests.api.conftest import body
from tests.journeys.walking import Client, account, nothing, open_attempt, sample_items, sit

BANK = "data-literacy"


@pytest.fixture(scope="module")
async def items(sample_database: Database) -> dict[str, Item]:
    return await sample_items(sample_database)


async def sat(client: Client, database: Database, items: dict[str, Item], name: str) -> tuple[str, str]:
    """A sitting of somebody who answers at once, faster than anybody can read: attempt and session."""
    learner = (await account(database, name))[0]
    attempt = await open_attempt(client, learner)
    session = await sit(client, learner, attempt, "pre_test", items, nothing)
    return attempt, session["uuid"]


async def listed(client: Client, headers: dict[str, str], state: str = "open") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = body(await client.get(f"/api/v1/flags?state={state}", headers=headers), 200)
    return found


@pytest.fixture(scope="module")
async def staff(sample_database: Database) -> dict[str, dict[str, str]]:
    names = ("psychometrician", "registrar", "advisor", "learner")
    return {name: (await account(sample_database, f"flag {name}", name))[0] for name in names}


@pytest.fixture(scope="module")
async def hurried(sample_client: Client, sample_database: Database, items: dict[str, Item]) -> tuple[str, str]:
    found = await sat(sample_client, sample_database, items, "Hurried Harriet")
    await raise_flags(sample_database, 1, BANK)
    return found


async def test_a_look_finds_the_one_who_clicked_through(
    sample_client: Client, staff: dict[str, dict[str, str]], hurried: tuple[str, str]
) -> None:
    asked = {"bank": BANK}
    made = await sample_client.post("/api/v1/flags/looks", json=asked, headers=staff["psychometrician"])
    look = body(made, 201)
    assert {one["kind"] for one in look["judged"]} == {
        "rapid_guessing", "person_misfit", "time_aberrance", "answer_similarity", "leak_alarm", "item_drift",
    }  # fmt: skip
    found = await listed(sample_client, staff["psychometrician"], "all")
    mine = [flag for flag in found if [one["session"] for one in flag["sessions"]] == [hurried[1]]]
    assert [flag["kind"] for flag in mine] == ["rapid_guessing"]
    assert mine[0]["value"] < 0.1
    assert "would be usual for this learner" in mine[0]["sentence"]
    assert mine[0]["look"].startswith("Worth a look")
    again = await sample_client.post("/api/v1/flags/looks", json=asked, headers=staff["psychometrician"])
    assert body(again, 201)["n_new"] == 0
    assert await listed(sample_client, staff["psychometrician"], "all") == found


async def test_names_are_for_the_registrar_and_nothing_is_for_learners(
    sample_client: Client, staff: dict[str, dict[str, str]], hurried: tuple[str, str]
) -> None:
    for role, name in (("psychometrician", None), ("registrar", "Hurried Harriet")):
        found = await listed(sample_client, staff[role], "all")
        named = [one["name"] for flag in found for one in flag["sessions"] if one["session"] == hurried[1]]
        assert named == [name]
    for role in ("learner", "advisor"):
        for address in ("/api/v1/flags", "/api/v1/flags/drift", "/institution/flags"):
            assert (await sample_client.get(address, headers=staff[role])).status_code == 403


async def test_nothing_follows_until_somebody_closes_it_by_name(
    sample_client: Client, sample_database: Database, staff: dict[str, dict[str, str]], hurried: tuple[str, str]
) -> None:
    attempt, session = hurried
    before = body(await sample_client.get(f"/api/v1/attempts/{attempt}", headers=staff["registrar"]), 200)
    flag = next(
        one for one in await listed(sample_client, staff["registrar"]) if one["sessions"][0]["session"] == session
    )
    url = f"/api/v1/flags/{flag['uuid']}/closing"
    sent = {"outcome": "sitting_voided", "named": "Dr A. Haddad", "reason": "gave up half way, agreed to sit again"}
    refused = await sample_client.post(url, json=sent, headers=staff["psychometrician"])
    assert refused.status_code == 403
    wrong = await sample_client.post(
        url, json={**sent, "outcome": "item_quarantined"}, headers=staff["psychometrician"]
    )  # fmt: skip
    assert "about sittings" in body(wrong, 422)["detail"]
    unsigned = {"outcome": "noted", "named": "", "reason": "x"}
    nameless = await sample_client.post(url, json=unsigned, headers=staff["registrar"])
    assert nameless.status_code == 400
    same = body(await sample_client.get(f"/api/v1/attempts/{attempt}", headers=staff["registrar"]), 200)
    assert same == before
    closed = body(await sample_client.post(url, json=sent, headers=staff["registrar"]), 201)
    assert (closed["outcome"], closed["named"]) == ("sitting_voided", "Dr A. Haddad")
    after = body(await sample_client.get(f"/api/v1/attempts/{attempt}", headers=staff["registrar"]), 200)
    assert after != before
    late = await sample_client.post(url, json={**sent, "outcome": "noted"}, headers=staff["registrar"])
    assert "is closed" in body(late, 422)["detail"]
    raised = await raise_flags(sample_database, 1, BANK)
    assert raised.n_new == 0
    assert flag["uuid"] in [one["uuid"] for one in await listed(sample_client, staff["registrar"], "closed")]


async def test_an_item_flag_puts_the_item_away_and_watches_anew(
    sample_client: Client, sample_database: Database, staff: dict[str, dict[str, str]]
) -> None:
    async with sample_database.transaction(1) as connection:
        bank, item = await connection.fetchrow(
            "SELECT b.id, i.id FROM item i JOIN bank b ON b.id = i.bank_id WHERE b.key = $1 AND i.state = 'operational'"
            " ORDER BY i.id DESC LIMIT 1",
            BANK,
        )
        planted = (
            "INSERT INTO flag (uuid, institution_id, bank_id, kind, item_id, value, said, evidence) VALUES"
            " (gen_random_uuid(), 1, $1, 'leak_alarm', $2, 9.5, '[]', '{}') RETURNING uuid"
        )
        uuid: UUID = await connection.fetchval(planted, bank, item)
    url = f"/api/v1/flags/{uuid}/closing"
    sent = {"outcome": "item_quarantined", "named": "Dr A. Haddad", "reason": "found on a forum"}
    body(await sample_client.post(url, json=sent, headers=staff["psychometrician"]), 201)
    async with sample_database.transaction(1) as connection:
        assert await connection.fetchval("SELECT state FROM item WHERE id = $1", item) == "quarantined"
        event = await connection.fetchrow(
            "SELECT reason, account_id FROM item_event WHERE item_id = $1 ORDER BY id DESC LIMIT 1", item
        )
        closed = await flags.closed_items(connection, bank)
        now = await connection.fetchval("SELECT now()")
    assert event["reason"] == "found on a forum"
    assert event["account_id"] is not None
    assert now - closed[item] < timedelta(minutes=1)


async def test_of_two_who_close_a_flag_at_once_only_one_does_anything(
    sample_database: Database, staff: dict[str, dict[str, str]]
) -> None:
    async with sample_database.transaction(1) as connection:
        rows = await connection.fetch(
            "INSERT INTO flag (uuid, institution_id, bank_id, kind, item_id, value, said, evidence)"
            " SELECT gen_random_uuid(), 1, b.id, 'leak_alarm', i.id, 9.5, '[]', '{}'"
            " FROM item i JOIN bank b ON b.id = i.bank_id WHERE b.key = $1 AND i.state = 'operational'"
            " ORDER BY i.id LIMIT 6 RETURNING uuid, item_id",
            BANK,
        )
        person = await connection.fetchval("SELECT min(id) FROM account")

    async def close(uuid: UUID, outcome: Outcome) -> object:
        closing = Closing(outcome=outcome, named="Dr A. Haddad", reason="two at once")
        return await close_flag(sample_database, Shelf(), 1, person, "Dr A. Haddad", uuid, closing)

    outcomes: tuple[Outcome, ...] = ("item_quarantined", "noted")
    both = [close(row["uuid"], outcome) for row in rows for outcome in outcomes]
    done = await asyncio.gather(*both, return_exceptions=True)
    assert [type(one) for one in done].count(FlagClosed) == len(rows)
    async with sample_database.transaction(1) as connection:
        for row in rows:
            kept = await flags.find(connection, row["uuid"])
            state = await connection.fetchval("SELECT state FROM item WHERE id = $1", row["item_id"])
            assert kept is not None
            assert (state == "quarantined") == (kept.outcome == "item_quarantined")
        await connection.execute(
            "UPDATE item SET state = 'operational', state_reason = '' WHERE id = ANY($1::bigint[])",
            [row["item_id"] for row in rows],
        )


async def test_the_page_lists_draws_and_closes(
    sample_client: Client, sample_database: Database, items: dict[str, Item]
) -> None:
    _, session = await sat(sample_client, sample_database, items, "Swift Sam")
    await sign_in(sample_client, "author")
    page = await see(sample_client, "/institution/flags")
    await send(sample_client, page, "/institution/flags", {})
    page = await see(sample_client, "/institution/flags")
    said = words_of(page)
    assert "Swift Sam" in said
    assert "Very quick answers" in said
    async with sample_database.transaction(1) as connection:
        kept = await flags.found(connection, is_open=True)
    flag = next(one for one in kept if str(one.sittings[0].sitting) == session)
    address = f"/institution/flags/{flag.uuid}"
    shown = await see(sample_client, address)
    assert shown.count('<figure class="chart">') == 1
    assert "Limit for very quick" in words_of(shown)
    closing = {"outcome": "noted", "named": "Amir Haddad", "reason": "the room was being evacuated"}
    await send(sample_client, shown, address, closing)
    assert "the room was being evacuated" in words_of(await see(sample_client, address))
    assert "the room was being evacuated" in words_of(await see(sample_client, "/institution/flags?state=closed"))
