"""One item: as a learner sees it, its key and rationale, its curve and parameters, how it has fared, its versions."""

from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import ClientException
from litestar.params import FromPath

from api.auth import roles
from api.pages.forms import Form
from api.pages.institution.stock import STAFF, stock_of
from api.pages.items.rendering import render_item
from api.pages.learner.names import dictionary
from api.pages.looks import language
from api.pages.render import page, see_other
from api.pages.words import translator
from api.reports.curves import item_curve
from itembank.items import Item
from itembank.lifecycle import ALLOWED
from itembank.storage import items as item_rows
from itembank.storage.accounts import Caller
from itembank.storage.database import Database
from itembank.workflows.move_items import life_of_items, move_items
from psychometrics.models.base import ItemParameters

MOVERS = frozenset({"author", "psychometrician", "institution_admin"})
PARAMETERS = ("discrimination", "difficulty", "guessing", "upper", "thresholds", "steps")


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter with its standard error; several values for several categories."""

    name: str
    values: list[float]
    errors: list[float]


@get("/institution/banks/{key:str}/item", opt=roles(*STAFF))
async def see_item(
    request: Request[Any, Any, Any],
    key: FromPath[str],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> Response[str]:
    """The item's page; its key comes in the query, since authors' keys may hold any character."""
    stock = await stock_of(database, caller.institution_id, key)
    stored = stock.find(request.query_params.get("key", "")[:500])
    async with database.transaction(caller.institution_id) as connection:
        versions = await item_rows.history(connection, stored.id)
    life = await life_of_items(database, caller.institution_id, key, stored.item.key)
    spoken = language(request)
    record: dict[str, Any] | None = stock.records.get(stored.item.key)
    return page(
        request, "institution/item/page.html", stock=stock, stored=stored, item=stored.item, versions=versions,
        preview=render_item(stored.item.content, None, "preview", translator(spoken)),
        answers=answers_of(stored.item), names=dictionary(stock.framework), record=record,
        parameters=parameters_of(record) if record else [], light=stock.light(stored.item.key, spoken),
        curve=item_curve(ItemParameters.from_records([record]), 0, spoken) if record else None,
        shown=stock.shown.get(stored.id), life=life,
        may_become=ALLOWED[stored.state] if caller.roles & MOVERS else (),
    )  # fmt: skip


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


def answers_of(item: Item) -> list[tuple[str, list[str]]]:
    """What is right, response by response, in the words of the choices where there are any."""
    said = {
        (part.response, choice.key): choice.content or choice.key
        for part in item.content.interactions
        for choice in (*part.choices, *part.targets)
    }
    found = [
        (declared.identifier, [said.get((declared.identifier, value), value) for value in declared.correct])
        for declared in item.scoring.responses
        if declared.correct
    ]
    numbers = [
        f"{right.value:g} ± {right.tolerance:g}{' ×' if right.relative else ''}" for right in item.scoring.numeric
    ]
    return found if found or not numbers else [(item.scoring.responses[0].identifier, numbers)]


def parameters_of(record: dict[str, Any]) -> list[Parameter]:
    """The parameters that the model has, each with its standard errors."""
    errors = record.get("standard_error") or {}
    found = []
    for name in PARAMETERS:
        values = [value for value in _many(record.get(name)) if value is not None]
        told = [value for value in _many(errors.get(name)) if value is not None]
        if values and not (name == "guessing" and values == [0.0]) and not (name == "upper" and values == [1.0]):
            found.append(Parameter(name=name, values=values, errors=told))
    return found


def _many(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
