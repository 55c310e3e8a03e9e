"""Items that the calibration warns of, each with its curve and a sentence; the gravest first."""

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.auth import roles
from api.pages.institution.stock import STAFF, stock_of
from api.pages.looks import language
from api.pages.paging import Paging, asked_page
from api.pages.render import page
from api.reports.curves import item_curve
from itembank.storage.accounts import Caller
from itembank.storage.database import Database
from psychometrics.models.base import ItemParameters

PER_PAGE = 10


@get("/institution/banks/{key:str}/suspicious", opt=roles(*STAFF))
async def see_suspicious(
    request: Request[Any, Any, Any],
    key: FromPath[str],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> Response[str]:
    """The queue of items that somebody should look at."""
    stock = await stock_of(database, caller.institution_id, key)
    spoken = language(request)
    lights = [(stored, stock.light(stored.item.key, spoken)) for stored in stock.items if stored.state != "retired"]
    found = [(stored, light) for stored, light in lights if light is not None and light.colour != "green"]
    found.sort(key=lambda pair: (pair[1].colour != "red", -len(pair[1].reasons)))
    paging = Paging.of(len(found), asked_page(request), PER_PAGE, f"/institution/banks/{key}/suspicious", {})
    shown = [
        (stored, light, item_curve(ItemParameters.from_records([stock.records[stored.item.key]]), 0, spoken))
        for stored, light in found[paging.start : paging.end]
    ]
    n_red = sum(light.colour == "red" for _, light in found)
    return page(
        request, "institution/suspicious/page.html", stock=stock, shown=shown, paging=paging, n_red=n_red,
        n_amber=len(found) - n_red,
    )  # fmt: skip
