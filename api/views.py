"""What leaves the server about a learner's way: records made for reading, with nothing in them that must not leave."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from engine.decisions import Decision
from engine.delivery import range_left
from engine.events import CreditAwarded
from engine.journey import OccasionStanding, Permission
from engine.refusals import Refusal
from engine.sessions import is_paused
from engine.stopping.stop import REASONS
from engine.workflows.open_attempt import AttemptView
from engine.workflows.show_sitting import Step
from itembank.items import Answer, ItemContent

ENDINGS = REASONS | {
    "time_limit": "The time limit was reached.",
    "ended_by_learner": "You ended the sitting.",
    "keyed_in": "The answers given on paper were entered.",
    "voided": "The institution ended the sitting; its score does not count.",
}


class MayDo(msgspec.Struct, frozen=True, kw_only=True):
    """Something the learner may do now."""

    action: str
    occasion: str
    session: str
    attempt: int
    attempts_left: int | None
    time_limit_seconds: int | None
    until: datetime | None


class NotNow(msgspec.Struct, frozen=True, kw_only=True):
    """Something the learner may not do now, by which rule, and from when it no longer stands in the way."""

    occasion: str
    rule: str
    sentence: str
    not_before: datetime | None


class CompetencyDecisionView(msgspec.Struct, frozen=True, kw_only=True):
    """The decision about one competency."""

    competency: str
    passed: bool
    theta: float
    sem: float
    percent: float
    cut_theta: float
    cut_percent: float
    probability: float


class DecisionView(msgspec.Struct, frozen=True, kw_only=True):
    """What a sitting decided, with everything needed to dispute it (see `engine.decisions.Decision`)."""

    passed: bool
    theta: float
    sem: float
    percent: float
    percent_error: float
    cut_theta: float
    cut_percent: float
    margin: float
    standard_error: float
    probability: float
    decision_error: float
    words: str
    occasion: str
    n_items: int
    because: tuple[str, ...]
    complete: bool
    competencies: tuple[CompetencyDecisionView, ...]
    policy_key: str
    policy_version: str
    parameter_version: str
    code_version: str


def decision_view(decision: Decision | None) -> DecisionView | None:
    """A decision for reading, every field spelt out."""
    return None if decision is None else msgspec.convert(decision, DecisionView, from_attributes=True)


class OccasionView(msgspec.Struct, frozen=True, kw_only=True):
    """One occasion: attempts used and the decision that counts."""

    occasion: str
    attempts_used: int
    passed: bool
    decision: DecisionView | None


class CreditView(msgspec.Struct, frozen=True, kw_only=True):
    """Credit awarded."""

    hours: Decimal
    grade: str
    awarded_at: datetime
    session: str


class AttemptDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Where an attempt stands, what may be done next and why not the rest."""

    uuid: UUID
    assessment: str
    version: int
    state: str
    may: list[MayDo]
    refused: list[NotNow]
    occasions: list[OccasionView]
    opens: datetime | None
    credit: CreditView | None
    outstanding: tuple[str, ...]


class ItemView(msgspec.Struct, frozen=True, kw_only=True):
    """The item on screen: content only."""

    position: int
    item: str
    content: ItemContent
    draft: Answer | None


class SessionDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Where a sitting stands: the item on screen, or how it ended. No score is told before, in a pause no item."""

    uuid: UUID
    occasion: str
    state: str
    answered: int
    left_at_least: int
    left_at_most: int
    started_at: datetime
    deadline: datetime | None
    seconds_left: float | None
    item: ItemView | None
    reason: str | None
    reason_sentence: str | None
    decision: DecisionView | None
    paused_until: datetime | None = None


def attempt_document(view: AttemptView) -> AttemptDocument:
    """An attempt for its learner."""
    journey = view.journey
    return AttemptDocument(
        uuid=view.attempt.uuid,
        assessment=view.publication.version.key,
        version=view.publication.version.number,
        state=journey.state,
        may=[_may(permission) for permission in journey.may],
        refused=[not_now(refusal) for refusal in journey.refused],
        occasions=[_occasion(part) for part in journey.occasions],
        opens=journey.opens,
        credit=None if journey.credit is None else _credit(journey.credit),
        outstanding=journey.outstanding,
    )


def _may(permission: Permission) -> MayDo:
    return MayDo(
        action=permission.action,
        occasion=permission.occasion,
        session=permission.sitting,
        attempt=permission.attempt,
        attempts_left=permission.attempts_left,
        time_limit_seconds=permission.time_limit_seconds,
        until=permission.until,
    )


def not_now(refusal: Refusal) -> NotNow:
    """A refusal for reading."""
    return NotNow(occasion=refusal.about, rule=refusal.rule, sentence=refusal.sentence, not_before=refusal.not_before)


def _occasion(part: OccasionStanding) -> OccasionView:
    return OccasionView(
        occasion=part.occasion,
        attempts_used=part.attempts_used,
        passed=part.passed,
        decision=decision_view(part.decision),
    )


def _credit(awarded: CreditAwarded) -> CreditView:
    return CreditView(hours=awarded.hours, grade=awarded.grade, awarded_at=awarded.at, session=awarded.sitting)


def session_document(step: Step) -> SessionDocument:
    """A sitting for its learner."""
    session = step.session
    answered = session.position
    left = (0, 0) if session.finished_at else range_left(step.publication.plans[session.occasion], answered)
    item, pauses = None, is_paused(session)
    if step.item is not None and not pauses:
        item = ItemView(
            position=step.item.position, item=step.item.item, content=step.item.content, draft=step.item.draft
        )
    return SessionDocument(
        uuid=session.uuid,
        occasion=session.occasion,
        state="finished" if session.finished_at else "paused" if pauses else "open",
        answered=answered,
        left_at_least=left[0],
        left_at_most=left[1],
        started_at=session.started_at,
        deadline=session.deadline,
        seconds_left=seconds_left(session.deadline, session.now) if not session.finished_at else None,
        item=item,
        reason=session.reason,
        reason_sentence=None if session.reason is None else ENDINGS.get(session.reason, session.reason),
        decision=decision_view(step.decision),
        paused_until=session.paused_until if pauses else None,
    )


def seconds_left(deadline: datetime | None, now: datetime) -> float | None:
    """Seconds until the deadline by the database's clock; None when there is no limit."""
    return None if deadline is None else max((deadline - now).total_seconds(), 0.0)


def read_answer(content: ItemContent, given: Any) -> Answer:
    """An answer in any of the short forms (a text, a number, a list) as values by response identifier."""
    if isinstance(given, dict):
        return {name: _values(values) for name, values in given.items()}
    values = _values(given)
    for part in content.interactions:
        if part.response:
            return {part.response: values}
    return {"RESPONSE": values}


def _values(given: Any) -> list[str]:
    if given is None:
        return []
    values = given if isinstance(given, list) else [given]
    return [value if isinstance(value, str) else repr(value) for value in values]
