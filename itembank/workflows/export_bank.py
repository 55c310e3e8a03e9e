"""Read a bank out of the database: its newest versions and the files they show."""

import msgspec

from itembank.errors import BankUnknown
from itembank.items import Item
from itembank.storage import assets, banks
from itembank.storage import items as item_rows
from itembank.storage.database import Database


class ExportedBank(msgspec.Struct, frozen=True, kw_only=True):
    """All that leaves with a bank; `assets`: bytes by SHA-256."""

    items: tuple[Item, ...]
    assets: dict[str, bytes]


async def export_bank(database: Database, institution_id: int, bank_key: str) -> ExportedBank:
    """Every item of a bank in its newest version.

    Raises:
        BankUnknown: when there is no such bank.
    """
    async with database.transaction(institution_id) as connection:
        bank = await banks.find(connection, bank_key)
        if bank is None:
            raise BankUnknown(f"There is no bank '{bank_key}' here.")
        found = tuple(stored.item for stored in await item_rows.current(connection, bank.id))
        wanted = {asset.sha256 for item in found for asset in item.content.assets}
        return ExportedBank(items=found, assets=await assets.get(connection, sorted(wanted)))
