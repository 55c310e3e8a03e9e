"""How sittings go: running and finished ones, how often each item was shown, how long it takes."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from itembank.storage.database import Connection
from itembank.storage.sql import load

sql = load(__file__)


class SittingSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One sitting from outside: when, how many answers, how it ended."""

    uuid: UUID
    occasion: str
    assessment: str
    started_at: datetime
    deadline: datetime | None
    finished_at: datetime | None
    reason: str | None
    outcome: dict[str, Any] | None
    n_answers: int
    last_answer_at: datetime | None


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """How an item has fared in sittings so far; seconds and category are None before the first answer."""

    item_id: int
    n_shown: int
    n_answered: int
    mean_category: float | None
    median_seconds: float | None


async def sittings(connection: Connection, since: datetime) -> list[SittingSeen]:
    """All sittings of the institution started since then, oldest first."""
    return [_seen(row) for row in await connection.fetch(sql.sittings, since)]


def _seen(row: Any) -> SittingSeen:
    outcome = row["outcome"]
    return msgspec.convert(
        {**dict(row), "outcome": None if outcome is None else msgspec.json.decode(outcome)}, SittingSeen
    )


async def exposure(connection: Connection, bank_id: int) -> dict[int, Shown]:
    """Item id -> how often it was shown and how it was answered; items never shown are absent."""
    rows = [msgspec.convert(dict(row), Shown, strict=False) for row in await connection.fetch(sql.exposure, bank_id)]
    return {row.item_id: row for row in rows}


async def n_sittings(connection: Connection, bank_id: int) -> int:
    """How many sittings have drawn on any version of the bank."""
    return int(await connection.fetchval(sql.n_sittings, bank_id))
