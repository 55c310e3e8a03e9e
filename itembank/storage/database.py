"""The way to the database: a bounded pool, a transaction that names its institution, migrations under a lock."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TypeAlias

import asyncpg

Connection: TypeAlias = "asyncpg.Connection"

POOL_SIZE = 16
AT_HAND = 6
WAITING_ROOM = 600
ACQUIRE_SECONDS = 5.0
COMMAND_SECONDS = 20.0
"""For a server that says nothing at all; one that still thinks ends a statement itself, after `statement_timeout`."""
MIGRATION_LOCK = 0x4153534159  # "ASSAY"
TROUBLE = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
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

    def __init__(self, dsn: str, *, command_seconds: float = COMMAND_SECONDS) -> None:
        self.dsn = dsn
        self._command_seconds = command_seconds
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()
        self._waiting = 0
        self._at_hand: list[Connection] = []

    async def close(self) -> None:
        """Give every connection back; running transactions may end first."""
        pool, self._pool = self._pool, None
        if pool is not None:
            while self._at_hand:
                await _give_back(pool, self._at_hand.pop())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(pool.close(), 5)

    @contextlib.asynccontextmanager
    async def transaction(
        self, institution_id: int | None, settings: str = "", *, keep: bool = True
    ) -> AsyncIterator[Connection]:
        """A transaction that sees the rows of one institution (None: none, only the owner's questions).

        `settings`: SET LOCAL statements of the program's own, sent along with its beginning. `keep`: False to take
        everything back at the end, for whoever only asks what would be.

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
            if not keep:
                await _roll_back(connection)
                return
            with _commit_in_doubt(connection):
                await connection.execute("COMMIT")

    async def at_once(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        """The rows of one statement that is a transaction by itself: it names its institution itself, or needs none.

        Such statements are many and short: up to AT_HAND connections stay out of the pool after them, while nobody
        waits for one, since to take a connection from it and to give it back costs as much as the statement.

        Raises:
            DatabaseUnavailable: when the server is away or the queue before the pool is full.
        """
        pool, connection = self._taken_from_hand() or await self._acquired()
        try:
            with _in_words(connection), _commit_in_doubt(connection):
                rows = list(await connection.fetch(statement, *arguments))
        except BaseException:
            await _give_back(pool, connection)
            raise
        if pool is self._pool and not self._waiting and len(self._at_hand) < AT_HAND:
            self._at_hand.append(connection)
        else:
            await _give_back(pool, connection)
        return rows

    def _taken_from_hand(self) -> tuple[asyncpg.Pool, Connection] | None:
        """A connection at hand; one that was lost meanwhile has left its place in the pool by itself."""
        while self._at_hand:
            connection = self._at_hand.pop()
            if not _is_lost(connection):
                return self._pool, connection
        return None

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        pool, connection = self._taken_from_hand() or await self._acquired()
        try:
            with _in_words(connection):
                yield connection
        finally:
            await _give_back(pool, connection)

    async def _acquired(self) -> tuple[asyncpg.Pool, Connection]:
        if self._waiting >= WAITING_ROOM:
            raise DatabaseUnavailable("Too many requests are waiting; please try again in a moment.", 2)
        self._waiting += 1
        try:
            pool = await self._ready_pool()
            return pool, await pool.acquire(timeout=ACQUIRE_SECONDS)
        except TROUBLE as error:
            raise DatabaseUnavailable("The database does not answer; please try again in a moment.", 2) from error
        finally:
            self._waiting -= 1

    async def _ready_pool(self) -> asyncpg.Pool:
        if self._pool is None:
            async with self._opening:
                if self._pool is None:
                    self._pool = await asyncpg.create_pool(
                        self.dsn,
                        min_size=1,
                        max_size=POOL_SIZE,
                        timeout=ACQUIRE_SECONDS,
                        command_timeout=self._command_seconds,
                        reset=_check_ended,
                        server_settings={"role": "assay_app", "application_name": "assay", "jit": "off", **TIMEOUTS},
                    )
        return self._pool


WENT_AWAY = "The database went away; nothing was saved. Please try again."
IN_DOUBT = "The database went away while this was being saved. Send the same again: nothing is stored twice."
BUSY = "The database is busy; nothing was saved. Please try again."
FULL = "The database has no room or memory left; nothing was saved. Please try again in a moment."
UNAVAILABLE = {
    "08": WENT_AWAY, "57": WENT_AWAY, "58": WENT_AWAY,  # connection, operator's intervention, trouble of the system
    "53": FULL,
    "55P03": BUSY, "57014": BUSY, "40001": BUSY, "40P01": BUSY,  # lock not to be had, time is up, deadlock
    "25P03": WENT_AWAY,  # idle within a transaction: ended by the server
}  # fmt: skip
"""SQLSTATEs, whole or their class, after which the same request may succeed."""


def _why_unavailable(connection: Connection, error: Exception) -> str | None:
    """What to tell when an error is bad luck; None when it is a fault of ours, which must not be hidden."""
    code = str(getattr(error, "sqlstate", None) or "")
    if code in UNAVAILABLE or code[:2] in UNAVAILABLE:
        return UNAVAILABLE.get(code) or UNAVAILABLE[code[:2]]
    return WENT_AWAY if _is_silent(connection, error) else None


def _is_silent(connection: Connection, error: Exception) -> bool:
    """Whether the server has gone or says nothing: whatever the error is called, it comes from that."""
    return isinstance(error, ConnectionError | TimeoutError) or _is_lost(connection)


def _is_lost(connection: Connection) -> bool:
    """Whether the line is closed. One that broke is back in the pool already, and its proxy answers nothing."""
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:
        return True


@contextlib.contextmanager
def _in_words(connection: Connection) -> Iterator[None]:
    """What is bad luck becomes DatabaseUnavailable."""
    try:
        yield
    except TROUBLE as error:
        sentence = _why_unavailable(connection, error)
        if sentence is None:
            raise
        raise DatabaseUnavailable(sentence, 2) from error


@contextlib.contextmanager
def _commit_in_doubt(connection: Connection) -> Iterator[None]:
    """A server that falls silent or breaks off at the commit may have kept it: nobody here can know."""
    try:
        yield
    except TROUBLE as error:
        if _is_silent(connection, error):
            raise DatabaseUnavailable(IN_DOUBT, 2) from error
        raise


async def _roll_back(connection: Connection) -> None:
    """Undo; a connection on which that fails is thrown away, which undoes as well."""
    try:
        await asyncio.wait_for(connection.execute("ROLLBACK"), 2)
    except TROUBLE:
        if not _is_lost(connection):
            connection.terminate()


async def _give_back(pool: asyncpg.Pool, connection: Connection) -> None:
    """Return a connection to the pool; a broken one, or one that still holds a transaction, as an empty place."""
    with contextlib.suppress(*TROUBLE):
        if connection.is_closed() or connection.is_in_transaction():
            connection.terminate()
        else:
            await pool.release(connection, timeout=2)


async def _check_ended(connection: Connection) -> None:
    """Every use of a connection is one transaction with its own settings: once it has ended, nothing is to be reset."""
    if connection.is_in_transaction():
        raise asyncpg.InterfaceError("A connection came back to the pool within a transaction.")


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
