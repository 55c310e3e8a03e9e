"""The rubric that an employer fills in: each competency in the words of the policy, once."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.auth import PUBLIC
from api.pages.forms import Form
from api.pages.looks import language
from api.pages.render import page
from engine.refusals import tell
from engine.workflows.attest import Asked, attest, find_attestation
from engine.workflows.shelf import Shelf
from itembank.storage.database import Database

PREFIX = "rating:"
TEMPLATE = "rater/attestation/page.html"


@get("/attestations/{token:str}", opt=PUBLIC)
async def see_attestation(
    request: Request[Any, Any, Any],
    token: FromPath[str],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[str]:
    """The rubric, or why the link cannot be used any more."""
    return _page(request, await find_attestation(database, shelf, token))


@post("/attestations/{token:str}", opt=PUBLIC, status_code=200)
async def give_ratings(
    request: Request[Any, Any, Any],
    token: FromPath[str],
    form: NamedDependency[Form],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[str]:
    """Take the ratings; a competency left out shows the form again with what was chosen."""
    asked = await find_attestation(database, shelf, token)
    ratings = {key: form.one(PREFIX + key) for key, _ in asked.competencies if form.one(PREFIX + key)}
    missing = [statement for key, statement in asked.competencies if key not in ratings]
    if missing and not asked.refused:
        return _page(request, asked, ratings, missing, comment=form.one("comment")[:2000], status=422)
    await attest(database, shelf, token, ratings, form.one("comment")[:2000])
    return _page(request, asked, ratings, thanks=True)


def _page(
    request: Request[Any, Any, Any],
    asked: Asked,
    ratings: dict[str, str] | None = None,
    missing: list[str] | None = None,
    *,
    comment: str = "",
    thanks: bool = False,
    status: int = 200,
) -> Response[str]:
    why_not = [tell(refused, language(request)) for refused in asked.refused]
    return page(
        request, TEMPLATE, status=status, headers={"X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"},
        asked=asked, chosen=ratings or {}, missing=missing or [], comment=comment, thanks=thanks, why_not=why_not,
        prefix=PREFIX,
    )  # fmt: skip
