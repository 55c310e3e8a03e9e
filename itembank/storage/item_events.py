"""The log of an item's life: written once for every change of state."""

from collections.abc import Sequence
from datetime import datetime

from itembank.lifecycle import State
from itembank.records import Record
from itembank.storage.database import Connection
from itembank.storage.sql import load

sql = load(__file__)


class ItemEvent(Record, frozen=True, kw_only=True):
    """An item came from one state into another; `by` is the account's pseudonym, "" for the program itself."""

    item: str
    version: int
    from_state: State
    to_state: State
    reason: str
    by: str = ""
    happened_at: datetime


class Moving(Record, frozen=True, kw_only=True):
    """A change about to be written."""

    item_id: int
    version: int
    from_state: State
    to_state: State
    reason: str


async def move(
    connection: Connection, institution_id: int, moves: Sequence[Moving], account_id: int | None = None
) -> None:
    """Bring items into their new states and log each change."""
    if not moves:
        return
    columns = [
        [moved.item_id for moved in moves],
        [moved.version for moved in moves],
        [moved.from_state for moved in moves],
        [moved.to_state for moved in moves],
        [moved.reason for moved in moves],
    ]
    await connection.execute(sql.move, institution_id, account_id, *columns)


async def of_bank(connection: Connection, bank_id: int, item_key: str | None = None) -> list[ItemEvent]:
    """The log of a bank's items (or of one), oldest first."""
    return [ItemEvent(**dict(row)) for row in await connection.fetch(sql.of_bank, bank_id, item_key)]


async def calibrated_keys(connection: Connection, bank_id: int) -> set[str]:
    """Keys of the items whose newest version has parameters: the newest calibration covers them and is no older than
    the first version that asked and scored what the newest one does."""
    return {row["key"] for row in await connection.fetch(sql.calibrated_keys, bank_id)}
