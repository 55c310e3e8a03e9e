"""The rule interpreter: conditions, lookups, exits, outcomes and what declarations state."""

import pytest

from itembank.expressions.values import NULL, container, number, read_value, write_value
from itembank.items import LookupTable, OutcomeDeclaration, ResponseDeclaration
from itembank.response_processing import State, run
from tests.itembank.expressions.trees import FALSE, NOTHING, TRUE, op, result, value


def scoring_state(*outcomes, **given):
    declared = (OutcomeDeclaration(identifier="SCORE"), *outcomes)
    return State((), declared, {name: read_value([text], "float", "single") for name, text in given.items()})


def set_score(points):
    return op("set_outcome_value", value(points), identifier="SCORE")


def branches(*conditions):
    names = ["response_if", *["response_else_if"] * (len(conditions) - 1)]
    return [
        {"op": name, "args": [condition, set_score(n + 1)]}
        for n, (name, condition) in enumerate(zip(names, conditions))
    ]


@pytest.mark.parametrize(
    ("conditions", "points"), [((TRUE, TRUE), 1), ((FALSE, TRUE), 2), ((NOTHING, TRUE), 2), ((FALSE, NOTHING), 9)]
)
def test_the_first_true_branch_runs_and_null_is_not_true(conditions, points):
    current = scoring_state()
    otherwise = {"op": "response_else", "args": [set_score(9)]}
    assert run([{"op": "response_condition", "args": [*branches(*conditions), otherwise]}], current)
    assert write_value(current.values["SCORE"]) == [str(points)]


def test_exit_response_ends_everything_even_inside_conditions_and_fragments():
    current = scoring_state()
    leaving = {"op": "response_if", "args": [TRUE, set_score(1), {"op": "exit_response"}]}
    fragment = {"op": "response_processing_fragment", "args": [{"op": "response_condition", "args": [leaving]}]}
    assert not run([fragment, set_score(2)], current)
    assert write_value(current.values["SCORE"]) == ["1"]


def test_outcomes_keep_their_type():
    count = OutcomeDeclaration(identifier="COUNT", base_type="integer")
    current = scoring_state(count)
    run([op("set_outcome_value", value("2.9"), identifier="COUNT")], current)
    assert current.values["COUNT"] == number(2, "integer")
    run([op("set_outcome_value", NOTHING, identifier="COUNT")], current)
    assert current.values["COUNT"] == NULL


def test_numeric_outcomes_start_at_zero_or_their_default():
    named = OutcomeDeclaration(identifier="NAME", base_type="identifier")
    high = OutcomeDeclaration(identifier="HIGH", default=("7",))
    current = scoring_state(named, high)
    assert [write_value(current.values[name]) for name in ("SCORE", "NAME", "HIGH")] == [["0"], [], ["7"]]


@pytest.mark.parametrize(
    ("kind", "source", "target"),
    [
        ("match", "2", "two"),
        ("match", "3", "none"),
        ("interpolation", "9", "five"),
        ("interpolation", "5", "five"),
        ("interpolation", "2", "none"),
        ("interpolation", "2.01", "two"),
        ("interpolation", "1", "none"),
    ],
)
def test_lookup_tables(kind, source, target):
    table = LookupTable(kind=kind, rows=((5, "five", True), (2, "two", False)), default="none")
    grade = OutcomeDeclaration(identifier="GRADE", base_type="identifier", lookup=table)
    current = scoring_state(grade)
    run([op("lookup_outcome_value", value(source), identifier="GRADE")], current)
    assert write_value(current.values["GRADE"]) == [target]


def test_correct_and_default_read_the_declarations():
    declared = ResponseDeclaration(identifier="R", cardinality="multiple", correct=("A", "B"), default=("C",))
    current = State((declared,), (), {"R": container("identifier", "multiple", ["B", "A"])})
    right = op("match", {"op": "variable", "identifier": "R"}, {"op": "correct", "identifier": "R"})
    assert result(right, current) == ["true"]
    assert result({"op": "default", "identifier": "R"}, current) == ["C"]
