"""The answers of field tests as one table, ready to be calibrated: what was kept with a bank comes out again."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from itembank.errors import BankError, BankUnknown
from itembank.exchange.responses.table import MISSING, ResponseReport, ResponseTable
from itembank.storage import banks, field_tests
from itembank.storage import items as item_rows
from itembank.storage.database import Connection, Database

Part = tuple[str, tuple[str, ...], tuple[str, ...], NDArray[np.int8]]
"""A test's name, its items, its persons, and their answers (n_persons, n_items)."""


async def read_field_tests(
    database: Database, institution_id: int, bank_key: str, names: Sequence[str], *, by_test: bool = False
) -> tuple[ResponseTable, dict[str, str]]:
    """The answers of these field tests, one row a person and test, and the competency of each of their items.

    `by_test` makes each test a group of its own.

    Raises:
        BankUnknown, BankError: naming what the institution or the bank does not have.
    """
    async with database.transaction(institution_id) as connection:
        bank = await banks.find(connection, bank_key)
        if bank is None:
            raise BankUnknown(f"There is no bank '{bank_key}' here.")
        parts = [
            await _part(connection, test)
            for test in _chosen(await field_tests.of_bank(connection, bank.id), bank_key, names)
        ]
        stored = await item_rows.current(connection, bank.id)
    competencies = {one.item.key: (one.item.facts.competencies or ("",))[0] for one in stored}
    table = together(parts, by_test=by_test)
    return table, {key: competencies[key] for key in table.item_ids}


def _chosen(held: Sequence[field_tests.FieldTest], bank_key: str, names: Sequence[str]) -> list[field_tests.FieldTest]:
    by_name = {test.name: test for test in held}
    for name in names:
        if name not in by_name:
            known = ", ".join(by_name) or "none"
            raise BankError(f"Bank '{bank_key}' has no field test '{name}'; it has {known}.")
    return [by_name[name] for name in dict.fromkeys(names)]


async def _part(connection: Connection, test: field_tests.FieldTest) -> Part:
    items = await field_tests.item_keys(connection, test.id)
    persons, answers = await field_tests.responses(connection, test.id)
    return test.name, items, persons, answers


def together(parts: Sequence[Part], *, by_test: bool = False) -> ResponseTable:
    """Several tests as one table: an item that a test did not hold is missing there, never wrong.

    A person of two tests is two rows, since what somebody can do changes from one test to the next.
    """
    item_ids = tuple(dict.fromkeys(key for _, items, _, _ in parts for key in items))
    place = {key: column for column, key in enumerate(item_ids)}
    n_persons = sum(len(persons) for _, _, persons, _ in parts)
    matrix = np.full((n_persons, len(item_ids)), MISSING, dtype=np.int8)
    row = 0
    for _, items, persons, answers in parts:
        matrix[row : row + len(persons), [place[key] for key in items]] = answers
        row += len(persons)
    n_responses = int(np.count_nonzero(matrix >= 0))
    name = ", ".join(name for name, *_ in parts)
    report = ResponseReport(
        file=name, shape="field tests", n_persons=n_persons, n_items=len(item_ids), n_responses=n_responses,
        n_missing=matrix.size - n_responses,
    )  # fmt: skip
    several = len(parts) > 1
    people = tuple(f"{name}/{one}" if several else one for name, _, persons, _ in parts for one in persons)
    groups = tuple(name for name, _, persons, _ in parts for _ in persons) if by_test else None
    return ResponseTable(person_ids=people, item_ids=item_ids, matrix=matrix, report=report, groups=groups)
