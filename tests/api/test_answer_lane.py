"""The short way in for answers says what the ordinary way says, to every request."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar
from litestar.testing import AsyncTestClient
from msgspec import MsgspecError, convert, json

import api.answer_lane as lane
from api.given import NewResponse
from itembank.storage.database import Database, DatabaseUnavailable
from tests.api.conftest import learner, sample_client

__all__ = ["sample_client"]
Client = AsyncTestClient[Litestar]
ORDINARY = {"X-Ordinary-Way": "1"}
VOLATILE = {"started_at", "deadline", "seconds_left", "uuid"}
NOWHERE = "00000000-0000-4000-8000-000000000000"
BODIES = (
    b"", b"[]", b"{", b'{"position":0}', b'{"position":-1,"answer":"A"}', b'{"position":"7","answer":null}',
    b'{"position":0,"answer":"A","more":1}', b'{"position":0,"answer":"\\u0000"}', b'{"position":0,"answer":"\xff"}',
    b'{"position":0,"answer":"A","id":"no"}', b'{"position":9,"answer":"A"}',
    b'{"position":0,"answer":{"nothing":["A"]}}', b'{"position":0,"answer":' + b"[" * 40 + b"]" * 40 + b"}",
)  # fmt: skip


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The statuses that the lane itself sent."""
    statuses: list[int] = []
    send = lane._send

    async def counted(to: Any, status: int, *rest: Any) -> None:
        statuses.append(status)
        await send(to, status, *rest)

    monkeypatch.setattr(lane, "_send", counted)
    return statuses


async def start(client: Client, headers: dict[str, str]) -> str:
    attempt = (await client.post("/api/v1/attempts", json={"assessment": "data-literacy"}, headers=headers)).json()
    path = f"/api/v1/attempts/{attempt['uuid']}/sessions"
    return str((await client.post(path, json={"occasion": "pre_test"}, headers=headers)).json()["uuid"])


async def send(client: Client, session: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
    headers = {"Content-Type": "application/json", **headers}
    return await client.post(f"/api/v1/sessions/{session}/responses", content=body, headers=headers)


def told(answer: httpx.Response) -> tuple[Any, ...]:
    """What an answer says: all of a problem, and the form of a success, since no two sittings have the same items."""
    kept = {name: answer.headers.get(name) for name in ("content-type", "retry-after", "www-authenticate")}
    document = answer.json()
    if answer.status_code < 300:
        document["item"] = sorted(document["item"])
        document = {name: value for name, value in document.items() if name not in VOLATILE}
    return answer.status_code, kept, document


async def test_both_ways_tell_the_same(sample_client: Client, sample_database: Database, taken: list[int]) -> None:
    short, long = [await learner(sample_database, name) for name in ("short-way", "long-way")]
    sittings = await start(sample_client, short), await start(sample_client, long)
    again = b'{"position":0,"answer":null,"id":"%s"}' % str(uuid4()).encode()
    changed = again.replace(b"null", b'"A"')
    for body in (*BODIES, again, again, changed, b'{"position":0,"answer":null}', b'{"position":1,"answer":null}'):
        one = await send(sample_client, sittings[0], body, short)
        other = await send(sample_client, sittings[1], body, long | ORDINARY)
        assert told(one) == told(other), body
    assert {201, 200, 409, 422} <= set(taken), "the short way was taken"
    assert len(taken) < len(BODIES) + 5, "what does not fit went the ordinary way"


async def test_strangers_and_wrong_keys_are_told_the_same(sample_client: Client, sample_database: Database) -> None:
    mine, theirs = await learner(sample_database, "its-owner"), await learner(sample_database, "a-stranger")
    sitting, body = await start(sample_client, mine), b'{"position":0,"answer":null}'
    for session, headers, status in (
        (sitting, theirs, 404), (NOWHERE, mine, 404), (sitting, {"Authorization": "Bearer assay_wrong"}, 401),
        (sitting, {"Authorization": "Bearer "}, 401), (sitting, {}, 401),
    ):  # fmt: skip
        one = await send(sample_client, session, body, headers)
        assert one.status_code == status
        assert told(one) == told(await send(sample_client, session, body, headers | ORDINARY))


@pytest.mark.parametrize("error", [DatabaseUnavailable("Away.", 2), RuntimeError("unforeseen")])
async def test_what_goes_wrong_behind_it_is_told_the_same(
    sample_client: Client, sample_database: Database, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    headers = await learner(sample_database, f"unlucky-{type(error).__name__}")
    sitting, body = await start(sample_client, headers), b'{"position":0,"answer":null}'

    async def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(sample_client.app.state.desk, "answer", fail)
    one = await send(sample_client, sitting, body, headers)
    assert one.status_code in (500, 503)
    assert told(one) == told(await send(sample_client, sitting, body, headers | ORDINARY))


async def test_it_is_counted_under_the_same_route(sample_client: Client, sample_database: Database) -> None:
    headers = await learner(sample_database, "counted")
    for more in ({}, ORDINARY):
        await send(sample_client, NOWHERE, b'{"position":0,"answer":null}', headers | more)
    lines = (await sample_client.get("/metrics")).text.splitlines()
    routes = {line for line in lines if line.startswith("assay_requests_total") and "responses" in line}
    assert len({line.split('route="')[1].split('"')[0] for line in routes}) == 1


@given(
    st.fixed_dictionaries(
        {"position": st.integers(-2, 10_002) | st.text(max_size=3)},
        optional={
            "answer": st.none() | st.text(max_size=5) | st.floats(allow_nan=False) | st.integers() | st.booleans()
            | st.lists(st.text(max_size=3), max_size=3) | st.dictionaries(st.text(max_size=3), st.lists(st.text())),
            "id": st.uuids().map(str) | st.text(max_size=3),
        },
    )
)  # fmt: skip
def test_what_fits_at_once_is_read_as_the_framework_reads_it(document: dict[str, Any]) -> None:
    body = json.encode(document)
    read = lane._given({"type": "http.request", "body": body, "more_body": False})
    if read is not None:
        assert read == convert(json.decode(body), NewResponse, strict=False)


def test_a_body_in_pieces_or_a_lost_sender_goes_the_ordinary_way() -> None:
    whole = b'{"position":0,"answer":"A"}'
    assert lane._given({"type": "http.request", "body": whole, "more_body": False}) is not None
    assert lane._given({"type": "http.request", "body": whole, "more_body": True}) is None
    assert lane._given({"type": "http.disconnect"}) is None
    with pytest.raises(MsgspecError):
        json.decode(whole[:-1])
