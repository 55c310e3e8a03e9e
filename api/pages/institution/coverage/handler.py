"""What a bank covers: competencies by difficulty, and where items are missing."""

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency

from api.charts import heat_chart
from api.pages.institution.item.reading import facts_of
from api.pages.institution.stock import Stock, bank_page
from api.pages.looks import language
from api.pages.names import dictionary
from api.pages.render import page
from api.pages.words import translator
from itembank.coverage import coverage

USUALLY_NEEDED = 8


@get("/institution/banks/{key:str}/coverage", **bank_page())
async def see_coverage(request: Request[Any, Any, Any], stock: NamedDependency[Stock]) -> Response[str]:
    """The heat map of operational items, against a number wanted in every cell."""
    text = request.query_params.get("needed", "")
    needed = min(int(text), 999) if text.isascii() and text.isdigit() and len(text) < 5 else USUALLY_NEEDED
    operational = [stored.item for stored in stock.items if stored.state == "operational"]
    parameters = {name: facts_of(record) for name, record in stock.records.items()}
    found = coverage(operational, stock.framework, needed, parameters=parameters)
    t, names = translator(language(request)), dictionary(stock.framework)
    keys = list(dict.fromkeys(cell.competency for cell in found.cells))
    rows = [[cell for cell in found.cells if cell.competency == name] for name in keys]
    figure = heat_chart(
        t("coverage.heat"), t("coverage.heat_text", n=len(operational), needed=needed),
        [names.get(name, name) for name in keys],
        [_band(found.cuts, place, t) for place in range(len(found.cuts) + 1)],
        [[cell.n_items for cell in row] for row in rows], corner=t("bank.competency"), hidden="",
        missing=[[cell.n_missing for cell in row] for row in rows],
        lacking=lambda n: t("coverage.missing", n=n),
    ) if rows else None  # fmt: skip
    return page(
        request, "institution/coverage/page.html", stock=stock, found=found, figure=figure, needed=needed, names=names,
        band=lambda place: _band(found.cuts, place, t),
    )  # fmt: skip


def _band(cuts: tuple[float, ...], place: int, t: Any) -> str:
    if place == 0:
        return str(t("coverage.below", cut=float(cuts[0])))
    if place == len(cuts):
        return str(t("coverage.above", cut=float(cuts[-1])))
    return str(t("coverage.between", low=float(cuts[place - 1]), high=float(cuts[place])))
