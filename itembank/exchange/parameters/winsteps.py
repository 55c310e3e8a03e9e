"""Winsteps' item file (IFILE=) and structure file (SFILE=): Rasch measures and Rasch–Andrich thresholds.

measure = UMEAN + USCALE · logit, so the logit is (measure − UMEAN) / USCALE; both stand in the user's control file and
not in the item file, which is why the caller names them when they are not 0 and 1. A step of an item with more than two
categories is its measure plus the threshold, which the structure file states relative to the measure, for all items
(rating scale) or item by item (partial credit). (Linacre, Winsteps user's guide: IFILE=, SFILE=.)
"""

import csv
import math
import re
from dataclasses import dataclass

from itembank.errors import ItemInvalid
from itembank.exchange.delimited import Source, check_text, open_source, source_name
from itembank.exchange.findings import Findings, at_line
from itembank.exchange.parameters.columns import ParameterFile, Parameters, needed, number
from itembank.items import ParameterFacts
from itembank.loss_report import ItemLoss, LossReport

HEADER = ("ENTRY", "MEASURE")


@dataclass(frozen=True, slots=True)
class Units:
    """The user's units: measure = umean + uscale · logit."""

    uscale: float = 1.0
    umean: float = 0.0


LOGITS = Units()
Structure = dict[int, tuple[float, ...]]
"""Entry number -> thresholds relative to the item's measure, in the user's units; those of entry 0 are everybody's."""


def read_winsteps_ifile(
    source: Source, *, structure: Source | None = None, uscale: float = 1.0, umean: float = 0.0, name: str = ""
) -> ParameterFile:
    """Rasch difficulties of an item file, blank-separated or CSV; steps where a structure file comes along.

    Raises:
        FileRefused: when there is no header line with ENTRY and MEASURE, USCALE is 0, or a line of the structure file
            holds no threshold.
    """
    findings = Findings(source_name(source, name), skip_bad=True)
    if uscale == 0:
        raise findings.refuse("USCALE is 0; name the one the item file was written with.")
    with open_source(source, findings) as stream:
        data = stream.read()
    check_text(data, 1, findings)
    lines = data.decode().splitlines()
    header, first, separator = _header(lines, findings)
    rows = [
        (line, _cells(record, header, separator))
        for line, record in enumerate(lines[first:], start=first + 1)
        if record.strip() and not record.lstrip().startswith(";")
    ]
    thresholds = {} if structure is None else _of_groups(read_structure(structure), [cells for _, cells in rows])
    parameters: Parameters = {}
    units = Units(uscale, umean)
    entries = [_entry(cells, line, parameters, units, thresholds) for line, cells in rows]
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


def read_structure(source: Source, *, name: str = "the structure file") -> Structure:
    """The thresholds of a structure file; the lowest category of each item has none and only names the bottom.

    Raises:
        FileRefused: naming the line that holds no threshold.
    """
    findings = Findings(source_name(source, name), skip_bad=False)
    with open_source(source, findings) as stream:
        data = stream.read()
    check_text(data, 1, findings)
    found: dict[int, dict[int, float]] = {}
    for line, record in enumerate(data.decode().splitlines(), start=1):
        numbers = _threshold(record, line, findings)
        if numbers:
            entry, category, measure = numbers if len(numbers) == 3 else (0.0, *numbers)
            found.setdefault(int(entry), {})[int(category)] = measure
    if not found:
        raise findings.refuse("holds no threshold; write it with SFILE=.")
    return {entry: tuple(held[category] for category in sorted(held)[1:]) for entry, held in found.items()}


def _threshold(record: str, line: int, findings: Findings) -> tuple[float, ...]:
    """Category and threshold, with the item's entry number before them where there is one; () for a heading."""
    parts = record.split(";")[0].replace(",", " ").replace('"', " ").split()
    try:
        numbers = tuple(map(float, parts))
    except ValueError:
        if any(character.isdigit() for character in parts[0]):
            raise findings.refuse(f"'{record.strip()[:40]}' is no category with its threshold.", line=line) from None
        return ()
    if numbers and len(numbers) not in (2, 3):
        raise findings.refuse(f"'{record.strip()[:40]}' is no category with its threshold.", line=line)
    return numbers


