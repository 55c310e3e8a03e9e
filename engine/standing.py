"""The log read once: which sittings there were, how they ended, what was learnt, approved, lifted and attested."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar, cast

from msgspec.structs import replace

from engine.accommodations import Accommodation
from engine.decisions import Decision
from engine.events import (
    AccommodationSet,
    ApprovalGiven,
    AttemptClosed,
    AttemptOpened,
    AttestationInvited,
    AttestationReceived,
    CreditAwarded,
    CreditRebased,
    CreditRevoked,
    Event,
    FirstItemShown,
    LearningRecorded,
    RuleLifted,
    SittingFinished,
    SittingRescored,
    SittingStarted,
    SittingVoided,
)
from engine.periods import Moment, after
from engine.policies.records import Occasion, Policy, zone_of
from itembank.records import Record


class Sitting(Record, frozen=True, kw_only=True):
    """One sitting as the log tells it. It uses up an attempt once its first item was `shown`, unless voided free.

    `start_place`, `end_place`: where in the log it began and ended; moments alone do not tell what came first.
    """

    key: str
    occasion: str
    form: str
    started: Moment
    shown: Moment | None = None
    ended: Moment | None = None
    decision: Decision | None = None
    voided: bool = False
    uses_attempt: bool = True
    start_place: int = 0
    end_place: int | None = None

    @property
    def counts(self) -> bool:
        """Whether it uses up an attempt."""
        return self.shown is not None and self.uses_attempt

    @property
    def open(self) -> bool:
        """Whether a learner has seen an item and not yet finished."""
        return self.shown is not None and self.ended is None


class Standing(Record, frozen=True, kw_only=True):
    """Everything the rules ask about, in the order it happened; `…_places`: where in the log each stands."""

    opened: AttemptOpened | None = None
    closed: AttemptClosed | None = None
    sittings: tuple[Sitting, ...] = ()
    learning: tuple[LearningRecorded, ...] = ()
    approvals: tuple[ApprovalGiven, ...] = ()
    lifts: tuple[RuleLifted, ...] = ()
    learning_places: tuple[int, ...] = ()
    approval_places: tuple[int, ...] = ()
    lift_places: tuple[int, ...] = ()
    invitations: tuple[AttestationInvited, ...] = ()
    attestations: tuple[AttestationReceived, ...] = ()
    credit: CreditAwarded | None = None
    revoked: CreditRevoked | None = None
    accommodation: Accommodation = Accommodation()
    latest: Moment | None = None

    def of(self, occasion: str) -> tuple[Sitting, ...]:
        """The sittings of an occasion that use up an attempt."""
        return tuple(sitting for sitting in self.sittings if sitting.occasion == occasion and sitting.counts)


E = TypeVar("E", bound=Event)


def read_log(events: Sequence[Event]) -> Standing:
    """The standing after all `events`."""
    sittings: dict[str, Sitting] = {}
    log = _Log(events)
    for place, event in enumerate(events):
        _follow(sittings, event, place)
    awarded, revoked, accommodation = log.last(CreditAwarded), log.last(CreditRevoked), log.last(AccommodationSet)
    return Standing(
        opened=log.last(AttemptOpened),
        closed=log.last(AttemptClosed),
        sittings=tuple(sittings.values()),
        learning=log.all(LearningRecorded),
        approvals=log.all(ApprovalGiven),
        lifts=log.all(RuleLifted),
        learning_places=log.places(LearningRecorded),
        approval_places=log.places(ApprovalGiven),
        lift_places=log.places(RuleLifted),
        invitations=log.all(AttestationInvited),
        attestations=log.all(AttestationReceived),
        credit=_as_it_rests(log, awarded) if awarded and not log.follows(CreditRevoked, CreditAwarded) else None,
        revoked=revoked,
        accommodation=accommodation.accommodation if accommodation else Accommodation(),
        latest=events[-1].at if events else None,
    )


def _as_it_rests(log: "_Log", awarded: CreditAwarded) -> CreditAwarded:
    """The award with the sitting and the grade that it rests on now."""
    rebased = log.last(CreditRebased)
    if rebased is None or not log.follows(CreditRebased, CreditAwarded):
        return awarded
    return replace(awarded, sitting=rebased.sitting, grade=rebased.grade)


class _Log:
    """The events of a log by their kinds; the places of each kind, in order."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events
        self._places: dict[type, list[int]] = {}
        for place, event in enumerate(events):
            self._places.setdefault(type(event), []).append(place)

    def places(self, kind: type) -> tuple[int, ...]:
        return tuple(self._places.get(kind, ()))

    def all(self, kind: type[E]) -> tuple[E, ...]:
        return tuple([cast(E, self._events[place]) for place in self._places.get(kind, ())])

    def last(self, kind: type[E]) -> E | None:
        places = self._places.get(kind)
        return cast(E, self._events[places[-1]]) if places else None

    def follows(self, later: type, earlier: type) -> bool:
        """Whether the last of one kind stands after the last of another."""
        return self.places(later)[-1:] > self.places(earlier)[-1:]


