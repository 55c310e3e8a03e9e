"""Bring the answers of a field test into a bank: every item known, every category one that it has, or nothing."""

import numpy as np

from itembank.errors import BankError, BankUnknown
from itembank.exchange.responses.table import ResponseTable
from itembank.records import Record
from itembank.storage import banks, field_tests
from itembank.storage import items as item_rows
from itembank.storage.database import Connection, Database


class ImportedResponses(Record, frozen=True, kw_only=True):
    """What came in: n_persons × n_items = n_responses + n_missing."""

    bank: str
    name: str
    n_persons: int
    n_items: int
    n_responses: int
    n_missing: int
    n_skipped: int = 0


async def import_responses(
    database: Database, institution_id: int, bank_key: str, table: ResponseTable, *, name: str
) -> ImportedResponses:
    """Keep a field test under a name of the bank's own.

    Raises:
        BankUnknown, BankError: naming the item or the name at fault; nothing is saved then.
    """
    async with database.transaction(institution_id) as connection:
        bank = await banks.find(connection, bank_key)
        if bank is None:
            raise BankUnknown(f"There is no bank '{bank_key}'; import its items first.")
        ids = await _checked(connection, bank.id, bank_key, table)
        kept = await field_tests.save(connection, institution_id, bank.id, name, ids, table.person_ids, table.responses)
        if kept is None:
            raise BankError(f"Bank '{bank_key}' has a field test '{name}' already; give this one another name.")
    report = table.report
    return ImportedResponses(
        bank=bank_key, name=name, n_persons=report.n_persons, n_items=report.n_items, n_responses=report.n_responses,
        n_missing=report.n_missing, n_skipped=report.n_skipped,
    )  # fmt: skip


async def _checked(connection: Connection, bank_id: int, bank_key: str, table: ResponseTable) -> list[int]:
    stored = await item_rows.categories(connection, bank_id, table.item_ids)
    highest = table.responses.max(axis=0, initial=np.int8(-1))
    ids = []
    for key, category in zip(table.item_ids, highest.tolist()):
        if key not in stored:
            raise BankError(f"Bank '{bank_key}' has no item '{key}'; import it first or leave the column out.")
        item_id, most = stored[key]
        if category > most:
            raise BankError(
                f"Item {key} has an answer in category {category}, but it is scored 0 to {most}; "
                "correct its max_score or the file."
            )
        ids.append(item_id)
    return ids
