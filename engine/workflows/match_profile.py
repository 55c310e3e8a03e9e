"""Hold learners against what a role asks for: one person's match, or a group's with small cells suppressed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import numpy as np

from engine.advising import HeatMap, Match, Profile, group_match, match
from engine.errors import EngineError, Unknown
from engine.frozen_bank import FrozenBank
from engine.gap_report.evidence import Evidence
from engine.gap_report.report import Target
from engine.storage import assessments, cohorts
from engine.storage.attempts import Attempt
from engine.workflows import journal
from engine.workflows.report_gaps import evidence, finished_answers
from engine.workflows.shelf import Publication, Shelf
from itembank.records import Record
from itembank.storage.database import Connection, Database

SMALLEST_CELL = 5


class Wanted(Record, frozen=True, kw_only=True):
    """What a role asks of one competency: a cut in theta, or in percent of the competency's domain."""

    competency: str
    cut_theta: float | None = None
    cut_percent: float | None = None

    def __post_init__(self) -> None:
        if (self.cut_theta is None) == (self.cut_percent is None):
            raise ValueError(f"'{self.competency}' needs either cut_theta or cut_percent.")


class Role(Record, frozen=True, kw_only=True):
    """A role or a programme by what it asks for."""

    key: str
    title: str
    wants: tuple[Wanted, ...]

    def __post_init__(self) -> None:
        names = [want.competency for want in self.wants]
        if not names or len(set(names)) != len(names):
            raise ValueError(f"Role '{self.key}': wants must name at least one competency, and each only once.")


class Fit(Record, frozen=True, kw_only=True):
    """A group against a role. `n_without_answers`: those of it who have finished no sitting and count nowhere."""

    heat: HeatMap
    unmeasured: tuple[str, ...]
    n_without_answers: int | None


async def match_group(
    database: Database,
    shelf: Shelf,
    institution_id: int,
    role: Role,
    assessment_key: str,
    learners: Sequence[UUID] | None,
    *,
    smallest_cell: int = SMALLEST_CELL,
) -> Fit:
    """Everybody who opened the assessment, or those named of them.

    Raises:
        Unknown: when there is no such assessment, or a named learner has not opened it.
        EngineError: when fewer than `SMALLEST_CELL` should be shown.
    """
    if smallest_cell < SMALLEST_CELL:
        raise EngineError(f"smallest_cell must be at least {SMALLEST_CELL}, or single people could be recognised.")
    async with database.transaction(institution_id) as connection:
        version = await assessments.current(connection, assessment_key)
        if version is None:
            raise Unknown(f"No assessment '{assessment_key}' is published here.")
        taken = await cohorts.attempts(connection, assessment_id=version.assessment_id)
        if learners is not None:
            missing = set(learners) - {one.learner for one in taken}
            if missing:
                raise Unknown(f"Learner {min(map(str, missing))} has not opened '{assessment_key}'.")
            taken = [one for one in taken if one.learner in set(learners)]
        now: datetime = await connection.fetchval("SELECT now()")
        found = []
        for one in taken:
            publication = await shelf.publication(connection, one.assessment_version_id)
            found.append(await _match(connection, publication, one.attempt, role, now))
        measured = (await shelf.publication(connection, version.id)).bank.competencies
    matches = [one for one in found if one is not None]
    heat = group_match(matches, smallest_cell=smallest_cell)
    without = len(found) - len(matches)
    return Fit(
        heat=heat,
        unmeasured=tuple(want.competency for want in role.wants if want.competency not in measured),
        n_without_answers=without if without == 0 or without >= smallest_cell else None,
    )


async def match_attempt(
    connection: Connection, publication: Publication, attempt: Attempt, role: Role, now: datetime
) -> Match:
    """One learner against a role, from all answers of the attempt.

    Raises:
        Unknown: when no sitting has been finished yet.
    """
    found = await _match(connection, publication, attempt, role, now)
    if found is None:
        raise Unknown("There is no finished sitting to report on yet; finish one first.")
    return found


async def _match(
    connection: Connection, publication: Publication, attempt: Attempt, role: Role, now: datetime
) -> Match | None:
    _, events = await journal.read(connection, attempt.id)
    by_sitting = await finished_answers(connection, attempt, events)
    if not by_sitting:
        return None
    profile = profile_of(role, publication.bank)
    targets = {target.competency: target for target in profile.targets}
    # A competency that the role does not ask for has no cut; any will do, for nothing is read off it.
    cuts = {
        name: targets.get(name, Target(competency=name, cut_theta=0.0, cut_percent=50.0))
        for name in publication.bank.competencies
    }
    shown = [item for sitting in by_sitting for item in sitting]
    found: Evidence = evidence(publication.bank, shown, cuts, now)
    return match(profile, found)


def profile_of(role: Role, bank: FrozenBank) -> Profile:
    """The role with its cuts on both scales of the bank; what the bank does not measure stays as it was told."""
    targets = []
    for want in role.wants:
        curve = bank.competency_curves.get(want.competency)
        theta, percent = want.cut_theta or 0.0, want.cut_percent or 0.0
        if curve is not None and want.cut_percent is not None:
            theta = float(np.interp(want.cut_percent, curve.percents, curve.nodes))
        elif curve is not None:
            percent = float(np.interp(theta, curve.nodes, curve.percents))
        targets.append(Target(competency=want.competency, cut_theta=theta, cut_percent=percent))
    return Profile(key=role.key, title=role.title, targets=tuple(targets))
