"""Wide response files: read like a patient person would, and every bad cell named with its line and column."""

import csv
import io
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itembank.errors import FileRefused
from itembank.exchange import delimited
from itembank.exchange.responses import ItemRule, read_item_rules, read_responses

MISSING = -1
CELLS = st.sampled_from(["0", "1", "2", "", "NA", ".", "1.0", " 1"])


def naive_wide(data: bytes, delimiter: str) -> list[list[int]]:
    """The matrix one cell after the other, persons without an answer and items nobody answered left out."""
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=delimiter))[1:]
    cells = [[MISSING if c.strip() in ("", "NA", ".") else int(float(c)) for c in row[1:]] for row in rows if row]
    answered = [row for row in cells if max(row) >= 0]
    used = [j for j in range(len(answered[0])) if any(row[j] >= 0 for row in answered)] if answered else []
    return [[row[j] for j in used] for row in answered]


def file_of(cells: list[list[str]], delimiter: str, newline: str, bom: bool, quoting: int) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=newline, quoting=quoting)  # type: ignore[arg-type]
    writer.writerow(["person_id", *(f"i{j}" for j in range(len(cells[0])))])
    writer.writerows([f'p "{k}"\nx' if quoting else f"p{k}", *row] for k, row in enumerate(cells))
    return (b"\xef\xbb\xbf" if bom else b"") + text.getvalue().encode()


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 5).flatmap(lambda m: st.lists(st.lists(CELLS, min_size=m, max_size=m), min_size=1, max_size=12)),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from([1 << 24, 40]),
)
def test_agrees_with_reading_cell_by_cell(
    cells: list[list[str]], delimiter: str, newline: str, bom: bool, quoting: int, block: int
) -> None:
    data = file_of(cells, delimiter, newline, bom, quoting)
    expected = naive_wide(data, delimiter)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "BLOCK_BYTES", block)
        if not expected:
            with pytest.raises(FileRefused):
                read_responses(data, skip_bad=True)
            return
        table = read_responses(data, skip_bad=True)
    assert table.responses.tolist() == expected
    assert table.report.n_responses + table.report.n_missing == table.responses.size
    assert len(table.person_ids) == len(expected)


BAD_FILES = {
    "word": (b"person_id,a,b\np1,1,0\np2,x,0\n", 3, "a", "not a number"),
    "fraction": (b"person_id,a\np1,0.5\n", 2, "a", "whole number"),
    "negative": (b"person_id,a\np1,-1\n", 2, "a", "negative"),
    "infinite": (b"person_id,a\np1,inf\n", 2, "a", "not a category"),
    "huge": (b"person_id,a\np1,300\n", 2, "a", "above 126"),
    "short row": (b"person_id,a,b\np1,1,1\np2,1\n", 3, "", "2 fields where the header has 3"),
    "long row": (b"person_id,a\np1,1\np2,1,1\n", 3, "", "3 fields where the header has 2"),
    "short and long": (b"person_id,a\np1\np2,1,1\n", 2, "", "1 fields"),
    "double person": (b"person_id,a\np1,1\np2,0\np1,0\n", 4, "person_id", "already stands in line 2"),
    "double item": (b"person_id,a,a\np1,1,1\n", 1, "a", "stands twice"),
    "no name": (b"person_id,a,\np1,1,1\n", 1, "", "has no name"),
    "no person": (b"person_id,a\n,1\n", 2, "person_id", "no person id"),
    "idle person": (b"person_id,a\np1,1\np2,NA\n", 3, "", "answered no item"),
    "idle item": (b"person_id,a,b\np1,1,\np2,0,.\n", 0, "b", "nobody answered"),
    "open quote": (b'person_id,a\np1,1\n"p2,1\n', 3, "", "never closed"),
    "after blank line": (b"person_id,a\n\np1,1\n\r\np2,x\n", 5, "a", "not a number"),
    "after quoted newline": (b'person_id,a\n"p\n1",1\np2,x\n', 4, "a", "not a number"),
    "decimal comma": (b"person_id;a\np1;1,0\np2;0,5\n", 3, "a", "whole number"),
    "latin-1": ("person_id,a\np1,1\npé,1\n".encode("latin-1"), 3, "", "not UTF-8"),
    "utf-16": ("person_id,a\np1,1\n".encode("utf-16"), 0, "", "UTF-16"),
    "nul": (b"person_id,a\np1,1\np\x002,1\n", 3, "", "NUL"),
    "empty": (b"", 0, "", "is empty"),
    "header only": (b"person_id,a\n", 0, "", "no row"),
    "blank header": (b"\nperson_id,a\n", 1, "", "empty line"),
    "wrong delimiter": (b"person_id|a\np1|1\n", 1, "", "only one column"),
    "no person column": (b"a,b\n1,0\n", 1, "", "must be 'person_id'"),
    "covariates only": (b"person_id,cov_x\np1,0\n", 1, "", "no item column"),
    "old Macintosh": (b"person_id,a\rp1,1\r", 0, "", "carriage return"),
}


