"""An item turns out to be wrong after people answered it: preview, apply, and everything that rests on it follows."""

from typing import Any
from uuid import uuid4

import pytest

from api.sample_cohort import answer_to
from engine.storage import assessments
from engine.workflows.replay import replay_sessions
from engine.workflows.shelf import load_bank
from itembank.items import Item
from itembank.storage.database import Database
from tests.api.conftest import body
from tests.journeys.walking import Client, account, earn, open_attempt, sample_items, sit


@pytest.fixture(scope="module")
async def items(sample_database: Database) -> dict[str, Item]:
    return await sample_items(sample_database)


@pytest.fixture(scope="module")
async def registrar(sample_database: Database) -> dict[str, str]:
    return (await account(sample_database, "a registrar", "registrar"))[0]


async def answered(database: Database, session: str) -> list[str]:
    """Keys of the items that were answered in a sitting."""
    async with database.transaction(1) as connection:
        rows = await connection.fetch(
            "SELECT i.key FROM session_item s JOIN session x ON x.id = s.session_id JOIN item i ON i.id = s.item_id"
            " WHERE x.uuid = $1::text::uuid AND NOT s.is_pretest ORDER BY s.position",
            session,
        )
    return [row["key"] for row in rows]


async def all_identical(database: Database) -> None:
    replayed = await replay_sessions(database, 1)
    assert replayed.differences == ()
    assert replayed.n_identical == replayed.n_sessions > 20


def asking(item: str, **more: Any) -> dict[str, Any]:
    sent = {"bank": "data-literacy", "item": item, "kind": "withdraw", "reason": "two right answers"}
    return {**sent, "hold_harmless": False, **more}


async def look(client: Client, headers: dict[str, str], item: str, **more: Any) -> dict[str, Any]:
    answer = await client.post("/api/v1/rescorings/preview", json=asking(item, **more), headers=headers)
    found: dict[str, Any] = body(answer, 200)
    return found


async def carry_out(client: Client, headers: dict[str, str], item: str, **more: Any) -> dict[str, Any]:
    sent = asking(item, named="Dr A. Haddad", **more)
    done: dict[str, Any] = body(await client.post("/api/v1/rescorings", json=sent, headers=headers), 201)
    return done


async def session_of(client: Client, headers: dict[str, str], uuid: str) -> dict[str, Any]:
    told: dict[str, Any] = body(await client.get(f"/api/v1/sessions/{uuid}", headers=headers), 200)
    return told["decision"]  # type: ignore[no-any-return]


async def test_a_withdrawn_item_no_longer_counts_and_the_credential_is_replaced(
    sample_client: Client, sample_database: Database, items: dict[str, Item], registrar: dict[str, str]
) -> None:
    headers, learner = await account(sample_database, f"perfect {uuid4()}")
    attempt = await earn(sample_client, headers, items)
    first = body(await sample_client.get(f"/api/v1/attempts/{attempt}/credential", headers=headers), 200)
    standing = body(await sample_client.get(f"/api/v1/attempts/{attempt}", headers=headers), 200)
    session = standing["credit"]["session"]
    before = await session_of(sample_client, headers, session)
    item = (await answered(sample_database, session))[4]
    async with sample_database.transaction(1) as connection:
        n_events = await connection.fetchval("SELECT count(*) FROM attempt_event")
        n_rescorings = await connection.fetchval("SELECT count(*) FROM rescoring")
    previewed = await look(sample_client, registrar, item)
    mine = next(one for one in previewed["affected"] if one["session"] == session)
    assert (mine["learner"], mine["outcome"], mine["credential"]) == (learner, "same", "replace")
    assert mine["percent_after"] < mine["percent_before"] == before["percent"]
    async with sample_database.transaction(1) as connection:
        assert await connection.fetchval("SELECT count(*) FROM attempt_event") == n_events
        assert await connection.fetchval("SELECT count(*) FROM rescoring") == n_rescorings
    done = await carry_out(sample_client, registrar, item)
    assert done["affected"] == previewed["affected"]
    after = await session_of(sample_client, headers, session)
    assert after["n_items"] == before["n_items"] - 1
    assert after["percent"] == mine["percent_after"]
    revoked = body(await sample_client.get(f"/api/v1/verify/{first['uuid']}"), 200)
    assert revoked["status"] == "revoked"
    second = body(await sample_client.get(f"/api/v1/attempts/{attempt}/credential", headers=headers), 200)
    assert second["uuid"] != first["uuid"]
    assert body(await sample_client.get(f"/api/v1/verify/{second['uuid']}"), 200)["status"] == "valid"
    listed = body(await sample_client.get("/api/v1/rescorings", headers=registrar), 200)
    assert (listed[-1]["item"], listed[-1]["named"], listed[-1]["n_held"]) == (item, "Dr A. Haddad", 0)
    await all_identical(sample_database)
    report = body(await sample_client.get(f"/api/v1/attempts/{attempt}/gap-report", headers=headers), 200)
    standing = body(await sample_client.get(f"/api/v1/attempts/{attempt}", headers=headers), 200)
    counted = sum(occasion["decision"]["n_items"] for occasion in standing["occasions"])
    assert sum(part["n_answers"] for part in report["parts"]) == counted


async def difficulties(database: Database) -> dict[str, float]:
    """Item key -> difficulty of the sample bank."""
    async with database.transaction(1) as connection:
        version = await assessments.current(connection, "data-literacy")
        assert version is not None
        bank = await load_bank(connection, version.bank_version_id)
    return {item.key: float(b) for item, b in zip(bank.items, bank.parameters.difficulty)}