def _of_groups(structure: Structure, rows: list[dict[str, str]]) -> Structure:
    """Thresholds for each entry: its own, those of an item of its grouping (column G), or those of everybody."""
    groups = {
        cells["G"]: structure[int(entry)]
        for cells in rows
        if (entry := cells.get("ENTRY", "")).isdecimal() and int(entry) in structure and cells.get("G", "").strip()
    }
    found = dict(structure)
    for cells in rows:
        entry = cells.get("ENTRY", "")
        if entry.isdecimal() and int(entry) not in found:
            shared = groups.get(cells.get("G", ""), structure.get(0))
            found |= {} if shared is None else {int(entry): shared}
    return found


def _entry(cells: dict[str, str], line: int, parameters: Parameters, units: Units, thresholds: Structure) -> ItemLoss:
    item_id = cells.get("NAME", "").strip() or cells.get("ENTRY", "")
    try:
        if item_id in parameters:
            raise ItemInvalid(f"item '{item_id}' stands twice; rename one of them.")
        status = number(cells, "ST", "STTS", "STATUS")
        if status is not None and status < 0:
            raise ItemInvalid("Winsteps did not estimate this item (deleted, or answered alike by everybody).")
        parameters[item_id] = _facts(cells, units, thresholds)
    except ItemInvalid as failure:
        return ItemLoss(key=item_id or f"line {line}", fate="refused", place=at_line(line), notes=(str(failure),))
    return ItemLoss(key=item_id, fate="imported", place=at_line(line))


def _facts(cells: dict[str, str], units: Units, thresholds: Structure) -> ParameterFacts:
    error, count = number(cells, "MODLSE", "ERROR"), number(cells, "COUNT")
    place = (needed(cells, "MEASURE") - units.umean) / units.uscale
    n_responses = None if count is None else int(count)
    entry = cells.get("ENTRY", "")
    if thresholds and not (entry.isdecimal() and int(entry) in thresholds):
        raise ItemInvalid(f"the structure file has no threshold for entry {entry or '?'}; write it for all items.")
    steps = tuple(place + part / units.uscale for part in thresholds.get(int(entry), ())) if thresholds else (place,)
    if len(steps) > 1:
        return ParameterFacts(model="pcm", discrimination=1.0, steps=steps, n_responses=n_responses)
    return ParameterFacts(
        model="rasch",
        discrimination=1.0,
        difficulty=steps[0] if steps else place,
        guessing=0.0,
        upper=1.0,
        standard_error={} if error is None else {"difficulty": error / abs(units.uscale)},
        n_responses=n_responses,
    )


def write_winsteps_ifile(parameters: Parameters) -> bytes:
    """An item file of Rasch measures in logits; the first line says so. Of an item with steps it is their mean, and
    `write_winsteps_sfile` says the rest.

    Raises:
        ItemInvalid: for an item that is no Rasch item.
    """
    lines = ["; ITEM FILE in logits: UMEAN=0 USCALE=1", ";ENTRY MEASURE ST COUNT MODLSE NAME"]
    for entry, (item_id, facts) in enumerate(parameters.items(), start=1):
        place, _ = _measure(item_id, facts)
        error = facts.standard_error.get("difficulty", 0.0)
        lines.append(f"{entry} {place!r} 1 {facts.n_responses or 0} {error} {item_id}")
    return ("\n".join(lines) + "\n").encode()


def write_winsteps_sfile(parameters: Parameters) -> bytes:
    """The structure file beside `write_winsteps_ifile`, item by item (ISGROUPS=0), in logits.

    Raises:
        ItemInvalid: for an item that is no Rasch item.
    """
    lines = ["; STRUCTURE-THRESHOLD MEASURE ANCHOR FILE in logits: UMEAN=0 USCALE=1", "; ENTRY CATEGORY THRESHOLD"]
    for entry, (item_id, facts) in enumerate(parameters.items(), start=1):
        _, thresholds = _measure(item_id, facts)
        lines += [f"{entry} {category} {measure!r}" for category, measure in enumerate((0.0, *thresholds))]
    return ("\n".join(lines) + "\n").encode()


def _measure(item_id: str, facts: ParameterFacts) -> tuple[float, tuple[float, ...]]:
    """An item's measure and its thresholds relative to it.

    Raises:
        ItemInvalid: when Winsteps has no such item.
    """
    if facts.discrimination not in (None, 1.0) or (facts.guessing or 0) or facts.upper not in (None, 1):
        raise ItemInvalid(f"Item {item_id} is no Rasch item, the only kind that Winsteps' files can say.")
    if facts.steps:
        place = math.fsum(facts.steps) / len(facts.steps)
        return place, tuple(step - place for step in facts.steps)
    if facts.difficulty is None:
        raise ItemInvalid(f"Item {item_id} is no Rasch item, the only kind that Winsteps' files can say.")
    return facts.difficulty, (0.0,)
