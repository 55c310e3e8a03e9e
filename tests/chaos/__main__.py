"""./run chaos [--kills 500]: kill, freeze and starve at full size, print the table, keep it for docs/reliability.md."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from tests.chaos.fuzz_imports import fuzz
from tests.chaos.kills import Killed, kill_series

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- figures of ./run chaos -->", "<!-- end of figures -->"


def rows_of(name: str, killed: Killed, seconds: float) -> list[str]:
    """A series as lines of the table."""
    verdict = killed.verdict
    return [
        f"| {name} | {killed.servers} / {killed.databases} | {verdict.acknowledged} | {verdict.lost} | "
        f"{verdict.doubled} | {verdict.other_item} | {verdict.other_bits} | {verdict.replayed} / "
        f"{verdict.not_replayed} | {killed.retries} | {killed.server_back:.1f} / {killed.database_back:.1f} | "
        f"{seconds:.0f} |"
    ]


HEAD = [
    "| series | kills (server / database) | acknowledged answers | lost | doubled | other next item | other bits | "
    "sittings replayed / different | sent again | back in service, median s (server / database) | seconds |",
    "|---|---|---|---|---|---|---|---|---|---|---|",
]


def main() -> None:
    parser = argparse.ArgumentParser(prog="./run chaos")
    parser.add_argument("--kills", type=int, default=500, help="kill −9, alternately of a server and of the database")
    parser.add_argument("--learners", type=int, default=12)
    parser.add_argument("--packages", type=int, default=10_000, help="mutated packages to import")
    parser.add_argument("--write", action="store_true", help="write the table into docs/reliability.md")
    options = parser.parse_args()
    lines = list(HEAD)
    lines += _timed("durable", options.kills, options.learners)
    control = max(4, options.kills // 25)
    lines += _timed(
        "control: synchronous_commit = off", control, options.learners, only_database=True,
        synchronous_commit="off", wal_writer_delay="10s",
    )  # fmt: skip
    if options.packages:
        lines += ["", fuzz(options.packages, seed=1).sentence]
    print("\n".join(lines))
    if options.write:
        text = DOCUMENT.read_text("utf-8")
        before, after = text.split(BEGIN)[0], text.split(END)[1]
        DOCUMENT.write_text(f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{after}", "utf-8")


def _timed(name: str, kills: int, learners: int, **settings: object) -> list[str]:
    began = time.monotonic()
    killed = kill_series(kills, n_learners=learners, **settings)  # type: ignore[arg-type]
    for line in killed.verdict.odd[:20]:
        print(f"{name}: {line}")
    return rows_of(name, killed, time.monotonic() - began)


if __name__ == "__main__":
    main()
