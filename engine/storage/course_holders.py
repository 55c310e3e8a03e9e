"""Learners who hold modules of a course: all of them in one question."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from itembank.storage.database import Connection
from itembank.storage.sql import load

sql = load(__file__)


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """A learner with credit that holds now for these modules."""

    learner: UUID
    name: str
    modules: tuple[str, ...]


async def every(connection: Connection, modules: Sequence[str]) -> list[Holder]:
    """Everybody with live credit for at least one of the modules, by name."""
    return [msgspec.convert(dict(row), Holder) for row in await connection.fetch(sql.every, list(modules))]
