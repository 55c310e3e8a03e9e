"""Items that the calibration warns of, each with its curve and a sentence; the gravest first."""

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency

from api.pages.institution.stock import Stock, bank_page
from api.pages.looks import language
from api.pages.paging import Paging, asked_page
from api.pages.render import page

PER_PAGE = 8


@get("/institution/banks/{key:str}/suspicious", **bank_page())
async def see_suspicious(request: Request[Any, Any, Any], stock: NamedDependency[Stock]) -> Response[str]:
    """The queue of items that somebody should look at."""
    spoken = language(request)
    lights = [(stored, stock.light(stored.item.key, spoken)) for stored in stock.items if stored.state != "retired"]
    found = [(stored, light) for stored, light in lights if light is not None and light.colour != "green"]
    found.sort(key=lambda pair: (pair[1].colour != "red", -len(pair[1].reasons)))
    paging = Paging.of(len(found), asked_page(request), PER_PAGE, f"/institution/banks/{stock.bank.key}/suspicious", {})
    shown = [
        (stored, light, stock.curve(stored.item.key, spoken)) for stored, light in found[paging.start : paging.end]
    ]
    n_red = sum(light.colour == "red" for _, light in found)
    return page(
        request, "institution/suspicious/page.html", stock=stock, shown=shown, paging=paging, n_red=n_red,
        n_amber=len(found) - n_red,
    )  # fmt: skip
