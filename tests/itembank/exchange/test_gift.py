"""GIFT: the questions of teachers, with their escapes and percentages."""

import pytest

from itembank.errors import FileRefused
from itembank.exchange.gift import read_gift
from itembank.items import Item
from itembank.scoring import score

SAMPLE = rb"""// a comment
$CATEGORY: top/Algebra

::tomb:: Who's buried in Grant\{'\}s \#tomb\: {=Grant ~no one ~Napoleon#He was in France.####because}

::two:: Pick two {~%50%a ~%50%b ~%-100%c}

::truth:: 3 < 5 {T}

::lie:: 3 > 5 {FALSE#no}

::year:: When? {#1822:5}

::range:: Pi? {#3.141..3.142}

::several:: Num? {#=1822:0 =1900:1 =%50%1822:2}

::words:: Two plus two {=four =4}

::pairs:: Match {=cat -> meow =dog -> bark}

::essay:: Write {}

::gap:: Mahatma {~Nehru =Gandhi} was born in India.

::markup::[html]<p>Hi <b>you</b></p>
second line {=a\=b ~b\~c}
"""
CASES = [
    ("tomb", ["A"], 1), ("tomb", ["B"], 0),
    ("two", ["A", "B"], 2), ("two", ["A"], 1), ("two", ["A", "B", "C"], 0),
    ("truth", ["A"], 1), ("truth", ["B"], 0), ("lie", ["B"], 1),
    ("year", ["1827"], 1), ("year", ["1828"], 0), ("range", ["3.1415"], 1), ("range", ["3.15"], 0),
    ("several", ["1901"], 1), ("several", ["1823"], 0),
    ("words", ["FOUR"], 1), ("words", ["4"], 1), ("words", ["5"], 0),
    ("pairs", ["S1 T1", "S2 T2"], 2), ("pairs", ["S1 T2", "S2 T2"], 1),
    ("gap", ["B"], 1), ("gap", ["A"], 0),
]  # fmt: skip


def items() -> dict[str, Item]:
    return {item.key: item for item in read_gift(SAMPLE)[0]}


@pytest.mark.parametrize(("key", "answer", "category"), CASES)
def test_scores_as_the_teacher_meant(key: str, answer: list[str], category: int) -> None:
    assert score(items()[key].scoring, {"RESPONSE": answer}).category == category


def test_texts_feedback_and_escapes() -> None:
    found = items()
    assert "Grant{'}s #tomb:" in found["tomb"].content.body
    assert found["tomb"].scoring.feedback == {"C": "He was in France."}
    assert found["tomb"].scoring.rationale == "because"
    assert found["tomb"].facts.tags == ("category:Algebra",)
    assert found["truth"].content.body.startswith("<p>3 &lt; 5</p>")
    assert found["essay"].scoring.rule == "human"
    assert found["gap"].content.body.startswith("<p>Mahatma _____ was born in India.</p>")
    assert [choice.content for choice in found["markup"].content.interactions[0].choices] == ["a=b", "b~c"]
    assert "<b>you</b>" in found["markup"].content.body


def test_the_fate_of_every_question() -> None:
    _, report = read_gift(SAMPLE)
    assert report.n_items == 12
    fates = {entry.key: entry.fate for entry in report.entries}
    assert {key for key, fate in fates.items() if fate == "changed"} == {"several", "gap"}
    assert report.entries[0].place == "line 4"


BAD = {
    "::q:: no braces": "no answers in braces",
    "::q:: x {~a ~b}": "no option is right",
    "::q:: x {#three}": "is no number",
    "::q:: x {a b}": "neither = nor ~",
    "::q:: x {=a ~b} y {=c ~d}": "in two places",
    "::q:: x {=%200%a ~b}": "not between",
    "::q:: x {=a -> b}": "two terms",
}


@pytest.mark.parametrize("text", BAD)
def test_refuses_with_the_true_reason(text: str) -> None:
    kept, report = read_gift(text.encode())
    assert not kept
    assert BAD[text] in report.entries[0].notes[0]


@pytest.mark.parametrize(("data", "words"), [(b"", "empty"), (b"// nothing\n", "no question"), (b"a {\xff}", "UTF-8")])
def test_files_that_are_no_gift(data: bytes, words: str) -> None:
    with pytest.raises(FileRefused, match=words):
        read_gift(data)
