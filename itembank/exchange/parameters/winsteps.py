"""Winsteps' item file (IFILE=): ENTRY MEASURE … NAME, Rasch difficulties in the user's units.

measure = UMEAN + USCALE · logit, so the logit is (measure − UMEAN) / USCALE; both stand in the user's control file and
not in the item file, which is why the caller names them when they are not 0 and 1. (Linacre, Winsteps user's guide.)
"""

import csv
import re

from itembank.errors import ItemInvalid
from itembank.exchange.delimited import Source, check_text, open_source, source_name
from itembank.exchange.findings import Findings, at_line
from itembank.exchange.parameters.columns import ParameterFile, Parameters, needed, number
from itembank.items import ParameterFacts
from itembank.loss_report import ItemLoss, LossReport

HEADER = ("ENTRY", "MEASURE")


def read_winsteps_ifile(source: Source, *, uscale: float = 1.0, umean: float = 0.0, name: str = "") -> ParameterFile:
    """Rasch difficulties of an item file, blank-separated or CSV.

    Raises:
        FileRefused: when there is no header line with ENTRY and MEASURE, or USCALE is 0.
    """
    findings = Findings(source_name(source, name), skip_bad=True)
    if uscale == 0:
        raise findings.refuse("USCALE is 0; name the one the item file was written with.")
    with open_source(source, findings) as stream:
        data = stream.read()
    check_text(data, 1, findings)
    lines = data.decode().splitlines()
    header, first, separator = _header(lines, findings)
    parameters: Parameters = {}
    entries = []
    for line, record in enumerate(lines[first:], start=first + 1):
        if record.strip() and not record.lstrip().startswith(";"):
            entries.append(_entry(_cells(record, header, separator), line, parameters, uscale, umean))
    metric = f"Rasch logits from measures with UMEAN = {umean:g}, USCALE = {uscale:g}"
    return ParameterFile(
        parameters=parameters, metric=metric, report=LossReport(source=findings.file, entries=tuple(entries))
    )


def _header(lines: list[str], findings: Findings) -> tuple[list[str], int, str]:
    for index, line in enumerate(lines):
        upper = line.lstrip("; ").upper()
        if all(re.search(rf"\b{name}\b", upper) for name in HEADER):
            separator = next((mark for mark in (",", "\t", ";") if mark in upper), "")
            parts = upper.split(separator) if separator else upper.split()
            return [part.strip(' "') for part in parts], index + 1, separator
    raise findings.refuse("there is no header line with ENTRY and MEASURE; write the item file with HLINES=Y.")


def _cells(record: str, header: list[str], separator: str) -> dict[str, str]:
    """Cells by column; the last column (NAME) takes the rest of the line."""
    parts = next(csv.reader([record], delimiter=separator)) if separator else record.split(None, len(header) - 1)
    return {name: part.strip().strip('"') for name, part in zip(header, parts)}


def _entry(cells: dict[str, str], line: int, parameters: Parameters, uscale: float, umean: float) -> ItemLoss:
    item_id = cells.get("NAME", "").strip() or cells.get("ENTRY", "")
    try:
        if item_id in parameters:
            raise ItemInvalid(f"item '{item_id}' stands twice; rename one of them.")
        status = number(cells, "ST", "STTS", "STATUS")
        if status is not None and status < 0:
            raise ItemInvalid("Winsteps did not estimate this item (deleted, or answered alike by everybody).")
        error, count = number(cells, "MODLSE", "ERROR"), number(cells, "COUNT")
        parameters[item_id] = ParameterFacts(
            model="rasch",
            discrimination=1.0,
            difficulty=(needed(cells, "MEASURE") - umean) / uscale,
            guessing=0.0,
            upper=1.0,
            standard_error={} if error is None else {"difficulty": error / abs(uscale)},
            n_responses=None if count is None else int(count),
        )
    except ItemInvalid as failure:
        return ItemLoss(key=item_id or f"line {line}", fate="refused", place=at_line(line), notes=(str(failure),))
    return ItemLoss(key=item_id, fate="imported", place=at_line(line))


def write_winsteps_ifile(parameters: Parameters) -> bytes:
    """An item file of Rasch difficulties in logits; the first line says so.

    Raises:
        ItemInvalid: for an item that is not a dichotomous Rasch item.
    """
    lines = ["; ITEM FILE in logits: UMEAN=0 USCALE=1", ";ENTRY MEASURE ST COUNT MODLSE NAME"]
    for entry, (item_id, facts) in enumerate(parameters.items(), start=1):
        if (
            facts.difficulty is None
            or facts.discrimination != 1.0
            or (facts.guessing or 0)
            or facts.upper not in (None, 1)
        ):
            raise ItemInvalid(f"Item {item_id} is no Rasch item of two categories, the only kind an IFILE can say.")
        error = facts.standard_error.get("difficulty", 0.0)
        lines.append(f"{entry} {facts.difficulty!r} 1 {facts.n_responses or 0} {error} {item_id}")
    return ("\n".join(lines) + "\n").encode()
