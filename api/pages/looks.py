"""How somebody wants pages to look and behave: language, light, text size, contrast, motion, clock.

It lives in a cookie that names nobody, so that it holds before anybody signs in and costs no query; a signed-in
learner's copy in the account brings it to the next browser.
"""

from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode

import msgspec
from litestar import Request
from litestar.datastructures import Cookie

from api.pages.words import language_of
from api.settings import Settings
from engine.messages import Language

COOKIE = "assay_looks"
YEAR = 365 * 24 * 3600


class Looks(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`language` empty: the browser's. `theme` and `motion` "auto": the system's. `text`: percent of the usual size."""

    language: Literal["", "en", "fr"] = ""
    theme: Literal["auto", "light", "dark"] = "auto"
    contrast: Literal["usual", "high"] = "usual"
    text: Literal["100", "125", "150", "200"] = "100"
    motion: Literal["auto", "less"] = "auto"
    spacing: Literal["usual", "wide"] = "usual"
    timer: Literal["shown", "hidden"] = "shown"


def read_looks(values: dict[str, Any]) -> Looks:
    """Looks from a cookie, a form or an account; what is unknown keeps its usual value."""
    looks = Looks()
    for name in Looks.__struct_fields__:
        if name in values:
            try:
                looks = msgspec.convert(msgspec.structs.asdict(looks) | {name: values[name]}, Looks)
            except msgspec.ValidationError:
                continue
    return looks


def looks_of(request: Request[Any, Any, Any]) -> Looks:
    """The looks that this browser asked for."""
    return read_looks(dict(parse_qsl(request.cookies.get(COOKIE, "")[:500])))


def language(request: Request[Any, Any, Any]) -> Language:
    """The language to answer in: chosen, or the browser's first that there is a catalogue for."""
    return looks_of(request).language or language_of(request.headers.get("accept-language", "")[:200])


def looks_cookie(looks: Looks, settings: Settings) -> Cookie:
    """The cookie that keeps them."""
    return Cookie(
        key=COOKIE, value=urlencode(msgspec.to_builtins(looks)), max_age=YEAR, path="/", httponly=True, samesite="lax",
        secure=settings.secure_cookies,
    )  # fmt: skip
