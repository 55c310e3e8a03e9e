"""Attach a calibration to a bank: its items become operational with these parameters at the next publication."""

from collections.abc import Collection, Mapping
from typing import Any

from itembank.calibrations import FORMAT, IMPORTED, imported_document, merged, same_parameters
from itembank.errors import BankError, BankUnknown
from itembank.items import ParameterFacts
from itembank.lifecycle import TransitionRefused
from itembank.published import parameter_hash
from itembank.records import Record
from itembank.storage import banks, calibrations, item_events
from itembank.storage import items as item_rows
from itembank.storage.banks import Bank
from itembank.storage.database import Connection, Database
from itembank.storage.item_events import Moving
from itembank.storage.items import StoredItem
from itembank.workflows.move_items import moving


class KeptCalibration(Record, frozen=True, kw_only=True):
    """How many of the bank's items the calibration covers; `unfit` have parameters but may not be shown."""

    bank: str
    calibrated: int
    without_parameters: tuple[str, ...]
    unknown_items: tuple[str, ...]
    unfit: tuple[str, ...] = ()


async def keep_calibration(
    database: Database,
    institution_id: int,
    bank_key: str,
    document: dict[str, Any],
    *,
    origin: str,
    account_id: int | None = None,
) -> KeptCalibration:
    """Keep a calibration document and make the items it covers operational.

    Raises:
        BankError: when it covers none of the bank's items, or is not a calibration.
    """
    if document.get("assay") != FORMAT or not isinstance(document.get("items"), list):
        raise BankError("This is not a calibration document; write one with `assay calibrate`.")
    async with database.transaction(institution_id) as connection:
        bank = await _bank(connection, bank_key)
        return await keep(connection, institution_id, bank, document, origin, "calibrated", account_id)


async def keep_parameters(
    connection: Connection,
    institution_id: int,
    bank_key: str,
    parameters: Mapping[str, ParameterFacts],
    *,
    metric: str,
    source: str,
    account_id: int | None = None,
) -> KeptCalibration | None:
    """Take parameters that came in a file as they are, beside those that the bank has; None when they are no news.

    Within a transaction of the caller's, so that items and their parameters come in together or not at all.

    Raises:
        BankError: when they are for none of the bank's items.
    """
    bank = await _bank(connection, bank_key)
    items = [stored.item for stored in await item_rows.current(connection, bank.id)]
    document = imported_document(parameters, items, metric=metric, source=source)
    keys = {str(record["item_id"]) for record in document["items"]}
    before = await calibrations.latest(connection, bank.id)
    if before is not None:
        note = f"{len(keys)} items have their parameters from {source}."
        valid = await item_events.calibrated_keys(connection, bank.id)
        document = merged(before.document, document["items"], note, valid)
        if keys <= valid and same_parameters(before.document, document):
            return None
    origin = f"{IMPORTED} ({source})"
    return await keep(connection, institution_id, bank, document, origin, "parameters imported", account_id, moved=keys)


async def _bank(connection: Connection, bank_key: str) -> Bank:
    bank = await banks.find(connection, bank_key)
    if bank is None:
        raise BankUnknown(f"There is no bank '{bank_key}'; import its items first.")
    await banks.lock(connection, bank.id)
    return bank


async def keep(
    connection: Connection,
    institution_id: int,
    bank: Bank,
    document: Mapping[str, Any],
    origin: str,
    reason: str,
    account_id: int | None,
    moved: Collection[str] | None = None,
) -> KeptCalibration:
    """Write the document; items it covers (those in `moved`, if given) become operational from draft or pretest."""
    covered = {str(record["item_id"]) for record in document["items"]}
    stored = {item.item.key: item for item in await item_rows.current(connection, bank.id)}
    known = [item for key, item in stored.items() if key in covered]
    if not known:
        raise BankError(f"The calibration covers no item of bank '{bank.key}'; the item ids do not match.")
    await calibrations.save(
        connection, institution_id, bank.id, dict(document), parameter_hash(document["items"]), origin
    )
    moves, unfit = _moves([item for item in known if moved is None or item.item.key in moved], reason)
    await item_events.move(connection, institution_id, moves, account_id)
    return KeptCalibration(
        bank=bank.key,
        calibrated=len(known),
        without_parameters=tuple(key for key in stored if key not in covered),
        unknown_items=tuple(sorted(covered - stored.keys())),
        unfit=tuple(unfit),
    )


def _moves(known: list[StoredItem], reason: str) -> tuple[list[Moving], list[str]]:
    moves: list[Moving] = []
    unfit: list[str] = []
    for item in known:
        if item.state in ("draft", "pretest"):
            try:
                moves.append(moving(item, "operational", reason, calibrated=True))
            except TransitionRefused:
                unfit.append(item.item.key)
    return moves, unfit
