"""A database whose disk is full: answers are refused in words and taken again as soon as there is room."""

import asyncio
import contextlib
import errno
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest

from api.app import create_app
from api.settings import Settings
from itembank.storage.database import FULL, Database, create_database, migrate
from itembank.storage.embedded import EmbeddedServer
from tests.api.at_once import AtOnce, at_once
from tests.api.conftest import bearer, body
from tests.benchmarks.server_bank import Seat, furnish, seat_learners
from tests.chaos.conftest import LONG

SIZE = "240m"
PATIENCE = 60.0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with room for little."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", disk], check=False)
    if mounted.returncode != 0:
        pytest.skip("a small file system cannot be mounted here; run as root to see a full disk")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


@contextlib.contextmanager
def filled(disk: Path) -> Iterator[None]:
    """No byte left while the block runs."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass
        with pytest.raises(OSError) as told:
            file.write(bytes(1 << 13))
        assert told.value.errno == errno.ENOSPC
    try:
        yield
    finally:
        ballast.unlink()


@dataclass
class Sender:
    """Sends each answer until it is acknowledged."""

    seat: Seat
    acknowledged: list[str] = field(default_factory=list)
    refusals: list[tuple[int, str | None, str]] = field(default_factory=list)

    async def run(self, client: AtOnce, stop: asyncio.Event) -> None:
        url, headers = f"/api/v1/sessions/{self.seat.session}", bearer(self.seat.secret)
        position = 0
        while not stop.is_set():
            given = {"position": position, "answer": "A", "id": str(uuid4())}
            answer = await client.post(f"{url}/responses", json=given, headers=headers)
            while answer.status_code >= 500:
                self.refusals.append((answer.status_code, answer.headers.get("retry-after"), answer.json()["detail"]))
                await asyncio.sleep(0.05)
                answer = await client.post(f"{url}/responses", json=given, headers=headers)
            position = body(answer, answer.status_code)["item"]["position"]
            self.acknowledged.append(given["id"])


async def until(so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not so():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def stored(database: Database, institution: int) -> Counter[str]:
    async with database.transaction(institution) as connection:
        return Counter(str(row["client_id"]) for row in await connection.fetch("SELECT client_id FROM response"))


async def walk_through_a_full_disk(
    client: AtOnce, senders: Sequence[Sender], server: EmbeddedServer, disk: Path
) -> None:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for sender in senders:
            group.create_task(sender.run(client, stop))
        await until(lambda: all(len(sender.acknowledged) > 3 for sender in senders))
        with filled(disk):
            await until(lambda: all(len(sender.refusals) > 3 for sender in senders))
        server.revive()
        goal = [len(sender.acknowledged) + 3 for sender in senders]
        await until(lambda: all(len(sender.acknowledged) >= least for sender, least in zip(senders, goal)))
        stop.set()


async def test_a_full_disk_refuses_in_words_and_loses_nothing(small_disk: Path, tmp_path: Path) -> None:
    with EmbeddedServer(small_disk / "postgres", {"shared_buffers": "16MB"}) as server:
        await create_database(server.dsn(), "assay")
        dsn = server.dsn("assay")
        await asyncio.to_thread(asyncio.run, migrate(dsn))
        institution = await furnish(dsn, tmp_path, 600, LONG)
        senders = [Sender(seat) for seat in await seat_learners(dsn, institution, 4)]
        app = create_app(Settings(public_url="https://assay.example.org"), dsn)
        async with at_once(app) as client:
            await walk_through_a_full_disk(client, senders, server, small_disk)
            kept = await stored(app.state.database, institution)
    refusals = [told for sender in senders for told in sender.refusals]
    assert {status for status, _, _ in refusals} == {503}
    assert all(retry for _, retry, _ in refusals)
    assert FULL in {sentence for _, _, sentence in refusals}
    assert kept == Counter(one for sender in senders for one in sender.acknowledged)
