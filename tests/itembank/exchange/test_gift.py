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


HARD = rb"""::said:: Is it? {TRUE#wrong said#right said}

::unsaid:: Is it? {F#wrong said#right said}

::many
lines:: Which {
  // not this
  =first
  # good
  ~second
  ####why
}

::web:: See http\://x.org?a\=b\nand on {=yes ~no}

::half:: Pick {~%50%half =full ~none}

::numbers:: How many? {#
=%100%1.5:0.1#near
=%50%1.5:0.5
}

::below:: How cold? {#-3.5..-1}

::two\:: parts:: Which? {=a ~b}

::thirds:: Pick three {~%33.33333%a ~%33.33333%b ~%33.33333%c ~%-100%d}

::power:: What is \(x^\{2\}\) at two? {=4 ~5}

::distractor:: Pair {=<b>a</b> -> 1 =b -> 2 = -> 3}

::md::[markdown]*Which* one? {=a ~b}
"""


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_hard_cases(line_end: bytes) -> None:
    kept, report = read_gift(b"\xef\xbb\xbf" + HARD.replace(b"\n", line_end))
    found = {item.key: item for item in kept}
    assert found["said"].scoring.feedback == {"A": "right said", "B": "wrong said"}
    assert found["unsaid"].scoring.feedback == {"A": "wrong said", "B": "right said"}
    assert (found["many-lines"].scoring.feedback, found["many-lines"].scoring.rationale) == ({"A": "good"}, "why")
    assert "<p>See http://x.org?a=b<br>and on</p>" in found["web"].content.body
    points = {key: [score(found[key].scoring, {"RESPONSE": [a]}).category for a in "ABC"] for key in ("half", "thirds")}
    assert points == {"half": [1, 2, 0], "thirds": [1, 1, 1]}
    assert [(key.value, key.tolerance) for key in found["numbers"].scoring.numeric] == [(1.5, 0.1)]
    assert score(found["below"].scoring, {"RESPONSE": ["-2"]}).category == 1
    assert found["two-parts"].title == "two:: parts"
    assert r"\(x^{2}\)" in found["power"].content.body
    assert [choice.content for choice in found["distractor"].content.interactions[0].targets] == ["1", "2", "3"]
    notes = {entry.key: entry.notes for entry in report.entries if entry.fate == "changed"}
    assert notes == {
        "numbers": ("1 numbers worth part of the points earn nothing now", "feedback on single answers was left out"),
        "md": ("Markdown is shown as it was typed",),
    }


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
