"""Flags as they are kept: the evidence they come from, the flags themselves, and how much each look judged."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec

from engine.flags.records import DriftOfItem, Flag, Judged, Kind, Looked, Outcome
from engine.messages import Message
from itembank.records import Record, canonical
from itembank.storage.database import Connection
from itembank.storage.sql import load

sql = load(__file__)

EVERY = 1_000_000


class SittingRow(Record, frozen=True, kw_only=True):
    """A finished sitting that was not struck. `timed`: on a screen, where the server saw the time of each answer."""

    id: int
    learner: int
    population: str
    bank_version_id: int
    timed: bool


class AnswerRow(Record, frozen=True, kw_only=True):
    """An answer of such a sitting. `set_aside`: a pretest item, or scored by a key that was corrected later."""

    sitting: int
    item: int
    bank_position: int
    category: int
    raw: str
    shown_at: datetime
    answered_at: datetime
    set_aside: bool


class Subject(Record, frozen=True, kw_only=True):
    """A sitting that a flag is about, and whose it is. `name` is None for somebody whose name is not kept (any
    more)."""

    sitting: UUID
    attempt: UUID
    assessment: str
    occasion: str
    started_at: datetime
    learner: UUID
    pseudonym: str
    name: str | None


class KeptFlag(Record, frozen=True, kw_only=True):
    """A flag with its subject: one sitting, two, or an item of the bank."""

    uuid: UUID
    kind: Kind
    bank: str
    value: float
    p: float | None
    said: tuple[Message, ...]
    evidence: dict[str, Any]
    raised_at: datetime
    item: str | None
    item_state: str | None
    sittings: tuple[Subject, ...]
    closed_at: datetime | None
    outcome: Outcome | None
    named: str | None
    reason: str | None


class Run(Record, frozen=True, kw_only=True):
    """The latest look at a bank; n_since: sittings that ended after it."""

    bank_id: int
    bank: str
    title: str
    n_sittings: int
    n_since: int
    computed_at: datetime
    judged: tuple[Judged, ...]
    drift: tuple[DriftOfItem, ...]


async def sittings(connection: Connection, bank_id: int, most: int) -> list[SittingRow]:
    """The newest finished sittings of a bank that were not struck, oldest first."""
    rows = [SittingRow(**dict(row)) for row in await connection.fetch(sql.sittings, bank_id, most)]
    return rows[::-1]


async def answers(connection: Connection, session_ids: Sequence[int]) -> list[AnswerRow]:
    """Their answers by sitting and position."""
    return [AnswerRow(**dict(row)) for row in await connection.fetch(sql.answers, session_ids)]


async def add(connection: Connection, institution_id: int, bank_id: int, flag: Flag) -> bool:
    """Write a flag; False where the same is known already, open or, for sittings, closed."""
    return await connection.fetchval(
        sql.add, uuid4(), institution_id, bank_id, flag.kind, flag.sitting, flag.other, flag.item, flag.value, flag.p,
        msgspec.json.encode(flag.said).decode(), msgspec.json.encode(flag.evidence).decode(),
    ) is not None  # fmt: skip


async def add_run(
    connection: Connection, institution_id: int, bank_id: int, looked: Looked, at: datetime
) -> None:  # fmt: skip
    """Write how much a look judged and how every item drifts; `at`: when it read the sittings."""
    document = canonical({"judged": looked.judged, "drift": looked.drift}).decode()
    await connection.execute(sql.add_run, institution_id, bank_id, looked.n_sittings, document, at)


async def claim_round(connection: Connection, apart: timedelta, held: timedelta) -> tuple[str, str] | None:
    """(institution, bank) with sittings that ended since the last look, for the caller alone to look at; None: none.

    Looks at one bank are `apart` at least; who has claimed one and does not look loses it after `held`.
    """
    row = await connection.fetchrow(sql.claim_round, apart, held)
    return None if row is None else (row["institution"], row["bank"])


async def latest_runs(connection: Connection, bank_id: int | None = None) -> list[Run]:
    """The latest look at every bank, or at one."""
    found = []
    for row in await connection.fetch(sql.latest_runs, bank_id):
        fields = dict(row)
        document = msgspec.json.decode(fields.pop("document"))
        found.append(msgspec.convert({**fields, **document}, Run))
    return found


async def closed_items(connection: Connection, bank_id: int) -> dict[int, datetime]:
    """Item id -> when its last flag was closed."""
    return {row["item_id"]: row["closed_at"] for row in await connection.fetch(sql.closed_items, bank_id)}


async def found(
    connection: Connection, *, is_open: bool | None = None, most: int = EVERY, skip: int = 0
) -> list[KeptFlag]:  # fmt: skip
    """Flags, open ones first, then by strength."""
    return [_kept(dict(row)) for row in await connection.fetch(sql.found, None, is_open, most, skip)]


async def find(connection: Connection, uuid: UUID) -> KeptFlag | None:
    """The flag of that uuid."""
    row = await connection.fetchrow(sql.found, uuid, None, 1, 0)
    return None if row is None else _kept(dict(row))


async def counts(connection: Connection) -> tuple[int, int]:
    """How many are open, how many closed."""
    row = await connection.fetchrow(sql.counts)
    return int(row["n_open"]), int(row["n_closed"])


async def hold(connection: Connection, uuid: UUID) -> None:
    """Until the transaction ends nobody else closes the flag."""
    await connection.execute(sql.hold, uuid)


async def close(
    connection: Connection, uuid: UUID, account_id: int, outcome: Outcome, named: str, reason: str
) -> bool:  # fmt: skip
    """Close an open flag; False where somebody was faster."""
    return await connection.fetchval(sql.close, uuid, account_id, outcome, named, reason) is not None


def _kept(row: dict[str, Any]) -> KeptFlag:
    fields = {name: row[name] for name in KeptFlag.__struct_fields__ if name in row}
    fields["said"] = msgspec.json.decode(row["said"])
    fields["evidence"] = msgspec.json.decode(row["evidence"])
    fields["sittings"] = [subject for prefix in ("", "other_") if (subject := _subject(row, prefix)) is not None]
    return msgspec.convert(fields, KeptFlag)


def _subject(row: dict[str, Any], prefix: str) -> dict[str, Any] | None:
    if row[f"{prefix}sitting"] is None:
        return None
    names = ("sitting", "attempt", "occasion", "started_at", "learner", "pseudonym", "name")
    return {name: row[f"{prefix}{name}"] for name in names} | {"assessment": row["assessment"]}
