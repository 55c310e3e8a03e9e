"""Say where a bank has items and where it lacks them: competency × difficulty."""

from itembank.coverage import Coverage, coverage
from itembank.errors import BankUnknown
from itembank.exchange.parameters.columns import facts_of_record
from itembank.storage import banks, calibrations, frameworks, item_events
from itembank.storage import items as item_rows
from itembank.storage.database import Database


async def report_coverage(
    database: Database, institution_id: int, bank_key: str, needed: int, *, states: tuple[str, ...] = ("operational",)
) -> Coverage:
    """The items of a bank in these states against so many needed in every cell, on the newest calibration.

    Raises:
        BankUnknown: when there is no such bank.
    """
    async with database.transaction(institution_id) as connection:
        bank = await banks.find(connection, bank_key)
        if bank is None:
            raise BankUnknown(f"There is no bank '{bank_key}' here.")
        _, framework = await frameworks.of_bank(connection, bank.id)
        newest = await calibrations.latest(connection, bank.id)
        valid = await item_events.calibrated_keys(connection, bank.id)
        stored = await item_rows.current(connection, bank.id)
    records = [] if newest is None else newest.document["items"]
    parameters = {str(r["item_id"]): facts_of_record(r) for r in records if str(r["item_id"]) in valid}
    return coverage([item.item for item in stored if item.state in states], framework, needed, parameters=parameters)
