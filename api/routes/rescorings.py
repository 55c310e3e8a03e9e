"""Items withdrawn or re-keyed after people answered them: look first, then apply."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from api.auth import roles
from api.idempotency import once
from engine.rescoring import Preview, Rescored
from engine.storage import rescorings
from engine.storage.rescorings import Kept
from engine.workflows.rescore_item import Asked, apply_rescoring, preview_rescoring
from engine.workflows.shelf import Shelf
from itembank.storage.accounts import Caller
from itembank.storage.database import Database

Key = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Values = Annotated[list[Annotated[str, msgspec.Meta(max_length=1000)]], msgspec.Meta(max_length=100)]


class NewRescoring(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to do with which item, and why. `key`: for a re-key, the right values by response identifier."""

    bank: Key
    item: Key
    kind: Literal["withdraw", "rekey"]
    reason: Annotated[str, msgspec.Meta(min_length=3, max_length=500)]
    hold_harmless: bool
    key: dict[Key, Values] = {}

    @property
    def asked(self) -> Asked:
        """As the workflow takes it."""
        key = {response: tuple(values) for response, values in self.key.items()}
        return Asked(
            bank=self.bank, item=self.item, kind=self.kind, reason=self.reason, hold_harmless=self.hold_harmless,
            key=key,
        )  # fmt: skip


class ApplyRescoring(NewRescoring, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`named`: who answers for it."""

    named: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class AffectedView(msgspec.Struct, frozen=True, kw_only=True):
    """One sitting whose decision changes, or would without hold-harmless."""

    session: str
    learner: str
    outcome: str
    credential: str
    passed_before: bool
    passed_after: bool
    percent_before: float
    percent_after: float


class RescoringView(msgspec.Struct, frozen=True, kw_only=True):
    """How many sittings answered the item, whose decision changes and how. `uuid`: None for a preview."""

    uuid: UUID | None
    n_sittings: int
    n_now_pass: int
    n_no_longer_pass: int
    n_held_harmless: int
    affected: list[AffectedView]


def rescoring_view(previewed: Preview, uuid: UUID | None = None) -> RescoringView:
    """A preview for reading."""
    return RescoringView(
        uuid=uuid, n_sittings=previewed.n_sittings, n_now_pass=previewed.count("now_passes"),
        n_no_longer_pass=previewed.count("no_longer_passes"), n_held_harmless=previewed.count("held_harmless"),
        affected=[_affected(one) for one in previewed.affected],
    )  # fmt: skip


def _affected(one: Rescored) -> AffectedView:
    return AffectedView(
        session=one.sitting, learner=one.learner, outcome=one.outcome, credential=one.credential,
        passed_before=one.before.passed, passed_after=one.after.passed, percent_before=one.before.percent,
        percent_after=one.after.percent,
    )  # fmt: skip


class RescoringRoutes(Controller):
    """Rescoring."""

    path = "/rescorings"
    tags = ["institution"]

    @get(summary="List rescorings", opt=roles("psychometrician", "registrar"))
    async def list_rescorings(self, caller: NamedDependency[Caller], database: NamedDependency[Database]) -> list[Kept]:
        """Every item withdrawn or re-keyed, by whom, why, and how many sittings it touched."""
        async with database.transaction(caller.institution_id) as connection:
            return await rescorings.every(connection)

    @post("/preview", summary="Preview a rescoring", opt=roles("psychometrician", "registrar"), status_code=200)
    async def look(
        self,
        data: JSONBody[NewRescoring],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
        shelf: NamedDependency[Shelf],
    ) -> RescoringView:
        """Who is affected and whose decision would change; nothing is written."""
        return rescoring_view(await preview_rescoring(database, shelf, caller.institution_id, data.asked))

    @post(summary="Apply a rescoring", opt=roles("registrar"))
    async def carry_out(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[ApplyRescoring],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
        shelf: NamedDependency[Shelf],
    ) -> Response[RescoringView]:
        """Decisions are written anew, credit and credentials follow them; all at once or nothing."""

        async def act() -> tuple[int, RescoringView]:
            applied = await apply_rescoring(
                database, shelf, caller.institution_id, caller.account_id, str(caller.account_uuid), data.named,
                data.asked,
            )  # fmt: skip
            return 201, rescoring_view(applied.preview, applied.uuid)

        return await once(request, caller, database, act)
