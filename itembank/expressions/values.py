"""Values of response and outcome variables: typed, NULL when empty, compared as QTI compares them."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction

from itembank.expressions import numbers
from itembank.items import Cardinality, StatedField
from itembank.records import Record

Point = tuple[Fraction, Fraction]
Atom = str | bool | Fraction | tuple[str, str] | Point
LARGEST = Fraction(10) ** 300
NUMERIC = ("integer", "float", "duration")
_ISO_DURATION = re.compile(
    r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)


class Value(Record, frozen=True, kw_only=True):
    """A typed value. No atoms (and no fields) is NULL: QTI holds empty containers and empty strings to be NULL."""

    base_type: str = ""
    cardinality: Cardinality = "single"
    atoms: tuple[Atom, ...] = ()
    fields: dict[str, "Value"] = {}

    @property
    def is_null(self) -> bool:
        return not self.atoms and not self.fields


NULL = Value()


def boolean(truth: bool) -> Value:
    return Value(base_type="boolean", atoms=(truth,))


def number(value: Fraction | int, base_type: str = "float") -> Value:
    """A numeric value; NULL beyond what a float can hold (QTI's INF is of no use for a score)."""
    exact = Fraction(value)
    return NULL if abs(exact) > LARGEST else Value(base_type=base_type, atoms=(exact,))


def container(base_type: str, cardinality: Cardinality, atoms: Iterable[Atom]) -> Value:
    return Value(base_type=base_type, cardinality=cardinality, atoms=tuple(atoms))


def read_atom(text: str, base_type: str) -> Atom:
    """One value from its QTI string form; a pair is unordered, so its two names are kept sorted.

    Raises:
        ValueError: with a sentence, when the text does not have the form of its base type.
    """
    if base_type in NUMERIC:
        return (
            _whole(text)
            if base_type == "integer"
            else _seconds(text)
            if base_type == "duration"
            else numbers.exact(text)
        )
    if base_type == "boolean":
        return _truth(text)
    if base_type == "point":
        x, y = _two(text, "a point is two numbers, like '12 40'")
        return numbers.exact(x), numbers.exact(y)
    if base_type in ("pair", "directedPair"):
        first, second = _two(text, "a pair is two names, like 'A B'")
        return (first, second) if base_type == "directedPair" or first <= second else (second, first)
    return unicodedata.normalize("NFC", text).strip()


def _whole(text: str) -> Fraction:
    value = numbers.exact(text)
    if value.denominator != 1:
        raise ValueError(f"'{text[:40]}' is not a whole number.")
    return value


def _seconds(text: str) -> Fraction:
    """A duration: seconds as QTI wants them, or the ISO 8601 form that some programs write ("PT1M30S")."""
    parts = _ISO_DURATION.fullmatch(text.strip())
    stated = {} if parts is None else {name: value for name, value in parts.groupdict().items() if value}
    if not stated:
        return numbers.exact(text)
    return sum((numbers.exact(value) * SECONDS[name] for name, value in stated.items()), Fraction(0))


SECONDS = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}


def _truth(text: str) -> bool:
    stripped = text.strip().lower()
    if stripped not in ("true", "false", "1", "0"):
        raise ValueError(f"'{text[:40]}' is neither true nor false.")
    return stripped in ("true", "1")


def _two(text: str, form: str) -> tuple[str, str]:
    parts = text.split()
    if len(parts) != 2:
        raise ValueError(f"'{text[:40]}' does not fit: {form}.")
    return parts[0], parts[1]


def read_value(texts: Sequence[str], base_type: str, cardinality: Cardinality) -> Value:
    """A variable's value from QTI strings; empty strings are left out, so that nothing given is NULL."""
    atoms = tuple(read_atom(text, base_type) for text in texts if text.strip())
    return Value(base_type=base_type, cardinality=cardinality, atoms=atoms)


def read_record(fields: Iterable[StatedField]) -> Value:
    """A record from what a declaration states of its fields; those without a value are left out."""
    read = {field.name: read_value((field.value,), field.base_type, "single") for field in fields}
    return Value(cardinality="record", fields={name: value for name, value in read.items() if not value.is_null})


def write_atom(atom: Atom) -> str:
    """The QTI string form of one value."""
    if isinstance(atom, bool):
        return "true" if atom else "false"
    if isinstance(atom, Fraction):
        return numbers.written(atom)
    if isinstance(atom, tuple):
        return " ".join(write_atom(part) for part in atom)
    return atom


def write_value(value: Value) -> list[str]:
    return [write_atom(atom) for atom in value.atoms]


def matches(left: Value, right: Value) -> bool:
    """Equality of two values that are not NULL: order counts for ordered containers, how often for multiple ones."""
    if left.fields or right.fields:
        return left.fields == right.fields
    ours, theirs = _comparable(left, right)
    if "ordered" in (left.cardinality, right.cardinality):
        return ours == theirs
    return Counter(ours) == Counter(theirs)


def _comparable(left: Value, right: Value) -> tuple[list[Atom], list[Atom]]:
    same = left.base_type == right.base_type or (left.base_type in NUMERIC and right.base_type in NUMERIC)
    if same:
        return list(left.atoms), list(right.atoms)
    return [write_atom(atom) for atom in left.atoms], [write_atom(atom) for atom in right.atoms]


def as_numbers(values: Iterable[Value]) -> list[Fraction] | None:
    """All numbers of the values, containers flattened; None when one is NULL or no number."""
    found: list[Fraction] = []
    for value in values:
        if value.is_null:
            return None
        for atom in value.atoms:
            read = _as_number(atom)
            if read is None:
                return None
            found.append(read)
    return found


def _as_number(atom: Atom) -> Fraction | None:
    if isinstance(atom, Fraction):
        return atom
    if not isinstance(atom, str):
        return None
    try:
        return numbers.exact(atom)
    except ValueError:
        return None


def truth(value: Value) -> bool | None:
    """True, false, or None for NULL."""
    if value.is_null:
        return None
    atom = value.atoms[0]
    return atom if isinstance(atom, bool) else write_atom(atom) == "true"


def text(value: Value) -> str | None:
    return None if value.is_null else write_atom(value.atoms[0])


def cast(value: Value, base_type: str, cardinality: Cardinality) -> Value:
    """The value as a variable of this type holds it; integer variables drop what is behind the point."""
    if value.is_null or value.fields:
        return value
    if base_type == "integer":
        read = as_numbers([value])
        atoms: tuple[Atom, ...] = tuple(Fraction(int(n)) for n in read) if read is not None else ()
    elif base_type in NUMERIC:
        read = as_numbers([value])
        atoms = tuple(read) if read is not None else ()
    elif base_type in ("identifier", "string", "uri", "file"):
        atoms = tuple(write_atom(atom) for atom in value.atoms)
    else:
        atoms = value.atoms
    return Value(base_type=base_type, cardinality=cardinality, atoms=atoms)
