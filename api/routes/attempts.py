"""A learner's attempts: open one, see where it stands, start a sitting, read the gap report."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from api.auth import Forbidden
from api.idempotency import once
from api.views import AttemptDocument, SessionDocument, attempt_document, session_document
from engine.gap_report.report import GapReport
from engine.storage import attempts
from engine.storage.attempts import Attempt
from engine.workflows import journal
from engine.workflows.open_attempt import attempt_here, open_attempt, view_of
from engine.workflows.report_gaps import gap_report_of
from engine.workflows.shelf import Shelf
from engine.workflows.take_session import own_attempt, start_session
from itembank.storage.accounts import Caller
from itembank.storage.database import Connection, Database

STAFF_READING = frozenset({"advisor", "registrar"})
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]


class NewAttempt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which assessment to attempt, by its key in the catalogue."""

    assessment: Key


class NewSession(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which occasion to sit. `items` (service accounts only) restricts the sitting to these items of the bank."""

    occasion: Key
    items: Annotated[list[Key], msgspec.Meta(max_length=100_000)] | None = None


async def readable_attempt(connection: Connection, uuid: UUID, caller: Caller) -> Attempt:
    """An own attempt, or any of the institution for its advisors and registrars.

    Raises:
        Unknown: otherwise.
    """
    if caller.roles & STAFF_READING:
        return await attempt_here(connection, uuid)
    return await own_attempt(connection, uuid, caller.account_id)


class AttemptRoutes(Controller):
    """The learner's way through an assessment."""

    path = "/attempts"
    tags = ["learner"]

    @post(summary="Open an attempt", responses=None)
    async def open(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[NewAttempt],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
        shelf: NamedDependency[Shelf],
    ) -> Response[AttemptDocument]:
        """The learner's attempt at an assessment: 201 when it is new, 200 when it was open already."""

        async def act() -> tuple[int, AttemptDocument]:
            view, is_new = await open_attempt(
                database, shelf, caller.institution_id, caller.account_id, str(caller.account_uuid), data.assessment
            )
            return (201 if is_new else 200), attempt_document(view)

        return await once(request, caller, database, act)

    @get(summary="List one's attempts")
    async def list_attempts(
        self, caller: NamedDependency[Caller], database: NamedDependency[Database], shelf: NamedDependency[Shelf]
    ) -> list[AttemptDocument]:
        """All attempts of the account that asks, oldest first."""
        async with database.transaction(caller.institution_id) as connection:
            found = await attempts.of_account(connection, caller.account_id)
            now = await connection.fetchval("SELECT now()")
            return [attempt_document(await view_of(connection, shelf, attempt, now)) for attempt in found]

    @get("/{uuid:uuid}", summary="See an attempt")
    async def see(
        self,
        uuid: FromPath[UUID],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
        shelf: NamedDependency[Shelf],
    ) -> AttemptDocument:
        """Decision, grade, credit, and when what opens next."""
        async with database.transaction(caller.institution_id) as connection:
            attempt = await readable_attempt(connection, uuid, caller)
            now = await connection.fetchval("SELECT now()")
            return attempt_document(await view_of(connection, shelf, attempt, now))

    @get("/{uuid:uuid}/gap-report", summary="Read the gap report")
    async def gaps(
        self,
        uuid: FromPath[UUID],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
        shelf: NamedDependency[Shelf],
    ) -> GapReport:
        """Per competency what is shown, what is not yet, what is unknown, and what to learn next."""
        async with database.transaction(caller.institution_id) as connection:
            attempt = await readable_attempt(connection, uuid, caller)
            now = await connection.fetchval("SELECT now()")
            publication = await shelf.publication(connection, attempt.assessment_version_id)
            _, events = await journal.read(connection, attempt.id)
            return await gap_report_of(connection, publication, attempt, events, now)

    @post("/{uuid:uuid}/sessions", summary="Start a sitting")
    async def start(
        self,
        request: Request[Any, Any, Any],
        uuid: FromPath[UUID],
        data: JSONBody[NewSession],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
        shelf: NamedDependency[Shelf],
    ) -> Response[SessionDocument]:
        """A sitting with its first item: 201 when it begins, 200 when it was running already."""
        if data.items is not None and "service" not in caller.roles:
            raise Forbidden("Only a service account may restrict a sitting to given items.")

        async def act() -> tuple[int, SessionDocument]:
            step = await start_session(
                database, shelf, caller.institution_id, caller.account_id, uuid, data.occasion, item_keys=data.items
            )
            return (201 if step.is_new else 200), session_document(step)

        return await once(request, caller, database, act)
