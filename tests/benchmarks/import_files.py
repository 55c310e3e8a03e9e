"""Files in: responses, items and frameworks, each beside a bare reader of the same bytes in the same run.

Run: python -m tests.benchmarks.import_files [--small]
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from lxml import etree

from itembank.competencies import Competency, Framework
from itembank.errors import FileRefused
from itembank.exchange.frameworks.case_in import read_case
from itembank.exchange.frameworks.case_out import write_case
from itembank.exchange.items_file import read_items
from itembank.exchange.moodle import read_moodle
from itembank.exchange.responses import ItemRule, read_responses
from itembank.likeness import like_pairs

RNG = np.random.default_rng(20260101)
LETTERS = np.array(list("etaoinshrdlu"))
WORDS = np.array(["".join(RNG.choice(LETTERS, RNG.integers(2, 10))) for _ in range(5000)])
ZIPF = 1 / np.arange(1, 5001)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begin = time.perf_counter()
    result = work()
    return time.perf_counter() - begin, result


def say(what: str, n: int, unit: str, seconds: float, floor: float | None, name: str = "") -> None:
    """One line: time, rate, and how many times the floor's time that is."""
    beside = "" if floor is None else f"  {seconds / floor:5.2f} × {name} ({floor:.2f} s)"
    print(f"{what:<48}{seconds:8.2f} s  {n / seconds / 1e6:8.3f} M {unit}/s{beside}", flush=True)


def peak() -> str:
    return f"peak memory of this process so far {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB"


def write_wide(path: Path, n_persons: int, n_items: int, rng: np.random.Generator) -> None:
    """A dense file of single digits, written in blocks as bytes."""
    header = "person_id," + ",".join(f"i{item:03d}" for item in range(n_items)) + "\n"
    with path.open("wb") as stream:
        stream.write(header.encode())
        for start in range(0, n_persons, 100_000):
            ids = np.arange(start, min(start + 100_000, n_persons))
            rows = np.full((len(ids), 9 + 2 * n_items), ord(","), dtype=np.uint8)
            rows[:, 0] = ord("p")
            for digit in range(7):
                rows[:, 7 - digit] = 48 + (ids // 10**digit) % 10
            rows[:, 9::2] = 48 + rng.integers(0, 2, (len(ids), n_items), dtype=np.uint8)
            rows[:, -1] = ord("\n")
            stream.write(rows.tobytes())


def bench_wide(folder: Path, n_persons: int, rng: np.random.Generator) -> None:
    path = folder / "wide.csv"
    write_wide(path, n_persons, 100, rng)
    floor, _ = timed(lambda: pl.read_csv(path))
    seconds, table = timed(lambda: read_responses(path))
    say(f"wide, {n_persons:,} × 100 scored", n_persons, "rows", seconds, floor, "polars.read_csv")
    rules = {item: ItemRule(item, ("1",)) for item in table.item_ids}
    seconds, keyed = timed(lambda: read_responses(path, items=rules))
    say("the same as raw choices with a key", n_persons, "rows", seconds, floor, "polars.read_csv")
    assert np.array_equal(keyed.responses, table.responses)
    lines = path.read_bytes()
    cut = lines.index(b"\n", len(lines) * 3 // 4) + 1
    path.write_bytes(lines[:cut] + b"broken,row\n" + lines[cut:])
    del lines, table, keyed
    seconds, sentence = timed(lambda: refusal(path))
    say("one broken row three quarters down, named", n_persons, "rows", seconds, floor, "polars.read_csv")
    print(f"  {sentence}\n  {peak()}")
    path.unlink()


def refusal(path: Path) -> str:
    try:
        read_responses(path)
    except FileRefused as refused:
        return str(refused)
    raise AssertionError("the broken row was not seen")


def bench_long(folder: Path, n_rows: int, rng: np.random.Generator) -> None:
    path = folder / "long.csv"
    per_person = 50
    persons = np.repeat(np.arange(n_rows // per_person), per_person)
    pattern = np.concatenate([rng.permutation(500)[:per_person] for _ in range(1000)])
    items = np.resize(pattern, n_rows)
    answers = rng.integers(0, 2, n_rows)
    frame = pl.DataFrame({"id": persons, "item": items, "resp": answers})
    frame.select(pl.format("p{}", "id").alias("id"), pl.format("i{}", "item").alias("item"), "resp").write_csv(path)
    del frame
    floor, _ = timed(lambda: pl.read_csv(path))
    seconds, table = timed(lambda: read_responses(path))
    assert table.report.n_responses == n_rows
    say(f"long, {n_rows:,} answers", n_rows, "rows", seconds, floor, "polars.read_csv")
    print(f"  {peak()}")
    path.unlink()


def bench_items(n_items: int, rng: np.random.Generator) -> None:
    often = ZIPF / ZIPF.sum()
    rows = [
        f'q{k},c{k % 20},B,"<p>{" ".join(rng.choice(WORDS, 30, p=often))}</p>",{"|".join(rng.choice(WORDS, 4))}'
        for k in range(n_items)
    ]
    data = ("item_id,competency,key,stem,options\n" + "\n".join(rows)).encode()
    floor, _ = timed(lambda: pl.read_csv(data))
    seconds, (items, report) = timed(lambda: read_items(data))
    assert report.counts["refused"] == 0
    say(f"items file, {n_items:,} items with HTML stems", n_items, "items", seconds, floor, "polars.read_csv")
    seconds, pairs = timed(lambda: like_pairs(items))
    say(f"likeness of {n_items:,} items ({len(pairs)} pairs)", n_items, "items", seconds, None)


def bench_moodle(n_items: int) -> None:
    one = (
        '<question type="multichoice"><name><text>q{0}</text></name><questiontext format="html"><text><![CDATA[<p>Pick '
        '{0}</p>]]></text></questiontext><single>true</single><answer fraction="100"><text>a</text></answer>'
        '<answer fraction="0"><text>b</text></answer></question>'
    )
    data = f"<quiz>{''.join(one.format(k) for k in range(n_items))}</quiz>".encode()
    floor, _ = timed(lambda: etree.fromstring(data))
    seconds, (items, _, _) = timed(lambda: read_moodle(data))
    assert len(items) == n_items
    say(f"Moodle XML, {n_items:,} questions", n_items, "items", seconds, floor, "lxml parse")


def bench_case() -> None:
    competencies = tuple(
        Competency(
            key=f"c{k}", statement=f"can {k}", parent=f"c{(k - 1) // 5}" if k else "",
            prerequisites=tuple(f"c{j}" for j in range(max(0, k - 5), k)),
        )
        for k in range(585)
    )  # fmt: skip
    framework = Framework(key="f", title="T", creator="C", competencies=competencies)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    seconds, (data, _) = timed(lambda: write_case(framework, base_uri="https://x.example", changed=now))
    edges = len(json.loads(data)["CFAssociations"])
    say(f"CASE out and validated, 585 items, {edges:,} associations", edges, "edges", seconds, None)
    floor, _ = timed(lambda: json.loads(data))
    seconds, _ = timed(lambda: read_case(data))
    say("CASE in", edges, "edges", seconds, floor, "json.loads")


def main() -> None:
    rng = RNG
    small = "--small" in sys.argv
    with tempfile.TemporaryDirectory() as name:
        bench_wide(Path(name), 100_000 if small else 1_000_000, rng)
        bench_long(Path(name), 1_000_000 if small else 10_000_000, rng)
    bench_items(2_000 if small else 10_000, rng)
    bench_moodle(2_000 if small else 10_000)
    bench_case()


if __name__ == "__main__":
    main()
