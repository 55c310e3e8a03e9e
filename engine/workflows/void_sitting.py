"""Strike a sitting's score, with a named person and a reason; one that still runs ends here."""

from uuid import UUID

from engine.events import SittingVoided
from engine.storage import attempts, sessions
from engine.workflows import journal
from engine.workflows.finish_sitting import end_now
from engine.workflows.open_attempt import AttemptView, attempt_here, view_of
from engine.workflows.shelf import Shelf
from itembank.storage.database import Database


async def void_sitting(
    database: Database,
    shelf: Shelf,
    institution_id: int,
    actor_id: int,
    by: str,
    attempt_uuid: UUID,
    sitting: UUID,
    reason: str,
    *,
    uses_attempt: bool,
) -> AttemptView:
    """Where the attempt stands without it. The answers stay in the record; they count for nothing.

    Raises:
        Unknown: when there is no such attempt here.
        JourneyRefused: when the sitting is not of this attempt, is struck already, or credit rests on it.
    """
    async with database.transaction(institution_id) as connection:
        attempt = await attempt_here(connection, attempt_uuid)
        row = await sessions.lock(connection, sitting)
        publication = await shelf.publication(connection, attempt.assessment_version_id)
        if row is not None and row.attempt_id == attempt.id and row.finished_at is None:
            await end_now(connection, institution_id, publication, attempt, row, "voided")
        now = await attempts.lock(connection, attempt.id)
        voided = SittingVoided(at=now, sitting=str(sitting), by=by, reason=reason, uses_attempt=uses_attempt)
        policy = publication.version.policy
        await journal.append(connection, institution_id, attempt.id, policy, [voided], actor_id)
        return await view_of(connection, shelf, attempt, now)
