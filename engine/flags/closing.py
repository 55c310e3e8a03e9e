"""Who may close a flag in which way, and who reads learners' names beside it."""

from collections.abc import Collection

from engine.flags.records import OF_ITEMS, Kind, Outcome

CLOSERS: dict[Outcome, frozenset[str]] = {
    "noted": frozenset({"psychometrician", "registrar", "institution_admin"}),
    "item_quarantined": frozenset({"psychometrician", "institution_admin"}),
    "sitting_voided": frozenset({"registrar"}),
}
NAMING = frozenset({"registrar", "institution_admin"})
"""Roles that read learners' names; others read pseudonyms."""


def outcomes_for(kind: Kind, roles: Collection[str]) -> tuple[Outcome, ...]:
    """How somebody of these roles may close a flag of this kind."""
    fitting: tuple[Outcome, ...] = ("noted", "item_quarantined" if kind in OF_ITEMS else "sitting_voided")
    return tuple(outcome for outcome in fitting if CLOSERS[outcome] & set(roles))


def sees_names(roles: Collection[str]) -> bool:
    """Whether learners' names stand beside a flag for these roles."""
    return bool(NAMING & set(roles))
