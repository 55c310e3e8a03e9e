"""What an advisor with forty learners needs: whom to see first, where a cohort stands, whether advice helped."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from engine.gap_report.evidence import Evidence
from engine.gap_report.levels import inside
from engine.gap_report.next_step import NextStep
from engine.gap_report.report import GapReport, Target
from engine.gap_report.states import State
from engine.journey import Journey
from engine.messages import Message, message
from engine.periods import Moment, Period, after
from itembank.records import Record

STATES: tuple[State, ...] = ("met", "likely_met", "not_yet", "not_enough_evidence")
THREE_WEEKS = Period(days=21)
SHOWN: frozenset[State] = frozenset({"met", "likely_met"})


class LearnerStanding(Record, frozen=True, kw_only=True):
    """One learner as the queue sees them."""

    learner: str
    journey: Journey
    latest: Moment
    report: GapReport | None = None


class QueueEntry(Record, frozen=True, kw_only=True):
    """Why a learner should be seen; `rank` orders the queue, the smallest first."""

    learner: str
    reason: Literal["waiting_approval", "one_gap", "stuck", "inactive"]
    said: Message
    rank: int


def queue(
    standings: Sequence[LearnerStanding],
    now: datetime,
    zone: ZoneInfo,
    *,
    stuck_after: int = 2,
    inactive_after: Period = THREE_WEEKS,
) -> tuple[QueueEntry, ...]:
    """Who should be seen, and why: waits for approval, one gap from credit, stuck, inactive; a learner stands once."""
    entries = [entry for standing in standings for entry in _entries(standing, now, zone, stuck_after, inactive_after)]
    first: dict[str, QueueEntry] = {}
    for entry in sorted(entries, key=lambda entry: (entry.rank, entry.learner)):
        first.setdefault(entry.learner, entry)
    return tuple(first.values())


def _entries(
    standing: LearnerStanding, now: datetime, zone: ZoneInfo, stuck_after: int, inactive_after: Period
) -> Iterator[QueueEntry]:
    journey, learner = standing.journey, standing.learner
    if journey.state in ("credited", "credit_due", "closed"):
        return
    for refused in journey.refused:
        if refused.rule == "approval":
            said = message("queue.waiting_approval", occasion=refused.about)
            yield QueueEntry(learner=learner, reason="waiting_approval", said=said, rank=0)
    gaps = [part for part in standing.report.parts if part.state not in SHOWN] if standing.report else []
    if len(gaps) == 1:
        said = message("queue.one_gap", competency=inside(gaps[0].statement))
        yield QueueEntry(learner=learner, reason="one_gap", said=said, rank=1)
    for occasion in journey.occasions:
        failed = [s for s in journey.sittings if s.occasion == occasion.occasion and s.decision and not s.voided]
        if len(failed) >= stuck_after and not occasion.passed:
            said = message("queue.stuck", n=len(failed), occasion=occasion.occasion)
            yield QueueEntry(learner=learner, reason="stuck", said=said, rank=2)
    if now >= after(standing.latest, inactive_after, zone):
        said = message("queue.inactive", when=standing.latest.astimezone(zone))
        yield QueueEntry(learner=learner, reason="inactive", said=said, rank=3)


class HeatMap(Record, frozen=True, kw_only=True):
    """Learners by competency and state; None = suppressed, because few people stand behind the number."""

    competencies: tuple[str, ...]
    states: tuple[State, ...]
    counts: tuple[tuple[int | None, ...], ...]
    n_learners: int | None
    smallest_cell: int


def heat_map(reports: Sequence[GapReport], *, smallest_cell: int = 5) -> HeatMap:
    """Where a cohort stands. Cells of 1 to `smallest_cell` − 1 are suppressed, and with a single one in its row the
    next smallest too, or it could be had by subtraction; a cohort smaller than a cell shows nothing.
    """
    keys = tuple(dict.fromkeys(part.competency for report in reports for part in report.parts))
    hidden = len(reports) < smallest_cell
    rows = []
    for key in keys:
        states = [part.state for report in reports for part in report.parts if part.competency == key]
        counts = [states.count(state) for state in STATES]
        rows.append((None,) * len(STATES) if hidden else suppress(counts, smallest_cell))
    return HeatMap(
        competencies=keys, states=STATES, counts=tuple(rows), n_learners=None if hidden else len(reports),
        smallest_cell=smallest_cell,
    )  # fmt: skip


def suppress(counts: Sequence[int], smallest_cell: int) -> tuple[int | None, ...]:
    """A row with small cells hidden so that none can be recomputed from the row's total.

    Two hidden cells that add up to less than a cell, or to one number only, would still tell; then another is hidden.
    """
    hidden = {place for place, count in enumerate(counts) if 0 < count < smallest_cell}
    shown = sorted((count, place) for place, count in enumerate(counts) if place not in hidden)
    while hidden and shown and (len(hidden) < 2 or sum(counts[place] for place in hidden) < smallest_cell):
        hidden.add(shown.pop(0)[1])
    return tuple(None if place in hidden else count for place, count in enumerate(counts))


def heat_map_csv(heat: HeatMap) -> str:
    """The heat map as CSV; suppressed cells say so."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["competency", *heat.states])
    for competency, counts in zip(heat.competencies, heat.counts):
        writer.writerow([competency, *("suppressed" if count is None else count for count in counts)])
    return out.getvalue()


