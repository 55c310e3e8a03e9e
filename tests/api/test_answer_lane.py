"""The short way in for answers says what the ordinary way says, to every request, on every kind of connection."""

import asyncio
import contextlib
import gc
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar
from msgspec import convert, json

import api.answer_lane as lane
import api.short_way as short_way
from api.app import create_app
from api.given import NewResponse
from api.serving import bind, protocol
from api.settings import Settings
from itembank.storage.database import Database, DatabaseUnavailable
from tests.api.conftest import learner

ORDINARY = {"X-Ordinary-Way": "1"}
VOLATILE = {"started_at", "deadline", "seconds_left", "uuid"}
NOWHERE = "00000000-0000-4000-8000-000000000000"
BLANK = b'{"position":0,"answer":null}'
BODIES = (
    b"", b"[]", b"{", b'{"position":0}', b'{"position":-1,"answer":"A"}', b'{"position":"7","answer":null}',
    b'{"position":0,"answer":"A","more":1}', b'{"position":0,"answer":"\\u0000"}', b'{"position":0,"answer":"\xff"}',
    b'{"position":0,"answer":"A","id":"no"}', b'{"position":9,"answer":"A"}',
    b'{"position":0,"answer":{"nothing":["A"]}}', b'{"position":0,"answer":' + b"[" * 40 + b"]" * 40 + b"}",
)  # fmt: skip


