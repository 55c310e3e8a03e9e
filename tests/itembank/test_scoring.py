"""Scores from answers: templates, numbers, categories, and answers that cannot be read."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itembank.errors import AnswerInvalid
from itembank.items import (
    AreaEntry,
    AreaMapping,
    ItemScoring,
    MapEntry,
    Mapping,
    NumericKey,
    OutcomeDeclaration,
    ResponseDeclaration,
)
from itembank.scoring import category_for_points, category_of, common_cartridge_rules, score


def keyed(correct, *, base_type="identifier", cardinality="single", **more):
    declared = ResponseDeclaration(
        identifier="RESPONSE", base_type=base_type, cardinality=cardinality, correct=tuple(correct)
    )
    return ItemScoring(responses=(declared,), **more)


def mapped(entries, *, base_type="identifier", cardinality="multiple", maximum=1, **bounds):
    rows = tuple(MapEntry(key=key, value=value) for key, value in entries.items())
    declared = ResponseDeclaration(
        identifier="RESPONSE", base_type=base_type, cardinality=cardinality, mapping=Mapping(entries=rows, **bounds)
    )
    return ItemScoring(rule="map_response", responses=(declared,), max_category=maximum)


@pytest.mark.parametrize(
    ("correct", "base_type", "cardinality", "given_values", "points"),
    [
        (["A"], "identifier", "single", ["A"], 1),
        (["A"], "identifier", "single", ["a"], 0),
        (["A"], "identifier", "single", [], 0),
        (["A", "C"], "identifier", "multiple", ["C", "A"], 1),
        (["A", "C"], "identifier", "multiple", ["A"], 0),
        (["A", "C"], "identifier", "multiple", ["A", "C", "D"], 0),
        (["A", "C"], "identifier", "multiple", ["A", "A", "C"], 0),
        (["A", "B", "C"], "identifier", "ordered", ["A", "B", "C"], 1),
        (["A", "B", "C"], "identifier", "ordered", ["B", "A", "C"], 0),
        (["A P", "B M"], "pair", "multiple", ["M B", "P A"], 1),
        (["A P", "B M"], "directedPair", "multiple", ["B M", "A P"], 1),
        (["A P"], "directedPair", "multiple", ["P A"], 0),
        (["3"], "integer", "single", ["3.0"], 1),
        (["2.5"], "float", "single", ["2,5"], 1),
        (["1234"], "float", "single", ["1,234"], 1),
        (["1.234"], "float", "single", ["1,234"], 1),
        (["12345.5"], "float", "single", ["12 345,5"], 1),
        (["true"], "boolean", "single", ["true"], 1),
        (["York"], "string", "single", [" York "], 1),
        (["York"], "string", "single", ["york"], 0),
        (["Zu\u0308rich"], "string", "single", ["Zürich"], 1),
        (["10 20"], "point", "single", ["10 20"], 1),
    ],
)
def test_match_correct(correct, base_type, cardinality, given_values, points):
    scoring = keyed(correct, base_type=base_type, cardinality=cardinality)
    assert score(scoring, {"RESPONSE": given_values}).score == points


def test_each_value_counts_once_in_a_mapping_and_the_sum_is_clamped():
    scoring = mapped({"A": 1, "B": 2, "C": -1}, default=-0.5, lower=0, upper=2.5, maximum=3)
    worth = {(): 0, ("A",): 1, ("A", "A"): 1, ("A", "B"): 2.5, ("A", "C", "X"): 0, ("B", "X"): 1.5}
    assert {given: score(scoring, {"RESPONSE": list(given)}).score for given in worth} == worth


def test_a_mapping_without_case_takes_every_spelling():
    rows = (MapEntry(key="York", value=1, case_sensitive=False), MapEntry(key="york", value=0.5))
    declared = ResponseDeclaration(identifier="RESPONSE", base_type="string", mapping=Mapping(entries=rows))
    scoring = ItemScoring(rule="map_response", responses=(declared,))
    assert [score(scoring, {"RESPONSE": [text]}).score for text in ("York", "YORK", "york", "Yor")] == [1, 1, 1, 0]


def test_pairs_map_in_either_order():
    scoring = mapped({"A P": 2, "C M": 1}, base_type="pair", maximum=3)
    assert score(scoring, {"RESPONSE": ["P A", "M C", "A P"]}).category == 3


AREAS = (
    AreaEntry(shape="circle", coords="50,50,10", value=1),
    AreaEntry(shape="rect", coords="100,100,120,140", value=2),
    AreaEntry(shape="poly", coords="0,0,20,0,20,20,10,10,0,20", value=4),
    AreaEntry(shape="ellipse", coords="200,50,20,10", value=8),
)


@pytest.mark.parametrize(
    ("points", "worth"),
    [
        (["50 50"], 1),
        (["60 50"], 1),
        (["61 50"], 0.25),
        (["58 57"], 0.25),
        (["100 140"], 2),
        (["10 10"], 4),
        (["10 15"], 0.25),
        (["1 1", "19 19"], 4),
        (["200 60"], 8),
        (["219 59"], 0.25),
        (["50 50", "110 110", "5 5", "200 50"], 15),
        (["50 51", "51 50"], 1),
        ([], 0),
    ],
)
def test_points_fall_into_areas_borders_included(points, worth):
    declared = ResponseDeclaration(
        identifier="RESPONSE",
        base_type="point",
        cardinality="multiple",
        area_mapping=AreaMapping(entries=AREAS, default=0.25),
    )
    scoring = ItemScoring(rule="map_response_point", responses=(declared,), max_category=15)
    assert score(scoring, {"RESPONSE": points}).score == worth


def numeric(*keys, maximum=1):
    declared = ResponseDeclaration(identifier="RESPONSE", base_type="string")
    return ItemScoring(rule="numeric", responses=(declared,), numeric=keys, max_category=maximum)


@pytest.mark.parametrize(
    ("key", "text", "right"),
    [
        (NumericKey(value=0.3, tolerance=0.1), "0.2", True),
        (NumericKey(value=0.3, tolerance=0.1), "0.4", True),
        (NumericKey(value=0.3, tolerance=0.1), "0.4000001", False),
        (NumericKey(value=3.5), "3,5", True),
        (NumericKey(value=3.5), "3.50", True),
        (NumericKey(value=-2), "−2", True),
        (NumericKey(value=1234.5), "1,234.5", True),
        (NumericKey(value=1234.5), "1.234,5", True),
        (NumericKey(value=1234567), "1.234.567", True),
        (NumericKey(value=1234567), "1 234 567", True),
        (NumericKey(value=1234), "1,234", True),
        (NumericKey(value=1.234), "1,234", True),
        (NumericKey(value=1.234), "1.234", True),
        (NumericKey(value=1234), "1.234", False),
        (NumericKey(value=200, tolerance=0.05, relative=True), "210", True),
        (NumericKey(value=-200, tolerance=0.05, relative=True), "-210", True),
        (NumericKey(value=200, tolerance=0.05, relative=True), "210.01", False),
        (NumericKey(value=1e-9), "1e-9", True),
        (NumericKey(value=3), "three", False),
        (NumericKey(value=3), "3 4", False),
    ],
)
def test_numeric_keys(key, text, right):
    assert score(numeric(key), {"RESPONSE": [text]}).category == int(right)


def test_three_tenths_make_what_a_decimal_says():
    scoring = mapped({"A": 0.1, "B": 0.2, "C": 0.7}, maximum=1)
    full = score(scoring, {"RESPONSE": ["A", "B", "C"]})
    assert (full.score, full.category) == (1.0, 1)


@settings(deadline=None)
@given(st.fractions(min_value=-5, max_value=20), st.sampled_from([0.1, 0.25, 0.5, 1.0, 2.0]), st.integers(1, 9))
def test_a_category_is_the_number_of_whole_steps_within_bounds(points, step, highest):
    scoring = keyed(["A"], max_category=highest, points_per_category=step)
    category = category_of(scoring, points)
    steps = [k for k in range(highest + 1) if k * Fraction(str(step)) <= points]
    assert category == max(steps, default=0)


def test_points_given_by_a_person_become_a_category():
    scoring = keyed([], max_category=4, points_per_category=0.5)
    assert [category_for_points(scoring, points) for points in (0, 0.49, 0.5, 1.7, 9)] == [0, 0, 1, 3, 4]


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ({"OTHER": ["A"]}, "OTHER"),
        ({"RESPONSE": ["1", "2"]}, "2 values"),
        ({"RESPONSE": ["abc"]}, "abc"),
        ({"RESPONSE": ["1.5"]}, "whole"),
        ({"RESPONSE": "3"}, "list of strings"),
        ({"RESPONSE": [3]}, "list of strings"),
        ({"RESPONSE": ["1" * 300_000]}, "longer"),
        ({"RESPONSE": ["1e9999"]}, "1e9999"),
    ],
)
def test_a_wrongly_formed_answer_is_refused_with_a_sentence(answer, word):
    with pytest.raises(AnswerInvalid, match=word):
        score(keyed(["3"], base_type="integer"), answer)


@pytest.mark.parametrize(("base_type", "text"), [("point", "12"), ("pair", "A"), ("directedPair", "A B C")])
def test_half_a_pair_is_refused(base_type, text):
    with pytest.raises(AnswerInvalid, match="RESPONSE"):
        score(keyed([], base_type=base_type, cardinality="multiple"), {"RESPONSE": [text]})


def test_statuses():
    scoring = keyed(["A"])
    assert score(scoring, {"RESPONSE": ["B"]}).status == "scored"
    assert score(scoring, {"RESPONSE": []}).status == "blank"
    assert score(scoring, {}).status == "blank"
    assert score(scoring, {"RESPONSE": [" "]}).status == "blank"
    human = keyed([], base_type="string", rule="human")
    assert (score(human, {"RESPONSE": ["text"]}).status, score(human, {}).category) == ("awaiting", -1)
    assert score(keyed([], rule="none"), {"RESPONSE": ["A"]}).status == "unscored"


def test_a_default_stands_until_the_learner_answers():
    declared = ResponseDeclaration(identifier="RESPONSE", base_type="integer", correct=("5",), default=("5",))
    scoring = ItemScoring(responses=(declared,))
    assert score(scoring, {}).category == 1
    assert score(scoring, {"RESPONSE": []}).category == 0


def test_templates_speak_of_response_or_of_all():
    first = ResponseDeclaration(identifier="GAP1", correct=("A",))
    second = ResponseDeclaration(identifier="GAP2", correct=("B",))
    both = ItemScoring(responses=(first, second))
    assert score(both, {"GAP1": ["A"], "GAP2": ["B"]}).score == 1
    assert score(both, {"GAP1": ["A"], "GAP2": ["A"]}).score == 0
    named = ItemScoring(responses=(ResponseDeclaration(identifier="RESPONSE", correct=("A",)), second))
    assert score(named, {"RESPONSE": ["A"]}).score == 1


def cartridge(template, *, feedback, mapping=None):
    declared = ResponseDeclaration(identifier="RESPONSE", correct=("A",), mapping=mapping)
    outcomes = (
        OutcomeDeclaration(identifier="SCORE"),
        OutcomeDeclaration(identifier="MAXSCORE", default=("4",)),
        OutcomeDeclaration(identifier=feedback, base_type="identifier"),
    )
    rules = common_cartridge_rules(template, frozenset({"SCORE", "MAXSCORE", feedback}))
    return ItemScoring(rule="rules", rules=rules, responses=(declared,), outcomes=outcomes, max_category=4)


@pytest.mark.parametrize(("template", "feedback"), [("CC2_match", "FEEDBACK"), ("CC2_match_basic", "FEEDBACKBASIC")])
def test_common_cartridge_match_gives_maxscore_and_feedback(template, feedback):
    scoring = cartridge(template, feedback=feedback)
    right, wrong = score(scoring, {"RESPONSE": ["A"]}), score(scoring, {"RESPONSE": ["B"]})
    assert (right.score, right.category, right.outcomes[feedback]) == (4, 4, ["correct"])
    assert (wrong.score, wrong.outcomes[feedback]) == (0, ["incorrect"])


def test_common_cartridge_map_gives_points_and_says_when_they_are_all():
    mapping = Mapping(entries=(MapEntry(key="A", value=4), MapEntry(key="B", value=1)), default=-1)
    scoring = cartridge("CC2_map_response", feedback="FEEDBACK", mapping=mapping)
    results = [score(scoring, {"RESPONSE": values}) for values in (["A"], ["B"], ["C"], [])]
    assert [result.score for result in results] == [4, 1, -1, 0]
    assert [result.outcomes["FEEDBACK"] for result in results] == [["correct"], *[["incorrect"]] * 3]


def test_other_templates_are_none_of_common_cartridge():
    assert common_cartridge_rules("match_correct", frozenset()) is None


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=8), st.lists(st.text(max_size=12), max_size=3), max_size=3))
def test_no_answer_breaks_scoring(answer):
    for scoring in (keyed(["3"], base_type="float"), numeric(NumericKey(value=2)), mapped({"A": 1})):
        try:
            result = score(scoring, answer)
        except AnswerInvalid:
            continue
        assert 0 <= result.category <= scoring.max_category


@pytest.mark.parametrize(
    ("typed", "unit", "right"),
    [
        ("5", "kg", True),
        ("5 kg", "kg", True),
        ("5kg", "kg", True),
        ("−5 kg", "kg", False),
        ("17%", "%", True),
        ("17 %", "", True),
        ("€8,000", "€", True),
        ("8 000 €", "", True),
        ("$ 8000", "", True),
        ("12 Deliveries", "deliveries", True),
        ("5000 g", "kg", None),
        ("5 g", "kg", None),
        ("5 KG", "kg", None),
        ("5 kg", "", None),
        ("1e3 kg", "kg", False),
        ("51", "1", False),
        ("kg", "kg", None),
    ],
)
def test_a_typed_number_may_carry_the_unit_that_is_asked_for(typed: str, unit: str, right: bool | None) -> None:
    keys = tuple(NumericKey(value=value) for value in (5.0, 17.0, 8000.0, 12.0))
    declared = ResponseDeclaration(identifier="RESPONSE", base_type="float", correct=("5",))
    asked = ItemScoring(rule="numeric", responses=(declared,), numeric=keys, unit=unit)
    if right is None:
        with pytest.raises(AnswerInvalid, match="not a number"):
            score(asked, {"RESPONSE": [typed]})
    else:
        assert (score(asked, {"RESPONSE": [typed]}).category == 1) is right
