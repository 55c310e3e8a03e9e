"""Winsteps control files with fixed-width data (Linacre, Winsteps user's guide: NI, ITEM1, NAME1, XWIDE, CODES, KEY1).

The data stand behind `END NAMES` (or `END LABELS`) or in the file that DATA= names. An answer outside CODES was not
administered; with KEY1 answers are raw choices, without it they are categories.
"""

import re
from pathlib import Path

import numpy as np
import polars as pl

from itembank.exchange.delimited import Source, check_text, open_source
from itembank.exchange.findings import Findings
from itembank.exchange.responses.columns import ItemRule, split_key
from itembank.exchange.responses.frames import Batch
from itembank.exchange.responses.wide import Roles

END_OF_LABELS = re.compile(r"^\s*END\s+(NAMES|LABELS)\s*$", re.IGNORECASE)
SETTING = re.compile(r"([A-Za-z][A-Za-z0-9]*)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^;\s]*))")


def is_control(start: bytes) -> bool:
    """Whether a file begins like a Winsteps control file."""
    return bool(re.search(rb"(?im)^\s*(&INST\b|ITEM1\s*=|NI\s*=)", start))


def read_winsteps(source: Source, findings: Findings) -> tuple[Batch, Roles]:
    """The data as text cells, and one rule an item.

    Raises:
        FileRefused: when NI or ITEM1 is missing, the data cannot be found, or a record is too short.
    """
    with open_source(source, findings) as stream:
        lines = _lines(stream.read(), findings)
    settings, body = _settings(lines)
    n_items, item1 = _number(settings, "NI", findings), _number(settings, "ITEM1", findings)
    width = _number(settings, "XWIDE", findings, 1)
    labels, first = _labels(lines, body, n_items, findings)
    records = lines[first:]
    if settings.get("DATA"):
        records, first = _data_file(source, settings["DATA"], findings), 0
    numbered = [(first + k + 1, record) for k, record in enumerate(records) if record.strip()]
    if not numbered:
        raise findings.refuse("there is no data record behind the item labels; add DATA= or the records.")
    return _cells(numbered, settings, n_items, item1, width, findings), _roles(labels, settings, width, findings)


def _lines(data: bytes, findings: Findings) -> list[str]:
    check_text(data, 1, findings)
    return data.decode().splitlines()


def _settings(lines: list[str]) -> tuple[dict[str, str], int]:
    """The settings before &END and the index of the line behind it."""
    settings: dict[str, str] = {}
    for index, line in enumerate(lines):
        text = line.split(";", 1)[0]
        if text.strip().upper().startswith("&END"):
            return settings, index + 1
        for name, double, single, bare in SETTING.findall(text):
            settings[name.upper()] = double or single or bare
    return settings, len(lines)


def _number(settings: dict[str, str], name: str, findings: Findings, default: int | None = None) -> int:
    text = settings.get(name, "")
    if not text and default is not None:
        return default
    if not text.isdecimal() or int(text) < 1:
        raise findings.refuse(f"the control file does not say {name}= (a whole number from 1); add or correct it.")
    return int(text)


def _labels(lines: list[str], body: int, n_items: int, findings: Findings) -> tuple[list[str], int]:
    labels: list[str] = []
    for index in range(body, len(lines)):
        if END_OF_LABELS.match(lines[index]):
            break
        labels.append(lines[index].split(";", 1)[0].strip())
    else:
        raise findings.refuse("the item labels are not closed by END NAMES (or END LABELS); add that line.")
    if len(labels) != n_items:
        raise findings.refuse(
            f"there are {len(labels)} item labels but NI={n_items}; correct one of them.", line=body + 1
        )
    for position, label in enumerate(labels):
        if labels.index(label) != position:
            raise findings.refuse(f"the item label '{label}' stands twice; rename one.", line=body + position + 1)
    return labels, body + n_items + 1


def _data_file(source: Source, name: str, findings: Findings) -> list[str]:
    if isinstance(source, bytes) or Path(name).name != name:
        raise findings.refuse(f"DATA={name} must name a file in the folder of the control file.")
    path = Path(source).parent / name
    with open_source(path, Findings(name, skip_bad=False)) as stream:
        return _lines(stream.read(), findings)


def _cells(
    records: list[tuple[int, str]],
    settings: dict[str, str],
    n_items: int,
    item1: int,
    width: int,
    findings: Findings,
) -> Batch:
    name1 = _number(settings, "NAME1", findings, 0)
    length = _number(settings, "NAMLEN", findings, _number(settings, "NAMELEN", findings, 0))
    length = length or (item1 - name1 if name1 < item1 else 1000)
    codes = {
        settings.get("CODES", "01")[k : k + width].strip() for k in range(0, len(settings.get("CODES", "01")), width)
    }
    rows: list[list[str]] = []
    kept: list[int] = []
    for line, record in records:
        if len(record.rstrip("\r\n")) < item1:
            findings.bad(f"the record ends before column {item1}, where the answers begin.", line=line)
            continue
        person = record[name1 - 1 : name1 - 1 + length].strip() if name1 else f"row-{line}"
        cells = [record[item1 - 1 + k * width : item1 - 1 + (k + 1) * width].strip() for k in range(n_items)]
        rows.append([person, *(cell if cell in codes else "" for cell in cells)])
        kept.append(line)
    if not rows:
        raise findings.refuse("there is no data record that can be used.")
    frame = pl.DataFrame(rows, schema={f"c{k}": pl.String for k in range(n_items + 1)}, orient="row")
    return Batch(frame, np.array(kept, dtype=np.int64))


def _roles(labels: list[str], settings: dict[str, str], width: int, findings: Findings) -> Roles:
    key = settings.get("KEY1", "")
    if key and len(key) < len(labels) * width:
        raise findings.refuse(f"KEY1= has {len(key) // width} answers for {len(labels)} items; complete it.")
    cuts = [key[k * width : (k + 1) * width] for k in range(len(labels))]
    rules = {k + 1: ItemRule(label, split_key(cut)) for k, (label, cut) in enumerate(zip(labels, cuts))}
    return Roles(rules, {})
