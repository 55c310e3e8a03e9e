"""Signing in with a password, and out again."""

import asyncio
import time
from collections import OrderedDict
from functools import cache
from typing import Any

import argon2
from litestar import Request, Response, get, post
from litestar.di import NamedDependency

from api.auth import COOKIE, PUBLIC
from api.pages.browser_session import open_browser_session, session_cookie
from api.pages.forms import Form
from api.pages.navigation import front_page
from api.pages.render import page, see_other
from api.passwords import HASHER
from api.settings import Settings
from engine.storage import assessments
from itembank.storage import accounts, institutions
from itembank.storage.accounts import Caller
from itembank.storage.database import Database

ONE_AT_A_TIME = asyncio.Semaphore(2)
TRIES, WINDOW_SECONDS, REMEMBERED = 8, 900.0, 10_000


class Tries:
    """Failed sign-ins by name: after `TRIES` in a quarter of an hour the name rests, whoever tries."""

    def __init__(self) -> None:
        self._failed: OrderedDict[str, list[float]] = OrderedDict()

    def exhausted(self, name: str, now: float) -> bool:
        recent = [moment for moment in self._failed.get(name, []) if now - moment < WINDOW_SECONDS]
        return len(recent) >= TRIES

    def failed(self, name: str, now: float) -> None:
        self._failed[name] = [*self._failed.pop(name, [])[-TRIES:], now]
        while len(self._failed) > REMEMBERED:
            self._failed.popitem(last=False)


TRIED = Tries()


@get("/sign-in", opt=PUBLIC)
async def see_sign_in(request: Request[Any, Any, Any], database: NamedDependency[Database]) -> Response[str]:
    """The form."""
    return await sign_in_page(request, database)


@post("/sign-in", opt=PUBLIC)
async def sign_in(
    request: Request[Any, Any, Any],
    form: NamedDependency[Form],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Check name and password; the same words whichever of them is wrong."""
    name = f"{form.one('institution')}\n{form.one('name').lower()}"
    now = time.monotonic()
    if TRIED.exhausted(name, now):
        return await sign_in_page(request, database, form, "sign_in.rest", 429)
    found = await _check(database, form)
    if found is None:
        TRIED.failed(name, now)
        return await sign_in_page(request, database, form, "sign_in.wrong", 422)
    institution_id, account_id, held = found
    return see_other(
        front_page(held), cookies=await open_browser_session(database, settings, institution_id, account_id)
    )


async def _check(database: Database, form: Form) -> tuple[int, int, frozenset[str]] | None:
    institution_id = await institutions.find(database, form.one("institution"))
    kept = None
    if institution_id is not None:
        async with database.transaction(institution_id) as connection:
            kept = await accounts.password_of(connection, form.one("name"))
    async with ONE_AT_A_TIME:
        right = await asyncio.to_thread(_matches, kept.password_hash if kept else None, form.one("password"))
    if institution_id is None or kept is None or not right:
        return None
    return institution_id, kept.account_id, frozenset(kept.roles)


@cache
def _nobodys() -> str:
    """The hash that is tried for an unknown name, so that it takes as long; made when it is first needed."""
    return HASHER.hash("nobody has this password")


def _matches(password_hash: str | None, password: str) -> bool:
    try:
        return HASHER.verify(password_hash or _nobodys(), password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


async def sign_in_page(
    request: Request[Any, Any, Any],
    database: Database,
    form: Form | None = None,
    problem: str = "",
    status: int = 200,
) -> Response[str]:
    """The form, with what went wrong when something did."""
    settings: Settings = request.app.state.settings
    known = sorted({entry.institution_key for entry in await assessments.catalogue(database)})
    return page(
        request, "visitor/sign_in/page.html", status=status, problem=problem, has_provider=settings.oidc is not None,
        institution=form.one("institution") if form else known[0] if len(known) == 1 else "",
        name=form.one("name") if form else "",
    )  # fmt: skip


@post("/sign-out", opt=PUBLIC)
async def sign_out(
    request: Request[Any, Any, Any],
    visitor: NamedDependency[Caller | None],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Forget this browser."""
    secret = request.cookies.get(COOKIE)
    if visitor is not None and secret is not None:
        async with database.transaction(visitor.institution_id) as connection:
            await accounts.close_web_session(connection, secret)
    return see_other("/", cookies=[session_cookie(settings, "", 0)])
