"""Credits of modules that add up to a course: completed exactly once, reopened when a part is revoked.

A ledger is the learner's awards and revocations across modules, oldest first. Hours are decimal and exact.
"""

from collections.abc import Sequence
from decimal import Decimal

from engine.periods import Moment
from itembank.records import Record


class Part(Record, frozen=True, kw_only=True):
    """A module of a course and its hours."""

    module: str
    hours: Decimal


class Course(Record, frozen=True, kw_only=True):
    """A course made of modules: all of them, or enough hours when `hours_needed` is given (electives)."""

    key: str
    title: str
    parts: tuple[Part, ...]
    hours_needed: Decimal | None = None

    def __post_init__(self) -> None:
        modules = [part.module for part in self.parts]
        if not modules or len(set(modules)) != len(modules):
            raise ValueError(f"Course '{self.key}': parts must name at least one module, and each only once.")
        if any(part.hours <= 0 for part in self.parts):
            raise ValueError(f"Course '{self.key}': every part needs hours above 0.")
        total = sum((part.hours for part in self.parts), Decimal(0))
        if self.hours_needed is not None and not Decimal(0) < self.hours_needed <= total:
            raise ValueError(f"Course '{self.key}': hours_needed must lie above 0 and at most at {total}.")


class LedgerEntry(Record, frozen=True, kw_only=True):
    """`awarded` or `revoked` a module; `completed` or `reopened` a course."""

    at: Moment
    kind: str
    key: str


class CourseStanding(Record, frozen=True, kw_only=True):
    """How far the course is. `due`: what the ledger lacks now, "completed", "reopened" or nothing."""

    course: str
    complete: bool
    recorded: bool
    hours: Decimal
    hours_needed: Decimal
    held: tuple[str, ...]
    missing: tuple[str, ...]
    due: str = ""


def live_modules(ledger: Sequence[LedgerEntry]) -> tuple[str, ...]:
    """Modules with credit that has not been revoked, in the order of award; each once."""
    held: dict[str, None] = {}
    for entry in ledger:
        if entry.kind == "awarded":
            held.setdefault(entry.key)
        elif entry.kind == "revoked":
            held.pop(entry.key, None)
    return tuple(held)


def course_standing(course: Course, ledger: Sequence[LedgerEntry]) -> CourseStanding:
    """Where a learner stands in a course."""
    live = set(live_modules(ledger))
    held = tuple(part for part in course.parts if part.module in live)
    hours = sum((part.hours for part in held), Decimal(0))
    total = sum((part.hours for part in course.parts), Decimal(0))
    complete = len(held) == len(course.parts) if course.hours_needed is None else hours >= course.hours_needed
    said = [entry.kind for entry in ledger if entry.key == course.key and entry.kind in ("completed", "reopened")]
    recorded = bool(said) and said[-1] == "completed"
    due = "" if complete == recorded else ("completed" if complete else "reopened")
    return CourseStanding(
        course=course.key,
        complete=complete,
        recorded=recorded,
        hours=hours,
        hours_needed=total if course.hours_needed is None else course.hours_needed,
        held=tuple(part.module for part in held),
        missing=tuple(part.module for part in course.parts if part.module not in live),
        due=due,
    )


def settle(courses: Sequence[Course], ledger: Sequence[LedgerEntry], now: Moment) -> tuple[LedgerEntry, ...]:
    """The entries the ledger lacks: appending them leaves nothing due, so that settling twice writes nothing."""
    return tuple(
        LedgerEntry(at=now, kind=standing.due, key=course.key)
        for course in courses
        if (standing := course_standing(course, ledger)).due
    )
