"""Erasing a person: who asked for it, and every table that says who somebody is."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from engine.storage import invitations
from itembank.items import Answer, ItemContent
from itembank.storage.database import Connection
from itembank.storage.sql import load

sql = load(__file__)


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """A learner who asked to be erased."""

    uuid: UUID
    name: str
    asked_at: datetime


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """An answer with the item it was given to."""

    session_id: int
    position: int
    content: ItemContent
    answer: Answer | None


async def asked(connection: Connection) -> list[Asking]:
    """Everybody who asked and is still here, the longest waiting first."""
    return [msgspec.convert(dict(row), Asking) for row in await connection.fetch(sql.asked)]


async def asked_at(connection: Connection, account_id: int) -> datetime | None:
    """When this person asked; the row is held until the transaction ends."""
    found: datetime | None = await connection.fetchval(sql.asked_at, account_id)
    return found


async def answers(connection: Connection, account_id: int) -> list[Typed]:
    """All answers of a learner."""
    return [
        Typed(
            session_id=row["session_id"],
            position=row["position"],
            content=msgspec.json.decode(row["content"], type=ItemContent),
            answer=msgspec.json.decode(row["answer"], type=Answer | None),
        )
        for row in await connection.fetch(sql.answers, account_id)
    ]


async def erase_words(connection: Connection, account_id: int, places: Sequence[tuple[int, int]]) -> int:
    """Empty these answers (session id, position); returns how many there were. Their categories stay."""
    sessions, positions = [session for session, _ in places], [position for _, position in places]
    return int(await connection.fetchval(sql.erase_words, account_id, sessions, positions))


async def forget(connection: Connection, account_id: int) -> None:
    """Drop name, address, password, keys, browsers, kept requests, drafts, notes and uploads of an account.

    Reasons with which flags about its sittings were closed go too, and those that hold its name, while it is known.
    """
    for statement in (
        sql.forget_reasons, sql.forget_person, sql.forget_account, sql.forget_keys, sql.forget_browsers,
        sql.forget_requests, sql.forget_drafts, sql.forget_notes, sql.forget_uploads,
    ):  # fmt: skip
        await connection.execute(statement, account_id)
    await invitations.forget_words(connection, account_id)
