"""Close an attempt: nothing more may be started; what was earned stays."""

from uuid import UUID

from engine.errors import EngineError
from engine.events import AttemptClosed
from engine.storage import attempts, sessions
from engine.workflows import journal
from engine.workflows.open_attempt import AttemptView, attempt_here, view_of
from engine.workflows.shelf import Shelf
from itembank.storage.database import Database


class StillOpen(EngineError):
    """A sitting runs."""


async def close_attempt(
    database: Database, shelf: Shelf, institution_id: int, actor_id: int, by: str, attempt_uuid: UUID, reason: str
) -> AttemptView:
    """Where the attempt stands after it; closing it twice changes nothing.

    Raises:
        Unknown: when there is no such attempt here.
        StillOpen: when a sitting runs.
    """
    async with database.transaction(institution_id) as connection:
        attempt = await attempt_here(connection, attempt_uuid)
        now = await attempts.lock(connection, attempt.id)
        if any(row.finished_at is None for row in await sessions.of_attempt(connection, attempt.id)):
            raise StillOpen("A sitting of this attempt is running; finish it, or have it struck, and close it then.")
        publication = await shelf.publication(connection, attempt.assessment_version_id)
        _, events = await journal.read(connection, attempt.id)
        if not any(isinstance(event, AttemptClosed) for event in events):
            closed = AttemptClosed(at=now, by=by, reason=reason)
            policy = publication.version.policy
            await journal.append(connection, institution_id, attempt.id, policy, [closed], actor_id)
        return await view_of(connection, shelf, attempt, now)
