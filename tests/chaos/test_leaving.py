"""A server that is told to go (SIGTERM) finishes what it has begun, loses nothing acknowledged, and is gone."""

import asyncio
import contextlib
import re
import signal
import threading
import time
import urllib.request
from collections.abc import Iterator
from uuid import uuid4

import asyncpg
import pytest

from tests.benchmarks.server_bank import Seat
from tests.benchmarks.server_stage import wait_until_ready
from tests.chaos.audit import audit
from tests.chaos.learners import answering, wait_for_answers
from tests.chaos.test_outages import ask
from tests.chaos.world import World

LONGEST = 5.0
AT_WORK = re.compile(r"^assay_requests_at_work (\d+)", re.MULTILINE)


@pytest.fixture
def leaver(world: World) -> Iterator[int]:
    """The port of a server that may be ended; another is started there."""
    yield world.ports[0]
    world.start(world.ports[0])
    wait_until_ready(world.ports[0], "/health/ready")


def tell_to_go(world: World, port: int) -> None:
    world.running[port].send_signal(signal.SIGTERM)


def test_leaving_under_load_loses_nothing(world: World, leaver: int) -> None:
    with answering(world.seat(16), world.ports, 8) as learners:
        wait_for_answers(learners, 3)
        began = time.monotonic()
        tell_to_go(world, leaver)
        assert world.running[leaver].wait(30) == 0
        seconds = time.monotonic() - began
        wait_for_answers(learners, 3)
    verdict = asyncio.run(audit(world.dsn, world.institution_id, learners))
    assert seconds < LONGEST
    assert verdict.acknowledged >= 8 * 6
    assert verdict.is_clean, verdict
    assert world.faults_logged() == []


async def hold_sessions(dsn: str, held: threading.Event, free: threading.Event) -> None:
    connection = await asyncpg.connect(dsn)
    async with connection.transaction():
        await connection.execute("LOCK TABLE session IN ACCESS EXCLUSIVE MODE")
        held.set()
        await asyncio.to_thread(free.wait, 30)
    await connection.close()


def wait_for_work(port: int, n_requests: int) -> None:
    """Until the server has so many requests under way."""
    for _ in range(100):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            found = AT_WORK.search(answer.read().decode())
        if found and int(found[1]) >= n_requests:
            return
        time.sleep(0.02)
    raise TimeoutError(f"{n_requests} requests were never under way at once.")


@contextlib.contextmanager
def sessions_held(dsn: str) -> Iterator[threading.Event]:
    """Nobody writes sessions until the event is set, or the block ends."""
    held, free = threading.Event(), threading.Event()
    holder = threading.Thread(target=lambda: asyncio.run(hold_sessions(dsn, held, free)))
    holder.start()
    try:
        assert held.wait(10)
        yield free
    finally:
        free.set()
        holder.join(30)


def test_answers_under_way_are_finished_before_the_server_goes(world: World, leaver: int) -> None:
    """Twenty answers wait for a lock when the server is told to go; the lock is given back a moment later."""
    seats, told = world.seat(20), []

    def answer(seat: Seat) -> None:
        given = {"position": 0, "answer": "A", "id": str(uuid4())}
        told.append(ask(leaver, f"/api/v1/sessions/{seat.session}/responses", seat.secret, given))

    threads = [threading.Thread(target=answer, args=(seat,)) for seat in seats]
    with sessions_held(world.dsn) as free:
        for thread in threads:
            thread.start()
        wait_for_work(leaver, len(seats))
        tell_to_go(world, leaver)
        time.sleep(0.3)
        assert world.running[leaver].poll() is None
        assert told == []
        free.set()
        began = time.monotonic()
        for thread in threads:
            thread.join(30)
    assert told == [(201, None)] * len(seats)
    assert world.running[leaver].wait(30) == 0
    assert time.monotonic() - began < LONGEST
    assert asyncio.run(n_answers(world.dsn, seats)) == len(seats)


N_ANSWERS = (
    "SELECT count(*) FROM response JOIN session ON session.id = response.session_id WHERE session.uuid = ANY($1)"
)


async def n_answers(dsn: str, seats: list[Seat]) -> int:
    """How many answers are on disk."""
    connection = await asyncpg.connect(dsn)
    try:
        return int(await connection.fetchval(N_ANSWERS, [seat.session for seat in seats]))
    finally:
        await connection.close()
