"""Withdraw an item or correct its key after people have answered it: who is affected, then apply it by name."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import ClientException

from api.auth import roles
from api.pages.forms import Form
from api.pages.institution.item.reading import answers_of
from api.pages.institution.rescorings.reading import KEY, asked_of, lines_of, responses_of
from api.pages.items.rendering import render_item
from api.pages.looks import language
from api.pages.navigation import REGISTRY
from api.pages.render import page, see_other
from api.pages.words import translator
from engine.errors import Unknown
from engine.storage import rescorings
from engine.workflows.rescore_item import apply_rescoring, preview_both_ways
from engine.workflows.shelf import Shelf
from itembank.errors import BankUnknown
from itembank.storage import accounts, banks
from itembank.storage import items as item_rows
from itembank.storage.accounts import Caller
from itembank.storage.database import Connection, Database
from itembank.storage.items import StoredItem

MOST_TOLD = 200


@get("/institution/rescorings", opt=roles("psychometrician", "registrar"))
async def see_rescorings(
    request: Request[Any, Any, Any], caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> Response[str]:
    """What was withdrawn or corrected so far; with an item in the address, the form for it."""
    asked = {name: request.query_params.get(name, "")[:200] for name in ("bank", "item")}
    async with database.transaction(caller.institution_id) as connection:
        kept = await rescorings.every(connection)
        known = await banks.all_banks(connection)
        stored = await _stored(connection, asked["bank"], asked["item"]) if asked["item"] else None
    chosen = {} if stored is None else _about(stored, request)
    return page(
        request, "institution/rescorings/page.html", kept=list(reversed(kept)), banks=known, asked=asked,
        stored=stored, prefix=KEY, applied=request.query_params.get("applied", "")[:40], **chosen,
    )  # fmt: skip


async def _stored(connection: Connection, bank_key: str, item_key: str) -> StoredItem:
    bank = await banks.find(connection, bank_key)
    if bank is None:
        raise BankUnknown(f"There is no bank '{bank_key}' here.")
    found = next((one for one in await item_rows.current(connection, bank.id) if one.item.key == item_key), None)
    if found is None:
        raise Unknown(f"Bank '{bank_key}' has no item '{item_key}'; check the key.")
    return found


def _about(stored: StoredItem, request: Request[Any, Any, Any]) -> dict[str, Any]:
    t = translator(language(request))
    return {
        "preview": render_item(stored.item.content, None, "preview", t),
        "answers": answers_of(stored.item),
        "responses": responses_of(stored.item),
    }


@post("/institution/rescorings/preview", opt=roles("psychometrician", "registrar"), status_code=200)
async def preview_page(
    request: Request[Any, Any, Any],
    form: NamedDependency[Form],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[str]:
    """Who would be affected, learners held harmless and not; nothing is written."""
    asked = asked_of(form, hold_harmless=True)
    harmless, strict = await preview_both_ways(database, shelf, caller.institution_id, asked)
    async with database.transaction(caller.institution_id) as connection:
        names = {str(person.uuid): person.name for person in await accounts.people(connection)}
        person = await accounts.person(connection, caller.account_id)
    lines = lines_of(harmless, strict, names, language(request))
    return page(
        request, "institution/rescorings/preview.html", asked=asked, harmless=harmless, strict=strict,
        lines=lines[:MOST_TOLD], n_more=max(len(lines) - MOST_TOLD, 0), prefix=KEY, named=person.name,
        may=bool(caller.roles & REGISTRY), sees_learners=bool(caller.roles & {"advisor", "institution_admin"}),
    )  # fmt: skip


@post("/institution/rescorings", opt=roles("registrar"))
async def carry_out(
    form: NamedDependency[Form],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[Any]:
    """Write the decisions anew under somebody's name; credit and credentials follow, all of it or nothing."""
    named, harm = form.one("named")[:200], form.one("harm")
    if len(named) < 3:
        raise ClientException("Say by name who answers for this; nothing was changed.")
    if harm not in ("held", "both"):
        raise ClientException("Choose whether learners are held harmless; nothing was changed.")
    applied = await apply_rescoring(
        database, shelf, caller.institution_id, caller.account_id, str(caller.account_uuid), named,
        asked_of(form, hold_harmless=harm == "held"),
    )  # fmt: skip
    return see_other(f"/institution/rescorings?applied={applied.uuid}")
