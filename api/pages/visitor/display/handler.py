"""What somebody needs to read and answer well: text size, contrast, motion, spacing, clock, language."""

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency

from api.auth import PUBLIC
from api.pages.forms import Form
from api.pages.looks import Looks, looks_cookie, looks_of, read_looks
from api.pages.render import page, see_other
from api.settings import Settings
from engine.accommodations import Accommodation
from engine.storage import attempts
from engine.workflows.open_attempt import view_of
from engine.workflows.shelf import Shelf
from itembank.storage import accounts
from itembank.storage.accounts import Caller
from itembank.storage.database import Database

CHOICES: dict[str, tuple[str, ...]] = {
    "language": ("", "en", "fr"),
    "theme": ("auto", "light", "dark"),
    "text": ("100", "125", "150", "200"),
    "contrast": ("usual", "high"),
    "spacing": ("usual", "wide"),
    "motion": ("auto", "less"),
    "timer": ("shown", "hidden"),
}


@get("/display", opt=PUBLIC)
async def see_display(
    request: Request[Any, Any, Any],
    visitor: NamedDependency[Caller | None],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[str]:
    """The choices, and the extra time that was granted."""
    granted = [] if visitor is None else await _granted(visitor, database, shelf)
    return page(
        request, "visitor/display/page.html", choices=CHOICES, chosen=msgspec.structs.asdict(looks_of(request)),
        granted=granted, is_learner=visitor is not None and "learner" in visitor.roles,
        saved="saved" in request.query_params, back=own_address(str(request.query_params.get("back", ""))),
    )  # fmt: skip


async def _granted(visitor: Caller, database: Database, shelf: Shelf) -> list[tuple[str, Accommodation]]:
    """What the institution has granted, by assessment; nobody grants it to themselves."""
    async with database.transaction(visitor.institution_id) as connection:
        now = await connection.fetchval("SELECT now()")
        views = [
            await view_of(connection, shelf, attempt, now)
            for attempt in await attempts.of_account(connection, visitor.account_id)
        ]
    return [
        (view.publication.version.policy.title, view.journey.accommodation)
        for view in views
        if view.journey.accommodation != Accommodation()
    ]


@post("/display", opt=PUBLIC)
async def save_display(
    form: NamedDependency[Form],
    visitor: NamedDependency[Caller | None],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Keep the choices in this browser, and in the account of somebody signed in."""
    looks = read_looks({name: form.one(name) for name in CHOICES if name in form.texts})
    await _keep(visitor, database, looks)
    return see_other(own_address(form.one("back")) or "/display?saved", cookies=[looks_cookie(looks, settings)])


@post("/display/language", opt=PUBLIC)
async def choose_language(
    request: Request[Any, Any, Any],
    form: NamedDependency[Form],
    visitor: NamedDependency[Caller | None],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Only the language; then back to where one was."""
    looks = read_looks(msgspec.structs.asdict(looks_of(request)) | {"language": form.one("language")})
    await _keep(visitor, database, looks)
    return see_other(own_address(form.one("back")) or "/", cookies=[looks_cookie(looks, settings)])


def own_address(back: str) -> str:
    """An address of this server to go back to; empty for anything else."""
    return back if back.startswith("/") and "\\" not in back and back[1:2] != "/" and back.isprintable() else ""


async def _keep(visitor: Caller | None, database: Database, looks: Looks) -> None:
    if visitor is None:
        return
    async with database.transaction(visitor.institution_id) as connection:
        kept = (await accounts.person(connection, visitor.account_id)).needs
        needs = {name: value for name, value in kept.items() if name not in CHOICES}
        await accounts.set_needs(connection, visitor.account_id, needs | msgspec.to_builtins(looks))
