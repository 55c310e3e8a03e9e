"""Sittings are looked at without anybody asking: once, whoever serves, and only where some have ended since."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from api import flag_rounds
from api.app import create_app
from api.flag_rounds import carry_out, make_round, making_rounds
from api.settings import Settings, SettingsInvalid, from_environment
from engine.storage import flags
from engine.workflows.raise_flags import raise_flags
from itembank.storage import institutions
from itembank.storage.database import Database
from tests.api.at_once import at_once
from tests.journeys.walking import Client, account, nothing, open_attempt, sample_items, sit

HOUR, HELD = timedelta(hours=1), timedelta(minutes=10)
BANK = ("sample", "data-literacy")


@pytest.fixture
async def owner(sample_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """Who may turn the clock: everything so far happened long ago, and nobody has claimed anything."""
    connection = await asyncpg.connect(sample_dsn)
    await connection.execute("DELETE FROM flag; DELETE FROM flag_run; DELETE FROM flag_round")
    await connection.execute("UPDATE session SET finished_at = finished_at - interval '1 day'")
    yield connection
    await connection.close()


@pytest.fixture(scope="module")
async def hurried(sample_client: Client, sample_database: Database) -> None:
    learner = (await account(sample_database, "Hurried Harriet"))[0]
    attempt = await open_attempt(sample_client, learner)
    await sit(sample_client, learner, attempt, "pre_test", await sample_items(sample_database), nothing)


async def claimed(database: Database, apart: timedelta = HOUR) -> tuple[str, str] | None:
    async with database.transaction(None) as connection:
        return await flags.claim_round(connection, apart, HELD)


async def until(holds: Callable[[], Awaitable[object]]) -> None:
    """Wait for something that happens by itself."""
    for _ in range(600):
        if await holds():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it does not come about")


async def runs(owner: asyncpg.Connection) -> int:
    return int(await owner.fetchval("SELECT count(*) FROM flag_run"))


async def test_a_bank_is_due_when_sittings_have_ended_since_the_last_look(
    sample_database: Database, owner: asyncpg.Connection, hurried: None
) -> None:
    assert await claimed(sample_database) == BANK
    assert await claimed(sample_database) is None, "somebody is at it"
    await owner.execute("UPDATE flag_round SET claimed_until = now() - interval '1 second'")
    assert await claimed(sample_database) == BANK, "who claimed it did not look"
    await owner.execute("DELETE FROM flag_round")
    await raise_flags(sample_database, 1, BANK[1])
    assert await claimed(sample_database, timedelta(0)) is None, "nothing has ended since"
    await owner.execute("UPDATE session SET finished_at = now() WHERE id = (SELECT max(id) FROM session)")
    assert await claimed(sample_database) is None, "the last look was a moment ago"
    assert await claimed(sample_database, timedelta(0)) == BANK


async def test_an_ending_that_was_written_late_is_not_missed(
    sample_database: Database, owner: asyncpg.Connection, hurried: None
) -> None:
    await raise_flags(sample_database, 1, BANK[1])
    late = "UPDATE session SET finished_at = $1 WHERE id = (SELECT max(id) FROM session)"
    looked_at = await owner.fetchval("SELECT max(computed_at) FROM flag_run")
    await owner.execute(late, looked_at - timedelta(seconds=20))
    assert await claimed(sample_database, timedelta(0)) == BANK


async def test_two_servers_at_once_look_once(
    sample_database: Database, sample_dsn: str, owner: asyncpg.Connection, hurried: None
) -> None:
    other = Database(sample_dsn)
    async with sample_database.transaction(None) as connection:
        first = await flags.claim_round(connection, HOUR, HELD)
        second = asyncio.create_task(claimed(other))
        await asyncio.sleep(0.3)
        assert not second.done(), "it waits to hear what becomes of the first"
    assert (first, await second) == (BANK, None)
    await other.close()


async def test_a_bank_without_sittings_of_another_institution_is_left_alone(
    sample_database: Database, sample_dsn: str, owner: asyncpg.Connection, hurried: None
) -> None:
    other = await institutions.create(sample_dsn, "idle", "Idle")
    await owner.execute(
        "INSERT INTO framework (uuid, institution_id, key, document, content_hash) "
        "SELECT gen_random_uuid(), $1, key, document, content_hash FROM framework WHERE institution_id = 1 LIMIT 1",
        other,
    )
    await owner.execute(
        "INSERT INTO bank (uuid, institution_id, framework_id, key, title) "
        "SELECT gen_random_uuid(), $1, id, 'idle', 'Idle' FROM framework WHERE institution_id = $1",
        other,
    )
    assert [await claimed(sample_database), await claimed(sample_database)] == [BANK, None]


async def test_a_round_keeps_what_it_finds_and_the_next_has_nothing_to_do(
    sample_database: Database, sample_dsn: str, owner: asyncpg.Connection, hurried: None
) -> None:
    done = await asyncio.gather(*(make_round(sample_database, sample_dsn, HOUR) for _ in range(3)))
    assert sorted(done) == [False, False, True]
    assert await runs(owner) == 1
    found = await owner.fetch("SELECT kind FROM flag WHERE kind = 'rapid_guessing'")
    assert len(found) >= 1
    assert not await make_round(sample_database, sample_dsn, timedelta(0))
    await owner.execute("DELETE FROM flag_round; UPDATE session SET finished_at = now() WHERE finished_at IS NOT NULL")
    assert await make_round(sample_database, sample_dsn, timedelta(0))
    assert await runs(owner) == 2
    assert len(await owner.fetch("SELECT kind FROM flag WHERE kind = 'rapid_guessing'")) == len(found)


async def test_the_server_makes_rounds_by_itself(
    sample_database: Database, sample_dsn: str, owner: asyncpg.Connection, hurried: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(flag_rounds, "ROUND_SECONDS", 0.05)
    never = Settings(public_url="https://assay.example.org", flags_minutes=0)
    async with at_once(create_app(never, sample_dsn)):
        await asyncio.sleep(0.5)
    assert await owner.fetchval("SELECT count(*) FROM flag_round") == 0
    async with at_once(create_app(Settings(public_url="https://assay.example.org"), sample_dsn)):
        await until(lambda: runs(owner))
    assert await owner.fetchval("SELECT count(*) FROM flag WHERE kind = 'rapid_guessing'") >= 1


async def test_a_look_gives_way_to_others_and_ends_in_time(sample_dsn: str) -> None:
    nice = "import os, sys, time; time.sleep(0.3); sys.exit(os.getpriority(os.PRIO_PROCESS, 0) != 19)"
    assert await carry_out([sys.executable, "-c", nice], sample_dsn, 20) is None
    url = "import os, sys; sys.exit(os.environ['DATABASE_URL'])"
    assert await carry_out([sys.executable, "-c", url], "postgresql://where", 20) == "postgresql://where"
    endless = "import time; time.sleep(60)"
    assert await carry_out([sys.executable, "-c", endless], sample_dsn, 0.2) == "it took longer than 0 seconds"
    assert await carry_out([sys.executable, "-c", "import os; os.abort()"], sample_dsn, 20) == "it ended early"


async def test_a_look_ends_with_its_server(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    pid.touch()
    tell = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    task = asyncio.create_task(carry_out([sys.executable, "-c", tell], "", 60))
    await until(lambda: asyncio.to_thread(pid.read_text))
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


async def test_an_absent_database_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flag_rounds, "ROUND_SECONDS", 0.01)
    asked: list[None] = []

    class Away(Database):
        @contextlib.asynccontextmanager
        async def transaction(
            self, institution_id: int | None, settings: str = "", *, keep: bool = True
        ) -> AsyncIterator[asyncpg.Connection]:
            asked.append(None)
            async with super().transaction(institution_id, settings, keep=keep) as connection:
                yield connection

    away = Away("postgresql://nobody@127.0.0.1:1/nothing")
    async with making_rounds(away, away.dsn, 60):
        await until(lambda: asyncio.sleep(0, len(asked) >= 3))
    await away.close()
    assert len(asked) >= 3


def test_minutes_are_a_whole_number() -> None:
    assert from_environment({"ASSAY_FLAGS_MINUTES": "0"}).flags_minutes == 0
    with pytest.raises(SettingsInvalid, match="ASSAY_FLAGS_MINUTES"):
        from_environment({"ASSAY_FLAGS_MINUTES": "daily"})
