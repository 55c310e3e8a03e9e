"""The answering endpoint under load, beside an empty Litestar POST of the same shape in the same run.

Run: python -m tests.benchmarks.server [--seconds 4] [--rounds 3] [--only ratio paced overload start memory]
By default all but memory; `--only memory --minutes 60 --rate 100` watches the server's memory for an hour.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import sys
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from itembank.storage.database import create_database, migrate
from itembank.storage.embedded import EmbeddedServer
from tests.benchmarks.load import Figures, press
from tests.benchmarks.server_bank import Seat, furnish, seat_learners
from tests.benchmarks.server_machine import Meter, resident_mb
from tests.benchmarks.server_people import SITTINGS_EACH, Learner, empty_talk
from tests.benchmarks.server_stage import free_port, process, service, wait_until_listening, wait_until_ready

RATIOS = {64: 0.5, 512: 0.75}
PACED = {1000: 25.0, 2000: 50.0}
"""Offered by 512 learners with think time: the p99 asked for, in milliseconds."""
LONGEST_P99_AT_64, GOODPUT, START_SECONDS = 30.0, 0.8, 2.0
ANSWERS_A_SITTING = 15
RAMP = 2.0
"""Seconds not counted at the beginning of a run: connections are opened, and all send their last request once more."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the figures are taken."""

    dsn: str
    folder: Path
    postmaster: int
    left: deque[Seat]


@contextlib.contextmanager
def prepared(n_seats: int) -> Iterator[Stage]:
    """A durable database with a furnished institution and learners in front of their first items."""
    with tempfile.TemporaryDirectory(prefix="assay-load-") as name, EmbeddedServer(Path(name) / "postgres") as server:
        asyncio.run(create_database(server.dsn(), "assay"))
        dsn = server.dsn("assay")
        asyncio.run(migrate(dsn))
        institution_id = asyncio.run(furnish(dsn, Path(name)))
        seats = asyncio.run(seat_learners(dsn, institution_id, n_seats))
        yield Stage(dsn, Path(name), server.postmaster_pid(), deque(seats))


def line(name: str, figures: Figures) -> str:
    """A run in words: rate, latencies, and every status that is not an answer."""
    odd = {status: count for status, count in figures.statuses.items() if status >= 300}
    times = f"p50 {figures.percentile(50):7.1f} ms   p99 {figures.percentile(99):7.1f} ms"
    return f"{name:34} {figures.per_second:8.0f}/s   {times}   {odd or ''}"


def verdict(met: bool, bar: str) -> str:
    return f"  {'met' if met else 'NOT MET'}: {bar}"


def measured(
    stage: Stage, pids: Sequence[int], port: int, learners: list[Learner], seconds: float, **how: float
) -> Figures:
    """A run against the service; where the processor time went is printed after it."""
    before = Meter.read(pids, stage.postmaster)
    figures = press(port, learners, seconds, warm_up=RAMP, **how)  # type: ignore[arg-type]
    share = (figures.seconds + RAMP) / figures.seconds
    used = Meter.read(pids, stage.postmaster).since(before, figures.good * share)
    print(f"{'':34} {used}")
    return figures


def by_turns(
    stage: Stage, pids: Sequence[int], floor_port: int, port: int, n_learners: int, options: argparse.Namespace
) -> None:
    """Floor and service alternately; the ratio of each round and their median."""
    ratios, slowest, rng = [], [], np.random.default_rng(n_learners)
    crowd = [Learner(stage.left, rng) for _ in range(n_learners)]
    for _ in range(options.rounds):
        floor = press(floor_port, [empty_talk() for _ in range(n_learners)], options.seconds / 2)
        print(line(f"empty POST, {n_learners} learners", floor))
        loaded = measured(stage, pids, port, crowd, options.seconds)
        print(line(f"answer and next item, {n_learners}", loaded))
        ratios.append(loaded.per_second / floor.per_second)
        slowest.append(loaded.percentile(99))
    ratio, p99 = statistics.median(ratios), statistics.median(slowest)
    print(f"ratio at {n_learners}: {ratio:.2f} of {', '.join(f'{r:.2f}' for r in ratios)}; p99 {p99:.1f} ms (medians)")
    if n_learners in RATIOS:
        print(verdict(ratio >= RATIOS[n_learners], f"at least {RATIOS[n_learners]} of the empty endpoint"))
    if n_learners == 64:
        print(verdict(p99 < LONGEST_P99_AT_64, f"p99 under {LONGEST_P99_AT_64:.0f} ms"))


