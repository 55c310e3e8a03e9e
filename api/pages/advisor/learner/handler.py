"""One learner over time: what is shown and what is not yet, sittings, notes, and what an advisor may do."""

from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import ClientException
from litestar.params import FromPath

from api.auth import roles
from api.charts import Figure
from api.pages.advisor.learner.reading import SittingSeen, done_of, over_time, settling, sittings_of
from api.pages.forms import Form
from api.pages.looks import language
from api.pages.names import dictionary, occasion_name, period_words
from api.pages.render import page, see_other
from api.pages.results import PartShown, parts_shown
from api.pages.words import translator
from engine.advising import Advised, advice_followed
from engine.errors import Unknown
from engine.gap_report.report import GapReport
from engine.gap_report.sentences import rendered
from engine.leeway import Leeway, leeway
from engine.refusals import tell
from engine.standing import read_log
from engine.storage import cohorts, notes, sessions
from engine.workflows.advise import Advisee, cohort_of
from engine.workflows.advise_learner import write_down
from engine.workflows.report_gaps import finished_answers, report_on
from engine.workflows.shelf import Shelf
from itembank.storage import accounts
from itembank.storage.accounts import Caller
from itembank.storage.database import Connection, Database

NOTE_LETTERS = 4000


class AttemptSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt with everything the page says about it."""

    advisee: Advisee
    report: GapReport | None
    parts: list[PartShown]
    sittings: list[SittingSeen]
    charts: list[Figure]
    refused: list[str]
    leeway: tuple[Leeway, ...]
    followed: tuple[Advised, ...]
    names: dict[str, str]


@get("/advisor/learners/{uuid:uuid}", opt=roles("advisor"))
async def see_learner(
    request: Request[Any, Any, Any],
    uuid: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[str]:
    """The learner's page."""
    async with database.transaction(caller.institution_id) as connection:
        account_id = await _learner(connection, uuid)
        person = await accounts.person(connection, account_id)
        written = await notes.of_learner(connection, account_id)
    cohort = await cohort_of(database, shelf, caller.institution_id, account_id=account_id)
    async with database.transaction(caller.institution_id) as connection:
        attempts = [await _seen(connection, request, advisee) for advisee in cohort.advisees]
    spoken = language(request)
    t = translator(spoken)
    return page(
        request, "advisor/learner/page.html", person=person, notes=written, attempts=attempts, broken=cohort.broken,
        today=cohort.now.date(), name_of=lambda key: occasion_name(key, spoken),
        period=lambda most: period_words(most, t),
    )  # fmt: skip


async def _learner(connection: Connection, uuid: UUID) -> int:
    found = await cohorts.learner(connection, uuid)
    if found is None:
        raise Unknown("There is no such learner here.")
    return found


async def _seen(connection: Connection, request: Request[Any, Any, Any], advisee: Advisee) -> AttemptSeen:
    spoken = language(request)
    policy, journey = advisee.publication.version.policy, advisee.journey
    now = await connection.fetchval("SELECT now()")
    report, charts = None, list[Figure]()
    followed: tuple[Advised, ...] = ()
    if advisee.report is not None:
        by_sitting = await finished_answers(connection, advisee.attempt, advisee.events)
        report = report_on(advisee.publication, by_sitting, advisee.events, now)
        if len(by_sitting) > 1:
            first = report_on(advisee.publication, by_sitting[:1], advisee.events, now)
            followed = advice_followed(first.next_steps, first, report)
        charts = await _charts(connection, advisee, sittings_of(advisee, spoken), request)
    return AttemptSeen(
        advisee=advisee, report=report, parts=parts_shown(report, rendered(report, spoken), spoken) if report else [],
        sittings=sittings_of(advisee, spoken), charts=charts,
        refused=list(dict.fromkeys(tell(refusal, spoken) for refusal in journey.refused)),
        leeway=leeway(policy, read_log(advisee.events), journey), followed=followed,
        names=dictionary(advisee.publication.framework),
    )  # fmt: skip


async def _charts(
    connection: Connection, advisee: Advisee, sittings: list[SittingSeen], request: Request[Any, Any, Any]
) -> list[Figure]:
    spoken = language(request)
    last = [one for one in advisee.journey.sittings if one.decision is not None and not one.voided]
    drawn = [over_time(sittings, spoken)]
    if last and last[-1].decision is not None and (row := await sessions.find(connection, UUID(last[-1].key))):
        shown = await sessions.administered(connection, row.id)
        drawn.append(settling(advisee, shown, last[-1].decision.cut_theta, spoken))
    return [figure for figure in drawn if figure is not None]


@post("/advisor/learners/{uuid:uuid}/notes", opt=roles("advisor"))
async def add_note(
    uuid: FromPath[UUID],
    form: NamedDependency[Form],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> Response[Any]:
    """Write something down, with a day to look again if there is one."""
    body = form.one("body")
    if not 0 < len(body) <= NOTE_LETTERS:
        raise ClientException(f"A note has 1 to {NOTE_LETTERS} characters; this one has {len(body)}.")
    async with database.transaction(caller.institution_id) as connection:
        account_id = await _learner(connection, uuid)
        day = _day(form.one("follow_up_on"))
        await notes.add(connection, caller.institution_id, account_id, caller.account_id, body, day)
    return see_other(f"/advisor/learners/{uuid}#notes")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ClientException(f"'{text[:40]}' is no date; write it as 2026-03-05.") from None


@post("/advisor/notes/{uuid:uuid}/done", opt=roles("advisor"))
async def finish_note(
    uuid: FromPath[UUID], caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> Response[Any]:
    """The follow-up has been done."""
    async with database.transaction(caller.institution_id) as connection:
        await notes.done(connection, uuid)
    return see_other("/advisor")


@post("/advisor/learners/{uuid:uuid}/attempts/{attempt:uuid}", opt=roles("advisor"))
async def act(
    uuid: FromPath[UUID],
    attempt: FromPath[UUID],
    form: NamedDependency[Form],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[Any]:
    """Approve, lift a rule or record learning, as far as the policy lets."""
    async with database.transaction(caller.institution_id) as connection:
        account_id = await _learner(connection, uuid)
    cohort = await cohort_of(database, shelf, caller.institution_id, account_id=account_id)
    option = next(
        (
            one
            for advisee in cohort.advisees
            if advisee.attempt.uuid == attempt
            for one in leeway(advisee.publication.version.policy, read_log(advisee.events), advisee.journey)
            if (one.kind, one.occasion, one.rule) == (form.one("kind"), form.one("occasion"), form.one("rule"))
        ),
        None,
    )
    if option is None:
        raise ClientException("The policy leaves no room for this any more; open the learner's page again.")
    await write_down(
        database, shelf, caller.institution_id, caller.account_id, attempt,
        lambda at: done_of(option, form.one("reason"), form.one("number"), str(caller.account_uuid), at),
    )  # fmt: skip
    return see_other(f"/advisor/learners/{uuid}")
