"""Small tables in and out: CSV, TSV, semicolons, XLSX and JSON Lines as rows of text that know their line.

Written cells that a spreadsheet would run as a formula get an apostrophe in front, and reading takes it off again, so
that the guard never damages what it guards.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from itembank.exchange.delimited import LONGEST_RECORD, Source, check_text, open_source, read_layout
from itembank.exchange.findings import Findings
from itembank.exchange.workbook import is_workbook, read_workbook
from itembank.records import Record

LARGEST_TABLE = 256 * 1024 * 1024
GUARDED = re.compile(r"'*[=+\-@\t\r]")
GUARD = re.compile(r"'+[=+\-@\t\r]")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")


class Row(Record, frozen=True, kw_only=True):
    """One row as text by column name (absent cells are ""), and its line in the file."""

    line: int
    cells: dict[str, str]

    def get(self, *names: str) -> str:
        """The first of these columns that is not empty."""
        for name in names:
            if cell := self.cells.get(name):
                return cell
        return ""


@dataclass(frozen=True, slots=True)
class Table:
    header: tuple[str, ...]
    rows: tuple[Row, ...]


def guard(cell: str) -> str:
    """A cell that no spreadsheet runs: an apostrophe before = + - @ tab, plain numbers left as they are."""
    return "'" + cell if GUARDED.match(cell) and not NUMBER.match(cell) else cell


def unguard(cell: str) -> str:
    """The cell as it was before `guard`."""
    return cell[1:] if cell[:1] == "'" and GUARD.match(cell) else cell


def join_bars(parts: Iterable[str]) -> str:
    r"""Parts in one cell, separated by |; a bar or backslash inside a part is escaped."""
    return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts)


def split_bars(cell: str) -> tuple[str, ...]:
    r"""The parts of a cell separated by |, where \| and \\ stand for themselves."""
    if "\\" not in cell:
        return tuple(cell.split("|")) if cell else ()
    parts, current, escaped = [], "", False
    for letter in cell:
        if escaped:
            current += letter if letter in "|\\" else "\\" + letter
            escaped = False
        elif letter == "\\":
            escaped = True
        elif letter == "|":
            parts.append(current)
            current = ""
        else:
            current += letter
    return (*parts, current + ("\\" if escaped else ""))


def read_table(source: Source, findings: Findings) -> Table:
    """A table small enough to be held: what kind of file it is shows in its first bytes and its name.

    Raises:
        FileRefused: when it is empty, too large, not UTF-8, or no table.
    """
    suffix = "" if isinstance(source, bytes) else Path(source).suffix.lower()
    with open_source(source, findings) if not is_workbook(source) else io.BytesIO() as stream:
        if is_workbook(source):
            return _table(read_workbook(source, findings), findings)
        start = stream.tell()
        if suffix in (".jsonl", ".ndjson") or stream.read(64).lstrip().startswith(b"{"):
            stream.seek(start)
            return read_json_lines(_bounded(stream.read(LARGEST_TABLE + 1), findings), findings)
        stream.seek(start)
        data = _bounded(stream.read(LARGEST_TABLE + 1), findings)
    check_text(data, 1, findings)
    layout = read_layout(io.BytesIO(data), findings, suffix)
    reader = csv.reader(io.StringIO(data.decode(), newline=""), delimiter=layout.delimiter)
    return _table(((reader.line_num, row) for row in _rows(reader, findings)), findings)


def _bounded(data: bytes, findings: Findings) -> bytes:
    if len(data) > LARGEST_TABLE:
        raise findings.refuse(f"is larger than {LARGEST_TABLE >> 20} MB; split it.")
    return data


def _rows(reader: Iterable[list[str]], findings: Findings) -> Iterable[list[str]]:
    csv.field_size_limit(LONGEST_RECORD)
    try:
        yield from reader
    except csv.Error as error:
        raise findings.refuse(f"cannot be read as a table ({error}).") from None


def _table(numbered: Iterable[tuple[int, list[str]]], findings: Findings) -> Table:
    """Rows of cells as a table; the first row is the header, ragged rows are bad, empty ones are passed over."""
    rows: list[Row] = []
    header: tuple[str, ...] = ()
    for line, cells in numbered:
        if not any(map(str.strip, cells)):
            continue
        if not header:
            header = _header(cells, line, findings)
        elif len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
            findings.bad(
                f"the row has {len(cells)} fields where the header has {len(header)}; add or remove fields.", line=line
            )
        else:
            cells += [""] * (len(header) - len(cells))
            rows.append(Row(line=line, cells={name: unguard(cell.strip(" ")) for name, cell in zip(header, cells)}))
    if not header:
        raise findings.refuse("is empty; it needs a header line and at least one row.")
    return Table(header, tuple(rows))


def _header(cells: Sequence[str], line: int, findings: Findings) -> tuple[str, ...]:
    header = tuple(cell.strip().lower() for cell in cells)
    while header and not header[-1]:
        header = header[:-1]
    for position, name in enumerate(header):  # the names R writes before its rows have no header: that one may be empty
        if (not name and position) or header.index(name) != position:
            what = f"the column '{name}' stands twice; keep one." if name else f"column {position + 1} has no name."
            raise findings.refuse(what, line=line)
    return header


def read_json_lines(data: bytes, findings: Findings) -> Table:
    """One JSON object a line; lists become cells separated by |, so every reader of tables understands them."""
    rows: list[Row] = []
    header: dict[str, None] = {}
    for line, text in enumerate(data.splitlines(), start=1):
        if not text.strip():
            continue
        try:
            record = msgspec.json.decode(text, type=dict[str, str | float | int | bool | list[str] | None])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            findings.bad(f"is no JSON object of texts, numbers and lists of texts ({error}).", line=line)
            continue
        cells = {name.lower(): _cell(value) for name, value in record.items()}
        header.update(dict.fromkeys(cells))
        rows.append(Row(line=line, cells=cells))
    if not rows:
        raise findings.refuse("holds no usable line.")
    return Table(tuple(header), tuple(rows))


def _cell(value: str | float | int | bool | list[str] | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return join_bars(value) if isinstance(value, list) else str(value)


def write_table(header: Sequence[str], rows: Iterable[Mapping[str, str]], delimiter: str = ",") -> bytes:
    """A CSV file in UTF-8, every cell guarded against being run as a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow([guard(name) for name in header])
    writer.writerows([guard(row.get(name, "")) for name in header] for row in rows)
    return text.getvalue().encode()
