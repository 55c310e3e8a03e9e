"""Close the loop of pretest items: from answers in sittings to parameters on the bank's scale, ready to count."""

import asyncio

from engine.pretest_calibration import FEWEST, PretestResult, calibrate_beside, collect
from engine.storage import collected
from itembank.calibrations import merged
from itembank.errors import BankError, BankUnknown
from itembank.records import Record
from itembank.storage import banks, calibrations, item_events
from itembank.storage import items as item_rows
from itembank.storage.calibrations import Calibration
from itembank.storage.database import Database
from itembank.workflows.keep_calibration import keep


class PretestCalibration(Record, frozen=True, kw_only=True):
    """Which pretest items are operational now, and why the others still wait."""

    bank: str
    operational: tuple[str, ...]
    waiting: dict[str, str]
    n_sittings: int
    n_responses: int
    status: str


async def calibrate_pretest(
    database: Database,
    institution_id: int,
    bank_key: str,
    *,
    model: str = "2pl",
    min_responses: int = FEWEST,
    account_id: int | None = None,
) -> PretestCalibration:
    """Calibrate a bank's pretest items beside its operational ones, whose parameters are held as they are.

    Items with enough answers become operational with the next publication; assessments published before are not
    touched.

    Raises:
        BankUnknown, BankError: when there is no calibration or no answer to a pretest item yet.
    """
    async with database.transaction(institution_id) as connection:
        bank = await banks.find(connection, bank_key)
        if bank is None:
            raise BankUnknown(f"There is no bank '{bank_key}' here.")
        before = await calibrations.latest(connection, bank.id)
        if before is None:
            raise BankError(f"Bank '{bank_key}' has no calibration whose scale could be held; calibrate it first.")
        stored = {item.item.key: item for item in await item_rows.current(connection, bank.id)}
        valid = await item_events.calibrated_keys(connection, bank.id)
        rows = await collected.of_bank(connection, bank.id)
    pretest = {key for key, item in stored.items() if item.state == "pretest"}
    valid -= pretest
    if not any(row.item in pretest for row in rows):
        raise BankError(f"Nobody has answered a pretest item of bank '{bank_key}' yet; publish and seed them first.")
    held = {**before.document, "items": [r for r in before.document["items"] if str(r["item_id"]) in valid]}
    items = {key: item.item for key, item in stored.items()}
    matrix = collect(rows, valid | pretest)
    found = await asyncio.to_thread(calibrate_beside, matrix, held, items, model=model, min_responses=min_responses)
    if found.records:
        await _keep(database, institution_id, bank_key, before, found, valid, account_id)
    return PretestCalibration(
        bank=bank_key,
        operational=tuple(str(record["item_id"]) for record in found.records),
        waiting=found.waiting | dict.fromkeys(pretest - set(matrix.item_id), "Nobody has answered it yet."),
        n_sittings=found.n_sittings,
        n_responses=found.n_responses,
        status=found.status,
    )


async def _keep(
    database: Database, institution_id: int, bank_key: str, before: Calibration, found: PretestResult,
    valid: set[str], account_id: int | None,
) -> None:  # fmt: skip
    """Keep the new calibration unless another one came in between."""
    note = (
        f"{len(found.records)} pretest items were calibrated beside {len(valid)} items held fixed, "
        f"from {found.n_responses} answers in {found.n_sittings} sittings."
    )
    async with database.transaction(institution_id) as connection:
        bank = await banks.find(connection, bank_key)
        assert bank is not None
        await banks.lock(connection, bank.id)
        newest = await calibrations.latest(connection, bank.id)
        if newest is None or newest.id != before.id:
            raise BankError(f"Bank '{bank_key}' got another calibration meanwhile; start again to build on that one.")
        document = merged(before.document, found.records, note, valid)
        keys = {str(record["item_id"]) for record in found.records}
        await keep(
            connection, institution_id, bank, document, "answers to pretest items in sittings",
            "calibrated from pretest answers", account_id, moved=keys,
        )  # fmt: skip
