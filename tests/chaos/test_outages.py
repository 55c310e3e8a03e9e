"""Everything that can be killed or hang: servers, the database, senders who are slow, silent or gone."""

import asyncio
import json
import socket
import threading
import time
import urllib.error
import urllib.request
from uuid import uuid4

import asyncpg
import pytest

from tests.benchmarks.server_bank import Seat
from tests.chaos.audit import audit
from tests.chaos.kills import kill_series
from tests.chaos.learners import answering, wait_for_answers
from tests.chaos.world import World


def ask(port: int, path: str, secret: str = "", body: object = None) -> tuple[int, str | None]:
    """(status, Retry-After) of one request."""
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    payload = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", payload, headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, None
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get("Retry-After")


@pytest.fixture(scope="module")
def seats(world: World) -> list[Seat]:
    return world.seat(6)


def said(port: int, *parts: bytes) -> None:
    """Bytes on a socket, and nobody there to hear what comes back."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        for part in parts:
            line.sendall(part)


def test_no_acknowledged_answer_is_lost_or_doubled(world: World) -> None:
    killed = kill_series(world, 2, n_learners=6)
    assert {what: len(seconds) for what, seconds in killed.back.items()} == {"server": 1, "database": 1}
    assert killed.retries > 0
    assert killed.verdict.acknowledged >= 6 * 5
    assert killed.verdict.is_clean, killed.verdict


def test_the_harness_sees_loss(world: World) -> None:
    """The control: acknowledged before it is on disk, what was answered last is gone after a kill of the database."""
    with answering(world.seat(8), world.ports, 4) as learners, world.careless():
        wait_for_answers(learners, 5)
        world.kill_database()
    verdict = asyncio.run(audit(world.dsn, world.institution_id, learners))
    assert verdict.faults["lost"] > 0
    assert not verdict.is_clean


def test_a_frozen_database_loses_nothing(world: World) -> None:
    with answering(world.seat(12), world.ports, 6) as learners:
        wait_for_answers(learners, 2)
        world.freeze_database(3)
        wait_for_answers(learners, 2)
    verdict = asyncio.run(audit(world.dsn, world.institution_id, learners))
    assert verdict.acknowledged >= 6 * 4
    assert verdict.is_clean, verdict


def test_a_database_that_stays_away_is_said_in_words(world: World, seats: list[Seat]) -> None:
    secret = seats[0].secret
    world.postgres._pg_ctl("stop", "-m", "immediate", "-w")
    try:
        for path in ("/api/v1/attempts", "/health/ready"):
            status, retry = ask(world.ports[0], path, secret)
            assert (status, retry is not None) == (503, True)
        assert ask(world.ports[0], "/health/live")[0] == 200
    finally:
        world.postgres.revive()
    began = time.monotonic()
    while ask(world.ports[0], "/api/v1/attempts", secret)[0] != 200:
        assert time.monotonic() - began < 10
        time.sleep(0.05)


async def _hold(dsn: str, ready: threading.Event, leave: threading.Event) -> None:
    connection = await asyncpg.connect(dsn)
    async with connection.transaction():
        await connection.execute("LOCK TABLE session IN ACCESS EXCLUSIVE MODE")
        ready.set()
        await asyncio.to_thread(leave.wait, 60)
    await connection.close()


def test_held_rows_end_in_503_not_in_500(world: World, seats: list[Seat]) -> None:
    ready, leave = threading.Event(), threading.Event()
    holder = threading.Thread(target=lambda: asyncio.run(_hold(world.dsn, ready, leave)))
    holder.start()
    ready.wait(10)
    seen: list[tuple[int, str | None]] = []

    def press(number: int) -> None:
        seat = seats[number % len(seats)]
        given = {"position": 0, "answer": "A", "id": str(uuid4())}
        path = f"/api/v1/sessions/{seat.session}/responses"
        seen.append(ask(world.ports[number % 2], path, seat.secret, given))

    threads = [threading.Thread(target=press, args=(number,)) for number in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    leave.set()
    holder.join(10)
    assert len(seen) == 60
    assert {status for status, _ in seen} == {503}
    assert all(retry for _, retry in seen)


HEAD = b"POST /api/v1/attempts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    "parts",
    [
        (HEAD + b"Content-Length: 100\r\n\r\n", b'{"assess'),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"5\r\n{"),
        (HEAD,),
        (b"GET / HT",),
    ],
)
def test_half_a_request_troubles_nobody(world: World, parts: tuple[bytes, ...]) -> None:
    for _ in range(20):
        said(world.ports[0], *parts)
    assert ask(world.ports[0], "/health/live")[0] == 200
    log = (world.folder / f"server-{world.ports[0]}.log").read_text()
    assert "request failed" not in log


def test_a_slow_sender_is_served_and_holds_nobody_up(world: World, seats: list[Seat]) -> None:
    """Others are answered while half of its body is still to come."""
    body = b'{"assessment": "pressed"}'
    secret = seats[1].secret.encode()
    head = HEAD + b"Authorization: Bearer " + secret + b"\r\nContent-Length: %d\r\n\r\n" % len(body)
    with socket.create_connection(("127.0.0.1", world.ports[0]), timeout=60) as line:
        for part in (head, body[:9]):
            line.sendall(part)
            assert ask(world.ports[0], "/api/v1/attempts", seats[2].secret)[0] == 200
        line.sendall(body[9:])
        assert line.recv(4096).startswith(b"HTTP/1.1 200")
