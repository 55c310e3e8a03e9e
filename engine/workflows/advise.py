"""What advisors see of many learners: where each stands, what is shown and what is not yet."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from cachetools import LRUCache

from engine.advising import LearnerStanding
from engine.errors import RecordBroken, Unknown
from engine.events import Event
from engine.gap_report.report import GapReport
from engine.journey import Journey, decide
from engine.record import Entry, verify
from engine.storage import cohorts
from engine.storage.attempts import Attempt
from engine.storage.cohorts import Taken
from engine.workflows.report_gaps import gap_report_of
from engine.workflows.shelf import Publication, Shelf
from itembank.records import Record
from itembank.storage.database import Connection, Database

CAPACITY = 5000


class Advisee(Record, frozen=True, kw_only=True):
    """One learner's way through one assessment; `report` is None before the first finished sitting."""

    account_id: int
    learner: UUID
    name: str
    attempt: Attempt
    publication: Publication
    journey: Journey
    events: tuple[Event, ...]
    latest: datetime
    report: GapReport | None = None

    @property
    def standing(self) -> LearnerStanding:
        """As the morning queue looks at it."""
        return LearnerStanding(learner=str(self.learner), journey=self.journey, latest=self.latest, report=self.report)


class Cohort(Record, frozen=True, kw_only=True):
    """The learners of an assessment; `broken`: names of those whose log does not agree with itself."""

    now: datetime
    advisees: tuple[Advisee, ...]
    broken: tuple[str, ...] = ()


class Reports:
    """Gap reports by the hash of the last event they rest on: the same log always gives the same states."""

    def __init__(self) -> None:
        self._kept: LRUCache[str, GapReport] = LRUCache(CAPACITY)

    async def of(
        self, connection: Connection, taken: Taken, publication: Publication, events: Sequence[Event], now: datetime
    ) -> GapReport | None:
        """The report of an attempt; None when nothing has been finished yet."""
        kept = self._kept.get(taken.head)
        if kept is not None:
            return kept
        try:
            report = await gap_report_of(connection, publication, taken.attempt, events, now)
        except Unknown:
            return None
        self._kept[taken.head] = report
        return report


KEPT = Reports()


async def cohort_of(
    database: Database,
    shelf: Shelf,
    institution_id: int,
    *,
    assessment_id: int | None = None,
    account_id: int | None = None,
) -> Cohort:
    """Everybody who has opened the assessment (any, when none is named), or all attempts of one learner."""
    async with database.transaction(institution_id) as connection:
        now: datetime = await connection.fetchval("SELECT now()")
        taken = await cohorts.attempts(connection, assessment_id=assessment_id, account_id=account_id)
        logs = await cohorts.logs(connection, [one.id for one in taken])
        advisees, broken = [], []
        for one in taken:
            try:
                advisees.append(await _advisee(connection, shelf, one, logs[one.id], now))
            except RecordBroken:
                broken.append(one.name)
    return Cohort(now=now, advisees=tuple(advisees), broken=tuple(broken))


async def _advisee(
    connection: Connection, shelf: Shelf, taken: Taken, chain: Sequence[Entry], now: datetime
) -> Advisee:
    events = verify(chain, taken.head)
    publication = await shelf.publication(connection, taken.assessment_version_id)
    journey = decide(publication.version.policy, events, now)
    finished = any(sitting.ended is not None and not sitting.voided for sitting in journey.sittings)
    return Advisee(
        account_id=taken.account_id, learner=taken.learner, name=taken.name, attempt=taken.attempt,
        publication=publication, journey=journey, events=events, latest=events[-1].at if events else taken.created_at,
        report=await KEPT.of(connection, taken, publication, events, now) if finished else None,
    )  # fmt: skip
