"""Small tables: formulas guarded without harm, bars and backslashes, XLSX and JSON Lines."""

import io
import zipfile

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itembank.errors import FileRefused
from itembank.exchange.findings import Findings
from itembank.exchange.tables import guard, join_bars, read_table, split_bars, unguard, write_table
from itembank.exchange.workbook import write_workbook

CELL = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12).map(str.strip)
HOSTILE = ("=1+1", "+1+1", "-2+3", "@SUM(A1)", "\tx", "\rx", "=cmd|' /C calc'!A0", "'=1", "''=1", "-")


@given(st.text(max_size=20))
def test_guarding_is_undone_exactly(cell: str) -> None:
    assert unguard(guard(cell)) == cell


@pytest.mark.parametrize("cell", HOSTILE)
def test_no_cell_runs_as_a_formula(cell: str) -> None:
    assert guard(cell)[0] == "'"
    assert unguard(guard(cell)) == cell


@pytest.mark.parametrize("number", ["-1.5", "+2", "-1e-7", "-.5"])
def test_plain_numbers_stay_numbers(number: str) -> None:
    assert guard(number) == number


@given(st.lists(st.text("ab|\\", max_size=5), min_size=1, max_size=5).filter(lambda parts: parts != [""]))
def test_bars_come_back(parts: list[str]) -> None:
    assert split_bars(join_bars(parts)) == tuple(parts)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=6), st.sampled_from(["csv", "tsv", "xlsx"]))
def test_tables_come_back(rows: list[tuple[str, str]], form: str) -> None:
    records = [{"item_id": f"k{index}{first}", "stem": second} for index, (first, second) in enumerate(rows)]
    if form == "xlsx":
        data = write_workbook(("item_id", "stem"), records)
    else:
        data = write_table(("item_id", "stem"), records, "\t" if form == "tsv" else ",")
    table = read_table(data, Findings("t", skip_bad=False))
    assert [row.cells for row in table.rows] == records


def test_a_workbook_holds_no_formula() -> None:
    data = write_workbook(("item_id",), [{"item_id": "=1+1"}])
    cell = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]["A2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_json_lines_and_their_lists() -> None:
    data = (
        b'{"item_id": "a", "options": ["x|y", "z"], "max_score": 2, "anchor": true, "key": null}\n\n{"item_id": "b"}\n'
    )
    rows = read_table(data, Findings("t", skip_bad=False)).rows
    assert rows[0].cells == {"item_id": "a", "options": "x\\|y|z", "max_score": "2", "anchor": "true", "key": ""}
    assert rows[1].line == 3
    with pytest.raises(FileRefused, match="line 1: is no JSON object"):
        read_table(b'{"item_id": {"deep": 1}}\n', Findings("t", skip_bad=False))


def archive(parts: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in parts.items():
            zipped.writestr(name, content)
    return stream.getvalue()


HOSTILE_BOOKS = {
    "no workbook": (archive({"a.txt": b"x"}), "cannot be read as an XLSX"),
    "bomb": (archive({f"{k}.bin": b"\0" * (64 << 20) for k in range(9)}), "unpacks to more than"),
    "entities": (archive({"xl/workbook.xml": b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'}), "declares XML entities"),
    "broken": (b"PK\x03\x04" + b"\0" * 50, "broken zip archive"),
}


@pytest.mark.parametrize("name", HOSTILE_BOOKS)
def test_hostile_workbooks_are_refused(name: str) -> None:
    data, words = HOSTILE_BOOKS[name]
    with pytest.raises(FileRefused, match=words):
        read_table(data, Findings("book.xlsx", skip_bad=False))


def test_doubled_and_unnamed_columns_are_refused() -> None:
    for data, words in ((b"a,a\n1,2\n", "stands twice"), (b"a,,b\n1,2,3\n", "column 2 has no name")):
        with pytest.raises(FileRefused, match=words):
            read_table(data, Findings("t", skip_bad=False))
