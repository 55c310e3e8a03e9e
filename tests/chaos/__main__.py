"""./run chaos [--kills 500]: kill, freeze and starve at full size, print the table, keep it for docs/reliability.md."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from itembank.storage.database import create_database, migrate
from itembank.storage.embedded import EmbeddedServer
from tests.chaos.fuzz_imports import Fuzzed, fuzz
from tests.chaos.kills import Killed, kill_series
from tests.chaos.world import World

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- figures of ./run chaos -->", "<!-- end of figures -->"


HEAD = [
    "| series | kills | acknowledged answers | faults of any kind | sittings | replayed / different | sent again | "
    "process ready again, s | longest wait of a learner, s | seconds |",
    "|---|---|---|---|---|---|---|---|---|---|",
]


def row_of(name: str, killed: Killed, seconds: float) -> str:
    """A series as a line of the table."""
    verdict = killed.verdict
    kills = ", ".join(f"{len(times)} {what}" for what, times in killed.back.items() if times)
    found = ", ".join(f"{count} {kind}" for kind, count in sorted(verdict.faults.items())) or "0"
    return (
        f"| {name} | {kills} | {verdict.acknowledged:,} | {found} | {verdict.sittings} | "
        f"{verdict.replayed} / {verdict.not_replayed} | {killed.retries:,} | {_spread(killed.back)} | "
        f"{_spread(killed.waits)} | {seconds:.0f} |"
    )


def _spread(seconds: dict[str, list[float]]) -> str:
    """Median and worst, by what was killed."""
    return "; ".join(
        f"{what} {statistics.median(values):.1f} (worst {max(values):.1f})"
        for what, values in seconds.items()
        if values
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="./run chaos")
    parser.add_argument("--kills", type=int, default=500, help="kill −9, alternately of a server and of the database")
    parser.add_argument("--learners", type=int, default=12)
    parser.add_argument("--packages", type=int, default=10_000, help="mutated packages to import")
    parser.add_argument("--write", action="store_true", help="write the table into docs/reliability.md")
    options = parser.parse_args()
    lines = []
    with tempfile.TemporaryDirectory(prefix="assay-chaos-") as name:
        if options.kills:
            lines += _kills(Path(name), options.kills, options.learners)
        if options.packages:
            lines += ["", _fuzzed(Path(name), options.packages).sentence]
    print("\n".join(lines))
    if options.write:
        text = DOCUMENT.read_text("utf-8")
        before, after = text.split(BEGIN)[0], text.split(END)[1]
        DOCUMENT.write_text(f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{after}", "utf-8")


def _kills(folder: Path, kills: int, learners: int) -> list[str]:
    """The table: the series, and a control that shows that loss can be seen."""
    with World(folder).standing() as world:
        lines = [*HEAD, _timed(world, "durable", kills, learners)]
        with world.careless():
            lines.append(_timed(world, "control: acknowledged before written", 1, learners, victims="d"))
    return lines


def _fuzzed(folder: Path, packages: int) -> Fuzzed:
    """Packages imported into a database of their own; what went wrong is printed."""
    with EmbeddedServer(folder / "imports", {"fsync": "off", "full_page_writes": "off"}) as server:
        asyncio.run(create_database(server.dsn(), "assay"))
        asyncio.run(migrate(server.dsn("assay")))
        done = asyncio.run(fuzz(server.dsn("assay"), packages, seed=1))
    for line in [*done.crashed.elements(), *done.halves, *done.untrue][:40]:
        print(line)
    return done


def _timed(world: World, name: str, kills: int, learners: int, victims: str = "sd") -> str:
    began = time.monotonic()
    killed = kill_series(world, kills, n_learners=learners, victims=victims)
    for line in killed.verdict.odd[:20]:
        print(f"{name}: {line}")
    return row_of(name, killed, time.monotonic() - began)


if __name__ == "__main__":
    main()
