"""Bad luck of the database is told in its words, faults of ours stay faults, and no place in the pool is lost."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from itembank.storage import accounts, institutions
from itembank.storage import database as module
from itembank.storage.database import BUSY, FULL, IN_DOUBT, WENT_AWAY, Database, DatabaseUnavailable


@pytest.fixture
async def owner(database_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_dsn)
    yield connection
    await connection.close()


async def cut(owner: asyncpg.Connection, connection: asyncpg.Connection) -> None:
    """End the server's side of a connection, and wait until it has gone."""
    pid = await connection.fetchval("SELECT pg_backend_pid()")
    await owner.execute("SELECT pg_terminate_backend($1, 10000)", pid)


async def works(database: Database) -> bool:
    async with database.transaction(None) as connection:
        return bool(await connection.fetchval("SELECT true"))


async def test_a_lost_connection_is_no_fault_and_costs_no_place(database: Database, owner: asyncpg.Connection) -> None:
    async def be_cut_off() -> None:
        async with database.transaction(None) as connection:
            await cut(owner, connection)
            await connection.fetchval("SELECT 1")

    for _ in range(module.POOL_SIZE + 2):
        with pytest.raises(DatabaseUnavailable) as told:
            await be_cut_off()
        assert str(told.value) == WENT_AWAY
    assert await works(database)


async def test_after_a_lost_commit_nobody_says_that_nothing_was_saved(
    database: Database, owner: asyncpg.Connection
) -> None:
    with pytest.raises(DatabaseUnavailable) as told:
        async with database.transaction(None) as connection:
            await cut(owner, connection)
    assert str(told.value) == IN_DOUBT
    assert await works(database)


async def test_an_error_of_the_work_survives_a_lost_connection(database: Database, owner: asyncpg.Connection) -> None:
    async def err() -> None:
        async with database.transaction(None) as connection:
            await cut(owner, connection)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await err()
    assert await works(database)


@pytest.mark.parametrize(
    "code, sentence",
    [("53100", FULL), ("53200", FULL), ("58030", WENT_AWAY), ("40P01", BUSY), ("55P03", BUSY), ("57014", BUSY)],
)
async def test_trouble_of_the_server_is_told_in_words(database: Database, code: str, sentence: str) -> None:
    with pytest.raises(DatabaseUnavailable) as told:
        async with database.transaction(None) as connection:
            await connection.execute(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}'; END $$")
    assert str(told.value) == sentence
    assert told.value.retry_after > 0


@pytest.mark.parametrize("question, arguments", [("SELECT 1 / 0", ()), ("SELECT $1::int", ("seven",)), ("SELEKT", ())])
async def test_a_fault_of_ours_is_not_hidden(database: Database, question: str, arguments: tuple[str, ...]) -> None:
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        async with database.transaction(None) as connection:
            await connection.fetchval(question, *arguments)
    assert await works(database)


async def test_a_silent_server_is_not_waited_for(database_dsn: str) -> None:
    impatient = Database(database_dsn, command_seconds=1.0)
    try:
        with pytest.raises(DatabaseUnavailable) as told:
            async with impatient.transaction(None) as connection:
                await connection.execute("SELECT pg_sleep(10)")
        assert str(told.value) in (WENT_AWAY, BUSY)
        assert await works(impatient)
    finally:
        await impatient.close()


async def test_a_pool_that_is_held_and_a_full_waiting_room(database_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAITING_ROOM", 3)
    database, leave, inside = Database(database_dsn), asyncio.Event(), asyncio.Semaphore(0)

    async def hold() -> None:
        async with database.transaction(None):
            inside.release()
            await leave.wait()

    holders = []
    for _ in range(module.POOL_SIZE):
        holders.append(asyncio.create_task(hold()))
        await inside.acquire()
    monkeypatch.setattr(module, "ACQUIRE_SECONDS", 0.3)
    told = await asyncio.gather(*(works(database) for _ in range(5)), return_exceptions=True)
    leave.set()
    await asyncio.gather(*holders)
    assert await works(database)
    await database.close()
    assert [type(error) for error in told] == [DatabaseUnavailable] * 5
    assert sum("Too many" in str(error) for error in told) == 2


async def test_what_is_committed_is_there_and_what_broke_off_is_not(database: Database, database_dsn: str) -> None:
    institution = await institutions.create(database_dsn, "kept", "Kept")

    async def make(name: str, error: type[Exception] | None = None) -> None:
        async with database.transaction(institution) as connection:
            await accounts.create(connection, institution, name, ["learner"])
            if error is not None:
                raise error

    await make("kept")
    with pytest.raises(ZeroDivisionError):
        await make("dropped", ZeroDivisionError)
    async with database.transaction(institution) as connection:
        assert await connection.fetchval("SELECT count(*) FROM account") == 1


async def test_a_connection_at_hand_that_was_lost_costs_no_place(database: Database, owner: asyncpg.Connection) -> None:
    for _ in range(module.POOL_SIZE + 2):
        ((pid,),) = await database.at_once("SELECT pg_backend_pid()")
        await owner.execute("SELECT pg_terminate_backend($1, 10000)", pid)
        await asyncio.sleep(0.01)
    assert await works(database)
    asleep = asyncio.create_task(database.at_once("SELECT pg_sleep(9)"))
    ended = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(9)'"
    for _ in range(500):
        if await owner.fetch(ended):
            break
        await asyncio.sleep(0.01)
    with pytest.raises(DatabaseUnavailable) as told:
        await asleep
    assert str(told.value) == IN_DOUBT
    assert await database.at_once("SELECT 1") == [(1,)]


async def test_connections_at_hand_serve_everybody_and_nobody_waits_behind_the_quick(
    database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "POOL_SIZE", 2)
    database, leave = Database(database_dsn), asyncio.Event()

    async def hurry() -> None:
        while not leave.is_set():
            await database.at_once("SELECT pg_sleep(0.005)")

    try:
        await asyncio.gather(*(database.at_once("SELECT pg_sleep(0.01)") for _ in range(2)))
        async with asyncio.timeout(2), database.transaction(None) as one, database.transaction(None) as other:
            assert await one.fetchval("SELECT true")
            assert await other.fetchval("SELECT true")
        quick = [asyncio.create_task(hurry()) for _ in range(3)]
        async with asyncio.timeout(3):
            for _ in range(5):
                assert await works(database)
        leave.set()
        await asyncio.gather(*quick)
    finally:
        leave.set()
        await database.close()
