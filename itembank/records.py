"""The frozen record that every rule works on, and its canonical bytes."""

import gc
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from operator import attrgetter, is_
from threading import Lock
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
    names, defaults, values_of = _plan(type(record))
    changes: dict[str, Any] = {}
    for name, default, value in zip(names, defaults, values_of(record)):
        if value is default:
            continue
        kind = type(value)
        if kind is type(default) and value == default:
            changes[name] = default
        elif kind not in ATOMS and (after := _settled_value(value)) is not value:
            changes[name] = after
    return msgspec.structs.replace(record, **changes) if changes else record


@cache
def _plan(kind: type[msgspec.Struct]) -> tuple[tuple[str, ...], tuple[Any, ...], Callable[[Any], tuple[Any, ...]]]:
    """The fields that may have something to settle, their defaults, and how to read all of them at once."""
    fields = [field for field in msgspec.structs.fields(kind) if not (field.required and field.type in ATOMS)]
    names = tuple(field.name for field in fields)
    if len(names) == 1:
        only = attrgetter(*names)
        return names, (fields[0].default,), lambda record: (only(record),)
    return names, tuple(field.default for field in fields), attrgetter(*names) if names else lambda record: ()


def _settled_value(value: Any) -> Any:
    if hasattr(type(value), "__struct_fields__"):  # asking the abstract base class takes ten times as long
        return settled(value)
    if isinstance(value, tuple | list) and value:
        parts = [part if type(part) in ATOMS else _settled_value(part) for part in value]
        return value if all(map(is_, parts, value)) else type(value)(parts)
    if isinstance(value, dict) and value:
        entries = {key: part if type(part) in ATOMS else _settled_value(part) for key, part in value.items()}
        return value if all(map(is_, entries.values(), value.values())) else entries
    return value


_pausing = Lock()
_pauses = 0


@contextmanager
def uncollected() -> Iterator[None]:
    """Hold the search for reference cycles back while records are made by the ten thousand: they form none, and
    walking all of them again and again takes longer than making them. Whoever leaves last lets it go on."""
    global _pauses
    with _pausing:
        if _pauses == 0 and not gc.isenabled():
            held = False
        else:
            _pauses, held = _pauses + 1, True
            gc.disable()
    try:
        yield
    finally:
        with _pausing:
            _pauses -= held
            if held and _pauses == 0:
                gc.enable()
