"""Recompute what was decided from what was stored, and say where anything differs."""

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from engine.decisions import Decision
from engine.delivery import decide_outcome, eligible_items, sitting_of
from engine.errors import RecordBroken, Unknown
from engine.events import Event, SittingFinished, SittingRescored
from engine.fixed_form import form_faults
from engine.policies.records import occasion_of
from engine.pretest import or_pretest, pretest_items
from engine.rescoring import Override, keeps
from engine.selection.next_item import NextItem, select_next
from engine.selection.plan import Plan
from engine.sessions import Administered, SessionRow
from engine.storage import attempts, rescorings, sessions
from engine.storage.rescorings import Effect
from engine.workflows import journal
from engine.workflows.shelf import Publication, Shelf
from itembank.published import table_hash
from itembank.records import Record, canonical
from itembank.scoring import score
from itembank.storage import bank_versions
from itembank.storage.database import Connection, Database


class Difference(Record, frozen=True, kw_only=True):
    """One thing that does not come out as it was stored."""

    session: str
    what: str


class Replayed(Record, frozen=True, kw_only=True):
    """How many sittings were recomputed and how many came out the same, bit for bit."""

    n_sessions: int
    n_identical: int
    n_events: int
    differences: tuple[Difference, ...] = ()


async def replay_sessions(database: Database, institution_id: int, session_uuid: str | None = None) -> Replayed:
    """Recompute one finished sitting, or all of the institution.

    Raises:
        Unknown: when the uuid names no sitting.
    """
    async with database.transaction(institution_id) as connection:
        rows = await sessions.every(connection)
        if session_uuid is not None:
            rows = [row for row in rows if str(row.uuid) == session_uuid]
            if not rows:
                raise Unknown(f"There is no sitting {session_uuid} in this institution.")
        finished = [row for row in rows if row.finished_at is not None]
        found: list[Difference] = []
        shelf, n_events = Shelf(), 0
        for row in finished:
            differences, events = await _replay(connection, shelf, row)
            found += [Difference(session=str(row.uuid), what=what) for what in differences]
            n_events += events
    broken = {difference.session for difference in found}
    return Replayed(
        n_sessions=len(finished), n_identical=len(finished) - len(broken), n_events=n_events, differences=tuple(found)
    )


async def _replay(connection: Connection, shelf: Shelf, row: SessionRow) -> tuple[list[str], int]:
    attempt = await attempts.get(connection, row.attempt_id)
    publication = await shelf.publication(connection, attempt.assessment_version_id)
    shown = await sessions.administered(connection, row.id)
    differences = await _tables(connection, publication)
    differences += _answers(publication, shown)
    earlier = await sessions.seen_before(connection, row.account_id, row.id)
    differences += _selections(publication, row, shown, earlier)
    marks = await rescorings.of_session(connection, row.id)
    try:
        _, events = await journal.read(connection, attempt.id)
    except RecordBroken as broken:
        return [*differences, str(broken)], 0
    differences += _decisions(publication, row, shown, marks, events)
    return differences, len(events)


async def _tables(connection: Connection, publication: Publication) -> list[str]:
    """Whether the frozen tables still have the hash they were published with."""
    version = await bank_versions.get(connection, publication.bank.version_id)
    frozen = await bank_versions.items(connection, publication.bank.version_id)
    tables = [(str(item.parameters["item_id"]), item.probabilities) for item in frozen if item.state == "operational"]
    return [] if table_hash(version.grid, tables) == version.table_hash else ["The frozen tables have changed."]


def _answers(publication: Publication, shown: list[Administered]) -> list[str]:
    found = []
    for item in shown:
        if item.answer is None:
            continue
        again = score(publication.bank.items[item.bank_position].scoring, item.answer)
        if (again.category, again.score) != (item.category, item.score):
            found.append(f"Answer {item.position + 1} is scored {again.category}, not {item.category}.")
    return found


def _decisions(
    publication: Publication,
    row: SessionRow,
    shown: Sequence[Administered],
    marks: Sequence[tuple[Override, Effect]],
    events: Sequence[Event],
) -> Iterator[str]:
    """The decision that ended the sitting, and the one that stands after every rescoring of its items."""
    told = [e for e in events if isinstance(e, SittingFinished | SittingRescored) and e.sitting == str(row.uuid)]
    if [type(event) for event in told[:2]].count(SittingFinished) != 1:
        yield "The log does not hold exactly one end of the sitting."
        return
    overrides = [override for override, effect in marks if effect == "decided"]
    standing = told[0].decision
    yield from _differs(_again(publication, row, shown, overrides), standing)
    for override, effect in marks:
        if effect == "decided":
            continue
        after = _again(publication, row, shown, [*overrides, override])
        if keeps(standing, after, override.hold_harmless) != (effect == "held"):
            yield "A rescoring was held harmless where it should not have been, or the other way round."
        if effect == "applied":
            overrides, standing = [*overrides, override], after
    yield from _differs(standing, told[-1].decision)
    if canonical(told[-1].decision) != canonical(msgspec.convert(row.outcome, Decision)):
        yield "The decision in the log is not the decision of the sitting."


def _again(
    publication: Publication, row: SessionRow, shown: Sequence[Administered], overrides: Sequence[Override]
) -> Decision:
    policy = publication.version.policy
    return decide_outcome(policy, occasion_of(policy, row.occasion), publication.bank, shown, overrides)


def _differs(again: Decision, kept: Decision) -> Iterator[str]:
    if not same_decision(again, kept):
        yield f"The decision comes out as {again.theta!r} ± {again.sem!r}, not {kept.theta!r} ± {kept.sem!r}."


def same_decision(one: Decision, other: Decision) -> bool:
    """Equal to the last bit, whichever version of the program decided."""
    return canonical(msgspec.structs.replace(one, code_version=other.code_version)) == canonical(other)


def _selections(publication: Publication, row: SessionRow, shown: list[Administered], seen: set[int]) -> list[str]:
    """Whether every item shown is the one that the design chooses at that point."""
    found = []
    plan: Plan = publication.plans[row.occasion]
    if not row.on_screen:
        return form_faults(
            plan, publication.bank, [item.bank_position for item in shown], eligible_items(publication.bank, seen, None)
        )
    candidates = pretest_items(publication.bank, seen, row.pool)
    for place, item in enumerate(shown):
        before = sitting_of(row.uuid, publication.bank, shown[:place], seen=seen, pool=row.pool, seconds=0.0)
        eligible = np.asarray(before.eligible)
        if not item.is_pretest and not eligible[item.bank_position]:
            found.append(f"Item {place + 1} was not eligible.")
            continue
        again = select_next(plan, before)
        if isinstance(again, NextItem):
            again = or_pretest(plan.design, publication.bank, row.uuid.hex, shown[:place], candidates, again)
        if not isinstance(again, NextItem) or again.item != item.bank_position:
            found.append(f"Item {place + 1} is not the one that the design chooses there.")
    return found
