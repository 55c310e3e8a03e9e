"""The queue of flags, one flag with its picture, and the form by which a named person closes it."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import ClientException
from litestar.params import FromPath

from api.auth import roles
from api.pages.forms import Form
from api.pages.institution.flags.drawing import figures_of
from api.pages.looks import language
from api.pages.names import occasion_name
from api.pages.paging import Paging, asked_page
from api.pages.render import page, see_other
from api.routes.flags import READERS, check_closer
from engine.errors import Unknown
from engine.flags.closing import outcomes_for, sees_names
from engine.flags.records import Outcome
from engine.messages import message, say
from engine.storage import flags
from engine.storage.flags import KeptFlag
from engine.workflows.close_flag import Closing, close_flag
from engine.workflows.raise_flags import raise_all_flags
from engine.workflows.shelf import Shelf
from itembank.storage.accounts import Caller
from itembank.storage.database import Database

PER_PAGE = 20
LOOKERS = frozenset({"psychometrician", "institution_admin"})


@get("/institution/flags", opt=roles(*READERS))
async def see_flags(
    request: Request[Any, Any, Any], caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> Response[str]:
    """Open flags, the strongest first; closed ones on request."""
    closed = request.query_params.get("state") == "closed"
    async with database.transaction(caller.institution_id) as connection:
        n_open, n_closed = await flags.counts(connection)
        paging = Paging.of(
            n_closed if closed else n_open, asked_page(request), PER_PAGE, "/institution/flags",
            {"state": "closed" if closed else ""},
        )  # fmt: skip
        shown = await flags.found(
            connection, is_open=not closed, most=paging.end - paging.start, skip=paging.start
        )  # fmt: skip
        runs = await flags.latest_runs(connection)
    spoken = language(request)
    return page(
        request, "institution/flags/page.html", closed=closed, n_open=n_open, n_closed=n_closed, paging=paging,
        runs=runs, shown=[(flag, _sentence(flag, request)) for flag in shown], named=sees_names(caller.roles),
        may_look=bool(caller.roles & LOOKERS), name_of=lambda key: occasion_name(key, spoken),
    )  # fmt: skip


@post("/institution/flags", opt=roles("psychometrician"))
async def look_again(caller: NamedDependency[Caller], database: NamedDependency[Database]) -> Response[Any]:
    """Look at all banks anew."""
    await raise_all_flags(database, caller.institution_id)
    return see_other("/institution/flags")


@get("/institution/flags/{uuid:uuid}", opt=roles(*READERS))
async def see_flag(
    request: Request[Any, Any, Any],
    uuid: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> Response[str]:
    """What was seen, its picture, what it may mean, and the form to close it."""
    async with database.transaction(caller.institution_id) as connection:
        flag = await flags.find(connection, uuid)
    if flag is None:
        raise Unknown("There is no such flag here.")
    spoken = language(request)
    return page(
        request, "institution/flags/flag.html", flag=flag, sentence=_sentence(flag, request),
        look=say(message(f"flag.do.{flag.kind}"), spoken), figures=figures_of(flag, spoken),
        outcomes=() if flag.closed_at else outcomes_for(flag.kind, caller.roles), named=sees_names(caller.roles),
        name_of=lambda key: occasion_name(key, spoken),
    )  # fmt: skip


@post("/institution/flags/{uuid:uuid}", opt=roles(*READERS))
async def close(
    uuid: FromPath[UUID],
    form: NamedDependency[Form],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[Any]:
    """Close it, with name and reason; the sitting or the item follows where that was chosen."""
    closing = _closing(form)
    check_closer(caller, closing.outcome)
    await close_flag(
        database, shelf, caller.institution_id, caller.account_id, str(caller.account_uuid), uuid, closing
    )  # fmt: skip
    return see_other(f"/institution/flags/{uuid}")


def _closing(form: Form) -> Closing:
    """What the form says.

    Raises:
        ClientException: naming what is missing.
    """
    named, reason = form.one("named")[:200], form.one("reason")[:200]
    if not named or len(reason) < 3:
        raise ClientException("Give your name and a reason of three letters at least.")
    try:
        outcome, _, sitting = form.one("outcome").partition(" ")
        return Closing(
            outcome=msgspec.convert(outcome, Outcome), named=named, reason=reason,
            sitting=UUID(sitting) if sitting else None, uses_attempt=form.one("uses_attempt") == "yes",
        )  # fmt: skip
    except (msgspec.ValidationError, ValueError) as error:
        raise ClientException("Choose what came of it from the list.") from error


def _sentence(flag: KeptFlag, request: Request[Any, Any, Any]) -> str:
    return " ".join(say(one, language(request)) for one in flag.said)
