"""Freeze a bank as it stands into a version that sittings can pin."""

from typing import Any

from itembank.errors import BankUnknown
from itembank.items import is_machine_scored
from itembank.lifecycle import State
from itembank.published import NotPublishable, freeze_grid, freeze_tables, parameter_hash, table_hash
from itembank.records import digest
from itembank.storage import bank_versions, banks, calibrations
from itembank.storage import items as item_rows
from itembank.storage.bank_versions import FrozenItem
from itembank.storage.database import Connection
from itembank.storage.items import StoredItem


async def freeze_bank(connection: Connection, institution_id: int, bank_key: str) -> int:
    """The id of a version holding every deliverable operational item, and pretest items for seeding behind them.

    An unchanged bank gives the version it has.

    Raises:
        BankUnknown, NotPublishable: with what is missing.
    """
    bank = await banks.find(connection, bank_key)
    if bank is None:
        raise BankUnknown(f"There is no bank '{bank_key}'; import its items first.")
    await banks.lock(connection, bank.id)
    return await _publish(connection, institution_id, bank.id, bank_key)


async def _publish(connection: Connection, institution_id: int, bank_id: int, bank_key: str) -> int:
    calibration = await calibrations.latest(connection, bank_id)
    if calibration is None:
        raise NotPublishable(f"Bank '{bank_key}' has no calibration; run `assay calibrate` and attach its result.")
    parameters = {str(record["item_id"]): record for record in calibration.document["items"]}
    current = [item for item in await item_rows.current(connection, bank_id) if is_machine_scored(item.item)]
    stored = [item for item in current if item.state == "operational" and item.item.key in parameters]
    pretest = [item for item in current if item.state == "pretest"]
    if not stored:
        raise NotPublishable(f"Bank '{bank_key}' has no item that is deliverable, operational and calibrated.")
    records = [parameters[item.item.key] for item in stored]
    grid = freeze_grid()
    frozen = _freeze(stored, records)
    hashes = (
        digest(*_contents(stored), *(b"pretest" + content for content in _contents(pretest))),
        parameter_hash(records),
        table_hash(grid, [(item.item.key, kept.probabilities) for item, kept in zip(stored, frozen)]),
    )
    frozen += [_frozen(len(stored) + place, item, "pretest", {}, b"") for place, item in enumerate(pretest)]
    if (same := await bank_versions.same(connection, bank_id, hashes)) is not None:
        return same
    correlations = {name: calibration.document.get(name) or [] for name in ("dimensions", "correlations")}
    return await bank_versions.save(
        connection, institution_id, bank_id, calibration.id, grid, correlations, hashes, frozen
    )


def _contents(stored: list[StoredItem]) -> list[bytes]:
    return [item.content_hash.encode() for item in sorted(stored, key=lambda item: item.item.key)]


def _freeze(stored: list[StoredItem], records: list[dict[str, Any]]) -> list[FrozenItem]:
    for item, record in zip(stored, records):
        categories = len(record.get("thresholds") or record.get("steps") or record.get("intercepts", [])[1:] or [0]) + 1
        if categories != item.item.scoring.max_category + 1:
            raise NotPublishable(
                f"Item {item.item.key} is scored 0 to {item.item.scoring.max_category}, but its parameters are for "
                f"{categories} categories; calibrate it again or correct max_score."
            )
    tables = freeze_tables(records)
    return [
        _frozen(position, item, "operational", record, table)
        for position, (item, record, table) in enumerate(zip(stored, records, tables))
    ]


def _frozen(position: int, item: StoredItem, state: State, record: dict[str, Any], table: bytes) -> FrozenItem:
    return FrozenItem(
        position=position,
        item_id=item.id,
        item_version_id=item.version_id,
        state=state,
        competency=item.item.facts.competencies[0] if item.item.facts.competencies else "",
        parameters=record,
        probabilities=table,
    )
