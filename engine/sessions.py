"""A sitting as a record, and whose turn it is: answers once, in order, and the same answer as often as it is sent."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec

from engine.accommodations import Accommodation, time_limit_seconds
from engine.errors import AlreadyAnswered, OnPaper, OutOfTurn, ReusedId, SittingOver, SittingPaused
from engine.policies.records import Occasion
from itembank.items import Answer
from itembank.records import Record

GRACE = timedelta(seconds=5)
"""An answer sent in time may arrive this much later."""


Form = Literal["adaptive", "print", "large_print", "oral"]
"""How a sitting is delivered: on screen, or as a fixed form on paper or with an assessor."""


class SessionRow(Record, frozen=True, kw_only=True):
    """Where a sitting stands. `now` is the database's clock when the row was read."""

    id: int
    uuid: UUID
    attempt_id: int
    account_id: int
    bank_version_id: int
    occasion: str
    tie_key: bytes
    pool: list[int] | None
    position: int
    theta: float
    sem: float
    started_at: datetime
    deadline: datetime | None
    finished_at: datetime | None
    reason: str | None
    outcome: dict[str, Any] | None
    now: datetime
    form: Form = "adaptive"
    paused_until: datetime | None = None

    @property
    def on_screen(self) -> bool:
        """Whether the learner answers it here, one question after the other."""
        return self.form == "adaptive"


class Administered(Record, frozen=True, kw_only=True):
    """An item shown in a sitting, with the answer when there is one."""

    position: int
    bank_position: int
    item_id: int
    is_pretest: bool
    shown_at: datetime
    category: int | None = None
    score: float | None = None
    answer: Answer | None = None
    client_id: UUID | None = None
    request_hash: bytes | None = None
    answered_at: datetime | None = None


class Opening(Record, frozen=True, kw_only=True):
    """A sitting about to be written with its first item."""

    uuid: UUID
    attempt_id: int
    account_id: int
    bank_version_id: int
    occasion: str
    tie_key: bytes
    pool: list[int] | None
    theta: float
    sem: float
    started_at: datetime
    deadline: datetime | None
    form: Form = "adaptive"


class Given(Record, frozen=True, kw_only=True):
    """The answer of a learner as it arrived: its position, values, and the id by which it may be sent again."""

    position: int
    answer: Answer
    client_id: UUID


def check_on_screen(session: SessionRow) -> None:
    """Whether the learner may see and answer a running sitting here.

    Raises:
        OnPaper: when it was handed out on paper, or is read aloud.
    """
    if session.finished_at is None and not session.on_screen:
        raise OnPaper(
            "This sitting is on paper or with an assessor. Hand your answers in there; they are entered for you."
        )


def request_hash(given: Given) -> bytes:
    """SHA-256 of what was sent, to tell a repeated answer from a changed one."""
    sent = {"position": given.position, "answer": given.answer}  # nothing in it has defaults: canonical as it is
    return hashlib.sha256(msgspec.json.encode(sent, order="deterministic")).digest()


def check_turn(session: SessionRow, shown: Sequence[Administered], given: Given) -> Administered | None:
    """None when the answer is for the item on screen; the stored answer when it was sent before.

    Raises:
        ReusedId: the id belongs to another answer.
        AlreadyAnswered, OutOfTurn: another position is on screen.
        SittingOver: the sitting has ended.
        SittingPaused: the learner is taking a pause.
    """
    sent = given.client_id.int
    for earlier in shown:
        if earlier.client_id is not None and earlier.client_id.int == sent:
            if earlier.request_hash != request_hash(given):
                raise ReusedId("This id came with another answer before; send a new answer under a new id.")
            return earlier
    if session.finished_at is not None:
        raise SittingOver("This sitting has ended; answers are no longer taken.")
    if given.position < session.position:
        raise AlreadyAnswered(
            f"Question {given.position + 1} has an answer already; question {session.position + 1} is on screen."
        )
    if given.position > session.position:
        raise OutOfTurn(
            f"Question {session.position + 1} is on screen, not {given.position + 1}; answer that one first."
        )
    if is_paused(session):
        raise SittingPaused("You are taking a pause; no answer is taken in it. Resume the sitting, then send it again.")
    return None


def deadline_of(occasion: Occasion, accommodation: Accommodation, started: datetime) -> datetime | None:
    """When the sitting's time is up, with the learner's extra time."""
    seconds = time_limit_seconds(occasion.time_limit_minutes, accommodation)
    return None if seconds is None else started + timedelta(seconds=seconds)


def time_is_up(session: SessionRow) -> bool:
    """Whether the deadline, with its grace, lies behind the database's clock."""
    return session.deadline is not None and session.now > session.deadline + GRACE


def is_paused(session: SessionRow) -> bool:
    """Whether a pause is on by the database's clock: neither over, nor is the time for the whole sitting up."""
    until = session.paused_until
    return until is not None and session.now < until and session.finished_at is None and not time_is_up(session)
