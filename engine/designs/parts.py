"""What all parts of a design share: strict tables, and one sentence for what cannot be run."""

from __future__ import annotations

import msgspec


class DesignError(ValueError):
    """A design that cannot be run, with the field at fault and the remedy in one sentence."""


def require(holds: bool, sentence: str) -> None:
    """Raises DesignError with the sentence unless it holds."""
    if not holds:
        raise DesignError(sentence)


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A table of the design document; unknown fields are refused, since a misspelt rule would silently not apply."""
