"""The database behind a server: started or found, migrated, and kept ready while requests come in."""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Iterator

import asyncpg

from api.logs import log
from api.settings import Settings
from engine.storage import pulse
from itembank.storage.database import Database, DatabaseUnavailable, create_database, migrate
from itembank.storage.embedded import EmbeddedServer

DATABASE_NAME = "assay"
CHECK_SECONDS = 0.5


@contextlib.contextmanager
def database_server(settings: Settings) -> Iterator[tuple[str, EmbeddedServer | None]]:
    """The owner's DSN, with an embedded server behind it unless DATABASE_URL names one."""
    if settings.database_url:
        yield settings.database_url, None
        return
    with EmbeddedServer(settings.data / "postgres") as server:
        yield server.dsn(DATABASE_NAME), server


async def make_ready(dsn: str, server: EmbeddedServer | None) -> None:
    """Create the embedded database where it is missing, and bring the schema up to date."""
    if server is not None:
        await create_database(server.dsn(), DATABASE_NAME)
    await migrate(dsn)


@contextlib.asynccontextmanager
async def keep_ready(dsn: str, server: EmbeddedServer | None) -> AsyncIterator[Database]:
    """The application's database, with a watch that migrates it when it comes up and revives the embedded server."""
    database = Database(dsn)
    tasks = [asyncio.create_task(_watch(dsn, server)), asyncio.create_task(_beat(database))]
    try:
        yield database
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await database.close()


async def _beat(database: Database) -> None:
    """Say every second that the service runs; whoever speaks first after a silence gives its time back."""
    while True:
        try:
            async with database.transaction(None) as connection:
                given_back = await pulse.beat(connection)
            if given_back:
                log.warning("the service was down; open sittings got the time back", seconds=round(given_back, 1))
        except (DatabaseUnavailable, asyncpg.PostgresError):
            # No beat while the database is away: that silence is what gives time back; `_watch` says that it is away.
            log.debug("no beat: the database is away")
        await asyncio.sleep(pulse.BEAT_SECONDS)


async def _watch(dsn: str, server: EmbeddedServer | None) -> None:
    migrated = False
    while True:
        try:
            if server is not None and not server.answers():
                log.warning("the embedded database is away; starting it again")
                await asyncio.to_thread(server.revive)
            if not migrated:
                await make_ready(dsn, server)
                migrated = True
                gc.collect()
                gc.freeze()
                gc.set_threshold(20_000, 20, 50)
        except (DatabaseUnavailable, OSError) as error:
            log.warning("the database is not ready", reason=str(error))
        except Exception:
            log.exception("the database cannot be made ready")
        await asyncio.sleep(CHECK_SECONDS)
