"""Which forms are out, to whom one may be handed, and a table of answers that comes back."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import ClientException

from api.auth import roles
from api.marks import read_sheet
from api.pages.forms import Form
from api.pages.looks import language
from api.pages.names import occasion_name
from api.pages.paper.table import read_table
from api.pages.render import page, see_other
from api.routes.papers import KEEPERS
from engine.workflows.advise import Cohort, cohort_of
from engine.workflows.hand_out_form import hand_out_form, papers_out
from engine.workflows.key_in_form import find_form, key_in_form
from engine.workflows.shelf import Shelf
from itembank.errors import AnswerInvalid, FileRefused
from itembank.storage.accounts import Caller
from itembank.storage.database import Database

PAPER = ("print", "large_print", "oral")


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """Learners who may begin an occasion of one published version now, and the paper forms it is offered in."""

    version: int
    title: str
    occasion: str
    forms: tuple[str, ...]
    learners: list[tuple[UUID, str]]


@get("/papers", opt=roles(*KEEPERS))
async def see_papers(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[str]:
    """The list."""
    return await _told(request, caller, database, shelf)


@post("/papers", opt=roles(*KEEPERS))
async def hand_out(
    form: NamedDependency[Form],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[Any]:
    """One form for everybody who was ticked."""
    kind = form.one("form")
    if kind not in PAPER:
        raise ClientException("Choose a form: print, large print or oral.")
    chosen = [_uuid(text) for text in form.every("attempt")]
    if not chosen:
        raise ClientException("Tick at least one learner.")
    await hand_out_form(
        database, shelf, caller.institution_id, caller.account_id, chosen, form.one("occasion"),
        msgspec.convert(kind, type=Any),
    )  # fmt: skip
    return see_other("/papers")


@post("/papers/table", opt=roles(*KEEPERS), status_code=200)
async def take_table(
    request: Request[Any, Any, Any],
    form: NamedDependency[Form],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[str]:
    """Enter the answers of a whole group; a table that cannot be read in every row enters nothing."""
    data = await form.files["file"].read() if "file" in form.files else b""
    if not data:
        raise ClientException("No file came with the form; choose one and send it again.")
    entered = []
    for paper, marks in read_table(data, await papers_out(database, caller.institution_id)):
        found = await find_form(database, shelf, caller.institution_id, paper.uuid)
        try:
            entered.append((paper, read_sheet(found.items, found.paper.occasion, marks)))
        except AnswerInvalid as error:
            raise FileRefused(f"{paper.pseudonym}: {error}") from None
    told = []
    for paper, answers in entered:
        decided = await key_in_form(database, shelf, caller.institution_id, caller.account_id, paper.uuid, answers)
        told.append((paper, decided))
    return await _told(request, caller, database, shelf, told)


async def _told(
    request: Request[Any, Any, Any], caller: Caller, database: Database, shelf: Shelf, entered: Any = ()
) -> Response[str]:
    out = await papers_out(database, caller.institution_id)
    spoken = language(request)
    ready = ready_of(await cohort_of(database, shelf, caller.institution_id))
    return page(
        request, "paper/out/page.html", papers=out, ready=ready, entered=entered,
        name_of=lambda key: occasion_name(key, spoken),
    )  # fmt: skip


def ready_of(cohort: Cohort) -> list[Ready]:
    """Who may begin what on paper, a group for each occasion of a published version."""
    found: dict[tuple[int, str], Ready] = {}
    for advisee in cohort.advisees:
        for may in advisee.journey.may:
            forms = tuple(form for form in may.forms if form in PAPER)
            if may.action != "start" or not forms:
                continue
            version = advisee.attempt.assessment_version_id
            group = found.setdefault(
                (version, may.occasion),
                Ready(
                    version=version, title=advisee.publication.version.policy.title, occasion=may.occasion,
                    forms=forms, learners=[],
                ),
            )  # fmt: skip
            group.learners.append((advisee.attempt.uuid, advisee.name))
    return sorted(found.values(), key=lambda group: (group.title, group.version, group.occasion))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ClientException("The list has changed; open the page again.") from None
