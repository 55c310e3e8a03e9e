"""Bring whole files into a bank and say of every item in them what became of it; the counts add up."""

from collections.abc import Mapping, Sequence

import msgspec

from itembank.calibrations import parameters_of
from itembank.competencies import Framework
from itembank.errors import BankError
from itembank.exchange.parameters.columns import ParameterFile
from itembank.items import Item, ParameterFacts
from itembank.likeness import LikePair
from itembank.loss_report import Fate, ItemLoss, LossReport, total
from itembank.records import Record
from itembank.storage.database import Connection, Database
from itembank.workflows.import_bank import ImportResult, bring_in, check_incoming
from itembank.workflows.keep_calibration import KeptCalibration, keep_parameters
from itembank.workflows.report_likeness import items_of_bank, report_likeness

ReadFile = tuple[tuple[Item, ...], Mapping[str, bytes], LossReport]
METRIC_OF_ITEMS = "logistic, D = 1"


class FileReport(Record, frozen=True, kw_only=True):
    """One file: how many items it holds, their fates, and everything to be said of those not imported as they are."""

    file: str
    n_items: int
    counts: dict[Fate, int]
    told: tuple[ItemLoss, ...] = ()
    notes: tuple[str, ...] = ()


class ParametersReport(Record, frozen=True, kw_only=True):
    """Parameters that came along: for how many items, in whose metric, and what of them was kept (None: no news)."""

    source: str
    metric: str
    n_items: int
    refused: tuple[ItemLoss, ...] = ()
    kept: KeptCalibration | None = None


class ImportedFiles(Record, frozen=True, kw_only=True):
    """What became of all files.

    `read`: imported + changed + refused = all items of the files. `kept`: added + changed + unchanged = those of them
    that were not refused.
    """

    bank: str
    dry_run: bool
    read: dict[Fate, int]
    kept: dict[str, int]
    files: tuple[FileReport, ...]
    result: ImportResult
    like: tuple[LikePair, ...] = ()
    parameters: ParametersReport | None = None


async def import_files(
    database: Database,
    institution_id: int,
    bank_key: str,
    read: Sequence[ReadFile],
    *,
    framework: Framework | None = None,
    title: str = "",
    parameters: ParameterFile | None = None,
    with_parameters: bool = False,
    dry_run: bool = False,
    account_id: int | None = None,
) -> ImportedFiles:
    """Import the items of files; with `with_parameters` or a parameter file, take parameters as they come too.

    Raises:
        BankError: nothing is saved then.
    """
    items = [item for part, _, _ in read for item in part]
    reports = [report for _, _, report in read]
    check_incoming(items, framework)
    taken = _parameters(items, reports, parameters, with_parameters)
    async with database.transaction(institution_id, keep=not dry_run) as connection:
        result = await bring_in(
            connection, institution_id, bank_key, items, framework=framework, title=title, account_id=account_id,
            assets={sha256: data for _, files, _ in read for sha256, data in files.items()},
        )  # fmt: skip
        told = None if taken is None else await _take(connection, institution_id, bank_key, *taken, account_id)
        stored = await items_of_bank(connection, bank_key)
    if told is not None and dry_run:
        told = msgspec.structs.replace(told, kept=None)
    kept = {"added": len(result.added), "changed": len(result.changed), "unchanged": len(result.unchanged)}
    touched = {*result.added, *result.changed}
    return ImportedFiles(
        bank=bank_key,
        dry_run=dry_run,
        read=total(reports),
        kept=kept,
        files=tuple(_file(report) for report in reports),
        result=msgspec.structs.replace(result, dry_run=dry_run),
        like=await report_likeness(stored, items, touched),
        parameters=told,
    )


def _file(report: LossReport) -> FileReport:
    told = tuple(entry for entry in report.entries if entry.fate != "imported")
    return FileReport(file=report.source, n_items=report.n_items, counts=report.counts, told=told, notes=report.notes)


async def _take(
    connection: Connection, institution_id: int, bank_key: str, facts: Mapping[str, ParameterFacts],
    report: ParametersReport, account_id: int | None,
) -> ParametersReport:  # fmt: skip
    """Parameters beside the items that were just brought in, in the same transaction."""
    kept = await keep_parameters(
        connection, institution_id, bank_key, facts, metric=report.metric, source=report.source, account_id=account_id
    )
    return msgspec.structs.replace(report, kept=kept)


def _parameters(
    items: Sequence[Item], reports: Sequence[LossReport], given: ParameterFile | None, with_parameters: bool
) -> tuple[Mapping[str, ParameterFacts], ParametersReport] | None:
    """Parameters by item, from the file made for them or from the items themselves.

    Raises:
        BankError: when they were asked for and there are none.
    """
    if given is not None:
        report = given.report
        return given.parameters, ParametersReport(
            source=report.source, metric=given.metric, n_items=len(given.parameters), refused=report.refused
        )
    if not with_parameters:
        return None
    brought = parameters_of(items)
    if not brought:
        raise BankError("None of the items brings parameters along; name a parameter file or leave parameters out.")
    source = ", ".join(report.source for report in reports)
    return brought, ParametersReport(source=source, metric=METRIC_OF_ITEMS, n_items=len(brought))
