"""The embedded server starts, is shared, survives kill -9 of its holder and of itself, and touches nothing else."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import pytest

from itembank.storage.embedded import EmbeddedServer

FAST = {"fsync": "off"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pg") / "server"


async def count(server: EmbeddedServer) -> int:
    connection = await asyncpg.connect(server.dsn())
    try:
        await connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        await connection.execute("INSERT INTO kept VALUES (1)")
        return int(await connection.fetchval("SELECT count(*) FROM kept"))
    finally:
        await connection.close()


async def test_data_stay_between_starts_and_the_last_one_stops_it(folder: Path) -> None:
    with EmbeddedServer(folder, FAST) as first, EmbeddedServer(folder, FAST) as second:
        before = await count(first)
        assert await count(second) == before + 1
        second.close()
        assert first.answers()
    assert not first.answers()
    with EmbeddedServer(folder, FAST) as again:
        assert await count(again) == before + 2


async def test_a_killed_server_is_revived_with_what_was_committed(folder: Path) -> None:
    with EmbeddedServer(folder, FAST) as server:
        before = await count(server)
        os.kill(server.postmaster_pid(), signal.SIGKILL)
        deadline = time.monotonic() + 10
        while server.answers() and time.monotonic() < deadline:
            time.sleep(0.05)
        server.revive()
        assert await count(server) == before + 1


async def test_a_killed_holder_does_not_keep_the_server_alive(folder: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from itembank.storage.embedded import EmbeddedServer\n"
        f"EmbeddedServer(Path({str(folder)!r}), {FAST!r}).open(); print('open', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline().strip() == "open"
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with EmbeddedServer(folder, FAST) as server:
        assert server.answers()
    assert not server.answers()


def test_the_socket_is_private(folder: Path) -> None:
    with EmbeddedServer(folder, FAST) as server:
        assert stat.S_IMODE(server.socket_folder.stat().st_mode) == 0o700


def test_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / ("long" * 30))
    server.root.mkdir()
    assert len(str(server.socket_folder)) < 86
    server.socket_folder.rmdir()
