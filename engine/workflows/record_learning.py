"""Write down that a learner has learnt something between two sittings."""

from uuid import UUID

from engine.errors import EngineError
from engine.events import LearningRecorded
from engine.storage import attempts
from engine.workflows import journal
from engine.workflows.open_attempt import AttemptView, view_of
from engine.workflows.shelf import Shelf
from engine.workflows.take_session import own_attempt
from itembank.storage.database import Database

OWN = "learning"
"""The kind of learning that a learner's own word is enough for."""


class NotOwn(EngineError):
    """Somebody else has to say so."""


async def record_learning(
    database: Database,
    shelf: Shelf,
    institution_id: int,
    account_id: int,
    attempt_uuid: UUID,
    *,
    what: str,
    minutes: int,
    resource: str,
    by: str,
) -> AttemptView:
    """Where the attempt stands after it.

    Raises:
        Unknown: when the attempt is not this learner's.
        NotOwn: for a kind of learning that somebody else must confirm (a study intervention).
        JourneyRefused: when the attempt takes no more entries.
    """
    if what != OWN:
        raise NotOwn(f"'{what}' is recorded by an advisor, not by the learner; ask for it.")
    async with database.transaction(institution_id) as connection:
        attempt = await own_attempt(connection, attempt_uuid, account_id)
        now = await attempts.lock(connection, attempt.id)
        publication = await shelf.publication(connection, attempt.assessment_version_id)
        learnt = LearningRecorded(at=now, what=what, minutes=minutes, by=by, resource=resource)
        await journal.append(connection, institution_id, attempt.id, publication.version.policy, [learnt], account_id)
        return await view_of(connection, shelf, attempt, now)
