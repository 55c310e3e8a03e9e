"""Questions that count for nothing, to learn how questions are answered here."""

from functools import cache
from importlib.resources import files
from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException

from api.auth import PUBLIC
from api.pages.forms import Form
from api.pages.items.rendering import is_blank, read_given, render_item
from api.pages.looks import language
from api.pages.render import page
from api.pages.words import translator
from itembank.errors import AnswerInvalid
from itembank.items import Answer, Item
from itembank.scoring import score


@cache
def practice_items() -> tuple[Item, ...]:
    """The open items, which stand in no bank."""
    from itembank.exchange.files import read_items_file

    return read_items_file(files("sample") / "practice.jsonl")[0]


@get("/practice", opt=PUBLIC)
async def see_practice(request: Request[Any, Any, Any]) -> Response[str]:
    """One of them; the first unless another is named."""
    return _show(request, _place(str(request.query_params.get("item", practice_items()[0].key))))


@post("/practice", opt=PUBLIC)
async def check_practice(request: Request[Any, Any, Any], form: NamedDependency[Form]) -> Response[str]:
    """Say at once whether it was right, and why: a sitting never does."""
    place = _place(form.one("item"))
    item = practice_items()[place]
    given = read_given(form.texts)
    if is_blank(given):
        return _show(request, place, given, verdict="blank")
    try:
        right = score(item.scoring, given).category == item.scoring.max_category
    except AnswerInvalid:
        return _show(request, place, given, verdict="unreadable")
    return _show(request, place, given, verdict="right" if right else "wrong")


def _place(key: str) -> int:
    for place, item in enumerate(practice_items()):
        if item.key == key:
            return place
    raise NotFoundException


def _show(request: Request[Any, Any, Any], place: int, given: Answer | None = None, verdict: str = "") -> Response[str]:
    items = practice_items()
    item = items[place]
    return page(
        request, "learner/practice/page.html", item=item, number=place + 1, n_items=len(items), verdict=verdict,
        body=render_item(item.content, given, item.key, translator(language(request))),
        rationale=item.scoring.rationale if verdict in ("right", "wrong") else "",
        next_key=items[place + 1].key if place + 1 < len(items) else "",
    )  # fmt: skip