def _follow(sittings: dict[str, Sitting], event: Event, place: int) -> None:
    match event:
        case SittingStarted():
            sittings[event.sitting] = Sitting(
                key=event.sitting, occasion=event.occasion, form=event.form, started=event.at, start_place=place
            )
        case FirstItemShown():
            sittings[event.sitting] = _changed(sittings[event.sitting], shown=event.at)
        case SittingFinished():
            sittings[event.sitting] = _changed(
                sittings[event.sitting], ended=event.at, decision=event.decision, end_place=place
            )
        case SittingRescored():
            sittings[event.sitting] = _changed(sittings[event.sitting], decision=event.decision)
        case SittingVoided():
            sitting = sittings[event.sitting]
            ended, end_place = sitting.ended or event.at, place if sitting.end_place is None else sitting.end_place
            sittings[event.sitting] = _changed(
                sitting, ended=ended, decision=None, voided=True, uses_attempt=event.uses_attempt, end_place=end_place
            )
        case _:
            pass


def _changed(sitting: Sitting, **changes: object) -> Sitting:
    return replace(sitting, **changes)


def scored(policy: Policy, occasion: Occasion, standing: Standing, now: datetime) -> tuple[Sitting, ...]:
    """The sittings whose scores may count now: decided under this policy version, not voided, not out of date.

    Credit that was revoked takes with it the scores it rested on.
    """
    struck = standing.revoked.at if standing.revoked and occasion.key in policy.credit.needs else None
    zone = zone_of(policy)
    return tuple(
        sitting
        for sitting in standing.of(occasion.key)
        if sitting.decision is not None
        and sitting.ended is not None
        and sitting.decision.policy_version == policy.version
        and (struck is None or sitting.ended > struck)
        and (occasion.score_valid is None or now <= after(sitting.ended, occasion.score_valid, zone))
    )


def counting(policy: Policy, occasion: Occasion, standing: Standing, now: datetime) -> Sitting | None:
    """The sitting that counts: the first, the last or the highest; a pass ranks above a higher score without one."""
    candidates = scored(policy, occasion, standing, now)
    if not candidates:
        return None
    if occasion.counts == "highest":
        return max(candidates, key=_rank)
    return candidates[0] if occasion.counts == "first" else candidates[-1]


def _rank(sitting: Sitting) -> tuple[bool, float]:
    decision = sitting.decision
    return (decision.passed, decision.percent) if decision else (False, 0.0)


def passed(policy: Policy, occasion: Occasion, standing: Standing, now: datetime) -> bool:
    """Whether the sitting that counts was passed."""
    return has_passed(counting(policy, occasion, standing, now))


def has_passed(sitting: Sitting | None) -> bool:
    """Whether there is a sitting, and its decision is a pass."""
    return sitting is not None and sitting.decision is not None and sitting.decision.passed
