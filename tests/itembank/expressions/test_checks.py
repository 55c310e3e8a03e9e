"""Trees that are no rules are refused with their place; what cannot be carried out is named."""

import pytest

from itembank.errors import ItemInvalid
from itembank.expressions.checks import check_rules, unsupported
from tests.itembank.expressions.trees import TRUE, A, many, op, value


def set_score(points):
    return op("set_outcome_value", value(points), identifier="SCORE")


@pytest.mark.parametrize(
    ("rule", "word"),
    [
        (op("set_outcome_value", identifier="SCORE"), "operands"),
        (op("set_outcome_value", value(1)), "identifier"),
        (value(1), "rule is expected"),
        (op("set_outcome_value", op("match", A), identifier="SCORE"), "1 operands where 2"),
        (op("set_outcome_value", value("x"), identifier="SCORE"), "not a number"),
        (op("set_outcome_value", set_score(1), identifier="SCORE"), "value is expected"),
        (op("response_condition", TRUE), "branches"),
        (op("response_condition", op("response_if", TRUE, TRUE)), "rule is expected"),
        (op("set_outcome_value", op("pattern_match", A, pattern="(?=a)(a+)+"), identifier="S"), "for ever"),
        (op("set_outcome_value", op("pattern_match", A, pattern=r"(a|b)*\1"), identifier="S"), "for ever"),
        (op("set_outcome_value", op("pattern_match", A, pattern="["), identifier="S"), "regular expression"),
        (op("set_outcome_value", op("inside", A, shape="star"), identifier="S"), "no shape"),
        (op("set_outcome_value", op("math_operator", A, name="sine"), identifier="S"), "no function"),
        (op("set_outcome_value", op("stats_operator", A, name="mode"), identifier="S"), "no statistic"),
    ],
)
def test_malformed_rules_are_refused_with_their_place(rule, word):
    with pytest.raises(ItemInvalid, match=word):
        check_rules([rule])


def test_depth_is_bounded():
    deep = TRUE
    for _ in range(200):
        deep = op("not", deep)
    with pytest.raises(ItemInvalid, match="levels deep"):
        check_rules([op("set_outcome_value", deep, identifier="SCORE")])


def test_what_cannot_be_carried_out_is_named():
    rules = [
        op("set_outcome_value", op("random", many(1, 2)), identifier="A"),
        op("set_outcome_value", op("custom_operator", A, **{"class": "org.example.X"}), identifier="B"),
        op("set_outcome_value", op("number_correct"), identifier="C"),
    ]
    check_rules(rules)
    reasons = unsupported(rules)
    assert [word for word in ("chance", "org.example.X", "number_correct") if any(word in r for r in reasons)] == [
        "chance",
        "org.example.X",
        "number_correct",
    ]


@pytest.mark.parametrize(
    "pattern", ["(ab){1,3}c*", "[a-z]+@[a-z]+", r"\d+(\.\d{1,2})?", "(yes|no)", r"a\(b\)*", "([A-Z]{2})+"]
)
def test_patterns_that_are_harmless_pass(pattern):
    rules = [op("set_outcome_value", op("pattern_match", A, pattern=pattern), identifier="S")]
    check_rules(rules)
    assert unsupported(rules) == ()