@pytest.mark.parametrize("name", BAD_FILES)
@pytest.mark.parametrize("block", [1 << 24, 8])
def test_names_the_place_in_one_sentence(name: str, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    data, line, column, words = BAD_FILES[name]
    monkeypatch.setattr(delimited, "BLOCK_BYTES", block)
    with pytest.raises(FileRefused, match=re.escape(words)) as refusal:
        read_responses(data, name="answers.csv")
    said = str(refusal.value)
    assert said.startswith("answers.csv")
    assert "\n" not in said
    assert (f"line {line}" in said.split(":")[0]) == bool(line)
    assert (f"column '{column}'" in said) == bool(column)


def test_skips_bad_things_only_when_asked_and_reports_each() -> None:
    data = b"person_id,a,b,c\np1,1,0,\np2,x,1,\np3,1\np1,0,0,\np4,,,\np5,0,1,\n"
    table = read_responses(data, skip_bad=True)
    assert table.person_ids == ("p1", "p2", "p5")
    assert table.item_ids == ("a", "b")
    assert table.responses.tolist() == [[1, 0], [MISSING, 1], [0, 1]]
    assert table.report.n_skipped == len(table.report.skipped) == 5
    assert [problem.line for problem in table.report.skipped] == [4, 3, 6, 5, 0]


def test_a_refusal_after_skipping_says_what_was_skipped() -> None:
    with pytest.raises(FileRefused, match="The first of 2 problems: 'x' is not a number"):
        read_responses(b"person_id,a,b\np1,x,\n", skip_bad=True)


def test_items_file_decides_what_is_an_item() -> None:
    items = b"item_id,competency,max_score,model,anchor\nb,alg,2,gpcm,yes\na,geo,1,,\n"
    data = b"person_id,school,b,a,female\np1,s1,2,1,0\np2,s2,0,0,1\n"
    table = read_responses(data, items=items, group="female")
    assert table.item_ids == ("b", "a")
    assert table.covariates == {"school": ("s1", "s2"), "female": ("0", "1")}
    assert table.groups == ("0", "1")
    rules = read_item_rules(items)
    assert (rules["b"].max_score, rules["b"].model, rules["b"].anchor, rules["b"].competency) == (
        2,
        "gpcm",
        True,
        "alg",
    )
    with pytest.raises(FileRefused, match=r"line 2, column 'a': category 2 is above the item's max_score 1"):
        read_responses(data.replace(b"2,1,0", b"2,2,0"), items=items)
    with pytest.raises(FileRefused, match="no column is named in the items file"):
        read_responses(b"person_id,x\np1,1\n", items=items)


def test_without_items_file_cov_marks_a_covariate_and_group_finds_it() -> None:
    data = b"person_id,cov_school,q1,q2\np1,A,1,0\np2,B,0,1\n"
    table = read_responses(data, group="school")
    assert (table.item_ids, table.groups) == (("q1", "q2"), ("A", "B"))
    with pytest.raises(FileRefused, match="no column 'region'"):
        read_responses(data, group="region")
    with pytest.raises(FileRefused, match=r"line 3, column 'cov_school': person 'p2' has no group"):
        read_responses(data.replace(b"B", b""), group="school")


def test_key_scores_raw_choices_with_several_right_answers() -> None:
    data = b"person_id,q1,q2,q3\np1,A,b,4\np2,c,D,5\np3,,*,4.0\n"
    table = read_responses(data, key={"q1": "A|C", "q2": "B", "q3": "4"})
    assert table.responses.tolist() == [[1, 1, 1], [1, 0, 0], [MISSING, 0, 1]]
    by_file = read_responses(data, key=b"item_id,key\nq1,A|C\nq2,B\nq3,4\n")
    assert np.array_equal(by_file.responses, table.responses)
    row = read_responses(b"person_id,q1,q2\nKEY,A|C,B\np1,A,b\np2,c,D\n")
    assert row.responses.tolist() == [[1, 1], [1, 0]]
    assert row.person_ids == ("p1", "p2")


def test_a_set_of_right_choices_matches_as_a_whole() -> None:
    items = b"item_id,competency,key,type\nq1,c,A|C,multiple\n"
    table = read_responses(b'person_id,q1\np1,A|C\np2,CA\np3,A\np4,"C,A"\n', items=items)
    assert table.responses.ravel().tolist() == [1, 1, 0, 1]


def test_blank_is_wrong_only_when_asked() -> None:
    data = b"person_id,a,b\np1,1,\np2,0,1\n"
    assert read_responses(data).responses.tolist() == [[1, MISSING], [0, 1]]
    assert read_responses(data, omit_as_wrong=True).responses.tolist() == [[1, 0], [0, 1]]
    assert read_responses(b"person_id,a,b\np1,1,99\np2,0,1\n", not_administered=("99",)).responses[0, 1] == MISSING


def test_parquet_and_csv_give_the_same(tmp_path: Path) -> None:
    frame = pl.DataFrame({"person_id": ["p1", "p2"], "a": [1, None], "b": [0.0, 1.0], "cov_x": ["u", None]})
    frame.write_parquet(tmp_path / "r.parquet")
    table = read_responses(tmp_path / "r.parquet")
    assert table.responses.tolist() == [[1, 0], [MISSING, 1]]
    assert table.covariates == {"cov_x": ("u", "")}
    frame.with_columns(a=pl.Series([True, None])).write_parquet(tmp_path / "logical.parquet")
    assert read_responses(tmp_path / "logical.parquet").responses.tolist() == [[1, 0], [MISSING, 1]]
    frame.with_columns(b=pl.Series([0.5, 1.0])).write_parquet(tmp_path / "bad.parquet")
    with pytest.raises(FileRefused, match=r"bad.parquet, line 1, column 'b'"):
        read_responses(tmp_path / "bad.parquet")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 this is none")
    with pytest.raises(FileRefused, match="cannot be read as Parquet"):
        read_responses(tmp_path / "broken.parquet")


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match=r"absent.csv: cannot be opened"):
        read_responses(tmp_path / "absent.csv")


