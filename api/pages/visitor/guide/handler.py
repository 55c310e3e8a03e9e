"""The demonstration's guide: put away, or brought back."""

from typing import Any

from litestar import Response, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException

from api.auth import PUBLIC
from api.pages.forms import Form
from api.pages.guide import HIDDEN
from api.pages.render import see_other
from api.pages.visitor.display.handler import own_address
from api.settings import Settings

A_YEAR = 365 * 24 * 3600


@post("/demo/guide", opt=PUBLIC)
async def move_guide(form: NamedDependency[Form], settings: NamedDependency[Settings]) -> Response[Any]:
    """Hide it in this browser, or show it again; then back to where one was."""
    if not settings.is_demo:
        raise NotFoundException
    hide = form.one("show") != "1"
    cookie = Cookie(
        key=HIDDEN, value="1" if hide else "", max_age=A_YEAR if hide else 0, path="/", httponly=True, samesite="lax",
        secure=settings.secure_cookies,
    )  # fmt: skip
    return see_other(own_address(form.one("back")) or "/", cookies=[cookie])
