"""The server looks at new sittings by itself: now and then, in a process of its own that gives way to all others."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import asyncpg
import structlog

from engine.storage import flags
from itembank.storage.database import Database, DatabaseUnavailable

log = structlog.get_logger()
ROUND_SECONDS = 60.0
LOOK_SECONDS = 600.0
LAST_IN_LINE = 19
"""The lowest priority: beside a busy server a look gets what is left over."""


@contextlib.asynccontextmanager
async def making_rounds(database: Database, dsn: str, minutes: int) -> AsyncIterator[None]:
    """While the block runs, every bank with new sittings is looked at, `minutes` apart; 0 = never."""
    task = asyncio.create_task(_rounds(database, dsn, timedelta(minutes=minutes))) if minutes else None
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _rounds(database: Database, dsn: str, apart: timedelta) -> None:
    while True:
        await asyncio.sleep(ROUND_SECONDS)
        try:
            while await make_round(database, dsn, apart):
                pass
        except (DatabaseUnavailable, asyncpg.PostgresError):
            log.debug("no look at new sittings: the database is away")
        except Exception:
            log.exception("new sittings could not be looked at")


async def make_round(database: Database, dsn: str, apart: timedelta) -> bool:
    """Look at one bank that is due and that no other server process looks at; False when there is none.

    A look that fails or takes too long is tried again when its claim has lapsed.
    """
    async with database.transaction(None) as connection:
        due = await flags.claim_round(connection, apart, timedelta(seconds=LOOK_SECONDS + 60))
    if due is None:
        return False
    institution, bank = due
    failed = await carry_out(looking_at(institution, bank), dsn, LOOK_SECONDS)
    if failed is None:
        log.info("new sittings looked at", institution=institution, bank=bank)
    else:
        log.error("new sittings could not be looked at", institution=institution, bank=bank, reason=failed)
    return True


def looking_at(institution: str, bank: str) -> list[str]:
    """The command that looks at a bank: the same that people give."""
    return [sys.executable, "-m", "api", "flags", "--institution", institution, "--bank", bank, "--json"]


async def carry_out(command: Sequence[str], dsn: str, seconds: float) -> str | None:
    """Run a command on the database behind everybody else; why it came to nothing, None when it did not.

    Its answer is not read: what it found is kept. It ends with the server, and after `seconds` in any case.
    """
    environment = {**os.environ, "DATABASE_URL": dsn, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        with contextlib.suppress(ProcessLookupError):  # it may have ended already
            os.setpriority(os.PRIO_PROCESS, process.pid, LAST_IN_LINE)
        _, said = await asyncio.wait_for(process.communicate(), seconds)
    except TimeoutError:
        return f"it took longer than {seconds:.0f} seconds"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return None if process.returncode == 0 else (said.decode(errors="replace").strip()[-300:] or "it ended early")
