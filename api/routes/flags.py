"""Flags: what somebody should look at, and who closed it with which reason."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from api.auth import Forbidden, roles
from api.idempotency import once
from engine.errors import Unknown
from engine.flags.closing import CLOSERS, sees_names
from engine.flags.records import Judged, Kind, Outcome
from engine.messages import message, say
from engine.storage import flags
from engine.storage.flags import KeptFlag, Run, Subject
from engine.workflows.close_flag import Closing, close_flag
from engine.workflows.raise_flags import raise_flags
from engine.workflows.shelf import Shelf
from itembank.storage import items as item_rows
from itembank.storage.accounts import Caller
from itembank.storage.database import Database

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Reason = Annotated[str, msgspec.Meta(min_length=3, max_length=200, description="It stays for good: name no learner.")]
READERS = ("psychometrician", "registrar")


class NewLook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The bank whose sittings are looked at."""

    bank: Name


class LookView(msgspec.Struct, frozen=True, kw_only=True):
    """How much was judged and flagged, kind by kind; n_new: flags that were not known before."""

    bank: str
    n_sittings: int
    n_new: int
    judged: tuple[Judged, ...]


class SubjectView(msgspec.Struct, frozen=True, kw_only=True):
    """A sitting and whose it is; `name` for the registrar and the administrator alone."""

    session: UUID
    attempt: UUID
    assessment: str
    occasion: str
    started_at: datetime
    learner: UUID
    pseudonym: str
    name: str | None


