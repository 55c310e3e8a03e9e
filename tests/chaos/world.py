"""A world to break: a durable PostgreSQL, two server processes behind it, an institution with a published test."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg

from itembank.storage.database import create_database, migrate
from itembank.storage.embedded import EmbeddedServer
from tests.benchmarks.server_bank import POLICY, Seat, furnish, seat_learners
from tests.benchmarks.server_stage import free_port, service, wait_until_ready

CARELESS = {
    "synchronous_commit": "off", "wal_writer_delay": "10s", "wal_writer_flush_after": "1GB",
    "bgwriter_lru_maxpages": "0",
}  # fmt: skip


class World:
    """The servers and the database, to be killed and brought back."""

    def __init__(self, folder: Path, n_items: int = 600) -> None:
        self.folder = folder
        self.postgres = EmbeddedServer(folder / "postgres")
        self.n_items = n_items
        self.ports = [free_port(), free_port()]
        self.killed_at: dict[str, list[float]] = {"server": [], "database": []}
        self.back_seconds: dict[str, list[float]] = {"server": [], "database": []}
        self._n_seated = 0

    @contextlib.contextmanager
    def standing(self) -> Iterator[World]:
        with self.postgres, contextlib.ExitStack() as servers:
            asyncio.run(create_database(self.postgres.dsn(), "assay"))
            self.dsn = self.postgres.dsn("assay")
            asyncio.run(migrate(self.dsn))
            policy = POLICY.replace("maximum = 9", "maximum = 500")
            self.institution_id = asyncio.run(furnish(self.dsn, self.folder, self.n_items, policy))
            self._servers = servers
            self.running: dict[int, subprocess.Popen[bytes]] = {}
            for port in self.ports:
                self.start(port)
            for port in self.ports:
                wait_until_ready(port, "/health/ready", 60)
            yield self

    def seat(self, n_learners: int) -> list[Seat]:
        """New learners, each in front of a first item; brought to disk, whatever is made of later commits."""
        self._n_seated += 1
        seats = asyncio.run(seat_learners(self.dsn, self.institution_id, n_learners, f"group-{self._n_seated}"))
        self._as_owner("CHECKPOINT")
        return seats

    @contextlib.contextmanager
    def careless(self) -> Iterator[None]:
        """While the block runs the database acknowledges before it has written: to see that loss can be seen."""
        for name, value in CARELESS.items():
            self._as_owner(f"ALTER SYSTEM SET {name} = '{value}'")
        self._as_owner("SELECT pg_reload_conf()")
        try:
            yield
        finally:
            self._as_owner("ALTER SYSTEM RESET ALL")
            self._as_owner("SELECT pg_reload_conf()")

    def faults_logged(self) -> list[str]:
        """What the servers logged as their own faults, shortened to its end: where to look when an answer was a 500."""
        logs = [self.folder / f"server-{port}.log" for port in self.ports]
        lines = [line for log in logs if log.exists() for line in log.read_text().splitlines()]
        return [line[-400:] for line in lines if "request failed" in line]

    def _as_owner(self, statement: str) -> None:
        async def execute() -> None:
            connection = await asyncpg.connect(self.dsn)
            await connection.execute(statement)
            await connection.close()

        asyncio.run(execute())

    def start(self, port: int) -> None:
        """A server process on a port."""
        log = self.folder / f"server-{port}.log"
        self.running[port] = self._servers.enter_context(service(self.dsn, port, log))

    def kill_server(self, port: int) -> None:
        """kill −9, and start another."""
        self.killed_at["server"].append(time.time())
        self.running[port].kill()
        self.running[port].wait()
        began = time.monotonic()
        self.start(port)
        wait_until_ready(port, "/health/ready", 60)
        self.back_seconds["server"].append(time.monotonic() - began)

    def database_processes(self) -> list[int]:
        """The server's first process and its children: ours alone, by their ids."""
        first = self.postgres.postmaster_pid()
        return [first, *_children(first)]

    def kill_database(self) -> None:
        """kill −9 of every process of the database at once, none of which can notice; then start it again."""
        os.kill(self.postgres.postmaster_pid(), signal.SIGSTOP)  # so that no child is born unseen
        self.killed_at["database"].append(time.time())
        for pid in self.database_processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        began = time.monotonic()
        while self.postgres.answers() and time.monotonic() - began < 5:
            time.sleep(0.02)
        self.postgres.revive()
        wait_until_ready(self.ports[0], "/health/ready", 60)
        self.back_seconds["database"].append(time.monotonic() - began)

    def freeze_database(self, seconds: float) -> None:
        """SIGSTOP for a while."""
        pids = self.database_processes()
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)


def _children(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                    found.append(int(entry.name))
    return found
