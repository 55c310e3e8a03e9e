"""A world to break: a durable PostgreSQL, two server processes behind it, learners who answer and never give up."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg

from itembank.storage.database import create_database, migrate
from itembank.storage.embedded import EmbeddedServer
from tests.benchmarks.server_bank import POLICY, Seat, furnish, seat_learners
from tests.benchmarks.server_stage import free_port, service, wait_until_ready

Sleep = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What a learner was told: this answer is stored, that item follows (None: the sitting has ended)."""

    session: str
    position: int
    client_id: str
    following: str | None


@dataclass
class Learner:
    """Answers one item after another; sends the same answer again until somebody acknowledges it."""

    seat: Seat
    ports: list[int]
    pause: float
    seed: int
    acknowledged: list[Acknowledged] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    retries: int = 0
    waits: list[float] = field(default_factory=list)

    def run(self, stop: threading.Event) -> None:
        """Until told to stop; an answer under way is brought home first."""
        self._random = random.Random(self.seed)
        self._line: http.client.HTTPConnection | None = None
        session = str(self.seat.session)
        status, document = self._ask("GET", f"/api/v1/sessions/{session}")
        while status in (200, 201) and document["item"] is not None and not stop.is_set():
            position, shown = document["item"]["position"], document["item"]["item"]
            client_id = str(uuid4())
            sent = {"position": position, "answer": self._random.choice("ABCD"), "id": client_id}
            status, document = self._ask("POST", f"/api/v1/sessions/{session}/responses", sent)
            if status not in (200, 201):
                self.odd.append(f"{status} for answer {position} of {session}: {document.get('detail')}")
                return
            item = document["item"]
            following = None if item is None else item["item"]
            if following == shown or (item is not None and item["position"] != position + 1):
                self.odd.append(f"{session} went from item {position} ({shown}) to {item['position']} ({following})")
            self.acknowledged.append(Acknowledged(session, position, client_id, following))
            if item is None:
                status, document = self._next_sitting(document)
                if status in (200, 201):
                    session = document["uuid"]
            stop.wait(self.pause)

    def _next_sitting(self, ended: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        _, attempts = self._ask("GET", "/api/v1/attempts")
        return self._ask("POST", f"/api/v1/attempts/{attempts[0]['uuid']}/sessions", {"occasion": "pre_test"})

    def _ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Ask until somebody answers who is not overloaded, without a database or gone."""
        began = time.monotonic()
        while True:
            try:
                status, document = self._once(method, path, body)
            except (OSError, http.client.HTTPException, ValueError):
                status, document = 503, {}
                if self._line is not None:
                    self._line.close()
                self._line = None
            if status != 503:
                self.waits.append(time.monotonic() - began)
                return status, document
            self.retries += 1
            if time.monotonic() - began > 60:
                return 599, {"detail": "nobody answered for a minute"}
            time.sleep(0.05 + 0.1 * self._random.random())

    def _once(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        if self._line is None:
            self._line = http.client.HTTPConnection("127.0.0.1", self._random.choice(self.ports), timeout=10)
        headers = {"Authorization": f"Bearer {self.seat.secret}"}
        payload = None
        if body is not None:
            payload = json.dumps(body)
            headers["Content-Type"] = "application/json"
        self._line.request(method, path, payload, headers)
        answer = self._line.getresponse()
        return answer.status, json.loads(answer.read())


class World:
    """The servers and the database, to be killed and brought back."""

    def __init__(self, folder: Path, n_learners: int, n_items: int = 600, **settings: str) -> None:
        self.folder = folder
        self.postgres = EmbeddedServer(folder / "postgres", settings)
        self.n_learners, self.n_items = n_learners, n_items
        self.ports = [free_port(), free_port()]
        self.back_seconds: dict[str, list[float]] = {"server": [], "database": []}

    @contextlib.contextmanager
    def standing(self) -> Iterator[World]:
        with self.postgres, contextlib.ExitStack() as servers:
            asyncio.run(create_database(self.postgres.dsn(), "assay"))
            self.dsn = self.postgres.dsn("assay")
            asyncio.run(migrate(self.dsn))
            policy = POLICY.replace("maximum = 9", "maximum = 500")
            self.institution_id = asyncio.run(furnish(self.dsn, self.folder, self.n_items, policy))
            self.seats = asyncio.run(seat_learners(self.dsn, self.institution_id, self.n_learners))
            asyncio.run(_settle(self.dsn))
            self._servers = servers
            self.running: dict[int, subprocess.Popen[bytes]] = {}
            for port in self.ports:
                self.start(port)
            for port in self.ports:
                wait_until_ready(port, "/health/ready", 60)
            yield self

    def start(self, port: int) -> None:
        """A server process on a port."""
        log = self.folder / f"server-{port}.log"
        self.running[port] = self._servers.enter_context(service(self.dsn, port, log))

    def kill_server(self, port: int) -> None:
        """kill −9, and start another."""
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
        """kill −9 of every process of the database at once, as when the machine loses power; then start it again."""
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


async def _settle(dsn: str) -> None:
    """Bring what was prepared to disk, so that a series without durable commits loses answers and not its learners."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("CHECKPOINT")
    await connection.close()


def _children(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                    found.append(int(entry.name))
    return found


@contextlib.contextmanager
def answering(world: World, pause: float = 0.02) -> Iterator[list[Learner]]:
    """Learners at work while the block runs; at its end every answer under way has been brought home."""
    learners = [Learner(seat, world.ports, pause, number) for number, seat in enumerate(world.seats)]
    stop = threading.Event()
    threads = [threading.Thread(target=learner.run, args=(stop,)) for learner in learners]
    for thread in threads:
        thread.start()
    try:
        yield learners
    finally:
        stop.set()
        for thread in threads:
            thread.join(90)