class FlagView(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to look at. `sentence`: what was seen; `look`: what it may mean, and what to do first.

    `reason`: empty once a learner it was about is erased.
    """

    uuid: UUID
    kind: Kind
    bank: str
    item: str | None
    sessions: list[SubjectView]
    value: float
    p: float | None
    sentence: str
    look: str
    evidence: dict[str, Any]
    raised_at: datetime
    closed_at: datetime | None
    outcome: Outcome | None
    named: str | None
    reason: str | None


class DriftView(msgspec.Struct, frozen=True, kw_only=True):
    """How an item does against its calibration; shift in logits, + = easier; None below the fewest answers."""

    item: str
    n_answers: int
    observed: float
    expected: float
    shift: float | None
    standard_error: float | None
    adjusted_p: float | None
    cusum: float | None


class BankDriftView(msgspec.Struct, frozen=True, kw_only=True):
    """The latest look at a bank; n_since: sittings that ended after it."""

    bank: str
    computed_at: datetime
    n_sittings: int
    n_since: int
    judged: tuple[Judged, ...]
    items: list[DriftView]


class NewClosing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What came of a flag, who answers for it and why. `session`: which sitting is struck, where it is about two."""

    outcome: Outcome
    named: Name
    reason: Reason
    session: UUID | None = None
    uses_attempt: bool = False

    @property
    def closing(self) -> Closing:
        """As the workflow takes it."""
        return Closing(
            outcome=self.outcome, named=self.named, reason=self.reason, sitting=self.session,
            uses_attempt=self.uses_attempt,
        )  # fmt: skip


def flag_view(flag: KeptFlag, caller: Caller) -> FlagView:
    """A flag for reading, with names for those who may read them."""
    return FlagView(
        uuid=flag.uuid, kind=flag.kind, bank=flag.bank, item=flag.item,
        sessions=[_subject(one, named=sees_names(caller.roles)) for one in flag.sittings], value=flag.value, p=flag.p,
        sentence=" ".join(say(one) for one in flag.said), look=say(message(f"flag.do.{flag.kind}")),
        evidence=flag.evidence, raised_at=flag.raised_at, closed_at=flag.closed_at, outcome=flag.outcome,
        named=flag.named, reason=flag.reason,
    )  # fmt: skip


def _subject(one: Subject, *, named: bool) -> SubjectView:
    return SubjectView(
        session=one.sitting, attempt=one.attempt, assessment=one.assessment, occasion=one.occasion,
        started_at=one.started_at, learner=one.learner, pseudonym=one.pseudonym, name=one.name if named else None,
    )  # fmt: skip


def check_closer(caller: Caller, outcome: Outcome) -> None:
    """Whether the caller may close a flag in this way.

    Raises:
        Forbidden: naming the roles that may.
    """
    if not caller.roles & CLOSERS[outcome]:
        raise Forbidden(f"This needs the role {' or '.join(sorted(CLOSERS[outcome]))}.")


class FlagRoutes(Controller):
    """Flags."""

    path = "/flags"
    tags = ["institution"]

    @get(summary="List flags", opt=roles(*READERS))
    async def list_flags(
        self,
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
        which: Annotated[Literal["open", "closed", "all"], QueryParameter(name="state")] = "open",
        limit: Annotated[int, QueryParameter(ge=1, le=500)] = 100,
        offset: Annotated[int, QueryParameter(ge=0, le=1_000_000)] = 0,
    ) -> list[FlagView]:
        """What there is to look at: open flags first, the strongest first. Nothing has followed from any of them."""
        is_open = None if which == "all" else which == "open"
        async with database.transaction(caller.institution_id) as connection:
            found = await flags.found(connection, is_open=is_open, most=limit, skip=offset)
        return [flag_view(flag, caller) for flag in found]

    @get("/drift", summary="See how items drift", opt=roles(*READERS))
    async def see_drift(
        self, caller: NamedDependency[Caller], database: NamedDependency[Database]
    ) -> list[BankDriftView]:  # fmt: skip
        """The latest look at every bank: how much was judged, and every item against its calibration."""
        async with database.transaction(caller.institution_id) as connection:
            runs = await flags.latest_runs(connection)
            keys = {
                head.id: key for run in runs for key, head in (await item_rows.heads(connection, run.bank_id)).items()
            }  # fmt: skip
        return [_drift(run, keys) for run in runs]

    @get("/{uuid:uuid}", summary="Read a flag", opt=roles(*READERS))
    async def read_flag(
        self, uuid: FromPath[UUID], caller: NamedDependency[Caller], database: NamedDependency[Database]
    ) -> FlagView:
        """One flag with its numbers."""
        async with database.transaction(caller.institution_id) as connection:
            flag = await flags.find(connection, uuid)
        if flag is None:
            raise Unknown("There is no such flag here.")
        return flag_view(flag, caller)

    @post("/looks", summary="Look at a bank's sittings", opt=roles("psychometrician"))
    async def look_again(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[NewLook],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
    ) -> Response[LookView]:
        """Compute every flag of a bank from what is stored and keep the new ones. Nothing else is changed."""

        async def act() -> tuple[int, LookView]:
            raised = await raise_flags(database, caller.institution_id, data.bank)
            return 201, LookView(
                bank=raised.bank, n_sittings=raised.looked.n_sittings, n_new=raised.n_new, judged=raised.looked.judged
            )  # fmt: skip

        return await once(request, caller, database, act)

    @post("/{uuid:uuid}/closing", summary="Close a flag", opt=roles(*READERS))
    async def close(
        self,
        request: Request[Any, Any, Any],
        uuid: FromPath[UUID],
        data: JSONBody[NewClosing],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
        shelf: NamedDependency[Shelf],
    ) -> Response[FlagView]:
        """By a named person with a reason: noted, the item quarantined, or the sitting struck."""
        check_closer(caller, data.outcome)

        async def act() -> tuple[int, FlagView]:
            kept = await close_flag(
                database, shelf, caller.institution_id, caller.account_id, str(caller.account_uuid), uuid, data.closing
            )  # fmt: skip
            return 201, flag_view(kept, caller)

        return await once(request, caller, database, act)


def _drift(run: Run, keys: dict[int, str]) -> BankDriftView:
    items = [
        DriftView(
            item=keys[line.item], n_answers=line.n_answers, observed=line.observed, expected=line.expected,
            shift=line.shift, standard_error=line.standard_error, adjusted_p=line.adjusted, cusum=line.cusum,
        )
        for line in run.drift
        if line.item in keys
    ]  # fmt: skip
    return BankDriftView(
        bank=run.bank, computed_at=run.computed_at, n_sittings=run.n_sittings, n_since=run.n_since, judged=run.judged,
        items=items,
    )  # fmt: skip
