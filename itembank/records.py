"""The frozen record that every rule works on, and its canonical bytes."""

import hashlib

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A frozen value: equal when its fields are equal, strict about unknown fields, silent about defaults."""


def canonical(record: object) -> bytes:
    """Deterministic JSON: keys sorted, defaults left out, the same bytes on every machine."""
    return msgspec.json.encode(record, order="deterministic")


def digest(*parts: bytes) -> str:
    """SHA-256 (hex) over length-prefixed parts, so that no two different lists of parts collide by concatenation."""
    running = hashlib.sha256()
    for part in parts:
        running.update(len(part).to_bytes(8, "big"))
        running.update(part)
    return running.hexdigest()
