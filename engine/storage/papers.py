"""Sittings on paper or with an assessor whose answers have not come back yet."""

from datetime import datetime
from uuid import UUID

import msgspec

from engine.sessions import Form
from itembank.storage.database import Connection
from itembank.storage.sql import load

sql = load(__file__)


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """A form that was handed out to a learner."""

    uuid: UUID
    occasion: str
    form: Form
    started_at: datetime
    assessment_version_id: int
    learner: UUID
    pseudonym: str
    name: str
    n_items: int


async def running(connection: Connection, uuid: UUID | None = None) -> list[Paper]:
    """Every form that is out, oldest first, or the one of that uuid."""
    return [msgspec.convert(dict(row), Paper) for row in await connection.fetch(sql.running, uuid)]
