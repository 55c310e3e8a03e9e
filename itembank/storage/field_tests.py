"""Answers of field tests: written once, a block of persons a row, read back as the matrix they came from.

COPY does not go through row-level security, so answers go by INSERT; packed into blocks they are few rows, and that is
faster than a COPY of one row an answer.
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from itembank.records import Record
from itembank.storage.database import Connection
from itembank.storage.sql import load

sql = load(__file__)

PERSONS_A_BLOCK = 1000


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
    data, width = np.ascontiguousarray(responses).tobytes(), responses.shape[1]
    blocks = range(0, len(persons), PERSONS_A_BLOCK)
    await connection.executemany(
        sql.add_block,
        [
            (
                field_test_id,
                institution_id,
                first,
                list(persons[first : first + PERSONS_A_BLOCK]),
                data[first * width : (first + PERSONS_A_BLOCK) * width],
            )
            for first in blocks
        ],
    )
    return int(field_test_id)


async def of_bank(connection: Connection, bank_id: int) -> list[FieldTest]:
    """The field tests of a bank, oldest first."""
    return [FieldTest(**dict(row)) for row in await connection.fetch(sql.of_bank, bank_id)]


async def item_keys(connection: Connection, field_test_id: int) -> tuple[str, ...]:
    """Keys of the items, in the order of the matrix's columns."""
    return tuple(row["key"] for row in await connection.fetch(sql.items, field_test_id))


async def responses(connection: Connection, field_test_id: int) -> tuple[tuple[str, ...], NDArray[np.int8]]:
    """Persons in the order of their file, and their answers (n_persons, n_items)."""
    rows = await connection.fetch(sql.responses, field_test_id)
    persons = tuple(person for row in rows for person in row["persons"])
    data = np.frombuffer(b"".join(row["categories"] for row in rows), dtype=np.int8)
    return persons, data.reshape(len(persons), -1)
