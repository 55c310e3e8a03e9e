"""One assessment before anything is started: what it certifies, what it asks, what passing and not passing opens."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.auth import PUBLIC, roles
from api.pages.forms import Form
from api.pages.learner.assessment.rules import rules_of
from api.pages.looks import language
from api.pages.names import competencies_of
from api.pages.render import page, see_other
from api.pages.words import translator
from engine.errors import Unknown
from engine.storage import assessments, attempts
from engine.storage.assessments import CatalogueEntry
from engine.workflows.open_attempt import open_attempt
from engine.workflows.shelf import Publication, Shelf
from itembank.storage.accounts import Caller
from itembank.storage.database import Database


@get("/catalogue/{institution:str}/{assessment:str}", opt=PUBLIC)
async def see_assessment(
    request: Request[Any, Any, Any],
    institution: FromPath[str],
    assessment: FromPath[str],
    visitor: NamedDependency[Caller | None],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[str]:
    """What a learner should know before the start. Looking is not starting."""
    entry = await _entry(database, institution, assessment)
    publication, attempt_uuid = await _publication(database, shelf, entry, visitor)
    policy, spoken = publication.version.policy, language(request)
    return page(
        request, "learner/assessment/page.html", entry=entry, policy=policy,
        competencies=competencies_of(policy, publication.framework),
        occasions=rules_of(publication, spoken, translator(spoken)), attempt_uuid=attempt_uuid,
        may_open=visitor is not None and visitor.institution_id == entry.institution_id and "learner" in visitor.roles,
    )  # fmt: skip


async def _entry(database: Database, institution: str, assessment: str) -> CatalogueEntry:
    for entry in await assessments.catalogue(database):
        if (entry.institution_key, entry.assessment_key) == (institution, assessment):
            return entry
    raise Unknown("No such assessment is published; the catalogue lists those that are.")


async def _publication(
    database: Database, shelf: Shelf, entry: CatalogueEntry, visitor: Caller | None
) -> tuple[Publication, str]:
    async with database.transaction(entry.institution_id) as connection:
        version = await assessments.current(connection, entry.assessment_key)
        assert version is not None, "the catalogue lists what is published"
        publication = await shelf.publication(connection, version.id)
        own = [] if visitor is None else await attempts.of_account(connection, visitor.account_id)
    return publication, next((str(a.uuid) for a in own if a.assessment_id == version.assessment_id), "")


@post("/attempts", opt=roles("learner"))
async def open_attempt_page(
    form: NamedDependency[Form],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[Any]:
    """Open the attempt; no question is shown yet."""
    view, _ = await open_attempt(
        database, shelf, caller.institution_id, caller.account_id, str(caller.account_uuid), form.one("assessment")
    )
    return see_other(f"/attempts/{view.attempt.uuid}")
