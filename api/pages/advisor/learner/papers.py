"""A learner's record and gap reports on paper, for the advisor: what the learner can print too, and no more."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.auth import roles
from api.pages.looks import language
from api.pages.results import find_result
from api.prints.gap_report import gap_report_sheet
from api.prints.record import find_record, record_sheet
from api.prints.typesetting import as_pdf
from engine.errors import Unknown
from engine.storage import cohorts
from engine.workflows.shelf import Shelf
from itembank.storage.accounts import Caller
from itembank.storage.database import Database


async def _account(database: Database, caller: Caller, learner: UUID) -> int:
    async with database.transaction(caller.institution_id) as connection:
        found = await cohorts.learner(connection, learner)
    if found is None:
        raise Unknown("There is no such learner here.")
    return found


@get("/advisor/learners/{uuid:uuid}/record.pdf", opt=roles("advisor"))
async def print_learner_record(
    request: Request[Any, Any, Any],
    uuid: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[bytes]:
    """Credits, decisions and sittings."""
    account_id = await _account(database, caller, uuid)
    found = await find_record(database, shelf, caller.institution_id, account_id)
    return await as_pdf(record_sheet(found, language(request)), "record")


@get("/advisor/learners/{uuid:uuid}/attempts/{attempt:uuid}/gap-report.pdf", opt=roles("advisor"))
async def print_learner_gaps(
    request: Request[Any, Any, Any],
    uuid: FromPath[UUID],
    attempt: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[bytes]:
    """The gap report of one attempt, as the learner reads it."""
    account_id = await _account(database, caller, uuid)
    learner = Caller(
        account_id=account_id, account_uuid=uuid, institution_id=caller.institution_id, roles=frozenset({"learner"})
    )
    found = await find_result(database, shelf, learner, attempt)
    return await as_pdf(gap_report_sheet(found, language(request)), "gap-report")
