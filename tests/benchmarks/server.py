"""The answering endpoint under load, beside an empty Litestar POST of the same shape in the same run.

Run: python -m tests.benchmarks.server [--seconds 6] [--rounds 3]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import tempfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np

from itembank.storage.database import create_database, migrate
from itembank.storage.embedded import EmbeddedServer
from tests.benchmarks.load import Figures, Talk, post, press
from tests.benchmarks.server_bank import Seat, furnish, seat_learners
from tests.benchmarks.server_stage import free_port, process, service, wait_until_ready

RESPONSE = "RESPONSE"


def empty_talk() -> Talk:
    """The same request for ever."""
    request = post(
        f"/api/v1/sessions/{uuid4()}/responses", "x", b'{"position":1,"answer":"A","id":"%s"}' % str(uuid4()).encode()
    )
    return lambda status, body: request


class Learner:
    """Answers one sitting after another; when the seats are used up, it goes home."""

    def __init__(self, seats: deque[Seat], rng: np.random.Generator) -> None:
        self.seats, self.rng = seats, rng
        self.ended = self.odd = 0

    def __call__(self, status: int, body: bytes) -> bytes | None:
        if status not in (0, 200, 201):
            self.odd += 1
        at = body.find(b'"item":{"position":')
        if status in (200, 201) and at > 0:
            return self._answer(int(body[at + 19 : body.index(b",", at)]))
        self.ended += status != 0
        if not self.seats:
            return None
        self.seat = self.seats.popleft()
        return self._answer(0)

    def _answer(self, position: int) -> bytes:
        choice = "ABCD"[int(self.rng.integers(4))]
        body = b'{"position":%d,"answer":"%s","id":"%s"}' % (
            position,
            choice.encode(),
            str(UUID(bytes=self.rng.bytes(16))).encode(),
        )
        return post(f"/api/v1/sessions/{self.seat.session}/responses", self.seat.secret, body)


@contextlib.contextmanager
def prepared(n_seats: int) -> Iterator[tuple[str, list[Seat], Path, int]]:
    """A durable database with a furnished institution: (owner's DSN, seats, folder, institution's id)."""
    with tempfile.TemporaryDirectory(prefix="assay-load-") as name, EmbeddedServer(Path(name) / "postgres") as server:
        asyncio.run(create_database(server.dsn(), "assay"))
        dsn = server.dsn("assay")
        asyncio.run(migrate(dsn))
        institution_id = asyncio.run(furnish(dsn, Path(name)))
        seats = asyncio.run(seat_learners(dsn, institution_id, n_seats))
        yield dsn, seats, Path(name), institution_id


def line(name: str, figures: Figures) -> str:
    """A run in words: rate, latencies, and every status that is not an answer."""
    odd = {status: count for status, count in figures.statuses.items() if status >= 300}
    times = f"p50 {figures.percentile(50):7.1f} ms   p99 {figures.percentile(99):7.1f} ms"
    return f"{name:34} {figures.per_second:8.0f}/s   {times}   {odd or ''}"


def by_turns(floor_port: int, port: int, left: deque[Seat], n_learners: int, options: argparse.Namespace) -> None:
    """Floor and service alternately; the ratio of each round and their median."""
    ratios, rng = [], np.random.default_rng(n_learners)
    for _ in range(options.rounds):
        floor = press(floor_port, [empty_talk() for _ in range(n_learners)], options.seconds / 2)
        print(line(f"empty POST, {n_learners} learners", floor))
        loaded = press(port, [Learner(left, rng) for _ in range(n_learners)], options.seconds)
        print(line(f"answer and next item, {n_learners}", loaded))
        ratios.append(loaded.per_second / floor.per_second)
    print(f"ratio at {n_learners}: {statistics.median(ratios):.2f} of {', '.join(f'{r:.2f}' for r in ratios)}")


def at_a_rate(port: int, left: deque[Seat], options: argparse.Namespace) -> None:
    """512 learners with exponential think times, and five times as many as that without any."""
    rng = np.random.default_rng(3)
    paced = press(port, [Learner(left, rng) for _ in range(512)], options.seconds, think=512 / options.offered)
    print(line(f"{options.offered}/s offered by 512", paced))
    crowd = press(port, [Learner(left, rng) for _ in range(512)], options.seconds)
    print(line("512 without think time", crowd))
    overload = press(port, [Learner(left, rng) for _ in range(2560)], options.seconds, warm_up=3.0)
    print(line("2,560 without think time", overload))
    print(f"goodput under overload: {overload.per_second / crowd.per_second:.2f} of what 512 get")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.server")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seats", type=int, default=4000)
    parser.add_argument("--learners", type=int, nargs="*", default=[64, 512])
    parser.add_argument(
        "--offered", type=int, default=1000, help="answers a second that 512 learners offer; 0: leave out"
    )
    options = parser.parse_args()
    with prepared(options.seats) as (dsn, seats, folder, _):
        left = deque(seats)
        floor_port, port = free_port(), free_port()
        floor_app = ["-m", "tests.benchmarks.server_floor", str(floor_port)]
        with process(floor_app, {}, folder / "floor.log"), service(dsn, port, folder / "service.log"):
            print(f"ready after {wait_until_ready(port, '/health/ready'):.2f} s")
            for n_learners in options.learners:
                by_turns(floor_port, port, left, n_learners, options)
            if options.offered and len(left) >= 3584:
                at_a_rate(port, left, options)


if __name__ == "__main__":
    main()