def paced(stage: Stage, pids: Sequence[int], port: int, options: argparse.Namespace) -> None:
    """512 learners with exponential think times."""
    rng = np.random.default_rng(3)
    crowd = [Learner(stage.left, rng) for _ in range(512)]
    for offered, longest in PACED.items():
        figures = measured(stage, pids, port, crowd, options.seconds * 2, think=512 / offered)
        print(line(f"{offered}/s offered by 512", figures))
        met = figures.percentile(99) <= longest and figures.per_second >= 0.9 * offered
        print(verdict(met, f"p99 at most {longest:.0f} ms, and what is offered is served"))


def overload(stage: Stage, pids: Sequence[int], port: int, options: argparse.Namespace) -> None:
    """512 learners without think time are the capacity; then five times as many."""
    rng = np.random.default_rng(4)
    learners = [Learner(stage.left, rng) for _ in range(2560)]
    crowd = measured(stage, pids, port, learners[:512], options.seconds)
    print(line("512 without think time", crowd))
    many = measured(stage, pids, port, learners, options.seconds * 2)
    print(line("2,560 without think time", many))
    goodput = many.per_second / crowd.per_second
    if not stage.left:
        print("The learners ran out during these runs: the figures of overload say nothing; ask for more --seats.")
    print(f"goodput under overload: {goodput:.2f} of what 512 get; connections broken: {many.broken}")
    faults = sum(count for status, count in many.statuses.items() if status >= 500 and status != 503)
    print(verdict(faults == 0, "no answer of 500"), verdict(goodput >= GOODPUT, f"goodput at least {GOODPUT}"))


def memory(stage: Stage, pids: Sequence[int], port: int, options: argparse.Namespace) -> None:
    """A steady rate for a while; what the server holds in memory, twenty times on the way."""
    rng, sizes, span = np.random.default_rng(5), [], options.minutes * 60 / 20
    crowd = [Learner(stage.left, rng, again=True) for _ in range(128)]
    for step in range(20):
        figures = press(port, crowd, span - 0.1, warm_up=0.1, think=128 / options.rate, seed=step)
        sizes.append(sum(map(resident_mb, pids)))
        print(f"{(step + 1) * span / 60:6.1f} min   {sizes[-1]:7.1f} MB   " + line("", figures).strip(), flush=True)
    growth = np.polyfit(np.arange(10) * span / 3600, sizes[10:], 1)[0]
    print(f"over the second half: {growth:+.1f} MB an hour; {sizes[9]:.1f} MB half way, {sizes[-1]:.1f} MB at the end")


def starts(stage: Stage) -> None:
    """Seconds from the start of the process to the first answer of readiness."""
    seconds = []
    for _ in range(3):
        port = free_port()
        with service(stage.dsn, port, stage.folder / "start.log"):
            seconds.append(wait_until_ready(port, "/health/ready"))
    middle = statistics.median(seconds)
    print(f"ready after {middle:.2f} s (median of {', '.join(f'{s:.2f}' for s in seconds)})")
    print(verdict(middle < START_SECONDS, f"start of the server under {START_SECONDS:.0f} s"))


def seats_for(options: argparse.Namespace) -> int:
    """How many learners the runs may use up."""
    if "memory" in options.only:
        return 128 + int(options.rate * options.minutes * 60 / ANSWERS_A_SITTING / SITTINGS_EACH * 1.2)
    return int(options.seats)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.server")
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seats", type=int, default=20_000)
    parser.add_argument("--learners", type=int, nargs="*", default=[64, 512])
    parts = ["start", "ratio", "paced", "overload", "memory"]
    parser.add_argument("--only", nargs="+", choices=parts, default=parts[:-1])
    parser.add_argument("--processes", type=int, default=1, help="server processes that share the address")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long memory is watched")
    parser.add_argument("--rate", type=float, default=200.0, help="answers a second while memory is watched")
    options = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    with prepared(seats_for(options)) as stage:
        if "start" in options.only:
            starts(stage)
        floor_port, port = free_port(), free_port()
        floor = process(["-m", "tests.benchmarks.server_floor", str(floor_port)], {}, stage.folder / "floor.log")
        with floor, contextlib.ExitStack() as running:
            pids = []
            for number in range(options.processes):
                shared = {"ASSAY_SHARE_PORT": "1"} if options.processes > 1 else {}
                log = stage.folder / f"service-{number}.log"
                pids.append(running.enter_context(service(stage.dsn, port, log, **shared)).pid)
            wait_until_listening(port, options.processes)
            wait_until_ready(port, "/health/ready")
            press(port, [Learner(stage.left, np.random.default_rng(0)) for _ in range(16)], 1.0)
            for n_learners in options.learners if "ratio" in options.only else ():
                by_turns(stage, pids, floor_port, port, n_learners, options)
            for name, part in (("paced", paced), ("overload", overload), ("memory", memory)):
                if name in options.only:
                    part(stage, pids, port, options)


if __name__ == "__main__":
    main()
