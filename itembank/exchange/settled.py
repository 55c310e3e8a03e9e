"""Equal records as equal bytes: values equal to a field's default become that very default.

The encoder leaves a default out when it is the same object, not when it is equal; text read from a file is never the
same object. Hashes of items from files stand on this.
"""

from functools import cache
from typing import Any, TypeVar

import msgspec

Settled = TypeVar("Settled", bound=msgspec.Struct)


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[tuple[str, Any], ...]:
    return tuple((field.name, field.default) for field in msgspec.structs.fields(kind))


def settled(record: Settled) -> Settled:
    """The same record, defaults replaced by themselves all the way down."""
    changes: dict[str, Any] = {}
    for name, default in _fields(type(record)):
        value = getattr(record, name)
        after = default if type(value) is type(default) and value == default else _settled_value(value)
        if after is not value:
            changes[name] = after
    return msgspec.structs.replace(record, **changes) if changes else record


def _settled_value(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return settled(value)
    if isinstance(value, tuple) and any(isinstance(part, msgspec.Struct) for part in value):
        parts = tuple(settled(part) if isinstance(part, msgspec.Struct) else part for part in value)
        return value if all(after is before for after, before in zip(parts, value)) else parts
    return value
