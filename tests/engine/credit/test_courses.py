"""Modules stack to courses: exact hours, completed exactly once, reopened by a revocation; over random ledgers too."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.credit import Course, LedgerEntry, Part, course_standing, live_modules, settle

NOW = datetime(2027, 1, 1, tzinfo=UTC)
COURSE = Course(
    key="bas120",
    title="Business",
    parts=tuple(Part(module=m, hours=Decimal(h)) for m, h in (("m1", "0.1"), ("m2", "0.2"), ("m3", "2.6"))),
)
ELECTIVE = Course(key="free", title="Free", parts=COURSE.parts, hours_needed=Decimal("0.3"))


def entry(kind: str, key: str) -> LedgerEntry:
    return LedgerEntry(at=NOW, kind=kind, key=key)


def test_hours_add_up_exactly() -> None:
    ledger = [entry("awarded", m) for m in ("m1", "m2", "m3")]
    standing = course_standing(COURSE, ledger)
    assert (standing.hours, standing.complete, standing.due) == (Decimal("2.9"), True, "completed")
    assert course_standing(ELECTIVE, ledger[:2]).complete
    assert course_standing(COURSE, ledger[:2]).missing == ("m3",)


def test_completed_once_reopened_by_revocation_completed_again() -> None:
    ledger = [entry("awarded", m) for m in ("m1", "m2", "m3")]
    ledger += settle([COURSE], ledger, NOW)
    assert [e.kind for e in ledger][-1] == "completed"
    assert settle([COURSE], ledger, NOW) == ()
    ledger.append(entry("revoked", "m2"))
    ledger += settle([COURSE], ledger, NOW)
    assert ledger[-1].kind == "reopened"
    assert live_modules(ledger) == ("m1", "m3")
    ledger.append(entry("awarded", "m2"))
    ledger += settle([COURSE], ledger, NOW)
    assert ledger[-1].kind == "completed"


@given(
    st.lists(
        st.tuples(st.sampled_from(["awarded", "revoked"]), st.sampled_from(["m1", "m2", "m3", "other"])), max_size=30
    )
)
def test_completions_and_reopenings_alternate(acts: list[tuple[str, str]]) -> None:
    ledger: list[LedgerEntry] = []
    held: set[str] = set()
    for kind, key in acts:
        ledger.append(entry(kind, key))
        held = held | {key} if kind == "awarded" else held - {key}
        ledger += settle([COURSE, ELECTIVE], ledger, NOW)
        assert settle([COURSE, ELECTIVE], ledger, NOW) == ()
        said = [e.kind for e in ledger if e.key == "bas120"]
        assert said == ["completed", "reopened"] * (len(said) // 2) + ["completed"] * (len(said) % 2)
        assert (len(said) % 2 == 1) == ({"m1", "m2", "m3"} <= held)


def test_courses_that_cannot_be_completed_are_refused() -> None:
    with pytest.raises(ValueError, match="each only once"):
        Course(key="c", title="C", parts=(COURSE.parts[0], COURSE.parts[0]))
    with pytest.raises(ValueError, match=r"at most at 2\.9"):
        Course(key="c", title="C", parts=COURSE.parts, hours_needed=Decimal(3))
