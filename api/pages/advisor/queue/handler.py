"""The morning queue: who should be seen first and why, and the follow-ups whose day has come."""

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency

from api.auth import roles
from api.pages.looks import language
from api.pages.render import page
from engine.advising import QueueEntry, queue
from engine.messages import Language, say
from engine.policies.records import zone_of
from engine.storage import notes
from engine.workflows.advise import Advisee, Cohort, cohort_of
from engine.workflows.shelf import Shelf
from itembank.records import Record
from itembank.storage.accounts import Caller
from itembank.storage.database import Database

REASONS = ("waiting_approval", "one_gap", "stuck", "inactive")


class Waiting(Record, frozen=True, kw_only=True):
    """A line of the queue: whom to see, why, in which assessment."""

    advisee: Advisee
    reason: str
    said: str


@get("/advisor", opt=roles("advisor"))
async def see_queue(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[str]:
    """Everybody whom a word today would help on."""
    cohort = await cohort_of(database, shelf, caller.institution_id)
    async with database.transaction(caller.institution_id) as connection:
        due = await notes.due(connection, cohort.now.date())
    waiting = queue_of(cohort, language(request))
    return page(
        request, "advisor/queue/page.html", due=due, broken=cohort.broken, n_learners=len(cohort.advisees),
        groups=[(reason, [one for one in waiting if one.reason == reason]) for reason in REASONS],
    )  # fmt: skip


def queue_of(cohort: Cohort, spoken: Language) -> list[Waiting]:
    """The queue over every assessment; a learner stands once in each."""
    by_assessment: dict[int, list[Advisee]] = {}
    for advisee in cohort.advisees:
        by_assessment.setdefault(advisee.attempt.assessment_id, []).append(advisee)
    found: list[tuple[QueueEntry, Advisee]] = []
    for advisees in by_assessment.values():
        known = {str(advisee.learner): advisee for advisee in advisees}
        zone = zone_of(advisees[0].publication.version.policy)
        entries = queue([advisee.standing for advisee in advisees], cohort.now, zone)
        found += [(entry, known[entry.learner]) for entry in entries]
    found.sort(key=lambda pair: (pair[0].rank, pair[1].latest))
    return [
        Waiting(advisee=advisee, reason=entry.reason, said=say(entry.said, spoken).replace("..", "."))
        for entry, advisee in found
    ]
