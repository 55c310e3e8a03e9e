"""Let a live credit rest on another sitting of its learner: a higher one that counts, or one that still passes."""

from datetime import datetime
from uuid import UUID

from engine.events import CreditRebased
from engine.journey import Journey
from engine.policies.records import Policy
from engine.storage import credentials, credits, sessions
from engine.storage.attempts import Attempt
from engine.workflows import journal
from itembank.storage.database import Connection


async def rebase_credit(
    connection: Connection,
    institution_id: int,
    policy: Policy,
    attempt: Attempt,
    journey: Journey,
    now: datetime,
    by: str,
    reason: str,
    actor_id: int,
) -> None:
    """Write it into the log and onto the credit; the credential states the new sitting's score from now on."""
    rebased = CreditRebased(at=now, sitting=journey.rebase, grade=journey.grade, by=by, reason=reason)
    await journal.append(connection, institution_id, attempt.id, policy, [rebased], actor_id)
    credit, row = (
        await credits.of_attempt(connection, attempt.id),
        await sessions.find(connection, UUID(journey.rebase)),
    )
    assert credit is not None
    assert row is not None
    await credits.rebase(connection, credit.id, row.id, journey.grade)
    await credentials.revoke(connection, credit.id, now, f"Replaced: {reason}")
