"""./run chaos [--kills 500]: kill, freeze and starve at full size, print the table, keep it for docs/reliability.md."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from tests.chaos.fuzz_imports import fuzz
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
    lines = list(HEAD)
    with tempfile.TemporaryDirectory(prefix="assay-chaos-") as name, World(Path(name)).standing() as world:
        lines.append(_timed(world, "durable", options.kills, options.learners))
        with world.careless():
            lines.append(_timed(world, "control: acknowledged before written", 1, options.learners, victims="d"))
    if options.packages:
        lines += ["", fuzz(options.packages, seed=1).sentence]
    print("\n".join(lines))
    if options.write:
        text = DOCUMENT.read_text("utf-8")
        before, after = text.split(BEGIN)[0], text.split(END)[1]
        DOCUMENT.write_text(f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{after}", "utf-8")


def _timed(world: World, name: str, kills: int, learners: int, victims: str = "sd") -> str:
    began = time.monotonic()
    killed = kill_series(world, kills, n_learners=learners, victims=victims)
    for line in killed.verdict.odd[:20]:
        print(f"{name}: {line}")
    return row_of(name, killed, time.monotonic() - began)


if __name__ == "__main__":
    main()
