"""What a learner has shown, in words first; what may be done next; the credit with its receipt."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.pages.looks import language
from api.pages.names import namer
from api.pages.not_now import not_now
from api.pages.render import page
from api.pages.results import GROUPS, find_result, how_decided, lead, parts_shown
from api.prints.gap_report import gap_report_sheet
from api.prints.typesetting import as_pdf
from api.settings import Settings
from engine.gap_report.sentences import rendered
from engine.policies.records import zone_of
from engine.workflows.issue_credential import issue_credential
from engine.workflows.shelf import Shelf
from itembank.storage.accounts import Caller
from itembank.storage.database import Database


@get("/attempts/{uuid:uuid}/result")
async def see_result(
    request: Request[Any, Any, Any],
    uuid: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
    settings: NamedDependency[Settings],
) -> Response[str]:
    """The report of everything answered so far."""
    found = await find_result(database, shelf, caller, uuid)
    if found.credit is not None and found.credit.credential_uuid is None and found.credit.revoked_at is None:
        await issue_credential(database, shelf, caller.institution_id, uuid, settings.public_url)
        found = await find_result(database, shelf, caller, uuid)
    spoken = language(request)
    policy = found.view.publication.version.policy
    said = rendered(found.report, spoken)
    parts = parts_shown(found.report, said, spoken)
    return page(
        request, "learner/result/page.html", found=found, policy=policy, said=said, zone=zone_of(policy),
        name_of=namer(policy, spoken), decision=found.decision, lead=lead(found, spoken),
        groups=[(key, [part for part in parts if part.state in states]) for key, states in GROUPS],
        steps=list(zip(said["next_steps"], found.report.next_steps)),
        n_answers=sum(part.n_answers for part in found.report.parts),
        how=how_decided(found, spoken), public_url=settings.public_url, refused=not_now(found.view.journey, spoken),
    )  # fmt: skip


@get("/attempts/{uuid:uuid}/gap-report.pdf")
async def print_gap_report(
    request: Request[Any, Any, Any],
    uuid: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[bytes]:
    """The same report, to print and to keep."""
    found = await find_result(database, shelf, caller, uuid)
    return await as_pdf(gap_report_sheet(found, language(request)), "gap-report")
