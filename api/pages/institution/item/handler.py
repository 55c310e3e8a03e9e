"""One item: as a learner sees it, its key and rationale, its curve and parameters, how it has fared, its versions."""

from typing import Any
from urllib.parse import quote

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import ClientException
from litestar.params import FromPath

from api.auth import roles
from api.charts import Figure
from api.pages.forms import Form
from api.pages.institution.item.reading import answers_of, fit_of, in_words, likeness_of, parameters_of
from api.pages.institution.stock import Stock, bank_page
from api.pages.items.rendering import render_item
from api.pages.looks import language
from api.pages.names import dictionary
from api.pages.render import page, see_other
from api.pages.words import translator
from api.reports.observed import as_dots, grouped
from engine.messages import Language
from engine.storage import shown_items
from engine.workflows.shelf import Shelf
from engine.workflows.spare_items import count_finished
from itembank.lifecycle import ALLOWED
from itembank.storage import items as item_rows
from itembank.storage.accounts import Caller
from itembank.storage.database import Database
from itembank.storage.items import StoredItem
from itembank.workflows.move_items import life_of_items, move_items

MOVERS = frozenset({"author", "psychometrician", "institution_admin"})
RESCORERS = frozenset({"psychometrician", "registrar", "institution_admin"})


@get("/institution/banks/{key:str}/item", **bank_page())
async def see_item(
    request: Request[Any, Any, Any],
    stock: NamedDependency[Stock],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[str]:
    """The item's page; its key comes in the query, since authors' keys may hold any character."""
    stored = stock.find(request.query_params.get("key", "")[:500])
    competency = (stored.item.facts.competencies or ("",))[0]
    async with database.transaction(caller.institution_id) as connection:
        await count_finished(connection, caller.institution_id, shelf)
        versions = await item_rows.history(connection, stored.id)
        answers = await shown_items.answers(connection, stored.id, competency)
        pools = await shown_items.by_pool(connection, stored.id)
    life = await life_of_items(database, caller.institution_id, stock.bank.key, stored.item.key)
    spoken = language(request)
    record: dict[str, Any] | None = stock.records.get(stored.item.key)
    return page(
        request, "institution/item/page.html", stock=stock, stored=stored, item=stored.item, versions=versions,
        preview=render_item(stored.item.content, None, "preview", translator(spoken)),
        answers=answers_of(stored.item), names=dictionary(stock.framework), record=record,
        parameters=parameters_of(record) if record else [], light=stock.light(stored.item.key, spoken),
        plainly=in_words(record, spoken) if record else [], fit=fit_of(record, spoken) if record else [],
        curve=_curve(stock, stored, answers, spoken) if record else None,
        shown=stock.shown.get(stored.id), pools=pools, life=life,
        alike=likeness_of(stored.item.key, await stock.shelved.alike()),
        may_become=ALLOWED[stored.state] if caller.roles & MOVERS else (),
        may_rescore=bool(caller.roles & RESCORERS and stored.id in stock.shown),
    )  # fmt: skip


def _curve(stock: Stock, stored: StoredItem, answers: list[tuple[float, int]], language: Language) -> Figure:
    """The curve over the calibration's observations and over those of sittings."""
    most = stored.item.scoring.max_category
    groups = grouped([theta for theta, _ in answers], [category for _, category in answers], most)
    live = as_dots(translator(language)("item_page.in_sittings"), groups, hollow=True)
    return stock.curve(stored.item.key, language, live)


@post("/institution/banks/{key:str}/item", opt=roles("author", "psychometrician"))
async def move_item(
    key: FromPath[str],
    form: NamedDependency[Form],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> Response[Any]:
    """Bring an item into another state, with the reason; it counts from the next publication on."""
    item_key, to = form.one("item"), form.one("to")
    state = next((state for state in ALLOWED if state == to), None)
    if state is None:
        raise ClientException(f"There is no state '{to[:40]}'; choose one from the list.")
    await move_items(
        database, caller.institution_id, key, [item_key], state, form.one("reason")[:1000], caller.account_id
    )
    return see_other(f"/institution/banks/{key}/item?key={quote(item_key)}")
