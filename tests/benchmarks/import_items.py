"""A bank of items into PostgreSQL as CSV and as JSON Lines, beside two floors of the same run.

The first floor is COPY FROM of the very bytes of the file, by the owner, into a table of text without index, key, check
or row-level security. The second is COPY of the very rows that are stored, finished, into the bank's own two tables
with their keys, indexes, checks and foreign keys: no import can be faster than that. The product reads and judges every
cell, sanitises, hashes, keeps versions under row-level security and commits to disk (fsync on). Floors and imports take
turns, and the best of all rounds is told; processor time is told beside it because other work does not lengthen it.

Run: python -m tests.benchmarks.import_items [--full]      (--full: 10,000 items)
"""

from __future__ import annotations

import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable

import asyncpg
import numpy as np

from itembank.competencies import Competency, Framework
from itembank.exchange.items_file import read_items
from itembank.exchange.json_lines import read_item_lines, write_item_lines
from itembank.items import Item, content_hash
from itembank.loss_report import LossReport
from itembank.storage import institutions
from itembank.storage.database import Database, migrate
from itembank.workflows.import_bank import import_bank
from tests.benchmarks.bare_copy import bare_copy, on_a_fresh_server, processor_seconds, say, timed

ROUNDS = 5
WORDS = np.array(
    ["the", "of", "rate", "mean", "table", "share", "budget", "order", "price", "count", "sample", "chart", "median"]
)
Read = Callable[[], tuple[tuple[Item, ...], LossReport]]


def items_file(n_items: int, rng: np.random.Generator) -> bytes:
    """Choice items with four options, as a spreadsheet has them."""
    rows = ["item_id,competency,key,stem,options,rationale,level,usual_seconds"]
    for number in range(n_items):
        stem = " ".join(rng.choice(WORDS, 45))
        options = "|".join(" ".join(rng.choice(WORDS, 6)) + f" {number} {letter}" for letter in "abcd")
        rows.append(f"item-{number:05d},c{number % 10},{'ABCD'[number % 4]},{stem}?,{options},{stem},basic,60")
    return "\n".join(rows).encode() + b"\n"


def framework() -> Framework:
    competencies = tuple(Competency(key=f"c{n}", statement=f"c{n}") for n in range(10))
    return Framework(key="bench", title="Bench", competencies=competencies)


