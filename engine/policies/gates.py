"""What must hold before a sitting may start: each gate may bind only some of the attempts at its occasion."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from engine.periods import Period
from itembank.records import Record

Ordinal = Annotated[int, msgspec.Meta(ge=1)]


class _Gate(Record, frozen=True, kw_only=True, tag_field="kind"):
    """`from_attempt` … `to_attempt`: the sittings of the occasion that the gate binds (1 = the first; None = all)."""

    from_attempt: Ordinal = 1
    to_attempt: Ordinal | None = None


class Passed(_Gate, frozen=True, kw_only=True, tag="passed"):
    """The other occasion has been passed, at most `within` ago."""

    occasion: str
    within: Period | None = None


class Taken(_Gate, frozen=True, kw_only=True, tag="taken"):
    """The other occasion has been sat, at most `within` before the approval (before the start where there is none)."""

    occasion: str
    within: Period | None = None


class Learning(_Gate, frozen=True, kw_only=True, tag="learning"):
    """Learning recorded since the last sitting of `since` (default: of this occasion): at least `minutes` of `what`."""

    what: str = "learning"
    minutes: Annotated[int, msgspec.Meta(ge=0)] = 0
    usual_minutes: int | None = None
    since: tuple[str, ...] = ()


class Approval(_Gate, frozen=True, kw_only=True, tag="approval"):
    """An advisor has approved this sitting, after the sitting before it."""


class Wait(_Gate, frozen=True, kw_only=True, tag="wait"):
    """At least `period` since the last or the first sitting of the occasion ended."""

    period: Period
    since: Literal["last", "first"] = "last"


class AnyOf(_Gate, frozen=True, kw_only=True, tag="any_of"):
    """One of the gates is enough."""

    gates: tuple[Gate, ...]


Gate = Passed | Taken | Learning | Approval | Wait | AnyOf


def binds(gate: Gate, attempt: int) -> bool:
    """Whether the gate concerns the `attempt`-th sitting (1 = the first)."""
    return gate.from_attempt <= attempt and (gate.to_attempt is None or attempt <= gate.to_attempt)