class Advised(Record, frozen=True, kw_only=True):
    """Whether what was advised came true: the competency's state before and after."""

    competency: str
    before: State
    after: State
    closed: bool


def advice_followed(steps: Sequence[NextStep], before: GapReport, later: GapReport) -> tuple[Advised, ...]:
    """For every step advised with an earlier report, whether a later one shows the competency (likely) met."""
    first, second = _states(before), _states(later)
    return tuple(
        Advised(
            competency=step.competency,
            before=first[step.competency],
            after=second[step.competency],
            closed=first[step.competency] not in SHOWN and second[step.competency] in SHOWN,
        )
        for step in steps
        if step.competency in first and step.competency in second
    )


def _states(report: GapReport) -> Mapping[str, State]:
    return {part.competency: part.state for part in report.parts}


class Profile(Record, frozen=True, kw_only=True):
    """What a role or a programme asks for, competency by competency."""

    key: str
    title: str
    targets: tuple[Target, ...]


class Match(Record, frozen=True, kw_only=True):
    """One person against a profile: the state of every requirement and how many are (likely) met."""

    profile: str
    states: dict[str, State]
    n_met: int
    unmeasured: tuple[str, ...]


def match(profile: Profile, evidence: Evidence) -> Match:
    """A learner's evidence, taken at the profile's cuts, against a role; a competency not in it was not measured."""
    states: dict[str, State] = {}
    for target in profile.targets:
        key = target.competency
        if key in evidence.competencies:
            states[key] = evidence.state(key)
        else:
            states[key] = "not_enough_evidence"
    unmeasured = tuple(t.competency for t in profile.targets if t.competency not in evidence.competencies)
    met = sum(1 for state in states.values() if state in SHOWN)
    return Match(profile=profile.key, states=states, n_met=met, unmeasured=unmeasured)


def group_match(matches: Sequence[Match], *, smallest_cell: int = 5) -> HeatMap:
    """A group against a profile, small cells suppressed."""
    keys = tuple(dict.fromkeys(key for one in matches for key in one.states))
    hidden = len(matches) < smallest_cell
    rows = [
        (None,) * len(STATES)
        if hidden
        else suppress([sum(1 for m in matches if m.states.get(key) == state) for state in STATES], smallest_cell)
        for key in keys
    ]
    n = None if hidden else len(matches)
    return HeatMap(competencies=keys, states=STATES, counts=tuple(rows), n_learners=n, smallest_cell=smallest_cell)
