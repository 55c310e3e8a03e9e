"""Which reader a file wants: by what it holds first, by its name where that leaves a choice.

Each reader is imported when a file wants it.
"""

from importlib.resources.abc import Traversable
from pathlib import Path

from itembank.competencies import Framework
from itembank.items import Item
from itembank.loss_report import LossReport


def read_items_file(path: Path | Traversable) -> tuple[tuple[Item, ...], dict[str, bytes], LossReport]:
    """Items, the bytes of their assets by SHA-256, and what became of each of the file's items.

    Reads QTI packages and items, CSV, TSV, XLSX, JSON Lines (as tables and as exported), Moodle XML and GIFT.

    Raises:
        FileRefused: when the file is none of these; it says what was found.
    """
    return read_items_bytes(path.read_bytes(), path.name)


def read_items_bytes(data: bytes, name: str) -> tuple[tuple[Item, ...], dict[str, bytes], LossReport]:
    """As `read_items_file`, of a file that was sent.

    Raises:
        FileRefused.
    """
    start = data[:5000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"<") and b"<quiz" in start:
        from itembank.exchange.moodle import read_moodle

        return read_moodle(data, name=name)
    if start.startswith(b"<") or (start.startswith(b"PK") and b"xl/workbook.xml" not in data):
        from itembank.exchange.qti.packages import read_package

        package = read_package(data, name=name)
        return package.items, package.assets, package.report
    if start.startswith(b"{") and b'"scoring":{' in data[:200_000].split(b"\n", 1)[0]:
        from itembank.exchange.json_lines import read_item_lines

        items, report = read_item_lines(data, name=name)
        return items, {}, report
    if name.lower().endswith(".gift"):
        from itembank.exchange.gift import read_gift

        items, report = read_gift(data, name=name)
        return items, {}, report
    from itembank.exchange.items_file import read_items

    items, report = read_items(data, name=name)
    return items, {}, report


def read_framework_file(path: Path | Traversable, *, key: str = "", title: str = "") -> Framework:
    """The framework of a CASE package, a CTDL-ASN graph or a table.

    Raises:
        FileRefused, FrameworkInvalid: naming the place.
    """
    return read_framework_bytes(path.read_bytes(), path.name, key=key, title=title)


def read_framework_bytes(data: bytes, name: str, *, key: str = "", title: str = "") -> Framework:
    """As `read_framework_file`, of a file that was sent.

    Raises:
        FileRefused, FrameworkInvalid.
    """
    stem = key or name.rsplit(".", 1)[0]
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        if b'"@graph"' in data or b"ceasn:" in data:
            from itembank.exchange.frameworks.ctdl import read_ctdl

            return read_ctdl(data, key=stem, name=name)[0]
        from itembank.exchange.frameworks.case_in import read_case

        return read_case(data, key=stem, name=name)[0]
    from itembank.exchange.frameworks.csv_table import read_framework_table

    return read_framework_table(data, key=stem, title=title or stem, name=name)[0]
