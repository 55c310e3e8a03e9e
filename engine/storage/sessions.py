"""Sittings: the row that is locked for each step, the items shown, the answers given."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from engine.sessions import Administered, Opening, SessionRow
from itembank.storage.database import Connection
from itembank.storage.sql import load

sql = load(__file__)


async def open_session(connection: Connection, institution_id: int, opening: Opening) -> int:
    """Write a sitting; its first item follows in the same transaction. Returns the id."""
    pool = None if opening.pool is None else msgspec.json.encode(opening.pool).decode()
    return int(
        await connection.fetchval(
            sql.open, opening.uuid, institution_id, opening.attempt_id, opening.account_id, opening.bank_version_id,
            opening.occasion, opening.tie_key, pool, opening.theta, opening.sem, opening.started_at, opening.deadline,
            opening.form,
        )
    )  # fmt: skip


async def find(connection: Connection, uuid: UUID) -> SessionRow | None:
    """The sitting of that uuid, as it stands."""
    return _decode(await connection.fetchrow(sql.find, uuid))


async def lock(connection: Connection, uuid: UUID) -> SessionRow | None:
    """The sitting of that uuid, with other steps kept waiting until the transaction ends."""
    return _decode(await connection.fetchrow(sql.lock, uuid))


async def of_attempt(connection: Connection, attempt_id: int) -> list[SessionRow]:
    """All sittings of an attempt, oldest first."""
    return [row for record in await connection.fetch(sql.of_attempt, attempt_id) if (row := _decode(record))]


async def every(connection: Connection) -> list[SessionRow]:
    """All sittings of the institution, oldest first."""
    return [row for record in await connection.fetch(sql.every) if (row := _decode(record))]


def _decode(record: Any) -> SessionRow | None:
    if record is None:
        return None
    fields = dict(record)
    for name in ("pool", "outcome"):
        fields[name] = None if fields[name] is None else msgspec.json.decode(fields[name])
    return msgspec.convert(fields, SessionRow)


async def show_item(
    connection: Connection, institution_id: int, session_id: int, account_id: int, item: Administered
) -> None:
    """Write the item that the learner sees next."""
    await connection.execute(
        sql.show_item, session_id, institution_id, item.position, account_id, item.item_id, item.bank_position,
        item.is_pretest, item.shown_at,
    )  # fmt: skip


async def administered(connection: Connection, session_id: int) -> list[Administered]:
    """The items shown so far in order, each with its answer."""
    rows = []
    for record in await connection.fetch(sql.administered, session_id):
        fields = dict(record)
        fields["answer"] = None if fields["answer"] is None else msgspec.json.decode(fields["answer"])
        rows.append(msgspec.convert(fields, Administered))
    return rows


async def add_response(connection: Connection, institution_id: int, session_id: int, answered: Administered) -> None:
    """Write the answer to the item on screen."""
    await connection.execute(
        sql.add_response, session_id, answered.position, institution_id, answered.client_id, answered.request_hash,
        msgspec.json.encode(answered.answer).decode(), answered.category, answered.score, answered.answered_at,
    )  # fmt: skip


async def advance(connection: Connection, session_id: int, position: int, theta: float, sem: float) -> None:
    """Go on to the item at `position` with the ability estimated so far."""
    await connection.execute(sql.advance, session_id, position, theta, sem)


async def finish(
    connection: Connection, session_id: int, position: int, theta: float, sem: float, now: datetime, reason: str,
    outcome: bytes,
) -> None:  # fmt: skip
    """End a sitting with its reason and its outcome document."""
    await connection.execute(sql.finish, session_id, position, theta, sem, now, reason, outcome.decode())


async def seen_by(connection: Connection, account_id: int) -> set[int]:
    """The ids of all items that this learner was ever shown."""
    return {row["item_id"] for row in await connection.fetch(sql.seen_by, account_id)}


async def seen_before(connection: Connection, account_id: int, session_id: int) -> set[int]:
    """The ids of all items that this learner was shown in earlier sittings."""
    return {row["item_id"] for row in await connection.fetch(sql.seen_before, account_id, session_id)}


async def save_draft(
    connection: Connection, institution_id: int, session_id: int, position: int, answer: dict[str, list[str]]
) -> None:
    """Keep what is half typed."""
    await connection.execute(sql.save_draft, session_id, institution_id, position, msgspec.json.encode(answer).decode())


async def draft(connection: Connection, session_id: int, position: int) -> dict[str, list[str]] | None:
    """What was half typed at this item."""
    found = await connection.fetchval(sql.draft, session_id, position)
    return None if found is None else msgspec.json.decode(found, type=dict[str, list[str]])


async def forget_draft(connection: Connection, session_id: int) -> None:
    """Drop the draft once the answer is written."""
    await connection.execute(sql.forget_draft, session_id)


async def extend(connection: Connection, session_id: int, deadline: datetime | None) -> None:
    """Move a deadline later, or lift it; the database refuses an earlier one."""
    await connection.execute(sql.extend, session_id, deadline)


async def set_paused_until(connection: Connection, session_id: int, until: datetime | None) -> None:
    """Put the sitting at rest until then, or let it go on."""
    await connection.execute(sql.set_paused_until, session_id, until)


async def set_outcome(connection: Connection, session_id: int, outcome: bytes) -> None:
    """The decision that stands after rescoring; the log keeps the earlier one."""
    await connection.execute(sql.set_outcome, session_id, outcome.decode())
