"""What must be true of the database after any accident: read it, recompute it, let the judge of histories decide."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from api.views import decision_view
from engine.decisions import Decision
from engine.delivery import running_estimate, sitting_of
from engine.sessions import Administered, SessionRow
from engine.storage import attempts, sessions
from engine.workflows.replay import replay_sessions
from engine.workflows.shelf import Publication, Shelf
from itembank.storage.database import Connection, Database
from tests.chaos.history import StoredAnswer, StoredSitting, faults
from tests.chaos.learners import Learner, written


@dataclass
class Verdict:
    """What an audit counted, and everything that is wrong."""

    acknowledged: int = 0
    sittings: int = 0
    replayed: int = 0
    not_replayed: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    odd: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Nothing lost, doubled, different or odd."""
        return not (self.faults or self.not_replayed or self.odd)


async def audit(dsn: str, institution_id: int, learners: Sequence[Learner]) -> Verdict:
    """Hold the database against what the learners were told; sittings of others are left aside."""
    database, verdict = Database(dsn), Verdict()
    verdict.odd = [line for learner in learners for line in learner.odd]
    verdict.acknowledged = sum(learner.n_acknowledged for learner in learners)
    exchanges = [exchange for learner in learners for exchange in learner.history]
    async with database.transaction(institution_id) as connection:
        seats = {seat.session: seat.secret for learner in learners for seat in learner.seats}
        stored = await stored_sittings(connection, seats)
    verdict.sittings = len(stored)
    found = faults(exchanges, stored)
    verdict.faults.update(fault.kind for fault in found)
    verdict.odd += [f"{fault.kind}: {fault.where}" for fault in found[:20]]
    replayed = await replay_sessions(database, institution_id)
    verdict.replayed, verdict.not_replayed = replayed.n_sessions, replayed.n_sessions - replayed.n_identical
    verdict.odd += [f"{difference.session}: {difference.what}" for difference in replayed.differences[:5]]
    await database.close()
    return verdict


ENDS = """
SELECT body ->> 'sitting' AS sitting, count(*) AS n FROM attempt_event
WHERE body ->> 'event' = 'sitting_finished' GROUP BY 1
"""
CREDITS = "SELECT attempt_id, count(*) AS n FROM credit WHERE revoked_at IS NULL GROUP BY 1"


async def stored_sittings(connection: Connection, first: Mapping[UUID, str]) -> list[StoredSitting]:
    """All sittings of some learners, named by one sitting of each, with the estimate that the answers give."""
    ends = {row["sitting"]: row["n"] for row in await connection.fetch(ENDS)}
    credits = {row["attempt_id"]: row["n"] for row in await connection.fetch(CREDITS)}
    rows, shelf, found = await sessions.every(connection), Shelf(), []
    owners = {row.account_id: first[row.uuid] for row in rows if row.uuid in first}
    for row in rows:
        if row.account_id in owners:
            attempt = await attempts.get(connection, row.attempt_id)
            publication = await shelf.publication(connection, attempt.assessment_version_id)
            shown = await sessions.administered(connection, row.id)
            found.append(
                StoredSitting(
                    session=str(row.uuid), learner=owners[row.account_id], attempt=str(row.attempt_id),
                    items=tuple(publication.bank.items[item.bank_position].key for item in shown),
                    answers=tuple(_answer(item) for item in shown if item.category is not None),
                    estimate=(row.theta, row.sem),
                    recomputed=await _recomputed(connection, publication, row, shown),
                    deadline=row.deadline.timestamp() if row.deadline else None,
                    finished_at=row.finished_at.timestamp() if row.finished_at else None, reason=row.reason,
                    score=_score(row), endings=ends.get(str(row.uuid), 0), credits=credits.get(row.attempt_id, 0),
                )
            )  # fmt: skip
    return found


def _answer(item: Administered) -> StoredAnswer:
    assert item.answer is not None
    assert item.answered_at is not None
    ((value,),) = item.answer.values()
    return StoredAnswer(
        position=item.position, client_id=str(item.client_id), answer=value, answered_at=item.answered_at.timestamp()
    )


def _score(row: SessionRow) -> str | None:
    """The decision in the words in which its learner is told."""
    if row.outcome is None:
        return None
    return written(json.loads(msgspec.json.encode(decision_view(msgspec.convert(row.outcome, Decision)))))


async def _recomputed(
    connection: Connection, publication: Publication, row: SessionRow, shown: Sequence[Administered]
) -> tuple[float, float]:
    """The running estimate from the stored answers; an ended sitting is recomputed by the replay instead."""
    if row.finished_at is not None or row.position == 0:
        return row.theta, row.sem
    earlier = await sessions.seen_before(connection, row.account_id, row.id)
    sitting = sitting_of(row.uuid, publication.bank, shown, seen=earlier, pool=row.pool, seconds=0.0)
    return running_estimate(publication.plans[row.occasion], sitting)
