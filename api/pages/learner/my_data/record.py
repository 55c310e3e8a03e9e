"""Credits, decisions and sittings on paper."""

from datetime import datetime
from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency

from api.pages.looks import language
from api.prints.record import LearnerRecord, record_sheet
from api.prints.typesetting import as_pdf
from engine.storage import attempts, credits
from engine.workflows.open_attempt import view_of
from engine.workflows.shelf import Shelf
from itembank.storage import accounts, institutions
from itembank.storage.accounts import Caller
from itembank.storage.database import Database


@get("/my-data/record.pdf")
async def print_record(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[bytes]:
    """The learner's record."""
    async with database.transaction(caller.institution_id) as connection:
        now: datetime = await connection.fetchval("SELECT now()")
        found = LearnerRecord(
            person=await accounts.person(connection, caller.account_id),
            institution=await institutions.get(connection, caller.institution_id),
            credits=await credits.of_account(connection, caller.account_id),
            views=[
                await view_of(connection, shelf, attempt, now)
                for attempt in await attempts.of_account(connection, caller.account_id)
            ],
        )
    return await as_pdf(record_sheet(found, language(request)), "record")
