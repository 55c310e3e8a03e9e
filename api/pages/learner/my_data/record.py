"""Credits, decisions and sittings on paper."""

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency

from api.pages.looks import language
from api.prints.record import find_record, record_sheet
from api.prints.typesetting import as_pdf
from engine.workflows.shelf import Shelf
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
    found = await find_record(database, shelf, caller.institution_id, caller.account_id)
    return await as_pdf(record_sheet(found, language(request)), "record")
