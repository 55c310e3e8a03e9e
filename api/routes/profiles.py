"""What a role or a programme asks for, held against a learner or a group."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from api.auth import roles
from api.routes.attempts import readable_attempt
from engine.advising import HeatMap, Match
from engine.errors import EngineError
from engine.workflows.match_profile import Role, Wanted, match_attempt, match_group
from engine.workflows.shelf import Shelf
from itembank.storage.accounts import Caller
from itembank.storage.database import Database

Key = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class WantedView(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A competency and the cut it must reach: in theta, or in percent of the competency's domain."""

    competency: Key
    cut_theta: Annotated[float, msgspec.Meta(ge=-6, le=6)] | None = None
    cut_percent: Annotated[float, msgspec.Meta(gt=0, lt=100)] | None = None


class RoleView(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A role or a programme."""

    key: Key
    title: Annotated[str, msgspec.Meta(max_length=500)] = ""
    wants: Annotated[list[WantedView], msgspec.Meta(min_length=1, max_length=500)]

    def read(self) -> Role:
        """As the workflow takes it.

        Raises:
            EngineError: when a competency stands twice or has no cut, or two.
        """
        try:
            wants = tuple(Wanted(**msgspec.structs.asdict(want)) for want in self.wants)
            return Role(key=self.key, title=self.title, wants=wants)
        except ValueError as error:
            raise EngineError(str(error)) from None


class GroupAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everybody who opened the assessment, or the learners named of them."""

    role: RoleView
    assessment: Key
    learners: Annotated[list[UUID], msgspec.Meta(max_length=10_000)] | None = None
    smallest_cell: Annotated[int, msgspec.Meta(le=1000)] = 5


class FitView(msgspec.Struct, frozen=True, kw_only=True):
    """How many learners stand in which state, by competency; null = suppressed, too few people stand behind it."""

    role: str
    n_learners: int | None
    n_without_answers: int | None
    counts: dict[str, dict[str, int | None]]
    unmeasured: tuple[str, ...]
    smallest_cell: int


class MatchView(msgspec.Struct, frozen=True, kw_only=True):
    """One learner against the role: the state of every competency asked for."""

    role: str
    states: dict[str, str]
    n_met: int
    n_wanted: int
    unmeasured: tuple[str, ...]


def _counts(heat: HeatMap) -> dict[str, dict[str, int | None]]:
    return {key: dict(zip(heat.states, counts)) for key, counts in zip(heat.competencies, heat.counts)}


class ProfileRoutes(Controller):
    """Matches; asking changes nothing."""

    tags = ["institution"]

    @post(
        "/role-matches", summary="Hold a group against a role", status_code=200,
        opt=roles("advisor", "registrar", "service"),
    )  # fmt: skip
    async def group(
        self,
        data: JSONBody[GroupAsked],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
        shelf: NamedDependency[Shelf],
    ) -> FitView:
        """Small cells are suppressed so that nobody can be recognised; a group smaller than a cell shows nothing."""
        fit = await match_group(
            database, shelf, caller.institution_id, data.role.read(), data.assessment, data.learners,
            smallest_cell=data.smallest_cell,
        )  # fmt: skip
        return FitView(
            role=data.role.key, n_learners=fit.heat.n_learners, n_without_answers=fit.n_without_answers,
            counts=_counts(fit.heat), unmeasured=fit.unmeasured, smallest_cell=fit.heat.smallest_cell,
        )  # fmt: skip

    @post("/attempts/{uuid:uuid}/role-match", summary="Hold an attempt against a role", status_code=200)
    async def one(
        self,
        uuid: FromPath[UUID],
        data: JSONBody[RoleView],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
        shelf: NamedDependency[Shelf],
    ) -> MatchView:
        """The learner's own, or any for advisors and registrars."""
        role = data.read()
        async with database.transaction(caller.institution_id) as connection:
            attempt = await readable_attempt(connection, uuid, caller)
            now: Any = await connection.fetchval("SELECT now()")
            publication = await shelf.publication(connection, attempt.assessment_version_id)
            found: Match = await match_attempt(connection, publication, attempt, role, now)
        return MatchView(
            role=role.key, states=dict(found.states), n_met=found.n_met, n_wanted=len(role.wants),
            unmeasured=found.unmeasured,
        )  # fmt: skip
