"""Whose turn it is: answers once, in order, none in a pause, and the same answer as often as it is sent."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from engine.errors import AlreadyAnswered, OutOfTurn, SittingOver, SittingPaused
from engine.sessions import GRACE, Administered, Given, SessionRow, check_turn, is_paused, request_hash

NOW = datetime(2027, 1, 4, 10, 0, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


def sitting(
    paused_until: datetime | None, *, deadline: datetime | None = None, finished_at: datetime | None = None
) -> SessionRow:
    return SessionRow(
        id=1, uuid=uuid4(), attempt_id=1, account_id=1, bank_version_id=1, occasion="post_test", tie_key=bytes(16),
        pool=None, position=1, theta=0.0, sem=1.0, started_at=NOW - timedelta(hours=1), deadline=deadline,
        finished_at=finished_at, reason=None, outcome=None, now=NOW, paused_until=paused_until,
    )  # fmt: skip


def answer(position: int) -> Given:
    return Given(position=position, answer={"RESPONSE": ["A"]}, client_id=uuid4())


@pytest.mark.parametrize(
    ("paused_until", "deadline", "expected"),
    [
        (None, None, False),
        (NOW + MOMENT, None, True),
        (NOW, None, False),
        (NOW - MOMENT, None, False),
        (NOW + MOMENT, NOW - GRACE, True),
        (NOW + MOMENT, NOW - GRACE - MOMENT, False),
    ],
)
def test_a_pause_is_on_until_it_is_over_or_the_time_is_up(
    paused_until: datetime | None, deadline: datetime | None, expected: bool
) -> None:
    row = sitting(paused_until, deadline=deadline)
    assert is_paused(row) is expected
    if not expected:
        assert check_turn(row, [], answer(1)) is None
        return
    with pytest.raises(SittingPaused, match="Resume the sitting, then send it again"):
        check_turn(row, [], answer(1))


def test_an_ended_sitting_is_not_paused() -> None:
    row = sitting(NOW + MOMENT, finished_at=NOW)
    assert not is_paused(row)
    with pytest.raises(SittingOver):
        check_turn(row, [], answer(1))


def test_in_a_pause_an_earlier_answer_is_known_and_other_positions_are_told_as_ever() -> None:
    given = answer(0)
    kept = Administered(
        position=0, bank_position=3, item_id=4, is_pretest=False, shown_at=NOW, category=1, score=1.0,
        answer=given.answer, client_id=given.client_id, request_hash=request_hash(given), answered_at=NOW,
    )  # fmt: skip
    row = sitting(NOW + MOMENT)
    assert check_turn(row, [kept], given) is kept
    with pytest.raises(AlreadyAnswered):
        check_turn(row, [kept], answer(0))
    with pytest.raises(OutOfTurn):
        check_turn(row, [kept], answer(2))
