"""Banks and field tests into PostgreSQL, each beside a bare COPY of the same bytes in the same run.

The floor is COPY FROM of the very bytes of the file into a table of text (items) or text and numbers (answers) without
index, key, check or row-level security, by the owner. The product reads and judges every cell, keeps versions,
hashes, foreign keys and row-level security, and commits to disk (fsync on). For items a second floor stands beside it:
COPY of the very rows that are stored into the bank's own two tables, with their keys, indexes and foreign keys.

Run: python -m tests.benchmarks.import_bank [--full]      (--full: 10,000 items, 10 million answers)
"""

from __future__ import annotations

import asyncio
import io
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import numpy as np

from itembank.competencies import Competency, Framework
from itembank.exchange.items_file import read_items
from itembank.exchange.json_lines import read_item_lines, write_item_lines
from itembank.exchange.responses import ResponseTable, read_responses
from itembank.items import Item, content_hash
from itembank.storage import field_tests, institutions
from itembank.storage.database import Database, create_database, migrate
from itembank.storage.embedded import EmbeddedServer
from itembank.workflows.import_bank import import_bank
from itembank.workflows.import_responses import import_responses

T = TypeVar("T")
WORDS = np.array(
    ["the", "of", "rate", "mean", "table", "share", "budget", "order", "price", "count", "sample", "chart", "median"]
)
N_PER_PERSON = 100


async def timed(work: Awaitable[T]) -> tuple[float, T]:
    begin = time.perf_counter()
    result = await work
    return time.perf_counter() - begin, result


def at_once(work: Callable[[], T]) -> tuple[float, T]:
    begin = time.perf_counter()
    result = work()
    return time.perf_counter() - begin, result


def say(what: str, n: int, unit: str, seconds: float, floor: float) -> None:
    """Time, rate, and how fast that is beside the bare COPY (0.50 = half its speed)."""
    print(f"{what:<52}{seconds:8.3f} s {n / seconds:14,.0f} {unit}/s   {floor / seconds:5.2f} of bare COPY", flush=True)


def items_file(n_items: int, rng: np.random.Generator) -> bytes:
    """Choice items with four options, as a spreadsheet has them."""
    rows = ["item_id,competency,key,stem,options,rationale,level,usual_seconds"]
    for number in range(n_items):
        stem = " ".join(rng.choice(WORDS, 45))
        options = "|".join(" ".join(rng.choice(WORDS, 6)) + f" {number} {letter}" for letter in "abcd")
        rows.append(f"item-{number:05d},c{number % 10},{'ABCD'[number % 4]},{stem}?,{options},{stem},basic,60")
    return "\n".join(rows).encode() + b"\n"


def wide_file(n_persons: int, item_ids: list[str], rng: np.random.Generator) -> bytes:
    """Scored answers, one row a person, a tenth not administered."""
    header = ",".join(["person_id", *item_ids])
    cells = np.array(["0", "1", ""])[rng.choice(3, (n_persons, len(item_ids)), p=[0.4, 0.5, 0.1])]
    return "\n".join([header, *(f"p{n:07d}," + ",".join(row) for n, row in enumerate(cells))]).encode() + b"\n"


def long_file(table: ResponseTable) -> bytes:
    """The same answers, one row an answer (id,item,resp)."""
    found = table.triplets()
    lines = ["id,item,resp"]
    persons, items = np.array(table.person_ids), np.array(table.item_ids)
    lines += [
        f"{p},{i},{c}" for p, i, c in zip(persons[found.person], items[found.item], found.category.astype(int).tolist())
    ]
    return "\n".join(lines).encode() + b"\n"


async def bare_copy(owner: asyncpg.Connection, columns: str, data: bytes) -> float:
    """Seconds for COPY of a CSV with a header into a fresh table, committed."""
    await owner.execute(f"DROP TABLE IF EXISTS bare; CREATE TABLE bare ({columns})")
    seconds, _ = await timed(owner.copy_to_table("bare", source=io.BytesIO(data), format="csv", header=True))
    await owner.execute("DROP TABLE bare; CHECKPOINT")
    return seconds


