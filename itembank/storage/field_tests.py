"""Answers of field tests: written once through COPY, a row a person, read back as the matrix they came from.

COPY does not go through row-level security, so the rows are copied into a table of the transaction's own and taken
over from there by an INSERT that does.
"""

import struct
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from itembank.records import Record
from itembank.storage.database import Connection
from itembank.storage.sql import load

sql = load(__file__)

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = struct.pack("!h", -1)
ROWS_AT_ONCE = 4096


class FieldTest(Record, frozen=True, kw_only=True):
    """One field test of a bank, without its answers."""

    id: int
    name: str
    n_persons: int
    n_responses: int
    created_at: datetime


async def save(
    connection: Connection,
    institution_id: int,
    bank_id: int,
    name: str,
    item_ids: Sequence[int],
    persons: Sequence[str],
    responses: NDArray[np.int8],
) -> int | None:
    """Keep a response matrix (n_persons, n_items), -1 = not administered; None when the name is taken."""
    n_responses = int(np.count_nonzero(responses >= 0))
    field_test_id = await connection.fetchval(
        sql.create, institution_id, bank_id, name, list(item_ids), len(persons), n_responses
    )
    if field_test_id is None:
        return None
    await connection.execute(sql.stage)
    await connection.copy_to_table(
        "staged_response", source=_copy_rows(persons, responses), columns=["person", "categories"], format="binary"
    )
    await connection.execute(sql.take, field_test_id, institution_id)
    return int(field_test_id)


async def _copy_rows(persons: Sequence[str], responses: NDArray[np.int8]) -> AsyncIterator[bytes]:
    """The rows in PostgreSQL's binary format: two fields, each with its length before it."""
    yield HEADER
    width = responses.shape[1]
    data, length = np.ascontiguousarray(responses).tobytes(), struct.pack("!i", width)
    head = struct.Struct("!hi").pack
    for start in range(0, len(persons), ROWS_AT_ONCE):
        parts: list[bytes] = []
        for place, person in enumerate(persons[start : start + ROWS_AT_ONCE], start):
            text = person.encode()
            parts += (head(2, len(text)), text, length, data[place * width : (place + 1) * width])
        yield b"".join(parts)
    yield TRAILER


async def of_bank(connection: Connection, bank_id: int) -> list[FieldTest]:
    """The field tests of a bank, oldest first."""
    return [FieldTest(**dict(row)) for row in await connection.fetch(sql.of_bank, bank_id)]


async def item_keys(connection: Connection, field_test_id: int) -> tuple[str, ...]:
    """Keys of the items, in the order of the matrix's columns."""
    return tuple(row["key"] for row in await connection.fetch(sql.items, field_test_id))


async def responses(connection: Connection, field_test_id: int) -> tuple[tuple[str, ...], NDArray[np.int8]]:
    """Persons in their order, and their answers (n_persons, n_items)."""
    rows = await connection.fetch(sql.responses, field_test_id)
    data = np.frombuffer(b"".join(row["categories"] for row in rows), dtype=np.int8)
    return tuple(row["person"] for row in rows), data.reshape(len(rows), -1)
