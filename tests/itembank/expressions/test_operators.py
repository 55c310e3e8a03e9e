"""Every operator of QTI expressions, and NULL everywhere."""

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itembank.errors import ItemInvalid
from itembank.expressions.checks import unsupported
from itembank.expressions.values import Value, number
from itembank.response_processing import OPERATORS, State, evaluate
from tests.itembank.expressions.trees import FALSE, NOTHING, TRUE, A, B, many, op, result, state, value


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


def test_the_table_of_operators_is_that_of_the_standard():
    named = (
        "and any_n base_value container_size contains correct default delete divide duration_gte duration_lt equal "
        "equal_rounded field_value gcd gt gte index inside integer_divide integer_modulus integer_to_float is_null lcm "
        "lt lte map_response map_response_point match math_constant math_operator max member min multiple not null or "
        "ordered pattern_match power product repeat round round_to stats_operator string_match substring subtract sum "
        "truncate variable"
    )
    assert set(named.split()) == OPERATORS
