"""All learners with where each stands; found by name, assessment or state."""

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency

from api.auth import roles
from api.pages.paging import Paging, asked_page
from api.pages.render import page
from engine.workflows.advise import Advisee, cohort_of
from engine.workflows.shelf import Shelf
from itembank.storage.accounts import Caller
from itembank.storage.database import Database

PER_PAGE = 50
STATES = (
    "ready", "sitting", "waiting", "needs_action", "awaiting_attestation", "credit_due", "credited",
    "exhausted", "closed",
)  # fmt: skip


@get("/advisor/learners", opt=roles("advisor"))
async def see_learners(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[str]:
    """A table, the latest first."""
    cohort = await cohort_of(database, shelf, caller.institution_id)
    asked = {name: request.query_params.get(name, "")[:100].strip() for name in ("text", "assessment", "state")}
    found = [one for one in cohort.advisees if _fits(one, asked)]
    found.sort(key=lambda one: one.latest, reverse=True)
    titles = {one.publication.version.key: one.publication.version.policy.title for one in cohort.advisees}
    paging = Paging.of(len(found), asked_page(request), PER_PAGE, "/advisor/learners", asked)
    return page(
        request, "advisor/learners/page.html", found=found[paging.start : paging.end], paging=paging, asked=asked,
        titles=titles, states=[s for s in STATES if any(one.journey.state == s for one in cohort.advisees)],
        broken=cohort.broken,
    )  # fmt: skip


def _fits(advisee: Advisee, asked: dict[str, str]) -> bool:
    return (
        asked["text"].casefold() in advisee.name.casefold()
        and asked["assessment"] in ("", advisee.publication.version.key)
        and asked["state"] in ("", advisee.journey.state)
    )
