"""What happened to one learner on the way to one credit: the log of which everything else is a function.

An event says what and when, never what follows from it. Personal data stay out: people are named by uuid.
"""

from datetime import UTC
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from engine.accommodations import Accommodation
from engine.decisions import Decision
from engine.periods import Moment, Period
from itembank.records import Record

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class _Event(Record, frozen=True, kw_only=True, tag_field="event"):
    """`at` is kept in UTC, so that the same moment always has the same bytes."""

    at: Moment

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "at", self.at.astimezone(UTC))


class AttemptOpened(_Event, frozen=True, kw_only=True, tag="attempt_opened"):
    """The learner saw the disclosure and opened the attempt under one version of the policy."""

    learner: Name
    policy_key: str
    policy_version: str
    policy_hash: str
    programmes: tuple[str, ...] = ()
    credits_held: tuple[str, ...] = ()


class SittingStarted(_Event, frozen=True, kw_only=True, tag="sitting_started"):
    """A sitting was set up; it counts as an attempt only once its first item is shown."""

    sitting: Name
    occasion: str
    form: str = "adaptive"


class FirstItemShown(_Event, frozen=True, kw_only=True, tag="first_item_shown"):
    sitting: Name


class SittingFinished(_Event, frozen=True, kw_only=True, tag="sitting_finished"):
    """The sitting ended and was decided. `reason`: the stopping rule, the time, the learner."""

    sitting: Name
    decision: Decision
    reason: str = ""


class SittingVoided(_Event, frozen=True, kw_only=True, tag="sitting_voided"):
    """A sitting's score was struck; `uses_attempt` says whether the attempt is spent all the same."""

    sitting: Name
    by: str
    reason: str
    uses_attempt: bool = False


class SittingRescored(_Event, frozen=True, kw_only=True, tag="sitting_rescored"):
    """A finished sitting got another decision after items were withdrawn or re-keyed."""

    sitting: Name
    decision: Decision
    reason: str


class LearningRecorded(_Event, frozen=True, kw_only=True, tag="learning_recorded"):
    """Learning between sittings: `what` is "learning" or a kind the policy asks for ("intervention")."""

    what: str = "learning"
    minutes: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 0
    by: str = ""
    resource: str = ""


class ApprovalGiven(_Event, frozen=True, kw_only=True, tag="approval_given"):
    """An advisor approved the next sitting of the occasion."""

    occasion: str
    by: Name


class RuleLifted(_Event, frozen=True, kw_only=True, tag="rule_lifted"):
    """An advisor lifted a rule for the next sitting (attempts: for good); `period` is what is taken off a wait."""

    rule: Literal["wait", "attempts", "learning", "passed", "taken"]
    occasion: str
    by: Name
    reason: Name
    period: Period | None = None


class AttestationInvited(_Event, frozen=True, kw_only=True, tag="attestation_invited"):
    """A rater was sent a one-time link; only the hash of its token is kept."""

    requirement: str
    token_hash: Name
    rater: str = ""


class AttestationReceived(_Event, frozen=True, kw_only=True, tag="attestation_received"):
    """The rater used the link: a rating by competency."""

    requirement: str
    token_hash: Name
    ratings: dict[str, str]
    comment: str = ""


class AccommodationSet(_Event, frozen=True, kw_only=True, tag="accommodation_set"):
    """What the learner is granted from now on; it replaces what was granted before, also during a sitting."""

    accommodation: Accommodation
    by: Name


class PauseTaken(_Event, frozen=True, kw_only=True, tag="pause_taken"):
    """The learner rests for at most `minutes`; the sitting's deadline has moved later by `seconds`."""

    sitting: Name
    minutes: Annotated[int, msgspec.Meta(ge=1, le=240)]
    seconds: Annotated[int, msgspec.Meta(ge=0, le=14_400)]


class PauseEnded(_Event, frozen=True, kw_only=True, tag="pause_ended"):
    """The learner went on before the pause was over."""

    sitting: Name


class CreditAwarded(_Event, frozen=True, kw_only=True, tag="credit_awarded"):
    """Credit was given for the sitting under this policy version."""

    sitting: Name
    hours: Decimal
    grade: str
    policy_version: str
    credential: str = ""


class CreditRebased(_Event, frozen=True, kw_only=True, tag="credit_rebased"):
    """The sitting that the credit rested on passes no more, but another of the same learner does: it rests on that."""

    sitting: Name
    grade: str
    by: Name
    reason: Name


class CreditRevoked(_Event, frozen=True, kw_only=True, tag="credit_revoked"):
    """The credit was taken back; sittings finished before no longer count towards it."""

    by: Name
    reason: Name


class AttemptClosed(_Event, frozen=True, kw_only=True, tag="attempt_closed"):
    """The learner withdrew or the institution closed the attempt; nothing may be started any more."""

    by: Name
    reason: str = ""


Event = (
    AttemptOpened
    | SittingStarted
    | FirstItemShown
    | SittingFinished
    | SittingVoided
    | SittingRescored
    | LearningRecorded
    | ApprovalGiven
    | RuleLifted
    | AttestationInvited
    | AttestationReceived
    | AccommodationSet
    | PauseTaken
    | PauseEnded
    | CreditAwarded
    | CreditRebased
    | CreditRevoked
    | AttemptClosed
)
