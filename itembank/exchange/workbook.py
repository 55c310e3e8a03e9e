"""XLSX workbooks in and out: the first sheet as rows of text. Sizes are counted before anything is unpacked."""

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

from itembank.exchange.delimited import Source
from itembank.exchange.findings import Findings

LARGEST_UNPACKED = 512 * 1024 * 1024
MOST_PARTS = 2_000


def is_workbook(source: Source) -> bool:
    """Whether the file is a zip archive, as every XLSX is."""
    if isinstance(source, bytes):
        return source[:4] == b"PK\x03\x04"
    try:
        with open(source, "rb") as stream:
            return stream.read(4) == b"PK\x03\x04"
    except OSError:
        return False


def read_workbook(source: Source, findings: Findings) -> Iterator[tuple[int, list[str]]]:
    """The rows of the first sheet with their numbers; formulas give the value last computed.

    Raises:
        FileRefused: when the archive is broken, too large when unpacked, or declares XML entities.
    """
    data = source if isinstance(source, bytes) else Path(source).read_bytes()
    import openpyxl  # a fifth of a second that only workbooks need

    _check_archive(data, findings)
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
            yield number, [_text(value) for value in row]
    except Exception as error:  # openpyxl raises whatever its parsers raise
        raise findings.refuse(f"cannot be read as an XLSX workbook ({type(error).__name__}).") from None


def _check_archive(data: bytes, findings: Findings) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
                raise findings.refuse(f"unpacks to more than {LARGEST_UNPACKED >> 20} MB or {MOST_PARTS} parts.")
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    head = archive.open(part).read(4096).replace(b"\0", b"")
                    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                        raise findings.refuse(f"part '{part.filename}' declares XML entities, which no workbook needs.")
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise findings.refuse(f"is a broken zip archive ({error}).") from None


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return value.isoformat() if isinstance(value, datetime | date) else str(value)


def write_workbook(header: Sequence[str], rows: Iterable[Mapping[str, str]], title: str = "items") -> bytes:
    """One sheet; cells are texts, so nothing in them is run as a formula."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(title)
    for cells in ([*header], *([row.get(name, "") for name in header] for row in rows)):
        sheet.append([_plain_cell(sheet, cell) for cell in cells])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _plain_cell(sheet: object, text: str) -> object:
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    return cell
