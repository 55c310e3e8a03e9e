"""A form on paper: handed out, printed without keys, its answers entered, decided and replayed like any sitting."""

from typing import Any
from uuid import UUID

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from api.marks import answered_parts, printed_keys, read_marks, right_marks
from api.pages.paper.table import read_table
from engine.policies.documents import read_policy
from engine.storage.papers import Paper
from engine.workflows.publish_assessment import publish_assessment
from engine.workflows.replay import replay_sessions
from itembank.errors import FileRefused
from itembank.items import Item
from itembank.storage import institutions
from itembank.storage.database import Database
from tests.api.conftest import body
from tests.api.test_form_sheet import SAMPLE
from tests.journeys.walking import account, open_attempt, sample_items, sit

Client = AsyncTestClient[Litestar]


@pytest.fixture(scope="module")
async def offered(sample_database: Database) -> str:
    """The sample module once more, its post-test offered on paper too and open to everybody."""
    text = SAMPLE.read_text("utf-8").replace('key = "data-literacy"', 'key = "on-paper"')
    policy = read_policy(text)
    pre, post = policy.occasions
    post = msgspec.structs.replace(post, forms=("adaptive", "print", "oral"), gates=())
    policy = msgspec.structs.replace(policy, occasions=(pre, post))
    number = await institutions.find(sample_database, "sample")
    assert number is not None
    async with sample_database.transaction(number) as connection:
        publisher = await connection.fetchval("SELECT min(id) FROM account")
    await publish_assessment(sample_database, number, policy, "data-literacy", publisher)
    return policy.key


def marks_of(document: dict[str, Any], items: dict[str, Item], *, right: bool = True) -> list[str]:
    """What a learner who knows everything, or nothing, writes on the sheet."""
    told = []
    for question in document["questions"]:
        item = items[question["item"]]
        best = right_marks(item, document["occasion"])
        letters = next(iter(question["letters"].values()), [])
        wrong = next(("ABCDEFGH"[n] for n in range(len(letters)) if "ABCDEFGH"[n] not in best), "-99999")
        told.append(best if right else wrong)
    return told


async def hand_out(client: Client, staff: dict[str, str], attempts: list[str], form: str = "print") -> dict[str, Any]:
    asked = {"attempts": attempts, "occasion": "post_test", "form": form}
    document: dict[str, Any] = body(await client.post("/api/v1/papers", json=asked, headers=staff), 201)
    return document


async def test_a_learner_earns_credit_on_paper(sample_client: Client, sample_database: Database, offered: str) -> None:
    staff, _ = await account(sample_database, "clerk", "registrar")
    learner, _ = await account(sample_database, "on paper")
    items = await sample_items(sample_database, offered)
    attempt = await open_attempt(sample_client, learner, offered)
    await sit(sample_client, learner, attempt, "pre_test", items)
    out = await hand_out(sample_client, staff, [attempt])
    assert out["n_questions"] == 25
    uuid = out["sittings"][0]
    document = body(await sample_client.get(f"/api/v1/papers/{uuid}", headers=staff), 200)
    for secret in ("scoring", "rationale", "difficulty", "discrimination"):
        assert secret not in str(document)
    refused = body(await sample_client.get(f"/api/v1/sessions/{uuid}", headers=learner), 409)
    assert refused["type"] == "urn:assay:problem:on-paper"
    again = {"position": 0, "answer": "A"}
    refused = body(await sample_client.post(f"/api/v1/sessions/{uuid}/responses", json=again, headers=learner), 409)
    assert refused["type"] == "urn:assay:problem:on-paper"
    refused = body(await sample_client.post(f"/api/v1/sessions/{uuid}/pause", headers=learner), 409)
    assert refused["type"] == "urn:assay:problem:on-paper"
    started = {"occasion": "post_test"}
    refused = body(await sample_client.post(f"/api/v1/attempts/{attempt}/sessions", json=started, headers=learner), 409)
    assert refused["type"] == "urn:assay:problem:on-paper"

    marks = marks_of(document, items)
    keyed = {**staff, "idempotency-key": "sheet 1"}
    short = body(
        await sample_client.post(f"/api/v1/papers/{uuid}/answers", json={"marks": marks[1:]}, headers=staff), 422
    )
    assert "The form has 25 questions, but 24 answers came" in short["detail"]
    odd = body(
        await sample_client.post(f"/api/v1/papers/{uuid}/answers", json={"marks": ["Z", *marks[1:]]}, headers=staff),
        422,
    )
    assert odd["detail"].startswith("Question 1: 'Z' is no mark here") or "Question" in odd["detail"]
    decided = body(
        await sample_client.post(f"/api/v1/papers/{uuid}/answers", json={"marks": marks}, headers=keyed), 201
    )
    assert (decided["passed"], decided["n_items"], decided["complete"]) == (True, 25, True)
    same = body(await sample_client.post(f"/api/v1/papers/{uuid}/answers", json={"marks": marks}, headers=keyed), 201)
    assert same == decided
    gone = await sample_client.post(f"/api/v1/papers/{uuid}/answers", json={"marks": marks}, headers=staff)
    assert gone.status_code == 404
    view = body(await sample_client.get(f"/api/v1/attempts/{attempt}", headers=learner), 200)
    assert view["credit"]["session"] == uuid
    finished = body(await sample_client.get(f"/api/v1/sessions/{uuid}", headers=learner), 200)
    assert (finished["reason"], finished["answered"]) == ("keyed_in", 25)
    number = await institutions.find(sample_database, "sample")
    assert number is not None
    replayed = await replay_sessions(sample_database, number, uuid)
    assert (replayed.n_identical, replayed.differences) == (1, ())


