"""Attach a calibration to a bank: its items become operational with these parameters at the next publication."""

from typing import Any

from itembank.errors import BankError, BankUnknown
from itembank.published import parameter_hash
from itembank.records import Record
from itembank.storage import banks, calibrations
from itembank.storage import items as item_rows
from itembank.storage.database import Database


class KeptCalibration(Record, frozen=True, kw_only=True):
    """How many of the bank's items the calibration covers."""

    bank: str
    calibrated: int
    without_parameters: tuple[str, ...]
    unknown_items: tuple[str, ...]


async def keep_calibration(
    database: Database, institution_id: int, bank_key: str, document: dict[str, Any], *, origin: str
) -> KeptCalibration:
    """Keep a calibration document and make the items it covers operational.

    Raises:
        BankError: when it covers none of the bank's items, or is not a calibration.
    """
    records = document.get("items")
    if document.get("assay") != "calibration/1" or not isinstance(records, list):
        raise BankError("This is not a calibration document; write one with `assay calibrate`.")
    async with database.transaction(institution_id) as connection:
        bank = await banks.find(connection, bank_key)
        if bank is None:
            raise BankUnknown(f"There is no bank '{bank_key}'; import its items first.")
        heads = await item_rows.heads(connection, bank.id)
        covered = {str(record["item_id"]): record for record in records}
        known = {key: head for key, head in heads.items() if key in covered}
        if not known:
            raise BankError(f"The calibration covers no item of bank '{bank_key}'; the item ids do not match.")
        await calibrations.save(connection, institution_id, bank.id, document, parameter_hash(records), origin)
        drafts = [head.id for head in known.values() if head.state in ("draft", "pretest")]
        await item_rows.set_state(connection, drafts, "operational", "calibrated")
    return KeptCalibration(
        bank=bank_key,
        calibrated=len(known),
        without_parameters=tuple(key for key in heads if key not in covered),
        unknown_items=tuple(key for key in covered if key not in heads),
    )
