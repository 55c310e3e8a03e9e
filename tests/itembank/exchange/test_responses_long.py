"""Long files and Winsteps control files."""

import csv
import io
import re
from importlib import import_module
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itembank.errors import FileRefused
from itembank.exchange import delimited
from itembank.exchange.responses import read_responses

MISSING = -1
assembling = import_module("itembank.exchange.responses.assemble_long")


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.integers(0, 6), st.integers(0, 5)), st.sampled_from(["0", "1", "3", "1.0"]), min_size=1
    ),
    st.sampled_from([1 << 24, 30]),
    st.booleans(),
)
def test_agrees_with_a_dictionary(answers: dict[tuple[int, int], str], block: int, dense: bool) -> None:
    rows = [(f"p{person}", f"i{item}", answer) for (person, item), answer in answers.items()]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("id", "item", "resp"), *rows])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "BLOCK_BYTES", block)
        patch.setattr(assembling, "DENSE_CELLS", 10**9 if dense else 0)
        table = read_responses(text.getvalue().encode())
    persons = list(dict.fromkeys(row[0] for row in rows))
    items = list(dict.fromkeys(row[1] for row in rows))
    assert (table.person_ids, table.item_ids) == (tuple(persons), tuple(items))
    given_answers = table.triplets()
    found = {
        (persons[p], items[i]): int(c)
        for p, i, c in zip(given_answers.person, given_answers.item, given_answers.category)
    }
    assert found == {(person, item): int(float(answer)) for person, item, answer in rows}
    order = given_answers.person.astype(int) * len(items) + given_answers.item
    assert np.all(np.diff(order) > 0)
    assert table.report.n_responses == len(rows)
    if not dense:
        with pytest.raises(FileRefused, match="too many for a dense matrix"):
            _ = table.responses


BAD = {
    "twice": (b"id,item,resp\n1,a,1\n2,a,0\n1,a,0\n", 4, "answers item 'a' a second time"),
    "twice with a blank": (b"id,item,resp\n1,a,1\n2,a,0\n1,a,\n", 4, "a second time"),
    "no item": (b"id,item,resp\n1,a,1\n2,,1\n", 3, "no item"),
    "no person": (b"id,item,resp\n1,a,1\nNA,a,1\n", 3, "no id"),
    "idle person": (b"id,item,resp\n1,a,1\n2,a,NA\n", 3, "answered no item"),
    "idle item": (b"id,item,resp\n1,a,1\n1,b,NA\n", 0, "nobody answered"),
    "fraction": (b"id,item,resp\n1,a,0.25\n", 2, "whole number"),
    "negative": (b"id,item,resp\n1,a,1\n1,b,-1\n", 3, "negative"),
    "ragged": (b"id,item,resp\n1,a,1\n1,b\n", 3, "2 fields"),
    "header only": (b"id,item,resp\n", 0, "no rows"),
    "two resp": (b"id,item,resp,resp\n1,a,1,1\n", 1, "stands twice"),
}


@pytest.mark.parametrize("name", BAD)
def test_names_the_line(name: str) -> None:
    data, line, words = BAD[name]
    with pytest.raises(FileRefused, match=re.escape(words)) as refusal:
        read_responses(data)
    assert f"line {line}" in str(refusal.value) if line else "line" not in str(refusal.value).split(":")[0]


def test_second_answers_are_skipped_when_asked_and_the_first_is_kept() -> None:
    table = read_responses(BAD["twice"][0], skip_bad=True)
    assert table.responses.tolist() == [[1], [0]]
    assert table.report.skipped[0].line == 4


def test_response_times_covariates_and_idle_columns() -> None:
    data = (
        b"id,item,resp,rt,date,cov_sex,wave\n1,a,1,2.5,2026-01-01,f,1\n1,b,0,,2026-01-01,f,1\n2,b,1,7,2026-01-02,m,1\n"
    )
    table = read_responses(data, group="sex")
    assert table.groups == ("f", "m")
    assert table.covariates == {"cov_sex": ("f", "m")}
    assert table.seconds is not None
    assert np.array_equal(table.seconds, [[2.5, np.nan], [np.nan, 7.0]], equal_nan=True)
    assert "date, wave" in table.report.notes[0]
    varying = read_responses(data.replace(b"2026-01-01,f,1\n2", b"2026-01-01,x,1\n2"))
    assert any("varies within a person" in note for note in varying.report.notes)


