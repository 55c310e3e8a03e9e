"""Items withdrawn or re-keyed, and what that meant for each sitting."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from engine.rescoring import Override
from itembank.items import ItemScoring
from itembank.records import canonical
from itembank.storage.database import Connection
from itembank.storage.sql import load

sql = load(__file__)

Effect = Literal["decided", "applied", "held"]


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A rescoring as the registrar reads it."""

    uuid: UUID
    bank: str
    item: str
    kind: str
    hold_harmless: bool
    named: str
    reason: str
    applied_at: datetime
    n_applied: int
    n_held: int


async def add(
    connection: Connection,
    institution_id: int,
    uuid: UUID,
    override: Override,
    named: str,
    reason: str,
    account_id: int,
    now: datetime,
) -> int:
    """Write a rescoring; returns its id."""
    scoring = None if override.scoring is None else canonical(override.scoring).decode()
    return int(
        await connection.fetchval(
            sql.add, uuid, institution_id, override.item_id, override.kind, scoring, override.hold_harmless, named,
            reason, account_id, now,
        )
    )  # fmt: skip


async def mark(connection: Connection, institution_id: int, rescoring_id: int, session_id: int, effect: Effect) -> None:
    """Write what a rescoring means for a sitting."""
    await connection.execute(sql.mark, rescoring_id, session_id, institution_id, effect)


async def in_force(connection: Connection, item_ids: Sequence[int]) -> list[tuple[int, Override]]:
    """(id, override) of every rescoring of these items, in their order."""
    return [(row["id"], _override(row)) for row in await connection.fetch(sql.in_force, list(item_ids))]


async def of_session(connection: Connection, session_id: int) -> list[tuple[Override, Effect]]:
    """What was withdrawn or re-keyed in a sitting, in order, with the effect on it."""
    return [(_override(row), row["effect"]) for row in await connection.fetch(sql.of_session, session_id)]


def _override(row: Any) -> Override:
    scoring = None if row["scoring"] is None else msgspec.json.decode(row["scoring"], type=ItemScoring)
    return Override(item_id=row["item_id"], kind=row["kind"], scoring=scoring, hold_harmless=row["hold_harmless"])


async def touched(connection: Connection, item_id: int) -> list[UUID]:
    """The finished sittings in which the item was answered and counted."""
    return [row["uuid"] for row in await connection.fetch(sql.touched, item_id)]


async def lock(connection: Connection, institution_id: int, *, shared: bool) -> None:
    """A rescoring waits for sittings that are being decided, and they for it: none is missed, none counted twice."""
    await connection.execute(sql.lock_shared if shared else sql.lock, institution_id)


async def every(connection: Connection) -> list[Kept]:
    """All rescorings of the institution, oldest first."""
    return [msgspec.convert(dict(row), Kept) for row in await connection.fetch(sql.list)]
