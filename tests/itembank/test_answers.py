"""What a browser may send for an item: its own choices, as often as they may be used, inside the bounds."""

import pytest

from itembank.answers import check_answer
from itembank.errors import AnswerInvalid
from itembank.exchange.qti.items import read_item
from itembank.items import Answer, Interaction, ItemContent
from tests.itembank.qti import samples as s


def refusal(content: ItemContent, given: Answer) -> str:
    """Why an answer is refused; "" when it passes."""
    try:
        check_answer(content, given)
    except AnswerInvalid as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", s.SAMPLES)
def test_every_answer_that_the_form_allows_passes(name):
    content = read_item(s.sample(name), "x.xml", s.FILES).item.content
    worthy = [given for given, worth in s.answers(name) if worth]
    assert [given for given in [*worthy, {}] if refusal(content, given)] == []


@pytest.mark.parametrize(
    ("name", "given", "word"),
    [
        ("choice", ["Z"], "none of the choices"),
        ("choice", ["A", "B"], "at most 1"),
        ("choice_multiple", ["A", "A"], "twice"),
        ("order", ["A", "A", "B"], "twice"),
        ("match", ["F L"], "joins no two"),
        ("match", ["L F", "L I"], "'L' 2 times"),
        ("match", ["L F", "M I", "L I"], "times"),
        ("associate", ["A"], "joins no two"),
        ("gap_match", ["W G1", "S G1"], "'G1' 2 times"),
        ("slider", ["101"], "outside"),
        ("slider", ["much"], "not a number"),
        ("select_point", ["500 5"], "no point"),
        ("select_point", ["5"], "no point"),
        ("select_point", ["1 1", "2 2", "3 3"], "at most 2"),
        ("hottext", ["H9"], "none of the choices"),
    ],
)
def test_what_the_form_does_not_allow_is_refused(name, given, word):
    content = read_item(s.sample(name), "x.xml", s.FILES).item.content
    with pytest.raises(AnswerInvalid, match=word):
        check_answer(content, {"RESPONSE": given})


def test_unknown_responses_patterns_and_too_few_choices_are_refused():
    content = ItemContent(
        body="",
        interactions=(
            Interaction(kind="text_entry", response="T", pattern="[0-9]{4}", placeholder="year"),
            Interaction(kind="hottext", response="H", min_choices=2, max_choices=0, choices=()),
        ),
    )
    check_answer(content, {"T": ["1999"], "H": []})
    for given, word in (({"X": ["1"]}, "does not ask"), ({"T": ["99"]}, "year"), ({"H": ["a"]}, "none of")):
        with pytest.raises(AnswerInvalid, match=word):
            check_answer(content, given)