class Imports:
    """Seconds of every kind of step, round by round."""

    def __init__(self, owner: asyncpg.Connection, database: Database, institution_id: int) -> None:
        self.owner, self.database, self.institution_id = owner, database, institution_id
        self.seconds: dict[str, list[float]] = defaultdict(list)

    def best(self, what: str) -> float:
        return min(self.seconds[what])

    async def floor(self, form: str, columns: str, data: bytes) -> None:
        """COPY of the bytes of a file as they are."""
        before = processor_seconds(self.owner.get_server_pid())
        self.seconds[f"{form} floor"].append(await bare_copy(self.owner, columns, data))
        self.seconds[f"{form} floor, server"].append(processor_seconds(self.owner.get_server_pid()) - before)

    async def bring(self, form: str, bank: str, read: Read) -> tuple[Item, ...]:
        """Read a file and import it into a bank of its own."""
        here, clock = time.process_time(), time.perf_counter()
        items, report = read()
        assert report.counts["imported"] == len(items)
        read_here, read_clock = time.process_time() - here, time.perf_counter() - clock
        async with self.database.transaction(self.institution_id) as connection:
            server = connection.get_server_pid()
        there, here = processor_seconds(server), time.process_time()
        storing, done = await timed(import_bank(self.database, self.institution_id, bank, items, framework=framework()))
        assert len(done.added) == len(items)
        self.seconds[f"{form} reading"].append(read_clock)
        self.seconds[f"{form} storing"].append(storing)
        self.seconds[f"{form} in all"].append(read_clock + storing)
        self.seconds[f"{form} reading, here"].append(read_here)
        self.seconds[f"{form} storing, here"].append(time.process_time() - here)
        self.seconds[f"{form} storing, server"].append(processor_seconds(server) - there)
        return items

    async def copy_finished_rows(self, bank: str) -> None:
        """COPY of what a bank holds into the same two tables once more: what the tables themselves cost."""
        bank_id, framework_id = await self.owner.fetchrow("SELECT id, framework_id FROM bank WHERE key = $1", bank)
        copy_id = await self.owner.fetchval(
            "INSERT INTO bank (uuid, institution_id, framework_id, key, title) "
            "VALUES (gen_random_uuid(), $1, $2, $3, '') RETURNING id",
            self.institution_id, framework_id, f"{bank}-copy",
        )  # fmt: skip
        rows = await self.owner.fetch(
            "SELECT i.key, v.number, v.title, v.content, v.scoring, v.facts, v.not_deliverable, v.content_hash "
            "FROM item i JOIN item_version v ON v.item_id = i.id WHERE i.bank_id = $1 ORDER BY i.id", bank_id,
        )  # fmt: skip
        await self.owner.execute("CHECKPOINT")
        before = processor_seconds(self.owner.get_server_pid())
        first = [(self.institution_id, copy_id, row["key"], "draft", "", 1) for row in rows]
        names = ["institution_id", "bank_id", "key", "state", "state_reason", "current_version"]
        seconds, _ = await timed(self.owner.copy_records_to_table("item", records=first, columns=names))
        ids = await self.owner.fetch("SELECT id FROM item WHERE bank_id = $1 ORDER BY id", copy_id)
        second = [(self.institution_id, item["id"], *tuple(row)[1:]) for item, row in zip(ids, rows, strict=True)]
        names = ["institution_id", "item_id", "number", "title", "content", "scoring", "facts", "not_deliverable",
                 "content_hash"]  # fmt: skip
        more, _ = await timed(self.owner.copy_records_to_table("item_version", records=second, columns=names))
        self.seconds["own tables"].append(seconds + more)
        self.seconds["own tables, server"].append(processor_seconds(self.owner.get_server_pid()) - before)

    def tell(self, form: str, n: int, megabytes: float) -> None:
        floor, tables = self.best(f"{form} floor"), self.best("own tables")
        say(f"bare COPY, {n:,} items as {form} ({megabytes:.1f} MB)", n, "items", floor, floor)
        say("COPY of finished rows into the bank's own tables", n, "items", tables, floor)
        say(f"{form} to bank", n, "items", self.best(f"{form} in all"), floor)
        say("  of which reading, sanitising, judging", n, "items", self.best(f"{form} reading"), floor)
        say("  of which hashing and storing", n, "items", self.best(f"{form} storing"), floor)
        print(f"  beside COPY of finished rows: {tables / self.best(f'{form} in all'):.2f}")
        print("  microseconds of processor an item:")
        for name in (f"{form} reading, here", f"{form} storing, here", f"{form} storing, server",
                     f"{form} floor, server", "own tables, server"):  # fmt: skip
            print(f"    {name:<48}{self.best(name) / n * 1e6:8.1f}")


async def bench_items(owner: asyncpg.Connection, database: Database, institution_id: int, n_items: int) -> list[str]:
    """Both forms in turns with their floors; the keys of the items, which are in bank "bench" afterwards."""
    data = items_file(n_items, np.random.default_rng(1))
    items, _ = read_items(data, name="items.csv")
    lines = write_item_lines(items)
    quoted = [b'%s,"%s"\n' % (i.key.encode(), line.replace(b'"', b'""')) for i, line in zip(items, lines.split(b"\n"))]
    as_table = b"key,item\n" + b"".join(quoted)
    columns = ", ".join(f"{name} text" for name in data.split(b"\n", 1)[0].decode().split(","))
    imports = Imports(owner, database, institution_id)
    for turn in range(ROUNDS):
        await imports.floor("CSV", columns, data)
        await imports.bring("CSV", f"csv-{turn}", lambda: read_items(data, name="items.csv"))
        await imports.copy_finished_rows(f"csv-{turn}")
        await imports.floor("JSON Lines", "key text, item text", as_table)
        again = await imports.bring("JSON Lines", f"lines-{turn}", lambda: read_item_lines(lines, name="items.jsonl"))
        assert list(map(content_hash, again[:100])) == list(map(content_hash, items[:100]))
    imports.tell("CSV", n_items, len(data) / 1e6)
    imports.tell("JSON Lines", n_items, len(lines) / 1e6)
    await import_bank(database, institution_id, "bench", items, framework=framework())
    seconds, result = await timed(import_bank(database, institution_id, "bench", items, framework=framework()))
    assert len(result.unchanged) == n_items
    say("the same import again (nothing changes)", n_items, "items", seconds, imports.best("CSV floor"))
    return [item.key for item in items]


async def run(dsn: str, n_items: int) -> None:
    """All of it on one database."""
    await migrate(dsn)
    institution_id = await institutions.create(dsn, "bench", "Bench")
    owner, database = await asyncpg.connect(dsn), Database(dsn)
    try:
        await bench_items(owner, database, institution_id, n_items)
    finally:
        await owner.close()
        await database.close()


if __name__ == "__main__":
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    on_a_fresh_server(lambda dsn: run(dsn, 10_000 if "--full" in sys.argv else 1_000))
