"""Moodle XML: each question type becomes an item that scores as Moodle would, or is refused with its reason."""

import base64
import hashlib

import pytest

from itembank.errors import FileRefused
from itembank.exchange.moodle import read_moodle
from itembank.items import Item
from itembank.loss_report import LossReport
from itembank.scoring import score

PICTURE = b"\x89PNG\r\n\x1a\n" + b"0" * 20


def question(kind: str, name: str, text: str, rest: str = "") -> str:
    body = f'<questiontext format="html"><text><![CDATA[{text}]]></text></questiontext>'
    return f'<question type="{kind}"><name><text>{name}</text></name>{body}{rest}</question>'


def answer(fraction: str, text: str, more: str = "") -> str:
    return f'<answer fraction="{fraction}"><text><![CDATA[{text}]]></text>{more}</answer>'


def quiz(*questions: str) -> bytes:
    return f"<?xml version='1.0' encoding='UTF-8'?><quiz>{''.join(questions)}</quiz>".encode()


def read(*questions: str) -> tuple[dict[str, Item], LossReport]:
    items, _, report = read_moodle(quiz(*questions))
    return {item.key: item for item in items}, report


def category(item: Item, **answers: list[str]) -> int:
    return score(item.scoring, answers or {"RESPONSE": []}).category


QUESTIONS = (
    question(
        "multichoice", "single", "Capital?",
        "<single>true</single><shuffleanswers>1</shuffleanswers>"
        + answer("100", "Paris", "<feedback><text>Yes</text></feedback>") + answer("50", "Lyon") + answer("0", "Rome"),
    ),
    question(
        "multichoice", "multi", "Primes?",
        "<single>false</single>" + "".join(answer("33.33333", n) for n in "235") + answer("-33.33333", "4"),
    ),
    question("truefalse", "truth", "Ok?", answer("0", "true") + answer("100", "false")),
    question("shortanswer", "word", "Say", "<usecase>0</usecase>" + answer("100", "Yes") + answer("50", "Yeah")),
    question("shortanswer", "strict", "Say", "<usecase>1</usecase>" + answer("100", "Yes")),
    question("numerical", "number", "Pi", answer("100", "3.14", "<tolerance>0.01</tolerance>")),
    question(
        "matching", "pairs", "Match",
        "".join(f"<subquestion><text>{a}</text><answer><text>{b}</text></answer></subquestion>"
                for a, b in (("cat", "meow"), ("dog", "bark"), ("", "moo"))),
    ),
    question("essay", "essay", "Write", "<responsefieldlines>15</responsefieldlines>"),
    question("cloze", "cloze", "<p>A {1:SHORTANSWER:=cat~%50%dog} on {1:MULTICHOICE:a rug~=the mat} {1:NM:=3}.</p>"),
    question(
        "ddwtos", "drag", "<p>[[2]] then [[1]]</p>",
        "".join(f"<dragbox><text>{w}</text><group>1</group></dragbox>" for w in ("one", "two", "three")),
    ),
    question(
        "gapselect", "select", "<p>[[1]] and [[3]]</p>",
        "".join(f"<selectoption><text>{w}</text><group>{g}</group></selectoption>"
                for w, g in (("a", 1), ("b", 1), ("x", 2), ("y", 2))),
    ),
)  # fmt: skip
RIGHT = [
    ("single", {"RESPONSE": ["A"]}, 2), ("single", {"RESPONSE": ["B"]}, 1), ("single", {"RESPONSE": ["C"]}, 0),
    ("multi", {"RESPONSE": ["A", "B", "C"]}, 3), ("multi", {"RESPONSE": ["A", "B"]}, 2),
    ("multi", {"RESPONSE": ["A", "D"]}, 0), ("multi", {"RESPONSE": ["A", "B", "C", "D"]}, 2),
    ("truth", {"RESPONSE": ["B"]}, 1), ("truth", {"RESPONSE": ["A"]}, 0),
    ("word", {"RESPONSE": ["yes"]}, 2), ("word", {"RESPONSE": ["YEAH"]}, 1), ("word", {"RESPONSE": ["no"]}, 0),
    ("strict", {"RESPONSE": ["Yes"]}, 1), ("strict", {"RESPONSE": ["yes"]}, 0),
    ("number", {"RESPONSE": ["3.15"]}, 1), ("number", {"RESPONSE": ["3.16"]}, 0),
    ("pairs", {"RESPONSE": ["S1 T1", "S2 T2"]}, 2), ("pairs", {"RESPONSE": ["S1 T3", "S2 T2"]}, 1),
    ("cloze", {"RESPONSE1": ["Cat"], "RESPONSE2": ["B"], "RESPONSE3": ["3.0"]}, 3),
    ("cloze", {"RESPONSE1": ["cow"], "RESPONSE2": ["B"], "RESPONSE3": ["4"]}, 1),
    ("drag", {"RESPONSE1": ["B"], "RESPONSE2": ["A"]}, 2), ("drag", {"RESPONSE1": ["B"], "RESPONSE2": ["C"]}, 1),
    ("select", {"RESPONSE1": ["A"], "RESPONSE2": ["A"]}, 2), ("select", {"RESPONSE1": ["B"], "RESPONSE2": ["A"]}, 1),
]  # fmt: skip


@pytest.mark.parametrize(("key", "answers", "expected"), RIGHT)
def test_scores_like_moodle(key: str, answers: dict[str, list[str]], expected: int) -> None:
    items, _ = read(*QUESTIONS)
    assert category(items[key], **answers) == expected


