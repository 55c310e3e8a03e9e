"""What can be taken, from whom, for how much credit."""

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency

from api.auth import PUBLIC
from api.pages.render import page
from engine.storage import assessments
from itembank.storage.database import Database


@get("/catalogue", opt=PUBLIC)
async def see_catalogue(request: Request[Any, Any, Any], database: NamedDependency[Database]) -> Response[str]:
    """Every published assessment, by institution."""
    entries = sorted(await assessments.catalogue(database), key=lambda e: (e.institution_name, e.policy.title))
    return page(request, "learner/catalogue/page.html", entries=entries)
