"""Published versions of a bank: what sittings pin, written once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec

from itembank.storage.database import Connection
from itembank.storage.sql import load

sql = load(__file__)


class FrozenItem(msgspec.Struct, frozen=True, kw_only=True):
    """One item of a published bank: which version, in which state, with its parameters and its probability table.

    A pretest item has neither: empty `parameters` and `probabilities`.
    """

    position: int
    item_id: int
    item_version_id: int
    state: str
    competency: str
    parameters: dict[str, Any]
    probabilities: bytes


class BankVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A published bank without its items."""

    id: int
    uuid: UUID
    bank_id: int
    bank_key: str
    number: int
    grid: bytes
    correlations: dict[str, Any]
    content_hash: str
    parameter_hash: str
    table_hash: str
    published_at: datetime


async def save(
    connection: Connection,
    institution_id: int,
    bank_id: int,
    calibration_id: int,
    grid: bytes,
    correlations: dict[str, Any],
    hashes: tuple[str, str, str],
    items: Sequence[FrozenItem],
) -> int:
    """Freeze a bank; `hashes` are of content, parameters and tables."""
    correlation_text = msgspec.json.encode(correlations).decode()
    version_id = int(
        await connection.fetchval(
            sql.save, uuid4(), institution_id, bank_id, calibration_id, grid, correlation_text, *hashes
        )
    )
    columns = [
        [item.position for item in items],
        [item.item_id for item in items],
        [item.item_version_id for item in items],
        [item.state for item in items],
        [item.competency for item in items],
        [msgspec.json.encode(item.parameters).decode() for item in items],
        [item.probabilities for item in items],
    ]
    await connection.execute(sql.save_items, version_id, institution_id, *columns)
    return version_id


async def same(connection: Connection, bank_id: int, hashes: tuple[str, str, str]) -> int | None:
    """The version that holds exactly this already."""
    found = await connection.fetchval(sql.same, bank_id, *hashes)
    return None if found is None else int(found)


async def latest(connection: Connection, bank_id: int) -> int | None:
    """The newest published version of a bank."""
    found = await connection.fetchval(sql.latest, bank_id)
    return None if found is None else int(found)


async def get(connection: Connection, version_id: int) -> BankVersion:
    """One published version."""
    row = await connection.fetchrow(sql.get, version_id)
    return msgspec.convert({**dict(row), "correlations": msgspec.json.decode(row["correlations"])}, BankVersion)


async def items(connection: Connection, version_id: int) -> list[FrozenItem]:
    """The items of a published version by position."""
    return [
        msgspec.convert({**dict(row), "parameters": msgspec.json.decode(row["parameters"])}, FrozenItem)
        for row in await connection.fetch(sql.items, version_id)
    ]
