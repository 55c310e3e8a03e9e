"""The items of a bank: found by competency, level, state, light or words, with how each measures."""

from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.di import NamedDependency

from api.pages.institution.item.reading import facts_of
from api.pages.institution.stock import Stock, bank_page
from api.pages.looks import language
from api.pages.names import dictionary
from api.pages.paging import Paging, asked_page
from api.pages.render import page
from api.reports.lights import Light
from engine.messages import Language
from itembank.coverage import difficulty_of
from itembank.storage.items import StoredItem

PER_PAGE = 40
FILTERS = ("text", "competency", "level", "state", "light")


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One item in the list."""

    stored: StoredItem
    competency: str
    difficulty: float | None
    discrimination: float | None
    n_shown: int
    light: Light | None


@get("/institution/banks/{key:str}", **bank_page())
async def see_bank(request: Request[Any, Any, Any], stock: NamedDependency[Stock]) -> Response[str]:
    """The list with its filters."""
    asked = {name: request.query_params.get(name, "")[:100].strip() for name in FILTERS}
    spoken = language(request)
    found = [line for stored in stock.items if (line := _line(stock, stored, spoken)) and _fits(line, asked)]
    paging = Paging.of(len(found), asked_page(request), PER_PAGE, f"/institution/banks/{stock.bank.key}", asked)
    facts = [stored.item.facts for stored in stock.items]
    return page(
        request, "institution/bank/page.html", stock=stock, lines=found[paging.start : paging.end], paging=paging,
        asked=asked, names=dictionary(stock.framework),
        options={
            "competency": sorted({name for fact in facts for name in fact.competencies[:1]}),
            "level": list(dict.fromkeys(fact.level for fact in facts if fact.level)),
            "state": list(dict.fromkeys(stored.state for stored in stock.items)),
            "light": ["green", "amber", "red"],
        },
    )  # fmt: skip


def _line(stock: Stock, stored: StoredItem, language: Language) -> Line:
    record: dict[str, Any] = stock.records.get(stored.item.key, {})
    shown = stock.shown.get(stored.id)
    return Line(
        stored=stored, competency=(stored.item.facts.competencies or ("",))[0],
        difficulty=difficulty_of(facts_of(record)), discrimination=record.get("discrimination"),
        n_shown=shown.n_shown if shown else 0, light=stock.light(stored.item.key, language),
    )  # fmt: skip


def _fits(line: Line, asked: dict[str, str]) -> bool:
    item = line.stored.item
    wanted = asked["text"].casefold()
    said = f"{item.key} {item.title} {' '.join(item.facts.tags)} {item.content.body}".casefold()
    return (
        wanted in said
        and asked["competency"] in ("", line.competency)
        and asked["level"] in ("", item.facts.level)
        and asked["state"] in ("", line.stored.state)
        and asked["light"] in ("", line.light.colour if line.light else "none")
    )
