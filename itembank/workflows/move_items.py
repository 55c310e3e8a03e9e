"""Bring items of a bank from one state of their life into the next, with the reason and through whom."""

from collections.abc import Sequence

from itembank.errors import BankError, BankUnknown
from itembank.items import Item
from itembank.lifecycle import Standing, State, move
from itembank.records import Record
from itembank.storage import banks, item_events
from itembank.storage import items as item_rows
from itembank.storage.database import Connection, Database
from itembank.storage.item_events import ItemEvent, Moving
from itembank.storage.items import StoredItem


class Moved(Record, frozen=True, kw_only=True):
    """The items that are now in the state, in the order asked for."""

    bank: str
    state: State
    items: tuple[str, ...]
    reason: str


async def move_items(
    database: Database,
    institution_id: int,
    bank_key: str,
    item_keys: Sequence[str],
    to: State,
    reason: str,
    account_id: int | None = None,
) -> Moved:
    """Move these items, all of them or none; the change counts from the next publication on.

    Raises:
        BankUnknown, TransitionRefused: naming the item and what stands in the way.
    """
    async with database.transaction(institution_id) as connection:
        bank = await banks.find(connection, bank_key)
        if bank is None:
            raise BankUnknown(f"There is no bank '{bank_key}' here.")
        await banks.lock(connection, bank.id)
        keys = tuple(dict.fromkeys(item_keys))
        stored = {item.item.key: item for item in await item_rows.current(connection, bank.id)}
        for key in keys:
            if key not in stored:
                raise BankError(f"Bank '{bank_key}' has no item '{key}'; check the key.")
        calibrated = await item_events.calibrated_keys(connection, bank.id)
        moves = [moving(stored[key], to, reason, calibrated=key in calibrated) for key in keys]
        await item_events.move(connection, institution_id, moves, account_id)
    return Moved(bank=bank_key, state=to, items=keys, reason=reason.strip())


def moving(stored: StoredItem, to: State, reason: str, *, calibrated: bool) -> Moving:
    """The change of one item as the rules allow it.

    Raises:
        TransitionRefused.
    """
    before = standing_of(stored.item, stored.state, stored.number, calibrated=calibrated)
    after = move(before, to, reason, stored.item)
    return Moving(
        item_id=stored.id, version=stored.number, from_state=before.state, to_state=after.state, reason=after.reason
    )


def standing_of(item: Item, state: State, number: int, *, calibrated: bool) -> Standing:
    """Where a stored item stands."""
    return Standing(key=item.key, state=state, version=number, calibrated=calibrated)


async def life_of_items(
    database: Database, institution_id: int, bank_key: str, item_key: str | None = None
) -> list[ItemEvent]:
    """Every change of state in a bank (of one item, when named), oldest first.

    Raises:
        BankUnknown: when there is no such bank.
    """
    async with database.transaction(institution_id) as connection:
        return await _life(connection, bank_key, item_key)


async def _life(connection: Connection, bank_key: str, item_key: str | None) -> list[ItemEvent]:
    bank = await banks.find(connection, bank_key)
    if bank is None:
        raise BankUnknown(f"There is no bank '{bank_key}' here.")
    return await item_events.of_bank(connection, bank.id, item_key)
