"""The few custom operators whose meaning their name gives away; all others are foreign code and are not run.

They are known by the last part of `definition` or `class` ("qade:Trim", "depcp:ParseCommaDecimal").
"""

import unicodedata
from collections.abc import Callable, Mapping

from itembank.expressions import numbers
from itembank.expressions.values import NULL, Value, number, text


def operator_of(expression: Mapping[str, object]) -> Callable[[Value], Value] | None:
    """What a custom operator does to its one operand, or None when it is not known."""
    stated = str(expression.get("definition") or expression.get("class") or "")
    return KNOWN.get(stated.replace(".", ":").rsplit(":", 1)[-1].lower())


def _on_text(change: Callable[[str], str]) -> Callable[[Value], Value]:
    def changed(value: Value) -> Value:
        given = text(value)
        made = "" if given is None else change(given)
        return Value(base_type="string", atoms=(made,)) if made else NULL

    return changed


def _plain_letters(given: str) -> str:
    parts = unicodedata.normalize("NFKD", given)
    return "".join(character for character in parts if not unicodedata.combining(character))


def _decimal(value: Value) -> Value:
    try:
        return number(numbers.typed(text(value) or "")[0])
    except ValueError:
        return NULL


KNOWN: dict[str, Callable[[Value], Value]] = {
    "trim": _on_text(str.strip),
    "toascii": _on_text(_plain_letters),
    "parsecommadecimal": _decimal,
    "parsedecimaldotcomma": _decimal,
    "stringtonumber": _decimal,
}
