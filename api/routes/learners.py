"""Learners of the institution, as advisors and registrars see them."""

from datetime import datetime
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.auth import roles
from api.views import AttemptDocument, attempt_document
from engine.errors import Unknown
from engine.storage import attempts, cohorts
from engine.workflows.open_attempt import view_of
from engine.workflows.shelf import Shelf
from itembank.storage.accounts import Caller
from itembank.storage.database import Connection, Database


async def learner_account(connection: Connection, uuid: UUID) -> int:
    """The account of a learner of this institution.

    Raises:
        Unknown: when there is none.
    """
    found = await cohorts.learner(connection, uuid)
    if found is None:
        raise Unknown("There is no such learner here.")
    return found


class LearnerRoutes(Controller):
    """One learner."""

    path = "/learners/{uuid:uuid}"
    tags = ["institution"]

    @get("/attempts", summary="List a learner's attempts", opt=roles("advisor", "registrar"))
    async def list_attempts(
        self,
        uuid: FromPath[UUID],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
        shelf: NamedDependency[Shelf],
    ) -> list[AttemptDocument]:
        """All attempts of the learner, oldest first."""
        async with database.transaction(caller.institution_id) as connection:
            found = await attempts.of_account(connection, await learner_account(connection, uuid))
            now: datetime = await connection.fetchval("SELECT now()")
            return [attempt_document(await view_of(connection, shelf, attempt, now)) for attempt in found]