async def bench_items(owner: asyncpg.Connection, database: Database, institution_id: int, n_items: int) -> list[str]:
    rng = np.random.default_rng(1)
    data = items_file(n_items, rng)
    columns = ", ".join(f"{name} text" for name in data.split(b"\n", 1)[0].decode().split(","))
    floor = await bare_copy(owner, columns, data)
    say(f"bare COPY, {n_items:,} items as CSV ({len(data) / 1e6:.1f} MB)", n_items, "items", floor, floor)
    reading, (items, report) = at_once(lambda: read_items(data, name="items.csv"))
    assert report.counts["imported"] == n_items
    storing, result = await timed(import_bank(database, institution_id, "bench", items, framework=_framework()))
    assert len(result.added) == n_items
    say("CSV to bank: read, sanitise, judge, hash, store", n_items, "items", reading + storing, floor)
    say("  of which reading, sanitising, judging", n_items, "items", reading, floor)
    hashing, _ = at_once(lambda: [content_hash(item) for item in items])
    say("  of which canonical bytes and hashes", n_items, "items", hashing, floor)
    say("  of which hashing and storing", n_items, "items", storing, floor)
    await bench_stored_items(owner, database, institution_id, items, storing)
    again, result = await timed(import_bank(database, institution_id, "bench", items, framework=_framework()))
    assert len(result.unchanged) == n_items
    say("the same import again (nothing changes)", n_items, "items", again, floor)
    return [item.key for item in items]


async def bench_stored_items(
    owner: asyncpg.Connection, database: Database, institution_id: int, items: tuple[Item, ...], storing: float
) -> None:
    """The same items as JSON Lines, and what the tables themselves cost."""
    lines = write_item_lines(items).split(b"\n")[:-1]
    data = b"key,item\n" + b"".join(
        b'%s,"%s"\n' % (item.key.encode(), line.replace(b'"', b'""')) for item, line in zip(items, lines)
    )
    floor = await bare_copy(owner, "key text, item text", data)
    say(f"bare COPY, the same items as JSON Lines ({len(data) / 1e6:.1f} MB)", len(items), "items", floor, floor)
    own = await copy_into_own_tables(owner, institution_id, items)
    say("COPY into the bank's own tables (keys, foreign keys)", len(items), "items", own, floor)
    reading, (again, _) = at_once(lambda: read_item_lines(b"\n".join(lines), name="items.jsonl"))
    assert len(again) == len(items)
    seconds, _ = await timed(import_bank(database, institution_id, "lines", again, framework=_framework()))
    say("JSON Lines to bank", len(items), "items", reading + seconds, floor)
    say("  of which reading, sanitising, judging", len(items), "items", reading, floor)
    say("  of which hashing and storing", len(items), "items", seconds, floor)
    total, best = reading + seconds, min(storing, seconds)
    print(f"  beside COPY into the bank's own tables: all of it {own / total:.2f}, storing alone {own / best:.2f}")


async def copy_into_own_tables(owner: asyncpg.Connection, institution_id: int, items: tuple[Item, ...]) -> float:
    """Seconds for COPY of finished rows into `item` and `item_version`: what the tables themselves cost."""
    bank_id, framework_id = await owner.fetchrow("SELECT id, framework_id FROM bank WHERE key = 'bench'")
    copy_id = await owner.fetchval(
        "INSERT INTO bank (uuid, institution_id, framework_id, key, title) "
        "VALUES (gen_random_uuid(), $1, $2, 'copied', '') RETURNING id", institution_id, framework_id,
    )  # fmt: skip
    rows = await owner.fetch(
        "SELECT i.key, v.number, v.title, v.content, v.scoring, v.facts, v.not_deliverable, v.content_hash "
        "FROM item i JOIN item_version v ON v.item_id = i.id WHERE i.bank_id = $1 ORDER BY i.id",
        bank_id,
    )  # fmt: skip
    first = [(institution_id, copy_id, row["key"], "draft", "", 1) for row in rows]
    names = ["institution_id", "bank_id", "key", "state", "state_reason", "current_version"]
    begin = time.perf_counter()
    await owner.copy_records_to_table("item", records=first, columns=names)
    seconds = time.perf_counter() - begin
    ids = [row["id"] for row in await owner.fetch("SELECT id FROM item WHERE bank_id = $1 ORDER BY id", copy_id)]
    second = [(institution_id, item_id, *tuple(row)[1:]) for item_id, row in zip(ids, rows, strict=True)]
    names = ["institution_id", "item_id", "number", "title", "content", "scoring", "facts", "not_deliverable",
             "content_hash"]  # fmt: skip
    begin = time.perf_counter()
    await owner.copy_records_to_table("item_version", records=second, columns=names)
    seconds += time.perf_counter() - begin
    assert len(second) == len(items)
    await owner.execute("CHECKPOINT")
    return seconds


