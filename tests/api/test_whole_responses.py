"""Heads and bodies leave together, and nothing is held longer than a turn of the loop."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import httpx
import pytest
import uvicorn

from api.whole_responses import Joining, WholeResponses


class Recorder(asyncio.Transport):
    """A transport that keeps what each system call would have sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self.is_closed = False

    def write(self, data: Any) -> None:
        self.sent.append(bytes(data))

    def writelines(self, list_of_data: Any) -> None:
        self.sent.append(b"".join(list_of_data))

    def close(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed


@pytest.fixture
async def joined() -> tuple[Recorder, Joining]:
    recorder = Recorder()
    return recorder, Joining(recorder, asyncio.get_running_loop())


async def test_what_follows_at_once_leaves_together(joined: tuple[Recorder, Joining]) -> None:
    recorder, transport = joined
    transport.write(b"head ")
    assert recorder.sent == []
    transport.write(b"body")
    assert recorder.sent == [b"head body"]
    transport.write(b"next head")
    await asyncio.sleep(0)
    assert recorder.sent == [b"head body", b"next head"]
    await asyncio.sleep(0)
    transport.write(b"a stream's head")
    await asyncio.sleep(0)
    transport.write(b"its first part")
    await asyncio.sleep(0)
    assert recorder.sent[2:] == [b"a stream's head", b"its first part"]


async def test_what_is_held_leaves_before_the_end(joined: tuple[Recorder, Joining]) -> None:
    recorder, transport = joined
    transport.write(b"last words")
    transport.close()
    assert recorder.sent == [b"last words"]
    assert transport.is_closing()
    await asyncio.sleep(0)
    assert recorder.sent == [b"last words"]


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers; /stream sends its body only after the head has had time to arrive."""
    assert scope["type"] == "http"
    length = [] if scope["path"] == "/stream" else [(b"content-length", b"4")]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    if scope["path"] == "/stream":
        for part in (b"one ", b"two "):
            await asyncio.sleep(0.05)
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    else:
        await send({"type": "http.response.body", "body": b"whole"[:4]})


@contextmanager
def serving() -> Iterator[str]:
    config = uvicorn.Config(app, port=0, http=WholeResponses, log_config=None, lifespan="off", loop="asyncio")
    server = uvicorn.Server(config)
    thread = Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


def test_every_kind_of_response_arrives_whole() -> None:
    with serving() as base, httpx.Client(base_url=base) as client:
        assert client.get("/").text == "whol"
        assert client.head("/").status_code == 200
        with client.stream("GET", "/stream") as answer:
            assert answer.status_code == 200
            assert "".join(answer.iter_text()) == "one two "
        assert client.post("/", content=b"x" * 300_000, headers={"expect": "100-continue"}).text == "whol"
        assert client.get("/", headers={"connection": "close"}).text == "whol"
