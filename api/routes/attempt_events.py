"""What people write into the log of an attempt: learning, approvals, rules lifted, accommodations, struck sittings."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from api.auth import Forbidden
from api.idempotency import once
from api.views import AttemptDocument, attempt_document
from engine.accommodations import Accommodation
from engine.events import ApprovalGiven, LearningRecorded, RuleLifted
from engine.periods import Period
from engine.workflows.advise_learner import write_down
from engine.workflows.close_attempt import close_attempt
from engine.workflows.grant_accommodation import grant_accommodation
from engine.workflows.open_attempt import AttemptView
from engine.workflows.record_learning import record_learning
from engine.workflows.shelf import Shelf
from engine.workflows.take_session import own_attempt
from engine.workflows.void_sitting import void_sitting
from itembank.storage.accounts import Caller
from itembank.storage.database import Database

Key = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
Reason = Annotated[str, msgspec.Meta(min_length=3, max_length=200, description="It stays for good: name nobody.")]
Minutes = Annotated[int, msgspec.Meta(ge=0, le=100_000)]
ADVISING = frozenset({"advisor", "registrar"})
DECIDING = frozenset({"registrar"})


class _New(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="event"):
    """`event` says which one it is."""


class NewLearning(_New, frozen=True, kw_only=True, tag="learning_recorded"):
    """Learning between two sittings. The learner's own word is enough for "learning"; staff may record any kind."""

    what: Key = "learning"
    minutes: Minutes = 0
    resource: Annotated[str, msgspec.Meta(max_length=500)] = ""


class NewApproval(_New, frozen=True, kw_only=True, tag="approval_given"):
    """An advisor approves the next sitting of the occasion."""

    occasion: Key


class NewLift(_New, frozen=True, kw_only=True, tag="rule_lifted"):
    """An advisor lifts a rule, as far as the policy lets; `period` is what is taken off a wait."""

    rule: Literal["wait", "attempts", "learning", "passed", "taken"]
    occasion: Key
    reason: Reason
    period: Period | None = None


class NewAccommodation(_New, frozen=True, kw_only=True, tag="accommodation_set"):
    """What the learner is granted from now on, in every attempt; it replaces what was granted before.

    Why it is granted is nobody's business here: there is no field for it.
    """

    extra_time_percent: Annotated[int, msgspec.Meta(ge=0, le=400)] = 0
    untimed: bool = False
    pauses: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    pause_minutes: Annotated[int, msgspec.Meta(ge=0, le=240)] = 0
    text_size_percent: Annotated[int, msgspec.Meta(ge=50, le=400)] = 100
    high_contrast: bool = False


class NewVoid(_New, frozen=True, kw_only=True, tag="sitting_voided"):
    """The registrar strikes a sitting's score; `uses_attempt` says whether the attempt is spent all the same."""

    session: UUID
    reason: Reason
    uses_attempt: bool = False


class NewClosing(_New, frozen=True, kw_only=True, tag="attempt_closed"):
    """The learner withdraws, or the registrar closes the attempt."""

    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""


NewEvent = NewLearning | NewApproval | NewLift | NewAccommodation | NewVoid | NewClosing
ALLOWED: dict[type[_New], frozenset[str]] = {
    NewLearning: ADVISING,
    NewApproval: ADVISING,
    NewLift: ADVISING,
    NewAccommodation: ADVISING,
    NewVoid: DECIDING,
    NewClosing: DECIDING,
}
"""Roles that may write each kind into anybody's attempt; a learner writes learning and closing into an own one."""
OWN: frozenset[type[_New]] = frozenset({NewLearning, NewClosing})


class AttemptEventRoutes(Controller):
    """The log of an attempt, as far as people write it."""

    path = "/attempts/{uuid:uuid}/events"
    tags = ["institution"]

    @post(summary="Write an event into an attempt")
    async def write(
        self,
        request: Request[Any, Any, Any],
        uuid: FromPath[UUID],
        data: JSONBody[NewEvent],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
        shelf: NamedDependency[Shelf],
    ) -> Response[AttemptDocument]:
        """201 with where the attempt stands after it; 409 with every rule of the policy that stands in the way."""
        is_staff = bool(caller.roles & ALLOWED[type(data)])
        if not is_staff:
            await _must_own(database, caller, uuid, data)
        carry_out = _way_of(data, database, shelf, caller, uuid, is_staff=is_staff)

        async def act() -> tuple[int, AttemptDocument]:
            return 201, attempt_document(await carry_out())

        return await once(request, caller, database, act)


async def _must_own(database: Database, caller: Caller, uuid: UUID, data: _New) -> None:
    """Let a learner through to an own attempt.

    Raises:
        Unknown, Forbidden.
    """
    if not caller.roles & ADVISING:
        async with database.transaction(caller.institution_id) as connection:
            await own_attempt(connection, uuid, caller.account_id)
        if type(data) in OWN:
            return
    raise Forbidden(f"This needs the role {' or '.join(sorted(ALLOWED[type(data)]))}.")


def _way_of(
    data: NewEvent, database: Database, shelf: Shelf, caller: Caller, uuid: UUID, *, is_staff: bool
) -> Callable[[], Awaitable[AttemptView]]:
    """The workflow that carries an event out."""
    by = str(caller.account_uuid)
    where = (database, shelf, caller.institution_id, caller.account_id)
    match data:
        case NewLearning() if not is_staff:
            return lambda: record_learning(
                *where, uuid, what=data.what, minutes=data.minutes, resource=data.resource, by=by
            )
        case NewLearning():
            return lambda: write_down(
                *where, uuid,
                lambda at: LearningRecorded(
                    at=at, what=data.what, minutes=data.minutes, by=by, resource=data.resource
                ),
            )  # fmt: skip
        case NewApproval():
            return lambda: write_down(*where, uuid, lambda at: ApprovalGiven(at=at, occasion=data.occasion, by=by))
        case NewLift():
            return lambda: write_down(
                *where, uuid,
                lambda at: RuleLifted(
                    at=at, rule=data.rule, occasion=data.occasion, by=by, reason=data.reason, period=data.period
                ),
            )  # fmt: skip
        case NewAccommodation():
            granted = Accommodation(**msgspec.structs.asdict(data))
            return lambda: grant_accommodation(*where, by, uuid, granted)
        case NewVoid():
            return lambda: void_sitting(*where, by, uuid, data.session, data.reason, uses_attempt=data.uses_attempt)
        case NewClosing():
            return lambda: close_attempt(*where, by, uuid, data.reason)
