"""Say which items are likely duplicates or enemies, before or after they come in."""

import asyncio
from collections.abc import Collection, Sequence

from itembank.items import Item
from itembank.likeness import LikePair, unsaid_pairs
from itembank.storage import banks
from itembank.storage import items as item_rows
from itembank.storage.database import Database


async def report_likeness(
    database: Database, institution_id: int, bank_key: str, incoming: Sequence[Item], touched: Collection[str]
) -> tuple[LikePair, ...]:
    """Pairs of an incoming item with another one or with an item of the bank; the bank may not exist yet."""
    async with database.transaction(institution_id) as connection:
        bank = await banks.find(connection, bank_key)
        stored = [] if bank is None else [part.item for part in await item_rows.current(connection, bank.id)]
    items = {item.key: item for item in (*stored, *incoming)}
    return await asyncio.to_thread(unsaid_pairs, list(items.values()), set(touched)) if touched else ()
