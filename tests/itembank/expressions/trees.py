"""Trees of rules to write tests with, and what they give."""

from itembank.expressions.values import read_value, write_value
from itembank.response_processing import State, evaluate

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
