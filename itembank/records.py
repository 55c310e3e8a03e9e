"""The frozen record that every rule works on, and its canonical bytes."""

import hashlib
from collections.abc import Callable
from functools import cache
from operator import attrgetter, is_
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec

ATOMS = frozenset({str, int, float, bool, type(None), bytes})
"""Types that hold nothing to be settled; the common ones are passed over quickly, since banks are large."""

Settled = TypeVar("Settled", bound=msgspec.Struct)
DETERMINISTIC = msgspec.json.Encoder(order="deterministic")


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """A frozen value: equal when its fields are equal, strict about unknown fields, silent about defaults.

    It cannot come to hold itself, so the search for reference cycles need not look at it.
    """


def canonical(record: object) -> bytes:
    """Deterministic JSON: keys sorted, defaults left out; equal records give the same bytes on every machine."""
    return DETERMINISTIC.encode(_settled_value(record))


def digest(*parts: bytes) -> str:
    """SHA-256 (hex) over length-prefixed parts, so that no two different lists of parts collide by concatenation."""
    framed = [piece for part in parts for piece in (len(part).to_bytes(8, "big"), part)]
    return hashlib.sha256(b"".join(framed)).hexdigest()


def settled(record: Settled) -> Settled:
    """The same record, values equal to a field's default replaced by that very default, all the way down.

    The encoder leaves a default out when it is the same object, not when it is equal; text read from a file or from
    the database is never the same object.
    """
    names, defaults, values_of = _plan(type(record))
    changes: dict[str, Any] = {}
    for name, default, value in zip(names, defaults, values_of(record)):
        if value is not default:
            equal = type(value) is type(default) and value == default
            if (after := default if equal else _settled_value(value)) is not value:
                changes[name] = after
    return msgspec.structs.replace(record, **changes) if changes else record


@cache
def _plan(kind: type[msgspec.Struct]) -> tuple[tuple[str, ...], tuple[Any, ...], Callable[[Any], tuple[Any, ...]]]:
    """The fields that may have something to settle, their defaults, and how to read all of them at once."""
    fields = [field for field in msgspec.structs.fields(kind) if _may_be_another(field.default) or _is_deep(field.type)]
    names = tuple(field.name for field in fields)
    if len(names) == 1:
        only = attrgetter(*names)
        return names, (fields[0].default,), lambda record: (only(record),)
    return names, tuple(field.default for field in fields), attrgetter(*names) if names else lambda record: ()


def _may_be_another(default: Any) -> bool:
    """Whether a value may equal this default and be another object; of "", (), True and small numbers there is one."""
    if default is msgspec.NODEFAULT or default is None or type(default) is bool:
        return False
    if type(default) is int:
        return not -5 <= default <= 256
    return bool(default) or type(default) not in (str, tuple)


def _is_deep(annotation: Any) -> bool:
    """Whether a value of this type may hold, at any depth, something to be settled; where nothing is known, it may."""
    seen: set[Any] = set()
    waiting = [annotation]
    while waiting:
        kind = waiting.pop()
        if kind in seen or kind in ATOMS or kind is ... or get_origin(kind) is Literal:
            continue
        seen.add(kind)
        if hasattr(kind, "__struct_fields__"):
            fields = msgspec.structs.fields(kind)
            if any(_may_be_another(field.default) for field in fields):
                return True
            waiting += [field.type for field in fields]
        elif get_args(kind):
            waiting += get_args(kind)
        elif kind in (Any, object, list, tuple, dict) or not isinstance(kind, type):
            return True
    return False


def _settled_value(value: Any) -> Any:
    kind = type(value)
    if kind in ATOMS:
        return value
    if kind is tuple or kind is list:
        parts = [_settled_value(part) for part in value]
        return value if all(map(is_, parts, value)) else kind(parts)
    if hasattr(kind, "__struct_fields__"):  # asking the abstract base class takes ten times as long
        return settled(value)
    if isinstance(value, dict):
        entries = {key: _settled_value(part) for key, part in value.items()}
        return value if all(map(is_, entries.values(), value.values())) else entries
    return value
