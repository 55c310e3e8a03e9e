"""The rule interpreter: every operator, NULL everywhere, conditions, lookups, exits."""

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itembank.errors import ItemInvalid
from itembank.expressions.checks import check_rules, unsupported
from itembank.expressions.values import NULL, Value, container, number, read_value, write_value
from itembank.items import LookupTable, OutcomeDeclaration, ResponseDeclaration
from itembank.response_processing import OPERATORS, State, evaluate, run

NOTHING = {"op": "null"}


def value(text, base_type="float"):
    return {"op": "base_value", "base_type": base_type, "value": str(text)}


def many(*texts, base_type="integer", op="multiple"):
    return {"op": op, "args": [value(text, base_type) for text in texts]}


def op(called, /, *args, **attributes):
    return {"op": called, "args": list(args), **attributes}


def state(**variables):
    return State((), (), {name: read_value([text], "float", "single") for name, text in variables.items()})


def result(expression, current=None):
    """The written value: a list, or None for NULL."""
    found = evaluate(expression, current or state())
    return None if found.is_null else write_value(found)


TRUE, FALSE = value("true", "boolean"), value("false", "boolean")
A, B = value("A", "identifier"), value("B", "identifier")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (op("and", TRUE, NOTHING), None),
        (op("and", FALSE, NOTHING), "false"),
        (op("and", TRUE, TRUE), "true"),
        (op("or", TRUE, NOTHING), "true"),
        (op("or", FALSE, NOTHING), None),
        (op("or", FALSE, FALSE), "false"),
        (op("not", NOTHING), None),
        (op("not", FALSE), "true"),
        (op("any_n", TRUE, TRUE, FALSE, min="1", max="2"), "true"),
        (op("any_n", TRUE, TRUE, TRUE, min="1", max="2"), "false"),
        (op("any_n", TRUE, NOTHING, FALSE, min="2", max="3"), None),
        (op("any_n", TRUE, NOTHING, FALSE, min="1", max="2"), "true"),
        (op("any_n", FALSE, NOTHING, FALSE, min="2", max="3"), "false"),
        (op("is_null", NOTHING), "true"),
        (op("is_null", value("", "string")), "true"),
        (op("is_null", op("multiple")), "true"),
        (op("is_null", value("x", "string")), "false"),
        (op("match", A, A), "true"),
        (op("match", A, NOTHING), None),
        (op("match", many(1, 2, 2), many(2, 1, 2)), "true"),
        (op("match", many(1, 2, 2), many(1, 1, 2)), "false"),
        (op("match", many(1, 2, op="ordered"), many(2, 1, op="ordered")), "false"),
        (op("match", value("A B", "pair"), value("B A", "pair")), "true"),
        (op("match", value("A B", "directedPair"), value("B A", "directedPair")), "false"),
        (op("match", value("3", "integer"), value("3.0", "float")), "true"),
        (op("match", value("A", "identifier"), value("A", "string")), "true"),
        (op("member", value(2, "integer"), many(1, 2)), "true"),
        (op("member", value(3, "integer"), many(1, 2)), "false"),
        (op("member", value(3, "integer"), NOTHING), None),
        (op("contains", many(1, 2, 2), many(2, 2)), "true"),
        (op("contains", many(1, 2), many(2, 2)), "false"),
        (op("contains", many(1, 2, 3, op="ordered"), many(2, 3, op="ordered")), "true"),
        (op("contains", many(1, 2, 3, op="ordered"), many(1, 3, op="ordered")), "false"),
        (op("contains", many(1), NOTHING), None),
        (op("substring", value("king", "string"), value("wicked King", "string"), case_sensitive="false"), "true"),
        (op("substring", value("king", "string"), value("wicked King", "string")), "false"),
        (op("string_match", value("Ab", "string"), value("aB", "string"), case_sensitive="false"), "true"),
        (op("string_match", value("Ab", "string"), value("aB", "string"), case_sensitive="true"), "false"),
        (op("string_match", value("wicked", "string"), value("ick", "string"), substring="true"), "true"),
        (op("string_match", NOTHING, value("a", "string")), None),
        (op("pattern_match", value("AB12", "string"), pattern="[A-Z]+[0-9]{2}"), "true"),
        (op("pattern_match", value("xAB12", "string"), pattern="[A-Z]+[0-9]{2}"), "false"),
        (op("pattern_match", NOTHING, pattern="a"), None),
        (op("lt", value(1), value(2)), "true"),
        (op("lt", value(2), value(2)), "false"),
        (op("lte", value(2), value(2)), "true"),
        (op("gt", value(3), value(2)), "true"),
        (op("gte", value(2), NOTHING), None),
        (op("duration_lt", value(1, "duration"), value(2, "duration")), "true"),
        (op("duration_gte", value(1, "duration"), value(2, "duration")), "false"),
        (op("inside", value("5 5", "point"), shape="rect", coords="0,0,5,5"), "true"),
        (op("inside", many("50 50", "1 1", base_type="point"), shape="circle", coords="0,0,2"), "true"),
        (op("inside", NOTHING, shape="default"), None),
        (op("equal", value("0.3"), op("sum", value("0.1"), value("0.2")), tolerance_mode="exact"), "true"),
        (op("equal", value(10), value("10.5"), tolerance_mode="absolute", tolerance="0.5"), "true"),
        (
            op(
                "equal",
                value(10),
                value("10.5"),
                tolerance_mode="absolute",
                tolerance="0.5",
                include_upper_bound="false",
            ),
            "false",
        ),
        (op("equal", value(10), value("9.4"), tolerance_mode="absolute", tolerance="0.5 9"), "false"),
        (op("equal", value(10), value("18"), tolerance_mode="absolute", tolerance="0.5 9"), "true"),
        (op("equal", value(200), value("210"), tolerance_mode="relative", tolerance="5"), "true"),
        (op("equal", value(-200), value("-210"), tolerance_mode="relative", tolerance="5"), "true"),
        (op("equal", value(200), value("210.1"), tolerance_mode="relative", tolerance="5"), "false"),
        (op("equal", NOTHING, value(1)), None),
        (op("equal", value(1), value(2), tolerance_mode="absolute", tolerance="unknown"), None),
        (op("equal_rounded", value("1.234"), value("1.2345"), rounding_mode="decimalPlaces", figures="2"), "true"),
        (op("equal_rounded", value("1234"), value("1250"), rounding_mode="significantFigures", figures="2"), "false"),
    ],
)
def test_truth(expression, expected):
    assert result(expression) == (None if expected is None else [expected])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (op("sum", value("0.1"), value("0.2"), value("0.7")), ["1"]),
        (op("sum", many(1, 2), value(3, "integer")), ["6"]),
        (op("sum", value(1), NOTHING), None),
        (op("product", value(2), value("1.5")), ["3"]),
        (op("subtract", value(2), value(5)), ["-3"]),
        (op("divide", value(1), value(8)), ["0.125"]),
        (op("divide", value(1), value(0)), None),
        (op("power", value(2), value(10)), ["1024"]),
        (op("power", value(2), value("0.5")), [repr(math.pow(2, 0.5))]),
        (op("power", value(-8), value("0.5")), None),
        (op("power", value(0), value(-1)), None),
        (op("power", value("1e10"), value(500)), None),
        (op("integer_divide", value(-7, "integer"), value(2, "integer")), ["-4"]),
        (op("integer_modulus", value(-7, "integer"), value(2, "integer")), ["1"]),
        (op("integer_modulus", value(7, "integer"), value(0, "integer")), None),
        (op("round", value("6.5")), ["7"]),
        (op("round", value("-6.5")), ["-6"]),
        (op("round", value("6.49")), ["6"]),
        (op("truncate", value("-6.9")), ["-6"]),
        (op("round_to", value("1.2345"), rounding_mode="decimalPlaces", figures="3"), ["1.235"]),
        (op("round_to", value("-1.2345"), rounding_mode="decimalPlaces", figures="3"), ["-1.235"]),
        (op("round_to", value("1234.5"), rounding_mode="significantFigures", figures="2"), ["1200"]),
        (op("round_to", value("0.012345"), rounding_mode="significantFigures", figures="3"), ["0.0123"]),
        (op("round_to", value("0.099996"), rounding_mode="significantFigures", figures="3"), ["0.1"]),
        (op("round_to", value("1"), rounding_mode="significantFigures", figures="0"), None),
        (op("max", value(1), many(5, 3)), ["5"]),
        (op("min", value(1), many(5, 3)), ["1"]),
        (op("max", value(1), NOTHING), None),
        (op("gcd", many(12, 18), value(8, "integer")), ["2"]),
        (op("lcm", many(4, 6)), ["12"]),
        (op("lcm", many(4, 0)), ["0"]),
        (op("container_size", many(1, 1, 2)), ["3"]),
        (op("container_size", NOTHING), ["0"]),
        (op("index", many("C", "A", base_type="identifier", op="ordered"), n="2"), ["A"]),
        (op("index", many("C", base_type="identifier", op="ordered"), n="2"), None),
        (op("delete", value(2, "integer"), many(1, 2, 2, 3)), ["1", "3"]),
        (op("delete", value(1, "integer"), many(1)), None),
        (op("repeat", value(1), value(2), number_repeats="2"), ["1", "2", "1", "2"]),
        (op("repeat", value(1), number_repeats="0"), None),
        (op("multiple", NOTHING, A, NOTHING, B), ["A", "B"]),
        (op("ordered", NOTHING), None),
        (op("integer_to_float", value(3, "integer")), ["3"]),
        (op("math_operator", value(0), name="cos"), ["1"]),
        (op("math_operator", value(1), value(1), name="atan2"), [repr(math.atan2(1, 1))]),
        (op("math_operator", value(-1), name="ln"), None),
        (op("math_operator", value(0), name="csc"), None),
        (op("math_operator", value("-2.5"), name="floor"), ["-3"]),
        (op("math_operator", value("-2.5"), name="signum"), ["-1"]),
        (op("math_operator", value(100), name="log"), ["2"]),
        (op("math_operator", value(1000), name="exp"), None),
        (op("stats_operator", many(2, 4, 4, 4, 5, 5, 7, 9), name="popSD"), ["2"]),
        (op("stats_operator", many(2, 4, 4, 4, 5, 5, 7, 9), name="mean"), ["5"]),
        (op("stats_operator", many(1, 2, 3, 4), name="sampleVariance"), [repr(5 / 3)]),
        (op("stats_operator", many(3), name="sampleSD"), None),
        (op("stats_operator", many(1, 3, 4, 7), name="median"), ["3.5"]),
        ({"op": "math_constant", "name": "pi"}, [repr(math.pi)]),
        ({"op": "variable", "identifier": "NOBODY"}, None),
        (op("custom_sum_of_nothing"), "KeyError"),
    ],
)
def test_values(expression, expected):
    if expected == "KeyError":
        assert unsupported([expression])
        return
    assert result(expression) == expected


