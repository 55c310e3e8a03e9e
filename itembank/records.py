"""The frozen record that every rule works on, and its canonical bytes."""

import hashlib
from functools import cache
from operator import is_
from typing import Any, TypeVar

import msgspec

ATOMS = frozenset({str, int, float, bool, type(None), bytes})
"""Types that hold nothing to be settled; the common ones are passed over quickly, since banks are large."""

Settled = TypeVar("Settled", bound=msgspec.Struct)


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A frozen value: equal when its fields are equal, strict about unknown fields, silent about defaults."""


def canonical(record: object) -> bytes:
    """Deterministic JSON: keys sorted, defaults left out; equal records give the same bytes on every machine."""
    return msgspec.json.encode(_settled_value(record), order="deterministic")


def digest(*parts: bytes) -> str:
    """SHA-256 (hex) over length-prefixed parts, so that no two different lists of parts collide by concatenation."""
    running = hashlib.sha256()
    for part in parts:
        running.update(len(part).to_bytes(8, "big"))
        running.update(part)
    return running.hexdigest()


def settled(record: Settled) -> Settled:
    """The same record, values equal to a field's default replaced by that very default, all the way down.

    The encoder leaves a default out when it is the same object, not when it is equal; text read from a file or from
    the database is never the same object.
    """
    changes: dict[str, Any] = {}
    for name, default in _fields(type(record)):
        value = getattr(record, name)
        if value is default:
            continue
        kind = type(value)
        if kind is type(default) and value == default:
            changes[name] = default
        elif kind not in ATOMS and (after := _settled_value(value)) is not value:
            changes[name] = after
    return msgspec.structs.replace(record, **changes) if changes else record


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[tuple[str, Any], ...]:
    return tuple((field.name, field.default) for field in msgspec.structs.fields(kind))


def _settled_value(value: Any) -> Any:
    if hasattr(type(value), "__struct_fields__"):  # asking the abstract base class takes ten times as long
        return settled(value)
    if isinstance(value, tuple | list) and value:
        parts = [part if type(part) in ATOMS else _settled_value(part) for part in value]
        return value if all(map(is_, parts, value)) else type(value)(parts)
    if isinstance(value, dict) and value:
        entries = {key: _settled_value(part) for key, part in value.items()}
        return value if all(entries[key] is part for key, part in value.items()) else entries
    return value