@dataclass
class Served:
    """A running server, a client for it, and the statuses that the lane itself has sent."""

    app: Litestar
    port: int
    client: httpx.AsyncClient
    taken: list[int]

    async def start(self, headers: dict[str, str]) -> str:
        attempt = await self.client.post("/api/v1/attempts", json={"assessment": "data-literacy"}, headers=headers)
        path = f"/api/v1/attempts/{attempt.json()['uuid']}/sessions"
        answer = await self.client.post(path, json={"occasion": "pre_test"}, headers=headers)
        return str(answer.json()["uuid"])

    async def send(self, session: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
        headers = {"Content-Type": "application/json", **headers}
        return await self.client.post(f"/api/v1/sessions/{session}/responses", content=body, headers=headers)

    @contextlib.asynccontextmanager
    async def line(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        yield reader, writer
        writer.close()


@contextlib.contextmanager
def serving(dsn: str, **options: Any) -> Iterator[tuple[Litestar, int]]:
    """The server as `assay serve` runs it, in a thread."""
    app = create_app(Settings(public_url="http://testserver.local", is_demo=True, flags_minutes=0), dsn)
    listener = bind("127.0.0.1", 0, shared=False)
    config = uvicorn.Config(app, http=protocol(app.state.lane), log_config=None, loop="asyncio", **options)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        until = time.monotonic() + 20
        while not server.started:
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.02)
        yield app, listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(15)


@pytest.fixture(scope="module")
def running(sample_dsn: str) -> Iterator[tuple[Litestar, int]]:
    with serving(sample_dsn) as running:
        yield running


@pytest.fixture
async def served(running: tuple[Litestar, int], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    app, port = running
    taken: list[int] = []
    told = lane.AnswerLane.told

    def counted(self: lane.AnswerLane, status: int, seconds: float) -> None:
        told(self, status, seconds)
        taken.append(status)

    monkeypatch.setattr(lane.AnswerLane, "told", counted)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
        yield Served(app, port, client, taken)


def told(answer: httpx.Response) -> tuple[Any, ...]:
    """What an answer says: all of a problem, and the form of a success, since no two sittings have the same items."""
    assert {"x-request-id", "date"} <= set(answer.headers)
    kept = {name: answer.headers.get(name) for name in ("content-type", "retry-after", "www-authenticate", "server")}
    document = answer.json()
    if answer.status_code < 300:
        document["item"] = sorted(document["item"])
        document = {name: value for name, value in document.items() if name not in VOLATILE}
    return answer.status_code, kept, document


def raw(session: str, headers: dict[str, str], body: bytes = BLANK, more: str = "") -> bytes:
    """A request as bytes."""
    return (
        f"POST /api/v1/sessions/{session}/responses HTTP/1.1\r\nHost: h\r\n"
        f"Authorization: {headers['Authorization']}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    ).encode() + body


async def status_and_body(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """The next response on a connection."""
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return int(head[9:12]), await reader.readexactly(int(length.split(b":")[1]))


async def test_both_ways_tell_the_same(served: Served, sample_database: Database) -> None:
    short, long = [await learner(sample_database, name) for name in ("short-way", "long-way")]
    sittings = await served.start(short), await served.start(long)
    again = b'{"position":0,"answer":null,"id":"%s"}' % str(uuid4()).encode()
    changed = again.replace(b"null", b'"A"')
    for body in (*BODIES, again, again, changed, BLANK, b'{"position":1,"answer":null}'):
        one = await served.send(sittings[0], body, short)
        other = await served.send(sittings[1], body, long | ORDINARY)
        assert told(one) == told(other), body
    assert {201, 200, 409, 422} <= set(served.taken), "the short way was taken"
    assert len(served.taken) < len(BODIES) + 5, "what does not fit went the ordinary way"


@pytest.mark.parametrize("length, status", [(90_000, 422), (2_000_000, 400)])
async def test_a_large_body_goes_the_ordinary_way(
    served: Served, sample_database: Database, length: int, status: int
) -> None:
    headers = await learner(sample_database, f"long-winded {length}")
    sitting, body = await served.start(headers), b'{"position":0,"answer":"%b"}' % (b"x" * length)
    one = await served.send(sitting, body, headers)
    assert one.status_code == status
    assert told(one) == told(await served.send(sitting, body, headers | ORDINARY))
    assert served.taken == []


async def test_strangers_and_wrong_keys_are_told_the_same(served: Served, sample_database: Database) -> None:
    mine, theirs = await learner(sample_database, "its-owner"), await learner(sample_database, "a-stranger")
    sitting = await served.start(mine)
    for session, headers, status in (
        (sitting, theirs, 404), (NOWHERE, mine, 404), (sitting, {"Authorization": "Bearer assay_wrong"}, 401),
        (sitting, {"Authorization": "Bearer"}, 401), (sitting, {}, 401),
    ):  # fmt: skip
        one = await served.send(session, BLANK, headers)
        assert one.status_code == status
        assert told(one) == told(await served.send(session, BLANK, headers | ORDINARY))
    assert served.taken == [404, 404, 401]


@pytest.mark.parametrize("error", [DatabaseUnavailable("Away.", 2), RuntimeError("unforeseen")])
async def test_what_goes_wrong_behind_it_is_told_the_same(
    served: Served, sample_database: Database, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    headers = await learner(sample_database, f"unlucky-{type(error).__name__}")
    sitting = await served.start(headers)

    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(served.app.state.desk, "line_up", fail)
    one = await served.send(sitting, BLANK, headers)
    assert one.status_code in (500, 503)
    assert told(one) == told(await served.send(sitting, BLANK, headers | ORDINARY))
    assert len(served.taken) == 1


async def test_it_is_counted_under_the_same_route(served: Served, sample_database: Database) -> None:
    headers = await learner(sample_database, "counted")
    for more in ({}, ORDINARY):
        await served.send(NOWHERE, BLANK, headers | more)
    lines = (await served.client.get("/metrics")).text.splitlines()
    routes = {line for line in lines if line.startswith("assay_requests_total") and "responses" in line}
    assert len({line.split('route="')[1].split('"')[0] for line in routes}) == 1


async def test_a_request_keeps_its_id(served: Served, sample_database: Database) -> None:
    headers = await learner(sample_database, "named")
    for more in ({}, ORDINARY):
        answer = await served.send(NOWHERE, BLANK, headers | more | {"X-Request-Id": "mine-1"})
        assert answer.headers.get_list("x-request-id") == ["mine-1"]


async def test_when_there_is_no_room_both_ways_say_so(
    served: Served, sample_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = await learner(sample_database, "too many")
    admission = served.app.state.lane._admission
    monkeypatch.setattr(admission, "most_at_once", admission.at_work)
    one = await served.send(NOWHERE, BLANK, headers)
    assert one.status_code == 503
    assert told(one) == told(await served.send(NOWHERE, BLANK, headers | ORDINARY))
    assert served.taken == [], "nothing was begun"
    assert admission.refused == 2


async def test_responses_keep_their_order_on_a_connection(served: Served, sample_database: Database) -> None:
    headers = await learner(sample_database, "impatient")
    sitting = await served.start(headers)
    second = b'{"position":1,"answer":null}'
    async with served.line() as (reader, writer):
        writer.write(
            raw(sitting, headers) + b"GET /health/live HTTP/1.1\r\nHost: h\r\n\r\n" + raw(sitting, headers, second)
        )
        (one, _), (live, alive), (two, document) = [await status_and_body(reader) for _ in range(3)]
    assert (one, live, two) == (201, 200, 201)
    assert json.decode(alive) == {"status": "live"}
    assert json.decode(document)["item"]["position"] == 2
    assert served.taken == [201], "what comes before the answer to another waits in the ordinary line"


async def test_a_body_that_comes_later_is_waited_for(
    served: Served, sample_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = await learner(sample_database, "in pieces")
    sitting = await served.start(headers)
    for position, patience in enumerate((20.0, 0.05)):
        monkeypatch.setattr(short_way, "BODY_SECONDS", patience)
        whole = raw(sitting, headers, b'{"position":%d,"answer":null}' % position)
        async with served.line() as (reader, writer):
            for piece in (whole[:-20], whole[-20:-5], whole[-5:]):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.1)
            assert (await status_and_body(reader))[0] == 201
    assert served.taken == [201], "the second one was given up to the ordinary way"


@pytest.mark.parametrize("version", ["1.1", "1.0"])
async def test_a_connection_that_closes_is_answered_first(
    served: Served, sample_database: Database, version: str
) -> None:
    headers = await learner(sample_database, f"last words {version}")
    sitting = await served.start(headers)
    async with served.line() as (reader, writer):
        writer.write(
            raw(sitting, headers, more="Connection: close\r\n").replace(b"HTTP/1.1", b"HTTP/" + version.encode())
        )
        assert (await status_and_body(reader))[0] == 201
        assert await asyncio.wait_for(reader.read(), 10) == b""


async def test_whoever_leaves_holds_no_place_and_loses_nothing(served: Served, sample_database: Database) -> None:
    headers = await learner(sample_database, "gone")
    sitting = await served.start(headers)
    given = b'{"position":0,"answer":null,"id":"%s"}' % str(uuid4()).encode()
    async with served.line() as (_, writer):
        writer.write(raw(sitting, headers, given)[:-3])
        await writer.drain()
        await asyncio.sleep(0.05)
    async with served.line() as (_, writer):
        writer.write(raw(sitting, headers, given))
        await writer.drain()
    for _ in range(500):
        if served.taken:
            break
        await asyncio.sleep(0.02)
    assert (served.taken, served.app.state.lane._admission.at_work) == ([201], 0)
    assert (await served.send(sitting, given, headers)).status_code == 200, "it was taken, and is the same again"


async def test_a_connection_that_ended_is_gone_at_once(served: Served, sample_database: Database) -> None:
    headers = await learner(sample_database, "comes and goes")
    whole, live = raw(NOWHERE, headers), b"GET /health/live HTTP/1.1\r\nHost: h\r\n\r\n"
    ordinary = raw(NOWHERE, headers, more="X-Ordinary-Way: 1\r\n")
    gc.collect()
    before = connections()
    gc.disable()
    try:
        talks = ((whole, 1), (ordinary, 1), (live + whole, 2), (whole[:-5], 0), (live + live, 0), (b"", 0))
        for sent, answers in talks:
            async with served.line() as (reader, writer):
                writer.write(sent)
                await writer.drain()
                for _ in range(answers):
                    await status_and_body(reader)
                await asyncio.sleep(0.05)
        for _ in range(250):
            if connections() == before:
                break
            await asyncio.sleep(0.02)
        assert connections() == before, "they wait for a collection"
    finally:
        gc.enable()


def connections() -> int:
    """How many the server holds in memory."""
    return sum(type(one) is short_way.ShortWay for one in gc.get_objects())


async def test_an_idle_connection_is_closed_after_its_last_answer(sample_dsn: str, sample_database: Database) -> None:
    headers = await learner(sample_database, "idle")
    with serving(sample_dsn, timeout_keep_alive=1) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for pause in (0.0, 0.6, 0.6):
            await asyncio.sleep(pause)
            writer.write(raw(NOWHERE, headers))
            assert (await status_and_body(reader))[0] == 404
        began = time.monotonic()
        assert await asyncio.wait_for(reader.read(), 10) == b""
        assert time.monotonic() - began > 0.9
        writer.close()


async def test_a_server_that_stops_answers_what_it_has_taken(sample_dsn: str, sample_database: Database) -> None:
    headers = await learner(sample_database, "at closing time")
    async with httpx.AsyncClient() as client:
        with serving(sample_dsn) as (app, port):
            served = Served(app, port, client, [])
            client.base_url = httpx.URL(f"http://127.0.0.1:{port}")
            sitting = await served.start(headers)
            taken = threading.Event()
            line_up = app.state.desk.line_up

            def later(*given: Any) -> None:
                taken.set()
                asyncio.get_running_loop().call_later(0.5, line_up, *given)

            app.state.desk.line_up = later
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(raw(sitting, headers))
            await asyncio.to_thread(taken.wait, 10)
            leaving = asyncio.create_task(status_and_body(reader))
            await asyncio.sleep(0.05)
        assert (await leaving)[0] == 201
        assert await asyncio.wait_for(reader.read(), 10) == b"", "the connection ends with the answer"
        writer.close()


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
    read = lane._given(body)
    if read is not None:
        assert read == convert(json.decode(body), NewResponse, strict=False)
