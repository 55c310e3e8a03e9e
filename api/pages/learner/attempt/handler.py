"""One learner's way through one assessment: what may be done now, what may not and from when, what has been earned."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import ClientException
from litestar.params import FromPath

from api.pages.forms import Form
from api.pages.learner.assessment.rules import questions_words
from api.pages.looks import language
from api.pages.names import namer
from api.pages.not_now import not_now
from api.pages.render import page, see_other
from api.pages.words import translator
from engine.policies.records import zone_of
from engine.refusals import Refusal
from engine.storage import credits
from engine.workflows.open_attempt import view_of
from engine.workflows.record_learning import OWN, record_learning
from engine.workflows.shelf import Shelf
from engine.workflows.take_session import own_attempt, start_session
from itembank.storage.accounts import Caller
from itembank.storage.database import Database


@get("/attempts/{uuid:uuid}")
async def see_attempt(
    request: Request[Any, Any, Any],
    uuid: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[str]:
    """Where the attempt stands. Looking changes nothing."""
    async with database.transaction(caller.institution_id) as connection:
        attempt = await own_attempt(connection, uuid, caller.account_id)
        now = await connection.fetchval("SELECT now()")
        view = await view_of(connection, shelf, attempt, now)
        credit = await credits.of_attempt(connection, attempt.id)
    spoken, policy = language(request), view.publication.version.policy
    return page(
        request, "learner/attempt/page.html", view=view, policy=policy, credit=credit, zone=zone_of(policy),
        name_of=namer(policy, spoken), refused=not_now(view.journey, spoken),
        lengths={one.key: questions_words(view.publication, one, translator(spoken)) for one in policy.occasions},
        learning=_learning_asked(view.journey.refused),
        finished=[sitting for sitting in view.journey.sittings if sitting.ended is not None and not sitting.voided],
        saved="saved" in request.query_params,
    )  # fmt: skip


def _learning_asked(refused: tuple[Refusal, ...]) -> tuple[str, int] | None:
    """(what, minutes still missing) of the learning that stands in the way and that the learner's own word removes."""
    for refusal in refused:
        if refusal.rule == "learning" and refusal.said.values.get("what", OWN) == OWN:
            values = refusal.said.values
            return OWN, max(int(values["minutes"]) - int(values["done"]), 0)
        if (inner := _learning_asked(refusal.one_of)) is not None:
            return inner
    return None


@post("/attempts/{uuid:uuid}/sittings")
async def begin_sitting(
    uuid: FromPath[UUID],
    form: NamedDependency[Form],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[Any]:
    """Start a sitting, or go to the one that is running."""
    step = await start_session(
        database, shelf, caller.institution_id, caller.account_id, uuid, form.one("occasion")[:80]
    )
    return see_other(f"/sittings/{step.session.uuid}")


@post("/attempts/{uuid:uuid}/learning")
async def tell_learning(
    uuid: FromPath[UUID],
    form: NamedDependency[Form],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[Any]:
    """The learner says what was learnt between two sittings."""
    minutes = form.one("minutes", "0") or "0"
    if not minutes.isdecimal() or int(minutes) > 100_000:
        raise ClientException("Write the minutes as a whole number, such as 90.")
    await record_learning(
        database, shelf, caller.institution_id, caller.account_id, uuid,
        what=form.one("what", "learning")[:80], minutes=int(minutes), resource=form.one("resource")[:500],
        by=str(caller.account_uuid),
    )  # fmt: skip
    return see_other(f"/attempts/{uuid}")
