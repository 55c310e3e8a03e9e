"""A learner's attempts and credits."""

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency

from api.pages.looks import language
from api.pages.names import namer
from api.pages.render import page
from engine.storage import attempts, credits
from engine.workflows.open_attempt import view_of
from engine.workflows.shelf import Shelf
from itembank.storage.accounts import Caller
from itembank.storage.database import Database


@get("/my")
async def see_my_assessments(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[str]:
    """What was begun, what comes next, what was earned."""
    async with database.transaction(caller.institution_id) as connection:
        now = await connection.fetchval("SELECT now()")
        found = await attempts.of_account(connection, caller.account_id)
        views = [await view_of(connection, shelf, attempt, now) for attempt in found]
        earned = [c for c in await credits.of_account(connection, caller.account_id) if c.revoked_at is None]
    spoken = language(request)
    return page(
        request, "learner/my_assessments/page.html", views=views, hours=sum(float(credit.hours) for credit in earned),
        namer=lambda policy: namer(policy, spoken),
    )  # fmt: skip
