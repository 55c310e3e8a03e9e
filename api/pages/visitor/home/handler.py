"""The first page: what Assay is, and in the demo four people to be, one click each."""

import secrets
from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import ClientException, NotFoundException

from api.auth import PUBLIC
from api.pages.browser_session import open_browser_session
from api.pages.forms import Form
from api.pages.navigation import front_page
from api.pages.render import page, see_other
from api.settings import Settings
from engine.storage import assessments
from itembank.storage import accounts
from itembank.storage.database import Database

DEMO_ROLES = ("learner", "author", "advisor", "verifier")


@get("/", opt=PUBLIC)
async def home(request: Request[Any, Any, Any], database: NamedDependency[Database]) -> Response[str]:
    """What this is, where to begin."""
    return page(request, "visitor/home/page.html", entries=await assessments.catalogue(database), demo_roles=DEMO_ROLES)


@post("/demo/sign-in", opt=PUBLIC)
async def demo_sign_in(
    form: NamedDependency[Form], database: NamedDependency[Database], settings: NamedDependency[Settings]
) -> Response[Any]:
    """Be one of the four: a learner of one's own, or the sample institution's author or advisor."""
    role = form.one("role")
    if not settings.is_demo:
        raise NotFoundException
    if role not in DEMO_ROLES:
        raise ClientException(f"There is no demo account for the role '{role[:40]}'.")
    if role == "verifier":
        return see_other("/verify")
    known = {name: (account, institution, held) for account, institution, name, held in await _accounts(database)}
    account_id, institution_id, held = known[f"demo-{role}"]
    if role == "learner":
        account_id, address = await _new_visitor(database, institution_id), "/catalogue/sample/data-literacy"
    else:
        address = front_page(held)
    return see_other(address, cookies=await open_browser_session(database, settings, institution_id, account_id))


async def _accounts(database: Database) -> list[tuple[int, int, str, frozenset[str]]]:
    found = await accounts.sample_accounts(database)
    if not found:
        raise NotFoundException("The sample institution is still being prepared; try again in a moment.")
    return found


async def _new_visitor(database: Database, institution_id: int) -> int:
    """An account of the visitor's own, so that everybody may take the pre-test."""
    async with database.transaction(institution_id) as connection:
        pseudonym = f"demo-visitor-{secrets.token_hex(6)}"
        return await accounts.create(connection, institution_id, pseudonym, ["learner"], "Visitor")
