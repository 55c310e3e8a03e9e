"""What a learner has shown, in words first; what may be done next; the credit with its receipt."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from markupsafe import Markup

from api.charts import band
from api.pages.learner.names import occasion_name, short_name
from api.pages.learner.not_now import not_now
from api.pages.looks import language
from api.pages.render import page
from api.pages.words import translator
from api.settings import Settings
from engine.gap_report.report import CompetencyPart, GapReport
from engine.gap_report.sentences import rendered
from engine.messages import Language
from engine.policies.records import zone_of
from engine.standing import Sitting
from engine.storage import credits, sessions
from engine.workflows.issue_credential import issue_credential
from engine.workflows.open_attempt import AttemptView, view_of
from engine.workflows.report_gaps import gap_report_of
from engine.workflows.shelf import Shelf
from engine.workflows.take_session import own_attempt
from itembank.records import Record
from itembank.storage import accounts, institutions
from itembank.storage.accounts import Caller, Person
from itembank.storage.database import Database
from itembank.storage.institutions import Institution

NINE_IN_TEN = 1.645
GROUPS = (("shown", ("met", "likely_met")), ("not_yet", ("not_yet",)), ("unknown", ("not_enough_evidence",)))


class Found(Record, frozen=True, kw_only=True):
    """All that the page is made of."""

    view: AttemptView
    report: GapReport
    last: Sitting
    reason: str
    credit: credits.Credit | None
    person: Person
    institution: Institution


class PartShown(Record, frozen=True, kw_only=True):
    """One competency: its sentences, its strip, and the range in words."""

    name: str
    state: str
    said: dict[str, str]
    strip: Markup
    is_changed: bool
    percent: int
    low: int
    high: int
    cut: int


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
    found = await _find(database, shelf, caller, uuid)
    if found.credit is not None and found.credit.credential_uuid is None and found.credit.revoked_at is None:
        await issue_credential(database, shelf, caller.institution_id, uuid, settings.public_url)
        found = await _find(database, shelf, caller, uuid)
    spoken = language(request)
    policy = found.view.publication.version.policy
    said = rendered(found.report, spoken)
    names = {c.key: short_name(c) for c in found.view.publication.framework.competencies}
    parts = [_part(part, words, spoken) for part, words in zip(found.report.parts, said["parts"])]
    return page(
        request, "learner/result/page.html", found=found, policy=policy, said=said, zone=zone_of(policy),
        name_of=lambda key: occasion_name(key, spoken), decision=found.last.decision,
        groups=[(key, [part for part in parts if part.state in states]) for key, states in GROUPS],
        steps=list(zip(said["next_steps"], found.report.next_steps)),
        n_answers=sum(part.n_answers for part in found.report.parts),
        because=[names.get(key, key) for key in found.last.decision.because] if found.last.decision else [],
        public_url=settings.public_url, refused=not_now(found.view.journey, spoken),
    )  # fmt: skip


async def _find(database: Database, shelf: Shelf, caller: Caller, uuid: UUID) -> Found:
    async with database.transaction(caller.institution_id) as connection:
        attempt = await own_attempt(connection, uuid, caller.account_id)
        now = await connection.fetchval("SELECT now()")
        view = await view_of(connection, shelf, attempt, now)
        report = await gap_report_of(connection, view.publication, attempt, now)
        finished = [sitting for sitting in view.journey.sittings if sitting.ended is not None]
        row = await sessions.find(connection, UUID(finished[-1].key))
        return Found(
            view=view, report=report, last=finished[-1], reason="" if row is None else row.reason or "",
            credit=await credits.of_attempt(connection, attempt.id),
            person=await accounts.person(connection, caller.account_id),
            institution=await institutions.get(connection, caller.institution_id),
        )  # fmt: skip


def _part(part: CompetencyPart, said: dict[str, str], spoken: Language) -> PartShown:
    t = translator(spoken)
    reach = NINE_IN_TEN * part.percent_error
    low, high = max(round(part.percent - reach), 0), min(round(part.percent + reach), 100)
    values = {"percent": round(part.percent), "low": low, "high": high, "cut": round(part.cut_percent)}
    strip = band(
        part.title, t("result.strip", **values), part.percent, low, high, part.cut_percent,
        second=part.state == "not_yet", unsure=part.state == "not_enough_evidence",
    )  # fmt: skip
    is_changed = part.change is not None and part.change.reliable
    return PartShown(name=part.title, state=part.state, said=said, strip=strip, is_changed=is_changed, **values)