async def one_answer_decides(
    client: Client, database: Database, items: dict[str, Item], registrar: dict[str, str]
) -> tuple[dict[str, str], str, dict[str, Any], str, dict[str, list[str]]]:
    """A pre-test passed so narrowly that another key for one of its items turns it into a fail."""
    difficulty = await difficulties(database)
    for ability in (0.1, 0.2, 0.3, 0.05, 0.15, 0.25, 0.4, 0.5, 0.6) * 5:  # each draws other items
        headers, _ = await account(database, f"near {uuid4()}")
        attempt = await open_attempt(client, headers)

        def knows(item: Item, ability: float = ability) -> bool:
            return difficulty[item.key] < ability

        session = await sit(client, headers, attempt, "pre_test", items, knows)
        if not session["decision"]["passed"]:
            continue
        for key in await answered(database, session["uuid"]):
            declared = items[key].scoring.responses[0]
            others = [c.key for c in items[key].content.interactions[0].choices if c.key not in declared.correct]
            if items[key].scoring.rule != "match_correct" or len(declared.correct) != 1 or not knows(items[key]):
                continue
            new = {declared.identifier: others[:1]}
            previewed = await look(client, registrar, key, kind="rekey", key=new)
            mine = [one for one in previewed["affected"] if one["session"] == session["uuid"]]
            if mine and mine[0]["outcome"] == "no_longer_passes":
                return headers, attempt, session, key, new
    raise AssertionError("nobody passed so narrowly; the sample bank has changed")


async def test_a_new_key_turns_a_pass_into_a_fail_unless_nobody_is_to_be_harmed(
    sample_client: Client, sample_database: Database, items: dict[str, Item], registrar: dict[str, str]
) -> None:
    headers, attempt, session, key, new = await one_answer_decides(sample_client, sample_database, items, registrar)
    uuid = session["uuid"]

    async def post_test_is_open() -> bool:
        standing = body(await sample_client.get(f"/api/v1/attempts/{attempt}", headers=headers), 200)
        return any(may["occasion"] == "post_test" and may["action"] == "start" for may in standing["may"])

    assert await post_test_is_open()
    held = await carry_out(sample_client, registrar, key, kind="rekey", key=new, hold_harmless=True)
    assert next(one for one in held["affected"] if one["session"] == uuid)["outcome"] == "held_harmless"
    assert await session_of(sample_client, headers, uuid) == session["decision"]
    assert await post_test_is_open()
    await all_identical(sample_database)
    done = await carry_out(sample_client, registrar, key, kind="rekey", key=new)
    mine = next(one for one in done["affected"] if one["session"] == uuid)
    after = await session_of(sample_client, headers, uuid)
    assert (mine["outcome"], after["passed"], after["percent"]) == ("no_longer_passes", False, mine["percent_after"])
    assert not await post_test_is_open(), "the journey follows the decision that stands"
    await all_identical(sample_database)


async def test_who_sits_afterwards_is_decided_without_the_item(
    sample_client: Client, sample_database: Database, items: dict[str, Item], registrar: dict[str, str]
) -> None:
    headers, _ = await account(sample_database, f"in the middle {uuid4()}")
    attempt = await open_attempt(sample_client, headers)
    url = f"/api/v1/attempts/{attempt}/sessions"
    session = body(await sample_client.post(url, json={"occasion": "pre_test"}, headers=headers), 201)
    item = session["item"]["item"]
    await carry_out(sample_client, registrar, item)
    while session["state"] == "open":
        shown = items[session["item"]["item"]]
        given = {"position": session["item"]["position"], "answer": answer_to(shown, right=True)}
        answer = await sample_client.post(f"/api/v1/sessions/{session['uuid']}/responses", json=given, headers=headers)
        session = body(answer, 201)
    listed = body(await sample_client.get("/api/v1/rescorings", headers=registrar), 200)
    withdrawn = {one["item"] for one in listed if one["kind"] == "withdraw"}
    shown_items = await answered(sample_database, session["uuid"])
    assert item in withdrawn
    assert session["decision"]["n_items"] == sum(key not in withdrawn for key in shown_items) < len(shown_items)
    await all_identical(sample_database)


async def test_what_cannot_be_done_is_refused_and_only_registrars_apply(
    sample_client: Client, sample_database: Database, items: dict[str, Item], registrar: dict[str, str]
) -> None:
    author, _ = await account(sample_database, "an author", "author")
    psychometrician, _ = await account(sample_database, "a psychometrician", "psychometrician")
    item = next(key for key, item in items.items() if item.scoring.rule == "match_correct")
    url = "/api/v1/rescorings"
    assert (await sample_client.post(f"{url}/preview", json=asking(item), headers=author)).status_code == 403
    assert (await sample_client.post(f"{url}/preview", json=asking(item), headers=psychometrician)).status_code == 200
    sent = asking(item, named="somebody")
    assert (await sample_client.post(url, json=sent, headers=psychometrician)).status_code == 403
    unknown = await sample_client.post(f"{url}/preview", json=asking("no such item"), headers=registrar)
    assert body(unknown, 404)["detail"].startswith("Bank 'data-literacy' has no item")
    empty = await sample_client.post(f"{url}/preview", json=asking(item, kind="rekey"), headers=registrar)
    assert "right values" in body(empty, 422)["detail"]
