"""Banks and field tests into PostgreSQL, each beside a bare COPY of the same bytes in the same run.

The floor is COPY FROM of the very bytes of the file into a table of text (items) or text and numbers (answers) without
index, key, check or row-level security, by the owner. The product reads and judges every cell, keeps versions,
hashes, foreign keys and row-level security, and commits to disk (fsync on). More of the items: `import_items`.

Run: python -m tests.benchmarks.import_bank [--full]      (--full: 10,000 items, 10 million answers)
"""

from __future__ import annotations

import sys
import time
from typing import Any

import asyncpg
import numpy as np

from itembank.exchange.responses import ResponseTable, read_responses
from itembank.storage import field_tests, institutions
from itembank.storage.database import Database, migrate
from itembank.workflows.import_responses import import_responses
from tests.benchmarks.bare_copy import bare_copy, on_a_fresh_server, say, timed
from tests.benchmarks.import_items import bench_items

N_PER_PERSON = 100


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


if __name__ == "__main__":
    full = "--full" in sys.argv
    on_a_fresh_server(lambda dsn: run(dsn, 10_000 if full else 1_000, 100_000 if full else 10_000))