def test_one_broken_row_in_many_is_found_in_bounded_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f"p{k},{k % 2},{(k // 2) % 2}" for k in range(20_000)]
    rows[15_000] = "p15000,1,z"
    data = ("person_id,a,b\n" + "\n".join(rows)).encode()
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 4096)
    with pytest.raises(FileRefused, match=r"line 15002, column 'b': 'z'"):
        read_responses(data)
    table = read_responses(data, skip_bad=True)
    assert table.responses.shape == (20_000, 2)
    assert table.responses[15_000].tolist() == [1, MISSING]


def test_items_may_be_given_as_rules() -> None:
    table = read_responses(b"person_id,a,x\np1,2,u\n", items={"a": ItemRule("a", max_score=2)})
    assert (table.responses.tolist(), table.covariates) == ([[2]], {"x": ("u",)})
    assert "same category" in table.report.notes[0]


def test_real_choices_of_icar(shared_data: Path) -> None:
    folder = shared_data / "icar16"
    table = read_responses(folder / "answers.csv", key=folder / "key.csv")
    raw = list(csv.DictReader((folder / "answers.csv").open()))
    key = {row["item_id"]: row["key"] for row in csv.DictReader((folder / "key.csv").open())}
    expected = [[MISSING if row[i] == "" else int(row[i] == key[i]) for i in table.item_ids] for row in raw]
    assert table.responses.shape == (1525, 16)
    assert table.responses.tolist() == expected


def test_real_booklets_of_timss(shared_data: Path) -> None:
    folder = shared_data / "timss2011_g4"
    table = read_responses(folder / "responses.csv", items=folder / "items.csv", group="female")
    assert table.responses.shape == (4668, 174)
    assert set(table.covariates) == {"booklet", "school", "female"}
    assert table.report.n_missing / table.responses.size == pytest.approx(0.86, abs=0.005)
    assert set(table.groups or ()) == {"0", "1"}
