"""Work that goes on after its page was sent: run in a thread, told to the database every second."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

from api.logs import log
from engine.storage import jobs
from itembank.errors import BankError
from itembank.storage.database import Database, DatabaseUnavailable

TELL_SECONDS = 1.0
Tell = Callable[[str], None]
Work = Callable[[Tell], dict[str, Any]]
RUNNING: set[asyncio.Task[None]] = set()
ONE_AT_A_TIME = asyncio.Semaphore(1)


def carry_out(database: Database, institution_id: int, uuid: UUID, work: Work) -> None:
    """Begin the work of a job; one at a time, so that learners keep the machine."""
    task = asyncio.create_task(_carry_out(database, institution_id, uuid, work))
    RUNNING.add(task)
    task.add_done_callback(RUNNING.discard)


async def _carry_out(database: Database, institution_id: int, uuid: UUID, work: Work) -> None:
    said = [""]
    teller = asyncio.create_task(_tell(database, institution_id, uuid, said))
    document, failed = None, None
    try:
        async with ONE_AT_A_TIME:
            document = await asyncio.to_thread(work, lambda text: said.__setitem__(0, text))
    except (BankError, ValueError) as error:
        failed = str(error)
    except Exception as error:
        log.error("background work failed", job=str(uuid), exc_info=error)
        failed = "The fault is ours and has been noted; nothing was changed."
    finally:
        teller.cancel()
    async with database.transaction(institution_id) as connection:
        await jobs.finish(connection, uuid, document, failed)


async def _tell(database: Database, institution_id: int, uuid: UUID, said: list[str]) -> None:
    """Signs of life; a database that is away for a moment is told later."""
    while True:
        try:
            async with database.transaction(institution_id) as connection:
                await jobs.tell(connection, uuid, said[0])
        except DatabaseUnavailable:
            log.warning("a job's progress could not be written", job=str(uuid))
        await asyncio.sleep(TELL_SECONDS)