def test_every_function_of_math_operator_agrees_with_the_library():
    from itembank.expressions.arithmetic import FUNCTIONS

    twins = {"sin": math.sin, "tanh": math.tanh, "toDegrees": math.degrees, "sec": lambda x: 1 / math.cos(x)}
    twins |= {"acot": lambda x: math.pi / 2 - math.atan(x), "asec": lambda x: math.acos(1 / x), "exp": math.exp}
    for name, twin in twins.items():
        found = evaluate(op("math_operator", value("1.25"), name=name), state())
        assert float(found.atoms[0]) == pytest.approx(twin(1.25), rel=1e-14)
    assert len(FUNCTIONS) == 29


def test_attributes_may_name_variables():
    current = state(N="2", TOL="0.5")
    assert result(op("index", many("A", "B", base_type="identifier", op="ordered"), n="N"), current) == ["B"]
    expression = op("equal", value(1), value("1.5"), tolerance_mode="absolute", tolerance="TOL TOL")
    assert result(expression, current) == ["true"]


def test_records_give_their_fields():
    given_record = Value(cardinality="record", fields={"floatValue": number(Fraction(5, 2))})
    current = State((), (), {"R": given_record})
    field = op("field_value", {"op": "variable", "identifier": "R"}, field_identifier="floatValue")
    assert result(field, current) == ["2.5"]
    assert result({**field, "field_identifier": "none"}, current) is None


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


