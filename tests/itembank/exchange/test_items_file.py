"""Items files: what an author writes becomes an item that scores right, and comes back equal."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itembank.errors import FileRefused
from itembank.exchange.items_file import read_items
from itembank.exchange.items_table import write_items
from itembank.exchange.json_lines import read_item_lines, write_item_lines
from itembank.exchange.tables import join_bars, write_table
from itembank.items import Item, content_hash
from itembank.scoring import score

HEADER = b"item_id,competency,key,max_score,stem,options,type,tolerance,scoring,"
HEADER += b"level,usual_seconds,tags,rationale,enemy_of,anchor\n"
TABLE = (
    HEADER
    + b"""one,alg,B,,What is 2 < 3?,yes|no|a\\|b,,,,L1,30,x|y,because,two,yes
two,alg|geo,A|C,,<p>Pick <b>two</b></p>,1|2|3,,,,,,,,,
partial,alg,A|C,2,Pick,1|2|3,,,partial,,,,,,
number,alg,42|-1,,Number?,,,5%,,,,,,,
exact,alg,"3,5",,Number?,,numeric,,,,,,,,
word,alg,Paris|Lut\xc3\xa8ce,2,Capital?,,,,,,,,,,
essay,geo,,3,Explain,,,,,,,,,,
either,geo,A|B,,One of,1|2|3,choice,,,,,,,,
worth,geo,A,2,One of,+1|-1,choice,,,,,,,,
"""
)


def items_of(data: bytes) -> dict[str, Item]:
    items, report = read_items(data)
    assert not report.refused, report.refused
    return {item.key: item for item in items}


SCORES = [
    ("one", ["B"], 1), ("one", ["A"], 0), ("one", [], 0),
    ("two", ["A", "C"], 1), ("two", ["C", "A"], 1), ("two", ["A"], 0), ("two", ["A", "B", "C"], 0),
    ("partial", ["A", "C"], 2), ("partial", ["A"], 1), ("partial", ["A", "B"], 0), ("partial", ["A", "B", "C"], 1),
    ("number", ["42"], 1), ("number", ["44.1"], 1), ("number", ["44.2"], 0), ("number", ["-1"], 1),
    ("number", ["-1.05"], 1),
    ("exact", ["3.5"], 1), ("exact", ["3,5"], 1), ("exact", ["3.51"], 0),
    ("word", ["paris"], 2), ("word", ["Lutèce"], 2), ("word", ["Lyon"], 0),
    ("either", ["A"], 1), ("either", ["B"], 1), ("either", ["C"], 0),
    ("worth", ["A"], 2), ("worth", ["B"], 0),
]  # fmt: skip


@pytest.mark.parametrize(("key", "answer", "category"), SCORES)
def test_scores_as_the_author_meant(key: str, answer: list[str], category: int) -> None:
    item = items_of(TABLE)[key]
    assert score(item.scoring, {"RESPONSE": answer}).category == category


def test_facts_and_forms() -> None:
    items = items_of(TABLE)
    one = items["one"]
    assert one.content.body == '<p>What is 2 &lt; 3?</p><span data-interaction="RESPONSE"></span>'
    assert [choice.content for choice in one.content.interactions[0].choices] == ["yes", "no", "a|b"]
    assert one.facts.competencies == ("alg",)
    assert (one.facts.level, one.facts.usual_seconds, one.facts.tags) == ("L1", 30.0, ("x", "y"))
    assert (one.facts.enemies, one.facts.anchor, one.scoring.rationale) == (("two",), True, "because")
    assert items["two"].facts.competencies == ("alg", "geo")
    assert items["essay"].scoring.rule == "human"
    assert items["number"].content.interactions[0].numeric


@pytest.mark.parametrize("form", ["csv", "tsv", "xlsx"])
def test_export_then_import_gives_equal_hashes(form: str) -> None:
    items, _ = read_items(TABLE)
    data, report = write_items(items, form)  # type: ignore[arg-type]
    again, second = read_items(data) if form != "tsv" else read_items(data, name="items.tsv")
    assert report.counts == second.counts == {"imported": len(items), "changed": 0, "refused": 0}
    assert [content_hash(item) for item in again] == [content_hash(item) for item in items]


TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\x7f"), min_size=1, max_size=15)
WORDS = TEXT.map(str.strip).filter(bool)


@settings(max_examples=50, deadline=None)
@given(WORDS, st.lists(WORDS, min_size=2, max_size=5), st.data())
def test_any_text_survives_a_round_trip(stem: str, options: list[str], data: st.DataObject) -> None:
    right = data.draw(st.sampled_from("ABCDE"[: len(options)]))
    row = {
        "item_id": "i",
        "competency": "c",
        "stem": stem,
        "options": join_bars(options),
        "key": right,
        "type": "choice",
    }
    items, report = read_items(write_table(list(row), [row]))
    assert report.n_items == 1
    if report.refused:
        pytest.fail(str(report.refused))
    table, _ = write_items(items)
    again, _ = read_items(table)
    assert [content_hash(item) for item in again] == [content_hash(item) for item in items]
    lines, _ = read_item_lines(write_item_lines(items))
    assert [content_hash(item) for item in lines] == [content_hash(item) for item in items]


BAD_ROWS = {
    "x,c,Z,,Stem,1|2,,": "key 'Z' is none of its options A to B",
    "x,c,A,,Stem,1,choice,": "there are 1 options",
    "x,c,A,0,Stem,1|2,,": "max_score '0' is no whole number",
    "x,c,A,1.5,Stem,1|2,,": "max_score '1.5' is no whole number",
    "x,c,A,,Stem,1|2,essay,": "type 'essay' is unknown",
    "x,c,A|B,2,Stem,1|2,,": "need scoring 'partial'",
    "x,c,seven,,Stem,,numeric,": "must be numbers",
    "x,c,7,,Stem,,numeric,x": "must be numbers",
    "x,c,7,,Stem,,numeric,-1": "not negative",
    "x,c,,,Stem,,numeric,": "needs a key",
    ",c,A,,Stem,1|2,,": "no item_id",
}


@pytest.mark.parametrize("row", BAD_ROWS)
def test_a_bad_row_is_refused_alone(row: str) -> None:
    header = "item_id,competency,key,max_score,stem,options,type,tolerance\n"
    items, report = read_items(f"{header}good,c,A,,Stem,1|2,,\n{row}\n".encode())
    assert [item.key for item in items] == ["good"]
    assert report.counts == {"imported": 1, "changed": 0, "refused": 1}
    (refused,) = report.refused
    assert refused.place == "line 3"
    assert BAD_ROWS[row] in refused.notes[0]


def test_doubles_unknown_columns_hostile_html_and_lacks_are_reported() -> None:
    data = (
        b"item_id,competency,key,stem,options,colour\n"
        b'a,c,A,"Hi <script>alert(1)</script><p onclick=""x()"">you</p>",1|2,red\n'
        b"a,c,A,again,1|2,red\nb,c,,No key,1|2,\nd,c,,,,\n"
    )
    items, report = read_items(data)
    assert "colour" in report.notes[0]
    assert "script" not in items[0].content.body
    assert "onclick" not in items[0].content.body
    assert [(entry.key, entry.fate) for entry in report.entries] == [
        ("a", "changed"), ("a", "refused"), ("b", "changed"), ("d", "changed")
    ]  # fmt: skip
    assert "script" in report.entries[0].notes[0]
    assert "onclick" in report.entries[0].notes[0]
    assert "already stands in line 2" in report.entries[1].notes[0]
    assert [item.not_deliverable for item in items] == ["", "no key", "no stem"]


def test_a_file_without_item_ids_is_refused() -> None:
    with pytest.raises(FileRefused, match="no column 'item_id'"):
        read_items(b"id,stem\n1,x\n")


def test_parameters_and_the_wished_model_come_along() -> None:
    data = b"item_id,competency,model,discrimination,difficulty,guessing\na,c,3pl,1.2,-0.5,0.2\nb,c,grm,,,\n"
    items, _ = read_items(data)
    assert items[0].parameters is not None
    assert (items[0].parameters.model, items[0].parameters.guessing) == ("3pl", 0.2)
    assert items[1].facts.tags == ("model:grm",)
    table, _ = write_items(items)
    again, _ = read_items(table)
    assert list(again) == list(items)


def test_what_a_table_cannot_say_is_named_and_json_lines_hold_it() -> None:
    (item,), _ = read_items(b"item_id,key,stem,options\na,A,Stem,1|2\n")
    content = item.content
    picky = Item(
        key="picky", title="T", scoring=item.scoring, content=type(content)(
            body=content.body, interactions=content.interactions, assets=()
        ), facts=item.facts, not_deliverable="adaptive item",
    )  # fmt: skip
    other = type(content.interactions[0])(kind="choice", response="RESPONSE", choices=content.interactions[0].choices,
                                          min_choices=1)  # fmt: skip
    strict = Item(key="strict", scoring=item.scoring, content=type(content)(body=content.body, interactions=(other,)))
    _, report = write_items([item, strict])
    assert report.counts == {"imported": 1, "changed": 0, "refused": 1}
    again, lines = read_item_lines(write_item_lines([item, strict, picky]))
    assert [content_hash(i) for i in again] == [content_hash(i) for i in (item, strict, picky)]
    assert lines.counts["imported"] == 3
    assert read_items(write_item_lines([item, strict, picky]))[0] == again


def test_json_lines_are_sanitised_and_bad_lines_refused() -> None:
    (item,), _ = read_items(b"item_id,key,stem,options\na,A,Stem,1|2\n")
    line = write_item_lines([item]).replace(b"<p>Stem</p>", b"<p>Stem</p><script>x</script>")
    items, report = read_item_lines(line + line + b"{}\nnone\n\xff\n")
    assert [entry.fate for entry in report.entries] == ["changed", "refused", "refused", "refused", "refused"]
    assert items[0].content.body == item.content.body


def test_real_items_of_timss(shared_data: Path) -> None:
    items, report = read_items(shared_data / "timss2011_g4" / "items.csv")
    assert len(items) == 174
    assert report.counts["refused"] == 0
    assert {item.not_deliverable for item in items} == {"no stem"}
    assert len({item.facts.competencies for item in items}) == 9


def test_a_unit_is_shown_taken_and_written_again() -> None:
    header, row = ("item_id", "stem", "key", "unit"), {"item_id": "w", "stem": "How heavy?", "key": "5", "unit": "kg"}
    (item,), _ = read_items(write_table(header, [row]))
    assert item.content.interactions[0].unit == item.scoring.unit == "kg"
    assert score(item.scoring, {"RESPONSE": ["5 kg"]}).category == 1
    data, _ = write_items([item])
    assert content_hash(read_items(data)[0][0]) == content_hash(item)
