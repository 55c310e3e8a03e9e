"""Work that goes on after its page was sent: calibrations and simulations, with their progress and what came out."""

from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

import msgspec

from itembank.storage.database import Connection
from itembank.storage.sql import load

sql = load(__file__)

LOST_AFTER = timedelta(seconds=60)


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of work. `about`: what it was asked; `document`: what came out; `failed`: why nothing did."""

    uuid: UUID
    kind: Literal["calibration", "simulation"]
    about: dict[str, Any]
    progress: str
    document: dict[str, Any] | None
    failed: str | None
    started_at: datetime
    seen_at: datetime
    finished_at: datetime | None
    now: datetime
    started_by: str

    @property
    def state(self) -> Literal["running", "done", "failed", "lost"]:
        """`lost`: nobody has worked on it for a minute; the server was stopped meanwhile."""
        if self.failed is not None:
            return "failed"
        if self.finished_at is not None:
            return "done"
        return "lost" if self.now - self.seen_at > LOST_AFTER else "running"


async def start(connection: Connection, institution_id: int, account_id: int, kind: str, about: dict[str, Any]) -> UUID:
    """Write that work begins; returns its uuid."""
    uuid = uuid4()
    await connection.execute(sql.start, uuid, institution_id, account_id, kind, msgspec.json.encode(about).decode())
    return uuid


async def tell(connection: Connection, uuid: UUID, progress: str) -> None:
    """Say how far it is; also a sign of life."""
    await connection.execute(sql.tell, uuid, progress)


async def finish(connection: Connection, uuid: UUID, document: dict[str, Any] | None, failed: str | None) -> None:
    """Write what came out, or why nothing did."""
    text = None if document is None else msgspec.json.encode(document).decode()
    await connection.execute(sql.finish, uuid, text, failed)


async def find(connection: Connection, uuid: UUID) -> Job | None:
    """The work of that uuid."""
    return _decode(await connection.fetchrow(sql.find, uuid))


async def latest(connection: Connection, kind: str, bank: str) -> list[Job]:
    """The last ten on a bank, newest first, without their documents."""
    return [job for row in await connection.fetch(sql.latest, kind, bank) if (job := _decode(row))]


async def simulated(connection: Connection, policy_hash: str, bank_state: str) -> UUID | None:
    """The newest finished simulation of exactly this policy on exactly this bank."""
    found: UUID | None = await connection.fetchval(sql.simulated, policy_hash, bank_state)
    return found


def _decode(row: Any) -> Job | None:
    if row is None:
        return None
    fields = dict(row)
    for name in ("about", "document"):
        fields[name] = None if fields[name] is None else msgspec.json.decode(fields[name])
    return msgspec.convert(fields, Job)
