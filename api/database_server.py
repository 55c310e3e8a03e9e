"""The database behind a server: started or found, migrated, and kept ready while requests come in."""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Iterator

import asyncpg

from api.logs import log
from api.settings import Settings
from api.warm_up import warm_up
from engine.storage import pulse
from itembank.storage.database import Database, DatabaseUnavailable, create_database, migrate
from itembank.storage.embedded import EmbeddedServer

DATABASE_NAME = "assay"
CHECK_SECONDS = 0.5
FIRST_TRY_SECONDS = 1.0


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


class GuardedDatabase(Database):
    """The application's way to the database, closed until the schema is the one that this code expects."""

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn)
        self.is_open = False

    async def _ready_pool(self) -> "asyncpg.Pool":
        if not self.is_open:
            raise DatabaseUnavailable("The service is starting; please try again in a moment.", 1)
        return await super()._ready_pool()


@contextlib.asynccontextmanager
async def keep_ready(dsn: str, server: EmbeddedServer | None) -> AsyncIterator[Database]:
    """The application's database, with a watch that migrates it when it comes up and revives the embedded server.

    A database that is there and up to date is open when this begins; for another nobody waits.
    """
    database, tried = GuardedDatabase(dsn), asyncio.Event()
    tasks = [asyncio.create_task(_watch(database, server, tried)), asyncio.create_task(_beat(database, tried))]
    try:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(tried.wait(), FIRST_TRY_SECONDS)
        yield database
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await database.close()


async def _beat(database: Database, tried: asyncio.Event) -> None:
    """Say every second that the service runs; whoever speaks first after a silence gives its time back."""
    await tried.wait()
    while True:
        try:
            given_back = await pulse.beat(database)
            if given_back:
                log.warning("the service was down; open sittings got the time back", seconds=round(given_back, 1))
        except (DatabaseUnavailable, asyncpg.PostgresError):
            # No beat while the database is away: that silence is what gives time back; `_watch` says that it is away.
            log.debug("no beat: the database is away")
        await asyncio.sleep(pulse.BEAT_SECONDS)


async def _watch(database: GuardedDatabase, server: EmbeddedServer | None, tried: asyncio.Event) -> None:
    while True:
        try:
            if server is not None and not server.answers():
                log.warning("the embedded database is away; starting it again")
                await asyncio.to_thread(server.revive)
            if not database.is_open:
                await make_ready(database.dsn, server)
                database.is_open = True
                tried.set()
                await _settle()
        except (DatabaseUnavailable, OSError) as error:
            log.warning("the database is not ready", reason=str(error))
        except Exception:
            log.exception("the database cannot be made ready")
        tried.set()
        await asyncio.sleep(CHECK_SECONDS)


async def _settle() -> None:
    """Load what was left for later; what is there then stays, and collections need not look at it."""
    gc.set_threshold(20_000, 20, 50)
    await warm_up()
    gc.collect()
    gc.freeze()
