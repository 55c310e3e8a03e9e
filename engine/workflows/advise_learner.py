"""Write down what an advisor does for a learner: an approval, a rule lifted, learning recorded."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from engine.events import ApprovalGiven, LearningRecorded, RuleLifted
from engine.storage import attempts
from engine.workflows import journal
from engine.workflows.open_attempt import AttemptView, attempt_here, view_of
from engine.workflows.shelf import Shelf
from itembank.storage.database import Database

Done = ApprovalGiven | RuleLifted | LearningRecorded


async def write_down(
    database: Database,
    shelf: Shelf,
    institution_id: int,
    advisor_id: int,
    attempt_uuid: UUID,
    done: Callable[[datetime], Done],
) -> AttemptView:
    """Where the attempt stands after it. `done` makes the event at the database's moment.

    Raises:
        Unknown: when this institution has no such attempt.
        JourneyRefused: when the policy does not let an advisor do this; nothing is written then.
    """
    async with database.transaction(institution_id) as connection:
        attempt = await attempt_here(connection, attempt_uuid)
        now = await attempts.lock(connection, attempt.id)
        publication = await shelf.publication(connection, attempt.assessment_version_id)
        policy = publication.version.policy
        await journal.append(connection, institution_id, attempt.id, policy, [done(now)], advisor_id)
        return await view_of(connection, shelf, attempt, now)
