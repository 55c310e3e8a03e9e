"""A few hundred mutants in every run; ten thousand with ./run chaos."""

import asyncio
import contextlib

import asyncpg
import msgspec
import pytest

from itembank.exchange.files import read_items_bytes
from itembank.storage.database import Connection
from tests.chaos.broken_imports import HOWS
from tests.chaos.fuzz_imports import fuzz
from tests.chaos.import_stage import FRAMEWORK, NEW, PLAIN, ImportStage, Order
from tests.chaos.mutants import sound_packages


async def test_mutated_packages_never_crash_and_never_come_in_by_halves(database_dsn: str) -> None:
    done = await fuzz(database_dsn, 120, seed=20)
    assert done.crashed == {}, done.crashed.most_common(3)
    assert done.halves == []
    assert done.untrue == []
    assert done.total == 120
    assert min(done.unreadable, done.refused, done.accepted) > 5, done.sentence
    assert set(done.broken) == set(HOWS)
    assert done.slowest < 5


async def test_a_half_import_would_be_seen(database_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def keep_it(connection: Connection) -> None:
        with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError):
            await connection.execute("COMMIT")

    stage = await furnished(database_dsn)
    order = Order(NEW, read_items_bytes(sound_packages()[0], "package.zip"), FRAMEWORK)
    with monkeypatch.context() as patched:
        patched.setattr("itembank.storage.database._roll_back", keep_it)
        stage.database.break_at(0, "caller goes")
        with pytest.raises(asyncio.CancelledError):
            await stage.bring(order)
    assert await stage.halves() == ["bank differs", "item differs", "item_version differs"]
    await stage.close()


async def test_a_report_that_differs_from_the_rows_would_be_seen(database_dsn: str) -> None:
    stage = await furnished(database_dsn)
    order = Order(PLAIN, read_items_bytes(sound_packages()[2], "package.zip"), None, with_parameters=True)
    done = await stage.bring(order)
    assert await stage.untrue(order, done) == []
    forged = msgspec.structs.replace(done, kept=done.kept | {"changed": done.kept["changed"] - 1})
    assert any("item_version" in wrong for wrong in await stage.untrue(order, forged))
    await stage.owner.execute("DELETE FROM item_version WHERE id = (SELECT max(id) FROM item_version)")
    assert await stage.untrue(order, done) != []
    await stage.close()


async def furnished(dsn: str) -> ImportStage:
    """A stage, after whatever was done in the same database before."""
    stage = ImportStage(dsn)
    await stage.furnish()
    return stage
