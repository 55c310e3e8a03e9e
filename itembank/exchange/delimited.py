"""Large delimited text as a stream of checked blocks: memory stays bounded and every record knows its line.

A block holds whole records with the right number of fields; encoding, quotation marks and ragged rows are judged here,
so that whoever parses a block can only meet bad cells. The scan is a few passes of numpy over the bytes.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from itembank.exchange.findings import Findings

BLOCK_BYTES = 1 << 24
LONGEST_RECORD = 1 << 24
DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab"}
NEWLINE, RETURN, QUOTE = 10, 13, 34

Source = str | Path | bytes


@dataclass(frozen=True, slots=True)
class Layout:
    """The header of a delimited file and what separates its fields."""

    delimiter: str
    header: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Whole records as bytes and the line in the file where each begins: `lines` is (n_records,)."""

    data: bytes
    lines: NDArray[np.int64]


def source_name(source: Source, name: str = "") -> str:
    """What messages call the file."""
    return name or ("the file" if isinstance(source, bytes) else Path(source).name)


def open_source(source: Source, findings: Findings) -> BinaryIO:
    """The bytes as a stream behind a UTF-8 byte order mark.

    Raises:
        FileRefused: when the file does not exist, is empty, or is UTF-16 or UTF-32.
    """
    if isinstance(source, bytes):
        stream: BinaryIO = io.BytesIO(source)
    else:
        try:
            stream = open(source, "rb")  # noqa: SIM115 (the caller closes the stream)
        except OSError as error:
            raise findings.refuse(f"cannot be opened ({error.strerror}); check the path.") from None
    start = stream.read(4)
    if not start:
        raise findings.refuse("is empty; it needs a header line and at least one row.")
    if start[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in start:
        raise findings.refuse("is UTF-16 or binary, not UTF-8 text; save it as 'CSV UTF-8'.")
    stream.seek(3 if start[:3] == b"\xef\xbb\xbf" else 0)
    return stream


def read_layout(stream: BinaryIO, findings: Findings, suffix: str = "") -> Layout:
    """Read the header line and leave the stream at the first row.

    Raises:
        FileRefused: when there is no header, or nothing separates its columns.
    """
    line = stream.readline(LONGEST_RECORD)
    check_text(line, 1, findings)
    text = line.decode().rstrip("\r\n")
    if not text.strip():
        raise findings.refuse("begins with an empty line where the names of the columns are due.", line=1)
    if "\r" in text:
        raise findings.refuse("ends its lines with a bare carriage return; save it with Unix or Windows line ends.")
    delimiter = "\t" if suffix in (".tsv", ".tab") else _delimiter(text)
    header = tuple(cell.strip() for cell in next(csv.reader([text], delimiter=delimiter)))
    if len(header) < 2:
        raise findings.refuse(
            f"there is only one column, '{text[:40]}'; columns are separated by ',', ';' or a tab.", line=1
        )
    return Layout(delimiter, header)


def _delimiter(header: str) -> str:
    """The delimiter that cuts the header into most fields, quotation marks respected."""
    return max(DELIMITERS, key=lambda delimiter: len(next(csv.reader([header], delimiter=delimiter))))


def check_text(data: bytes, line: int, findings: Findings) -> None:
    """Refuse bytes that are not UTF-8 text, naming the line; `line` is that of the first byte."""
    if b"\0" in data:
        where = line + data[: data.index(b"\0")].count(b"\n")
        raise findings.refuse("holds a NUL byte, so it is not text; save it as 'CSV UTF-8'.", line=where)
    if data.isascii():
        return
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise findings.refuse(
            f"byte 0x{data[error.start]:02X} is not UTF-8 (it may be Latin-1 or Windows-1252); save it as 'CSV UTF-8'.",
            line=line + data[: error.start].count(b"\n"),
        ) from None


def read_blocks(stream: BinaryIO, layout: Layout, findings: Findings) -> Iterator[Block]:
    """Blocks of whole, well-formed records after the header.

    Raises:
        FileRefused: for ragged rows (unless skipped), text that is not UTF-8, a quotation mark never closed.
    """
    carry, line = b"", 2
    while chunk := stream.read(BLOCK_BYTES):
        data = carry + chunk
        ends = _record_ends(data)
        if not len(ends):
            carry = _bounded(data, line, findings)
            continue
        cut = int(ends[-1]) + 1
        carry = _bounded(data[cut:], line + data.count(b"\n", 0, cut), findings)
        yield _block(data[:cut], ends, line, layout, findings)
        line += data.count(b"\n", 0, cut)
    if carry:
        data = carry if carry.endswith(b"\n") else carry + b"\n"
        ends = _record_ends(data)
        if not len(ends) or int(ends[-1]) != len(data) - 1:
            raise findings.refuse("a quotation mark is opened here and never closed; close or remove it.", line=line)
        yield _block(data, ends, line, layout, findings)


def _bounded(carry: bytes, line: int, findings: Findings) -> bytes:
    if len(carry) > LONGEST_RECORD + BLOCK_BYTES:
        raise findings.refuse("a quotation mark is opened here and never closed; close or remove it.", line=line)
    return carry


def _outside_quotes(data: bytes, bytes_: NDArray[np.uint8]) -> NDArray[np.bool_] | None:
    """Where the text is outside quotation marks, None when there are none (the usual, fast case)."""
    if b'"' not in data:
        return None
    inside: NDArray[np.uint8] = np.bitwise_xor.accumulate((bytes_ == QUOTE).view(np.uint8))
    outside: NDArray[np.bool_] = inside == 0
    return outside


def _record_ends(data: bytes) -> NDArray[np.intp]:
    """The positions of the newlines that end a record (one inside quotation marks does not)."""
    bytes_ = np.frombuffer(data, np.uint8)
    is_end = bytes_ == NEWLINE
    outside = _outside_quotes(data, bytes_)
    return np.flatnonzero(is_end if outside is None else is_end & outside)


def _block(data: bytes, ends: NDArray[np.intp], line: int, layout: Layout, findings: Findings) -> Block:
    check_text(data, line, findings)
    starts = np.concatenate(([0], ends[:-1] + 1))
    lines = _lines(data, starts, line)
    bytes_ = np.frombuffer(data, np.uint8)
    lengths = ends - starts
    blank = (lengths == 0) | ((lengths == 1) & (bytes_[starts] == RETURN))
    due = len(layout.header)
    fields = _fields(data, bytes_, ends, layout)
    ragged = (fields != due) & ~blank
    for row in np.flatnonzero(ragged):
        findings.bad(
            f"the row has {fields[row]} fields where the header has {due}; add or remove fields.",
            line=int(lines[row]),
        )
    wrong = ragged | blank
    if not wrong.any():
        return Block(data, lines)
    kept = np.flatnonzero(~wrong)
    whole = b"".join(data[starts[row] : ends[row] + 1] for row in kept)
    return Block(whole, lines[kept])


def _fields(data: bytes, bytes_: NDArray[np.uint8], ends: NDArray[np.intp], layout: Layout) -> NDArray[np.int64]:
    """How many fields each record has: (n_records,)."""
    is_delimiter = bytes_ == ord(layout.delimiter)
    outside = _outside_quotes(data, bytes_)
    if outside is not None:
        is_delimiter &= outside
    is_delimiter[ends] = True
    separators = np.flatnonzero(is_delimiter)
    due = len(layout.header)
    if len(separators) == due * len(ends) and np.array_equal(separators[due - 1 :: due], ends):
        return np.full(len(ends), due)
    return np.diff(np.searchsorted(separators, ends), prepend=-1)


def _lines(data: bytes, starts: NDArray[np.intp], line: int) -> NDArray[np.int64]:
    if b'"' not in data:
        return np.arange(line, line + len(starts), dtype=np.int64)
    newlines = np.flatnonzero(np.frombuffer(data, np.uint8) == NEWLINE)
    return (line + np.searchsorted(newlines, starts)).astype(np.int64)
