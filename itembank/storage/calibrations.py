"""Calibrations of a bank: each a whole document, never changed."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec

from itembank.storage.database import Connection
from itembank.storage.sql import load

sql = load(__file__)


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """`document` is the calibration file (design "calibration/1"); `origin` says whose answers it rests on."""

    id: int
    uuid: UUID
    document: dict[str, Any]
    parameter_hash: str
    origin: str
    created_at: datetime


async def save(
    connection: Connection,
    institution_id: int,
    bank_id: int,
    document: dict[str, Any],
    parameter_hash: str,
    origin: str,
) -> int:
    """Keep a calibration; the newest one is what the next publication freezes."""
    text = msgspec.json.encode(document).decode()
    return int(await connection.fetchval(sql.save, uuid4(), institution_id, bank_id, text, parameter_hash, origin))


async def latest(connection: Connection, bank_id: int) -> Calibration | None:
    """The newest calibration of a bank."""
    row = await connection.fetchrow(sql.latest, bank_id)
    if row is None:
        return None
    return msgspec.convert({**dict(row), "document": msgspec.json.decode(row["document"])}, Calibration)