def test_every_question_is_accounted_for() -> None:
    items, report = read(*QUESTIONS, question("calculated", "calc", "x"), question("dreamt", "odd", "x"))
    assert report.n_items == len(QUESTIONS) + 2
    assert report.counts == {"imported": len(items) - 1, "changed": 1, "refused": 2}
    assert items["essay"].scoring.rule == "human"
    assert items["essay"].content.interactions[0].expected_lines == 15
    assert items["single"].scoring.feedback == {"A": "Yes"}
    assert items["single"].content.interactions[0].shuffle
    assert [choice.content for choice in items["select"].content.interactions[1].choices] == ["x", "y"]
    notes = {entry.key: entry.notes for entry in report.entries}
    assert "computed or drawn anew" in notes["calc"][0]
    assert "'dreamt' is not known" in notes["odd"][0]
    assert "drop-down" in notes["drag"][0]


LONELY = "<subquestion><text>a</text><answer><text>b</text></answer></subquestion>"
REFUSED = {
    "wildcard": (question("shortanswer", "q", "x", answer("100", "a*")), "wildcard"),
    "nothing right": (question("multichoice", "q", "x", answer("0", "a") + answer("0", "b")), "no option is right"),
    "one option": (question("multichoice", "q", "x", answer("100", "a")), "1 options"),
    "bad fraction": (question("multichoice", "q", "x", answer("x", "a") + answer("0", "b")), "is no number"),
    "fraction above": (question("multichoice", "q", "x", answer("200", "a") + answer("0", "b")), "not between"),
    "no number": (question("numerical", "q", "x", answer("100", "three")), "is no number"),
    "gap without word": (question("gapselect", "q", "[[4]]", "<selectoption><text>a</text></selectoption>"), "[[4]]"),
    "no gap": (question("cloze", "q", "nothing here"), "no gap"),
    "odd gap": (question("cloze", "q", "{1:MULTIRESPONSE:=a~b}"), "MULTIRESPONSE"),
    "tolerance inside": (question("cloze", "q", "{1:NM:=3:0.1}"), "tolerance"),
    "lonely pair": (question("matching", "q", "x", LONELY), "two"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refuses_with_the_true_reason(name: str) -> None:
    source, words = REFUSED[name]
    items, report = read(source)
    assert not items
    assert report.counts["refused"] == 1
    assert words in report.entries[0].notes[0]


def test_pictures_tags_categories_and_same_names() -> None:
    picture = f'<file name="a b.png" encoding="base64">{base64.b64encode(PICTURE).decode()}</file>'
    script = '<file name="x.svg" encoding="base64">PHN2Zy8+</file>'
    text = '<p>See <img src="@@PLUGINFILE@@/a%20b.png" alt="a map"></p>'
    source = question("essay", "same", text, "<tags><tag><text>maps</text></tag></tags>")
    source = source.replace("</questiontext>", picture + script + "</questiontext>")
    folder = '<question type="category"><category><text>$course$/top/Geo</text></category></question>'
    items, files, report = read_moodle(quiz(folder, source, source.replace("essay", "essay")))
    digest = hashlib.sha256(PICTURE).hexdigest()
    assert files == {digest: PICTURE}
    assert [item.key for item in items] == ["same", "same-2"]
    assert 'src="a b.png"' in items[0].content.body
    assert [asset.sha256 for asset in items[0].content.assets] == [digest]
    assert items[0].facts.tags == ("maps", "category:Geo")
    assert "x.svg" in report.entries[0].notes[0]


def pictured(name: str, data: bytes) -> str:
    return f'<file name="{name}" path="/" encoding="base64">{base64.b64encode(data).decode()}</file>'


def test_pictures_in_options_and_pairs_come_along_each_with_its_own() -> None:
    """Two options whose files share a name and differ, one that repeats the first: as Moodle exports them."""
    other = PICTURE + b"other"
    image = '<![CDATA[<img src="@@PLUGINFILE@@/pic.png" alt="{}">]]>'
    options = "".join(
        f'<answer fraction="{share}" format="html"><text>{image.format(alt)}</text>{pictured("pic.png", data)}'
        f'<feedback format="html"><text>{alt}</text>{pictured("why.png", PICTURE)}</feedback></answer>'
        for share, alt, data in ((100, "a", PICTURE), (0, "b", other), (0, "c", PICTURE))
    )
    items, files, report = read_moodle(quiz(question("multichoice", "q", "Which?", options)))
    (item,) = items
    assert [choice.content for choice in item.content.interactions[0].choices] == [
        '<img src="pic.png" alt="a">', '<img src="pic-2.png" alt="b">', '<img src="pic.png" alt="c">',
    ]  # fmt: skip
    digests = {asset.name: asset.sha256 for asset in item.content.assets}
    assert {name: files[digest] for name, digest in digests.items()} == {"pic.png": PICTURE, "pic-2.png": other}
    assert report.entries[0].notes == ("3 pictures inside feedback were left out",)
    pairs = "".join(
        f'<subquestion format="html"><text>{image.format(term)}</text>{pictured("pic.png", data)}'
        f"<answer><text>{term}</text></answer></subquestion>"
        for term, data in (("x", PICTURE), ("y", other))
    )
    (matched,), _, _ = read_moodle(quiz(question("matching", "m", "Match", pairs)))
    assert [choice.content[:20] for choice in matched.content.interactions[0].choices] == [
        '<img src="pic.png" a', '<img src="pic-2.png"',
    ]  # fmt: skip
    assert len(matched.content.assets) == 2


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"<quiz>", "well-formed"),
        (b"<html/>", "its root is <html>"),
        (b"<quiz></quiz>", "no question"),
        (b'<!DOCTYPE quiz [<!ENTITY a SYSTEM "file:///etc/passwd">]><quiz>&a;</quiz>', "entities"),
        (b"<quiz>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</quiz>", "well-formed"),
    ],
)
def test_hostile_files_are_refused(data: bytes, words: str) -> None:
    with pytest.raises(FileRefused, match=words):
        read_moodle(data)
