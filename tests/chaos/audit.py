"""What must be true of the database after any accident, counted from what learners were told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.delivery import running_estimate, sitting_of
from engine.storage import attempts, sessions
from engine.workflows.replay import replay_sessions
from engine.workflows.shelf import Shelf
from itembank.storage.database import Connection, Database
from tests.chaos.world import Acknowledged, Learner


@dataclass
class Verdict:
    """Counts of an audit; everything but the first three must be 0."""

    acknowledged: int = 0
    sittings: int = 0
    replayed: int = 0
    lost: int = 0
    doubled: int = 0
    other_item: int = 0
    other_bits: int = 0
    not_replayed: int = 0
    odd: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Nothing lost, doubled or different."""
        return not (
            self.lost or self.doubled or self.other_item or self.other_bits or self.not_replayed or self.odd
        )  # fmt: skip


STORED = """
SELECT s.uuid, r.position, r.client_id, i.item_id, n.bank_position
FROM response r
JOIN session s ON s.id = r.session_id
JOIN session_item i ON i.session_id = r.session_id AND i.position = r.position
LEFT JOIN session_item n ON n.session_id = r.session_id AND n.position = r.position + 1
"""


async def audit(dsn: str, institution_id: int, learners: Sequence[Learner]) -> Verdict:
    """Hold the database against what the learners were told."""
    database, verdict = Database(dsn), Verdict()
    verdict.odd = [line for learner in learners for line in learner.odd]
    told = [entry for learner in learners for entry in learner.acknowledged]
    verdict.acknowledged = len(told)
    async with database.transaction(institution_id) as connection:
        await _answers(connection, verdict, told)
        await _bits(connection, verdict)
    replayed = await replay_sessions(database, institution_id)
    verdict.replayed, verdict.not_replayed = replayed.n_sessions, replayed.n_sessions - replayed.n_identical
    verdict.odd += [f"{difference.session}: {difference.what}" for difference in replayed.differences[:5]]
    await database.close()
    return verdict


async def _answers(connection: Connection, verdict: Verdict, told: Sequence[Acknowledged]) -> None:
    """Every acknowledged answer is there once, under its own id, followed by the item that was shown."""
    keys = await connection.fetch(
        "SELECT v.position, i.key FROM bank_version_item v JOIN item i ON i.id = v.item_id ORDER BY v.bank_version_id"
    )
    key_of = {row["position"]: row["key"] for row in keys}
    stored = {(str(row["uuid"]), row["position"]): row for row in await connection.fetch(STORED)}
    ids = [row["client_id"] for row in stored.values()]
    verdict.doubled = len(ids) - len(set(ids))
    for entry in told:
        row = stored.get((entry.session, entry.position))
        if row is None or str(row["client_id"]) != entry.client_id:
            verdict.lost += 1
        elif entry.following is not None and key_of.get(row["bank_position"]) != entry.following:
            verdict.other_item += 1


async def _bits(connection: Connection, verdict: Verdict) -> None:
    """The estimate of every open sitting is, bit for bit, what its stored answers give."""
    shelf = Shelf()
    for row in await sessions.every(connection):
        verdict.sittings += 1
        if row.finished_at is not None:
            continue
        attempt = await attempts.get(connection, row.attempt_id)
        publication = await shelf.publication(connection, attempt.assessment_version_id)
        shown = await sessions.administered(connection, row.id)
        if len(shown) != row.position + 1 or shown[-1].category is not None:
            verdict.odd.append(f"{row.uuid} stands at {row.position}, but has {len(shown)} items")
        if row.position:
            earlier = await sessions.seen_before(connection, row.account_id, row.id)
            sitting = sitting_of(row.uuid, publication.bank, shown, seen=earlier, pool=row.pool, seconds=0.0)
            verdict.other_bits += running_estimate(publication.plans[row.occasion], sitting) != (row.theta, row.sem)
