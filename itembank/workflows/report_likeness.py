"""Say which items are likely duplicates or enemies, before or after they come in."""

import asyncio
from collections.abc import Collection, Sequence

from itembank.items import Item
from itembank.likeness import LikePair, unsaid_pairs
from itembank.storage import banks
from itembank.storage import items as item_rows
from itembank.storage.database import Connection


async def items_of_bank(connection: Connection, bank_key: str) -> list[Item]:
    """The newest version of every item; none where the bank does not exist."""
    bank = await banks.find(connection, bank_key)
    return [] if bank is None else [part.item for part in await item_rows.current(connection, bank.id)]


async def report_likeness(
    stored: Sequence[Item], incoming: Sequence[Item], touched: Collection[str]
) -> tuple[LikePair, ...]:
    """Pairs of an incoming item with another one or with an item of the bank; worked out without the database."""
    items = {item.key: item for item in (*stored, *incoming)}
    return await asyncio.to_thread(unsaid_pairs, list(items.values()), set(touched)) if touched else ()
