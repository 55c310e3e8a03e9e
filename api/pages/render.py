"""A template with its words and its looks, sent with the headers that every page carries."""

from pathlib import Path
from typing import Any

import jinja2
from litestar import MediaType, Request, Response
from litestar.datastructures import Cookie
from litestar.response import Redirect
from markupsafe import Markup

from api.errors import problem_of
from api.pages.assets import asset
from api.pages.forms import CSRF_FIELD
from api.pages.guide import HIDDEN, guide_for
from api.pages.looks import language, looks_of
from api.pages.navigation import places_for, tabs_for
from api.pages.words import catalogue, day, moment_in_words, number, translator
from api.settings import Settings
from engine.messages import Language
from engine.refusals import JourneyRefused, tell
from itembank.storage.accounts import Caller

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Vary": "Cookie, Accept-Language",
}

ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
    cache_size=-1,
)
ENVIRONMENT.globals.update(asset=asset)
ENVIRONMENT.filters["upper_first"] = lambda text: text[:1].upper() + text[1:]


def page(
    request: Request[Any, Any, Any],
    template: str,
    *,
    status: int = 200,
    cookies: list[Cookie] | None = None,
    headers: dict[str, str] | None = None,
    **values: Any,
) -> Response[str]:
    """A page from the template at that path below `api/pages`.

    Templates find, besides `values`: `t(key, …)`, `language`, `looks`, `caller`, `menu`, `tabs(walk)`, `path`,
    `is_demo`, `guide` (what to try in a demonstration, or None), `csrf()` (the hidden field of a form), `day(moment)`,
    `moment(moment)`, `number(value, digits)`, `asset(name)`.
    """
    body = ENVIRONMENT.get_template(template).render(context(request) | values)
    return Response(
        body, status_code=status, media_type=MediaType.HTML, cookies=cookies, headers=page_headers(request, headers)
    )


def context(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """What every template finds."""
    spoken, caller = language(request), caller_of(request)
    settings: Settings = request.app.state.settings
    token = "" if caller is None else caller.csrf_token or ""
    return {
        "t": translator(spoken),
        "language": spoken,
        "looks": looks_of(request),
        "caller": caller,
        "menu": places_for(caller),
        "tabs": lambda walk: tabs_for(caller, walk),
        "path": request.url.path,
        "is_demo": settings.is_demo,
        "guide": guide_for(caller, request.url.path) if settings.is_demo else None,
        "is_guide_hidden": HIDDEN in request.cookies,
        "csrf": lambda: Markup('<input type="hidden" name="{}" value="{}">').format(CSRF_FIELD, token),
        "csrf_token": token,
        "day": lambda moment: day(spoken, moment),
        "moment": lambda moment: moment_in_words(spoken, moment),
        "number": lambda value, digits=1: number(spoken, value, digits),
    }


def caller_of(request: Request[Any, Any, Any]) -> Caller | None:
    """Who asks, as far as it was found out; an error page must not ask the database again."""
    found: Caller | None = request.scope["state"].get("caller")
    return found


def page_headers(request: Request[Any, Any, Any], more: dict[str, str] | None = None) -> dict[str, str]:
    """Security headers; what somebody signed in sees is kept by no cache."""
    cache = "no-cache" if caller_of(request) is None else "no-store"
    return SECURITY_HEADERS | {"Cache-Control": cache} | (more or {})


def see_other(address: str, *, cookies: list[Cookie] | None = None) -> Redirect:
    """After a POST: go and look there."""
    return Redirect(address, status_code=303, cookies=cookies, headers={"Cache-Control": "no-store"})


def as_page(request: Request[Any, Any, Any], error: Exception) -> Response[str]:
    """An error in words, for people."""
    status, document, headers = problem_of(error)
    spoken = language(request)
    slug = str(document["type"]).rsplit(":", 1)[-1]
    keys = catalogue(spoken)
    slug = slug if f"error.{slug}.title" in keys else "other"
    return page(
        request, "visitor/error/page.html", status=status, headers=headers, slug=slug, number_of_error=status,
        said=_said(error, spoken, str(document["detail"]), f"error.{slug}.text" in keys),
    )  # fmt: skip


def _said(error: Exception, spoken: Language, detail: str, has_own_words: bool) -> list[str]:
    if isinstance(error, JourneyRefused):
        return [tell(refusal, spoken) for refusal in error.refusals]
    return [] if has_own_words else [detail]
