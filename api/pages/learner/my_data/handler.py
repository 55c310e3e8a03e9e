"""Everything that is kept about a learner: to see, to take along, to have erased."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency

from api.pages.forms import Form
from api.pages.render import page, see_other
from engine.storage import attempts, credits, sessions
from engine.workflows import journal
from itembank.storage import accounts, institutions
from itembank.storage.accounts import Caller
from itembank.storage.database import Connection, Database

ASKED = "erasure_asked_at"


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
    async with database.transaction(caller.institution_id) as connection:
        document = await _document(connection, caller)
    return Response(
        msgspec.json.format(msgspec.json.encode(document), indent=2),
        media_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="assay-my-data.json"', "Cache-Control": "no-store"},
    )


async def _document(connection: Connection, caller: Caller) -> dict[str, Any]:
    earned = await credits.of_account(connection, caller.account_id)
    return {
        "assay": "my-data/1",
        "institution": (await institutions.get(connection, caller.institution_id)).name,
        "person": await accounts.person(connection, caller.account_id),
        "attempts": [
            await _attempt(connection, attempt) for attempt in await attempts.of_account(connection, caller.account_id)
        ],
        "credits": [
            {"uuid": c.uuid, "assessment": c.assessment_key, "hours": c.hours, "grade": c.grade,
             "awarded_at": c.awarded_at, "revoked_at": c.revoked_at, "credential": c.credential_uuid}
            for c in earned
        ],
    }  # fmt: skip


async def _attempt(connection: Connection, attempt: attempts.Attempt) -> dict[str, Any]:
    _, events = await journal.read(connection, attempt.id)
    return {
        "uuid": attempt.uuid,
        "opened_at": attempt.created_at,
        "events": events,
        "sittings": [
            {
                "uuid": row.uuid, "occasion": row.occasion, "started_at": row.started_at, "deadline": row.deadline,
                "finished_at": row.finished_at, "reason": row.reason,
                "answers": [
                    {"position": item.position, "shown_at": item.shown_at, "answered_at": item.answered_at,
                     "answer": item.answer}
                    for item in await sessions.administered(connection, row.id)
                ],
            }
            for row in await sessions.of_attempt(connection, attempt.id)
        ],
    }  # fmt: skip


@post("/my-data/erasure")
async def erase(
    form: NamedDependency[Form], caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> Response[Any]:
    """Ask the institution to erase, or take that back. It also ends the proof of credit, so a person decides."""
    async with database.transaction(caller.institution_id) as connection:
        now = await connection.fetchval("SELECT now()")
        needs = dict((await accounts.person(connection, caller.account_id)).needs)
        needs.pop(ASKED, None)
        if form.one("withdraw") != "1":
            needs[ASKED] = now.isoformat()
        await accounts.set_needs(connection, caller.account_id, needs)
    return see_other("/my-data")