async def test_paper_and_screen_score_the_same_answers_alike(
    sample_client: Client, sample_database: Database, offered: str
) -> None:
    """One form for two learners who answer alike: one decision, and nothing either of them had met before is on it."""
    staff, _ = await account(sample_database, "adviser", "advisor")
    items = await sample_items(sample_database, offered)
    attempts, met = [], set()
    for name in ("twin one", "twin two"):
        learner, uuid = await account(sample_database, name)
        attempt = await open_attempt(sample_client, learner, offered)
        await sit(sample_client, learner, attempt, "pre_test", items)
        async with sample_database.transaction(1) as connection:
            rows = await connection.fetch(
                "SELECT i.key FROM session_item s JOIN item i ON i.id = s.item_id "
                "JOIN account a ON a.id = s.account_id WHERE a.uuid = $1",
                UUID(uuid),
            )
        met |= {row["key"] for row in rows}
        attempts.append(attempt)
    out = await hand_out(sample_client, staff, attempts)
    assert len(out["sittings"]) == 2
    decisions = []
    for uuid in out["sittings"]:
        document = body(await sample_client.get(f"/api/v1/papers/{uuid}", headers=staff), 200)
        assert met.isdisjoint(question["item"] for question in document["questions"])
        marks = marks_of(document, items, right=False)
        marks[3] = ""
        url = f"/api/v1/papers/{uuid}/answers"
        decisions.append(body(await sample_client.post(url, json={"marks": marks}, headers=staff), 201))
    assert decisions[0] == decisions[1]
    assert not decisions[0]["passed"]


async def test_what_is_not_offered_or_not_allowed_is_refused_whole(
    sample_client: Client, sample_database: Database, offered: str
) -> None:
    staff, _ = await account(sample_database, "clerk two", "registrar")
    first, _ = await account(sample_database, "ready")
    second, _ = await account(sample_database, "busy")
    attempts = [await open_attempt(sample_client, one, offered) for one in (first, second)]
    url = "/api/v1/papers"
    large = {"attempts": attempts[:1], "occasion": "post_test", "form": "large_print"}
    assert (
        "add 'large_print' to its forms"
        in body(await sample_client.post(url, json=large, headers=staff), 422)["detail"]
    )
    await sample_client.post(f"/api/v1/attempts/{attempts[1]}/sessions", json={"occasion": "pre_test"}, headers=second)
    both = {"attempts": attempts, "occasion": "post_test"}
    body(await sample_client.post(url, json=both, headers=staff), 409)
    listed = body(await sample_client.get(url, headers=staff), 200)
    assert all(paper["pseudonym"] not in ("ready", "busy") for paper in listed)
    assert (await sample_client.get(url, headers=first)).status_code == 403


def paper(name: str, n_items: int = 3) -> Paper:
    return msgspec.convert(
        {
            "uuid": UUID(int=sum(map(ord, name))), "occasion": "post_test", "form": "print",
            "started_at": "2026-01-01T00:00:00Z", "assessment_version_id": 1, "learner": UUID(int=1),
            "pseudonym": name, "name": name, "n_items": n_items,
        },
        Paper,
    )  # fmt: skip


def test_a_table_names_each_form_once_and_in_full() -> None:
    out = [paper("ann"), paper("bob")]
    read = read_table(b"learner;1;2;3\nbob;A;;12,5\nann;B;C;x\n", out)
    assert [(one.pseudonym, marks) for one, marks in read] == [("bob", ["A", "", "12,5"]), ("ann", ["B", "C", "x"])]
    by_number = read_table(f"form,1,2,3\n{out[0].uuid},A,B,C\n".encode(), out)
    assert by_number[0][0].pseudonym == "ann"
    for table, said in (
        ("learner,1,2\nann,A,B\n", "Row 2 has 2 answers; the form has 3 questions"),
        ("learner,1,2,3\ncid,A,B,C\n", "Row 2: no form of 'cid' is out"),
        ("learner,1,2,3\nann,A,B,C\nann,A,B,C\n", "Row 3 names 'ann' a second time"),
        ("who,1,2,3\nann,A,B,C\n", "call it 'form' or 'learner'"),
        ("learner,1,2,3\n", "no row below its head"),
    ):
        with pytest.raises(FileRefused, match=said):
            read_table(table.encode(), out)


def test_every_letter_of_the_bank_is_read_back(offered_items: list[Item]) -> None:
    for item in offered_items:
        for part in answered_parts(item):
            keys = printed_keys(item, part, "post_test")
            for letter, key in zip("ABCDEFGH", keys):
                assert read_marks(item, "post_test", letter.lower())[part.response] == [key]


@pytest.fixture
async def offered_items(sample_database: Database) -> list[Item]:
    return list((await sample_items(sample_database)).values())