def test_items_file_gives_order_key_and_bounds() -> None:
    items = b"item_id,competency,key,max_score\nb,c,B,2\na,c,,1\n"
    data = b"id,item,resp\n1,a,1\n1,b,b\n2,b,C\n2,a,0\n"
    table = read_responses(data, items=items)
    assert table.item_ids == ("b", "a")
    assert table.responses.tolist() == [[2, 1], [0, 0]]
    with pytest.raises(FileRefused, match=r"line 2, column 'resp': category 3 is above the item's max_score 1"):
        read_responses(b"id,item,resp\n1,a,3\n1,b,b\n", items=items)
    with pytest.raises(FileRefused, match=r"line 3, column 'item': item 'z' is not in the items file"):
        read_responses(b"id,item,resp\n1,a,1\n1,z,1\n", items=items)
    bounds = b"item_id,max_score\na,1\nb,3\n"
    with pytest.raises(FileRefused, match=r"line 3, column 'resp': category 2 is above the item's max_score 1"):
        read_responses(b"id,item,resp\n1,b,3\n1,a,2\n", items=bounds)


def test_blank_rows_are_wrong_only_when_asked() -> None:
    data = b"id,item,resp\n1,a,1\n1,b,\n2,b,1\n"
    assert read_responses(data).responses.tolist() == [[1, MISSING], [MISSING, 1]]
    assert read_responses(data, omit_as_wrong=True).responses.tolist() == [[1, 0], [MISSING, 1]]


def test_parquet(tmp_path: Path) -> None:
    pl.DataFrame({"id": [7, 7, 8], "item": ["a", "b", "a"], "resp": [1, 0, None]}).write_parquet(tmp_path / "l.parquet")
    table = read_responses(tmp_path / "l.parquet", skip_bad=True)
    assert (table.person_ids, table.responses.tolist()) == (("7",), [[1, 0]])


CONTROL = """&INST
TITLE = "A test" ; with a comment
NI = 3
ITEM1 = 6
NAME1 = 1
NAMLEN = 4
CODES = "ABCD"
KEY1 = "ABD"
&END
first
second item
third
END NAMES
ann  ABD
bob  A D
cyd  BBX
"""


def test_winsteps_control_with_key() -> None:
    table = read_responses(CONTROL.encode())
    assert table.person_ids == ("ann", "bob", "cyd")
    assert table.item_ids == ("first", "second item", "third")
    assert table.responses.tolist() == [[1, 1, 1], [1, MISSING, 1], [0, 1, MISSING]]


def test_winsteps_wide_codes_and_data_file(tmp_path: Path) -> None:
    control = "NI=2\nITEM1=1\nXWIDE=2\nNAME1=6\nCODES=000110\nDATA=d.txt\n&END\na\nb\nEND LABELS\n"
    (tmp_path / "c.con").write_text(control)
    (tmp_path / "d.txt").write_text("0110 ann\n0099 bob\n")
    table = read_responses(tmp_path / "c.con")
    assert table.person_ids == ("ann", "bob")
    assert table.responses.tolist() == [[1, 10], [0, MISSING]]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("NI = 3", "NI = x", "does not say NI="),
        ("END NAMES", "", "not closed by END NAMES"),
        ("second item\n", "", "2 item labels but NI=3"),
        ("second item", "first", "stands twice"),
        ('KEY1 = "ABD"', 'KEY1 = "AB"', "2 answers for 3 items"),
        ("cyd  BBX", "cyd", "ends before column 6"),
        ("ann  ABD\nbob  A D\ncyd  BBX\n", "", "no data record"),
        ("CODES", "DATA = ../etc/passwd\nCODES", "must name a file in the folder"),
    ],
)
def test_winsteps_refusals(old: str, new: str, words: str) -> None:
    assert old in CONTROL
    with pytest.raises(FileRefused, match=re.escape(words)):
        read_responses(CONTROL.replace(old, new).encode())
