"""The way to the database: a bounded pool, a transaction that names its institution, migrations under a lock."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeAlias

import asyncpg

Connection: TypeAlias = "asyncpg.Connection"

POOL_SIZE = 16
WAITING_ROOM = 600
ACQUIRE_SECONDS = 5.0
MIGRATION_LOCK = 0x4153534159  # "ASSAY"
TIMEOUTS = {
    "statement_timeout": "15000",
    "lock_timeout": "5000",
    "idle_in_transaction_session_timeout": "15000",
}


class DatabaseUnavailable(Exception):
    """The database does not answer, or too many requests wait for it; the same request may succeed in a moment."""

    def __init__(self, sentence: str, retry_after: int) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class Database:
    """Transactions for one institution at a time, as the role that cannot bypass row-level security."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()
        self._waiting = 0

    async def close(self) -> None:
        """Give every connection back; running transactions may end first."""
        pool, self._pool = self._pool, None
        if pool is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(pool.close(), 5)

    @contextlib.asynccontextmanager
    async def transaction(self, institution_id: int | None, settings: str = "") -> AsyncIterator[Connection]:
        """A transaction that sees the rows of one institution (None: none, only the owner's questions).

        `settings`: SET LOCAL statements of the program's own, sent along with its beginning.

        Raises:
            DatabaseUnavailable: when the server is away or the queue before the pool is full.
        """
        async with self._connection() as connection:
            named = "" if institution_id is None else str(int(institution_id))
            await connection.execute(f"BEGIN; SET LOCAL assay.institution = '{named}'; {settings}")
            try:
                yield connection
            except BaseException:
                await _roll_back(connection)
                raise
            await connection.execute("COMMIT")

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        if self._waiting >= WAITING_ROOM:
            raise DatabaseUnavailable("Too many requests are waiting; please try again in a moment.", 2)
        self._waiting += 1
        try:
            pool = await self._ready_pool()
            connection = await pool.acquire(timeout=ACQUIRE_SECONDS)
        except (OSError, TimeoutError, asyncpg.CannotConnectNowError, asyncpg.TooManyConnectionsError,
                asyncpg.PostgresConnectionError, asyncpg.InterfaceError) as error:  # fmt: skip
            raise DatabaseUnavailable("The database does not answer; please try again in a moment.", 2) from error
        finally:
            self._waiting -= 1
        try:
            yield connection
        except (asyncpg.PostgresConnectionError, asyncpg.AdminShutdownError, asyncpg.CrashShutdownError,
                asyncpg.CannotConnectNowError, asyncpg.IdleInTransactionSessionTimeoutError, asyncpg.InterfaceError,
                asyncpg.InternalClientError, OSError) as error:  # fmt: skip
            raise DatabaseUnavailable("The database went away; nothing was saved. Please try again.", 2) from error
        except (asyncpg.LockNotAvailableError, asyncpg.QueryCanceledError) as error:
            raise DatabaseUnavailable("The database is busy; nothing was saved. Please try again.", 1) from error
        finally:
            await _give_back(pool, connection)

    async def _ready_pool(self) -> asyncpg.Pool:
        if self._pool is None:
            async with self._opening:
                if self._pool is None:
                    self._pool = await asyncpg.create_pool(
                        self.dsn,
                        min_size=1,
                        max_size=POOL_SIZE,
                        timeout=ACQUIRE_SECONDS,
                        reset=_no_reset,
                        server_settings={"role": "assay_app", "application_name": "assay", "jit": "off", **TIMEOUTS},
                    )
        return self._pool


async def _roll_back(connection: Connection) -> None:
    """Undo; a connection on which that fails is thrown away, which undoes as well."""
    try:
        await asyncio.wait_for(connection.execute("ROLLBACK"), 2)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        connection.terminate()


async def _give_back(pool: asyncpg.Pool, connection: Connection) -> None:
    """Return a connection to the pool, and never one that still holds a transaction."""
    with contextlib.suppress(asyncpg.InterfaceError, OSError, TimeoutError):  # a lost connection is back already
        if not connection.is_closed() and connection.is_in_transaction():
            connection.terminate()
        await pool.release(connection, timeout=2)


async def _no_reset(_: object) -> None:
    """Every use of a connection is one transaction with its own settings: there is nothing to reset."""


async def migrate(dsn: str) -> None:
    """Bring the schema to the newest revision; safe when several processes start at once.

    Raises:
        DatabaseUnavailable: when the server does not answer.
    """
    try:
        guard = await asyncpg.connect(dsn, timeout=10)
    except (OSError, asyncpg.PostgresError) as error:
        raise DatabaseUnavailable(f"The database does not answer ({error}); check DATABASE_URL.", 5) from error
    try:
        await guard.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
        if not await _is_current(guard):
            await asyncio.to_thread(_upgrade, dsn)
    finally:
        await guard.close()


async def _is_current(connection: asyncpg.Connection) -> bool:
    if await connection.fetchval("SELECT to_regclass('public.alembic_version')") is None:
        return False
    return bool(await connection.fetchval("SELECT version_num FROM alembic_version") == newest_revision())


def newest_revision() -> str:
    """The revision that this code expects: the last script in the folder."""
    return max(path.name.split("_", 1)[0] for path in (_migrations() / "versions").glob("[0-9]*.py"))


def _migrations() -> Path:
    return Path(__file__).with_name("migrations")


def _upgrade(dsn: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_migrations()))
    config.attributes["dsn"] = dsn
    command.upgrade(config, "head")


async def create_database(server_dsn: str, name: str) -> None:
    """Make a database of that name where it is missing (the embedded server starts with none of ours)."""
    connection = await asyncpg.connect(server_dsn, timeout=10)
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            quoted = await connection.fetchval("SELECT quote_ident($1)", name)
            with contextlib.suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                await connection.execute(f"CREATE DATABASE {quoted}")
    finally:
        await connection.close()
