"""Everything that is kept about a learner: to see, to take along, to have erased."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency

from api.pages.forms import Form
from api.pages.render import page, see_other
from engine.storage import attempts, credits, sessions
from engine.workflows.erase_person import ASKED, ask_erasure
from engine.workflows.tell_my_data import tell_my_data
from itembank.storage import accounts, institutions
from itembank.storage.accounts import Caller
from itembank.storage.database import Database


@get("/my-data")
async def see_my_data(
    request: Request[Any, Any, Any], caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> Response[str]:
    """What is kept, in words and numbers."""
    async with database.transaction(caller.institution_id) as connection:
        person = await accounts.person(connection, caller.account_id)
        institution = await institutions.get(connection, caller.institution_id)
        own = await attempts.of_account(connection, caller.account_id)
        sittings = [row for attempt in own for row in await sessions.of_attempt(connection, attempt.id)]
        answers = [item for row in sittings for item in await sessions.administered(connection, row.id)]
        earned = await credits.of_account(connection, caller.account_id)
    asked = person.needs.get(ASKED)
    return page(
        request, "learner/my_data/page.html", person=person, institution=institution, n_attempts=len(own),
        n_sittings=len(sittings), n_answers=sum(item.answer is not None for item in answers), n_credits=len(earned),
        asked=datetime.fromisoformat(asked) if isinstance(asked, str) else None,
    )  # fmt: skip


@get("/my-data/export.json")
async def export(caller: NamedDependency[Caller], database: NamedDependency[Database]) -> Response[bytes]:
    """All of it as one JSON document. Which answers were right is not in it: the questions are still in use."""
    document = await tell_my_data(database, caller.institution_id, caller.account_id)
    return Response(
        msgspec.json.format(msgspec.json.encode(document), indent=2),
        media_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="assay-my-data.json"', "Cache-Control": "no-store"},
    )


@post("/my-data/erasure")
async def erase(
    form: NamedDependency[Form], caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> Response[Any]:
    """Ask the institution to erase, or take that back. It also ends the proof of credit, so a person decides."""
    withdraw = form.one("withdraw") == "1"
    await ask_erasure(database, caller.institution_id, caller.account_id, withdraw=withdraw)
    return see_other("/my-data")
