"""Grant a learner what the test should not take from them; a sitting that runs gets its extra time at once."""

from datetime import datetime, timedelta
from uuid import UUID

from engine.accommodations import Accommodation, time_limit_seconds
from engine.events import AccommodationSet, AttemptClosed
from engine.policies.records import Policy, occasion_of
from engine.sessions import SessionRow
from engine.storage import attempts, sessions
from engine.storage.attempts import Attempt
from engine.workflows import journal
from engine.workflows.open_attempt import AttemptView, attempt_here, view_of
from engine.workflows.shelf import Shelf
from itembank.storage.database import Connection, Database


async def grant_accommodation(
    database: Database,
    shelf: Shelf,
    institution_id: int,
    actor_id: int,
    by: str,
    attempt_uuid: UUID,
    accommodation: Accommodation,
) -> AttemptView:
    """Write it into every attempt of the learner, for it belongs to the learner; attempts opened later take it over.

    An open sitting's deadline moves later, or is lifted; granting less never takes time away from it.

    Raises:
        Unknown: when there is no such attempt here.
    """
    async with database.transaction(institution_id) as connection:
        attempt = await attempt_here(connection, attempt_uuid)
        for other in await attempts.of_account(connection, attempt.account_id):
            await _grant(connection, shelf, institution_id, actor_id, by, other, accommodation)
        now: datetime = await connection.fetchval("SELECT now()")
        return await view_of(connection, shelf, attempt, now)


async def _grant(
    connection: Connection,
    shelf: Shelf,
    institution_id: int,
    actor_id: int,
    by: str,
    attempt: Attempt,
    accommodation: Accommodation,
) -> None:
    running = await _running(connection, attempt)
    if running is not None:
        running = await sessions.lock(connection, running.uuid)
    now = await attempts.lock(connection, attempt.id)
    running = running or await _running(connection, attempt)
    publication = await shelf.publication(connection, attempt.assessment_version_id)
    policy = publication.version.policy
    before = await view_of(connection, shelf, attempt, now)
    _, events = await journal.read(connection, attempt.id)
    if any(isinstance(event, AttemptClosed) for event in events) or before.journey.accommodation == accommodation:
        return
    granted = AccommodationSet(at=now, accommodation=accommodation, by=by)
    await journal.append(connection, institution_id, attempt.id, policy, [granted], actor_id)
    if running is not None and running.finished_at is None:
        later = later_deadline(policy, running, before.journey.accommodation, accommodation)
        await sessions.extend(connection, running.id, later)


async def _running(connection: Connection, attempt: Attempt) -> SessionRow | None:
    return next((row for row in await sessions.of_attempt(connection, attempt.id) if row.finished_at is None), None)


def later_deadline(policy: Policy, row: SessionRow, before: Accommodation, after: Accommodation) -> datetime | None:
    """The sitting's deadline with what was granted more; None = no deadline."""
    minutes = occasion_of(policy, row.occasion).time_limit_minutes
    seconds, earlier = time_limit_seconds(minutes, after), time_limit_seconds(minutes, before)
    if row.deadline is None or seconds is None or earlier is None:
        return None
    return row.deadline + timedelta(seconds=max(seconds - earlier, 0))
