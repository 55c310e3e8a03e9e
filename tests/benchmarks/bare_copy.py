"""What imports are measured by: COPY of the same bytes, time on the clock and on processors, a server of one's own."""

from __future__ import annotations

import asyncio
import io
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import asyncpg

from itembank.storage.database import create_database
from itembank.storage.embedded import EmbeddedServer

T = TypeVar("T")


async def timed(work: Awaitable[T]) -> tuple[float, T]:
    begin = time.perf_counter()
    result = await work
    return time.perf_counter() - begin, result


def say(what: str, n: int, unit: str, seconds: float, floor: float) -> None:
    """Time, rate, and how fast that is beside the bare COPY (0.50 = half its speed)."""
    print(f"{what:<52}{seconds:8.3f} s {n / seconds:14,.0f} {unit}/s   {floor / seconds:5.2f} of bare COPY", flush=True)


async def bare_copy(owner: asyncpg.Connection, columns: str, data: bytes) -> float:
    """Seconds for COPY of a CSV with a header into a fresh table, committed."""
    await owner.execute(f"DROP TABLE IF EXISTS bare; CREATE TABLE bare ({columns}); CHECKPOINT")
    seconds, _ = await timed(owner.copy_to_table("bare", source=io.BytesIO(data), format="csv", header=True))
    await owner.execute("DROP TABLE bare; CHECKPOINT")
    return seconds


def processor_seconds(pid: int) -> float:
    """Seconds that a process has had a processor so far (Linux); not a number where nobody counts them."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        return float("nan")


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