@settings(deadline=None)
@given(st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=6))
def test_logic_agrees_with_trying_all_worlds(held):
    """NULL means either: an operator is known exactly when all worlds agree."""
    args = [NOTHING if h is None else TRUE if h else FALSE for h in held]
    worlds = [[]]
    for h in held:
        worlds = [[*world, choice] for world in worlds for choice in ((True, False) if h is None else (h,))]
    tries = {
        "and": {all(world) for world in worlds},
        "or": {any(world) for world in worlds},
        "any_n": {1 <= sum(world) <= 2 for world in worlds},
    }
    for name, outcomes in tries.items():
        expected = [str(outcomes.pop()).lower()] if len(outcomes) == 1 else None
        assert result(op(name, *args, min="1", max="2")) == expected


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
        (op("set_outcome_value", op("pattern_match", A, pattern="(a+)+"), identifier="S"), "for ever"),
        (op("set_outcome_value", op("pattern_match", A, pattern="(a|a)*b"), identifier="S"), "for ever"),
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
    ("name", "given_text", "expected"),
    [
        ("qade:Trim", " a ", ["a"]),
        ("qade:ToAscii", "Zürich", ["Zurich"]),
        ("depcp:ParseCommaDecimal", "0,6300", ["0.63"]),
    ],
)
def test_custom_operators_whose_name_says_it_all_are_carried_out(name, given_text, expected):
    expression = op("custom_operator", value(given_text, "string"), definition=name)
    assert unsupported([op("set_outcome_value", expression, identifier="S")]) == ()
    assert result(expression) == expected


def test_other_custom_operators_are_refused_even_at_the_last_moment():
    with pytest.raises(ItemInvalid, match="custom_operator"):
        result(op("custom_operator", A, definition="org:Magic"))


@pytest.mark.parametrize(
    "pattern", ["(ab){1,3}c*", "[a-z]+@[a-z]+", r"\d+(\.\d{1,2})?", "(yes|no)", r"a\(b\)*", "([A-Z]{2})+"]
)
def test_patterns_that_are_harmless_pass(pattern):
    rules = [op("set_outcome_value", op("pattern_match", A, pattern=pattern), identifier="S")]
    check_rules(rules)
    assert unsupported(rules) == ()


def test_the_table_of_operators_is_that_of_the_standard():
    named = (
        "and any_n base_value container_size contains correct default delete divide duration_gte duration_lt equal "
        "equal_rounded field_value gcd gt gte index inside integer_divide integer_modulus integer_to_float is_null lcm "
        "lt lte map_response map_response_point match math_constant math_operator max member min multiple not null or "
        "ordered pattern_match power product repeat round round_to stats_operator string_match substring subtract sum "
        "truncate variable"
    )
    assert set(named.split()) == OPERATORS