def _framework() -> Framework:
    competencies = tuple(Competency(key=f"c{n}", statement=f"c{n}") for n in range(10))
    return Framework(key="bench", title="Bench", competencies=competencies)


async def bench_answers(
    owner: asyncpg.Connection, database: Database, institution_id: int, keys: list[str], n_persons: int
) -> None:
    rng = np.random.default_rng(2)
    keys = keys[:N_PER_PERSON]
    n_cells = n_persons * len(keys)
    wide = wide_file(n_persons, keys, rng)
    columns = ", ".join(["person text", *(f"i{n} smallint" for n in range(len(keys)))])
    floor = await bare_copy(owner, columns, wide)
    say(f"bare COPY, {n_cells:,} cells wide ({len(wide) / 1e6:.0f} MB)", n_cells, "cells", floor, floor)
    table = await _import_file(database, institution_id, wide, "wide", n_cells, floor)
    long = long_file(table)
    n_answers = table.report.n_responses
    floor = await bare_copy(owner, "person text, item text, resp smallint", long)
    say(f"bare COPY, {n_answers:,} answers long ({len(long) / 1e6:.0f} MB)", n_answers, "answers", floor, floor)
    await _import_file(database, institution_id, long, "long", n_answers, floor)
    async with database.transaction(institution_id) as connection:
        found = []
        for test in await _tests(connection):
            columns = np.argsort(np.array(await field_tests.item_keys(connection, test.id)))
            persons, matrix = await field_tests.responses(connection, test.id)
            found.append(matrix[np.argsort(np.array(persons))][:, columns])
    assert np.array_equal(*found), "both ways in give the same matrix"


async def _tests(connection: Any) -> list[field_tests.FieldTest]:
    bank_id = await connection.fetchval("SELECT id FROM bank WHERE key = 'bench'")
    return await field_tests.of_bank(connection, bank_id)


async def _import_file(
    database: Database, institution_id: int, data: bytes, name: str, n: int, floor: float
) -> ResponseTable:
    begin = time.perf_counter()
    table = read_responses(data, name=f"{name}.csv")
    reading = time.perf_counter() - begin
    storing, done = await timed(import_responses(database, institution_id, "bench", table, name=name))
    assert done.n_responses == table.report.n_responses
    unit = "cells" if name == "wide" else "answers"
    say(f"file to bank, {name}: read, judge, store", n, unit, reading + storing, floor)
    say("  of which storing", n, unit, storing, floor)
    return table


async def run(dsn: str, n_items: int, n_persons: int) -> None:
    """All of it on one database."""
    await migrate(dsn)
    institution_id = await institutions.create(dsn, "bench", "Bench")
    owner, database = await asyncpg.connect(dsn), Database(dsn)
    try:
        keys = await bench_items(owner, database, institution_id, n_items)
        await bench_answers(owner, database, institution_id, keys, n_persons)
    finally:
        await owner.close()
        await database.close()


def on_a_fresh_server(work: Callable[[str], Awaitable[None]]) -> None:
    """Run on an embedded server of its own, with fsync on."""
    folder = Path(tempfile.mkdtemp(prefix="assay-bench-"))
    try:
        with EmbeddedServer(folder) as server:

            async def ready() -> None:
                await create_database(server.dsn(), "bench")
                base, _, query = server.dsn().partition("?")
                await work(f"{base.rsplit('/', 1)[0]}/bench" + (f"?{query}" if query else ""))

            asyncio.run(ready())
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    full = "--full" in sys.argv
    on_a_fresh_server(lambda dsn: run(dsn, 10_000 if full else 1_000, 100_000 if full else 10_000))
