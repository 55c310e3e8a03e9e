"""Learners who asked to be erased: what would go and what must stay, and the registrar's confirmation."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import ClientException

from api.auth import roles
from api.pages.forms import Form
from api.pages.render import page, see_other
from engine.errors import Unknown
from engine.storage import erasures
from engine.workflows.erase_person import erase_person
from itembank.storage.accounts import Caller
from itembank.storage.database import Database


@get("/institution/erasures", opt=roles("registrar"))
async def see_erasures(
    request: Request[Any, Any, Any], caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> Response[str]:
    """The requests, the longest waiting first."""
    async with database.transaction(caller.institution_id) as connection:
        asking = await erasures.asked(connection)
    return page(
        request, "institution/erasures/page.html", asking=asking, erased="erased" in request.query_params
    )  # fmt: skip


@post("/institution/erasures", opt=roles("registrar"))
async def confirm_erasure(
    form: NamedDependency[Form], caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> Response[Any]:
    """Erase one learner for good; only with the box ticked that says so."""
    if form.one("sure") != "1":
        raise ClientException("Nothing was erased: tick the box that says it is for good, and send it again.")
    try:
        learner = UUID(form.one("learner"))
    except ValueError:
        raise Unknown("There is no such learner here.") from None
    await erase_person(database, caller.institution_id, learner)
    return see_other("/institution/erasures?erased")
