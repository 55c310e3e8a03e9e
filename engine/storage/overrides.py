"""Publications made against the warnings of their simulation: who answered for it, and why."""

from datetime import datetime
from typing import Any

import msgspec

from itembank.storage.database import Connection
from itembank.storage.sql import load

sql = load(__file__)


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """`named`: the person who answers for it; `warnings`: the sentences that were overruled."""

    named: str
    reason: str
    warnings: tuple[str, ...]


class KeptOverride(Override, frozen=True, kw_only=True):
    """An override as it was written, with the version it let through."""

    key: str
    number: int
    created_at: datetime


async def add(
    connection: Connection, institution_id: int, version_id: int, account_id: int, override: Override
) -> None:
    """Write an override, in the transaction that publishes."""
    text = msgspec.json.encode(override.warnings).decode()
    await connection.execute(sql.add, version_id, institution_id, account_id, override.named, override.reason, text)


async def every(connection: Connection) -> list[KeptOverride]:
    """All overrides of the institution, newest first."""
    return [_decode(row) for row in await connection.fetch(sql.all)]


def _decode(row: Any) -> KeptOverride:
    return msgspec.convert({**dict(row), "warnings": msgspec.json.decode(row["warnings"])}, KeptOverride)
