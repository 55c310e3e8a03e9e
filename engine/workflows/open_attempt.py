"""Open a learner's attempt at an assessment, or find the one that is open."""

from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from engine.errors import Unknown
from engine.events import AccommodationSet, AttemptOpened, Event
from engine.journey import Journey, decide
from engine.policies.records import policy_hash
from engine.storage import assessments, attempts, credits
from engine.storage.attempts import Attempt
from engine.workflows import journal
from engine.workflows.shelf import Publication, Shelf
from itembank.records import Record
from itembank.storage.database import Connection, Database


class AttemptView(Record, frozen=True, kw_only=True):
    """An attempt with its publication, its log and where it stands."""

    attempt: Attempt
    publication: Publication
    events: tuple[Event, ...]
    journey: Journey
    now: datetime


async def open_attempt(
    database: Database, shelf: Shelf, institution_id: int, account_id: int, learner: str, assessment_key: str
) -> tuple[AttemptView, bool]:
    """The learner's attempt, and whether it is new.

    Raises:
        Unknown: when no such assessment is published here.
        JourneyRefused: when the policy does not let this learner start.
    """
    async with database.transaction(institution_id) as connection:
        version = await assessments.current(connection, assessment_key)
        if version is None:
            raise Unknown(f"No assessment '{assessment_key}' is published here; the catalogue lists those that are.")
        attempt, is_new = await attempts.open_attempt(
            connection, institution_id, account_id, version.assessment_id, version.id
        )
        now = await attempts.lock(connection, attempt.id)
        if is_new:
            held = [c.assessment_key for c in await credits.of_account(connection, account_id) if c.revoked_at is None]
            opened = AttemptOpened(
                at=now,
                learner=learner,
                policy_key=version.policy.key,
                policy_version=version.policy.version,
                policy_hash=policy_hash(version.policy),
                credits_held=tuple(held),
            )
            begun: list[Event] = [opened]
            granted = await _granted_before(connection, account_id)
            if granted is not None:
                begun.append(replace(granted, at=now))
            await journal.append(connection, institution_id, attempt.id, version.policy, begun, account_id)
        return await view_of(connection, shelf, attempt, now), is_new


async def _granted_before(connection: Connection, account_id: int) -> AccommodationSet | None:
    """What the learner was granted last, in any attempt: it belongs to the learner."""
    granted: list[AccommodationSet] = []
    for other in await attempts.of_account(connection, account_id):
        _, events = await journal.read(connection, other.id)
        granted += [event for event in events if isinstance(event, AccommodationSet)]
    return max(granted, key=lambda event: event.at, default=None)


async def attempt_here(connection: Connection, attempt_uuid: UUID) -> Attempt:
    """An attempt of the institution, whoever's it is.

    Raises:
        Unknown: when there is none.
    """
    attempt = await attempts.find(connection, attempt_uuid)
    if attempt is None:
        raise Unknown("There is no such attempt here.")
    return attempt


async def view_of(connection: Connection, shelf: Shelf, attempt: Attempt, now: datetime) -> AttemptView:
    """Where an attempt stands."""
    publication = await shelf.publication(connection, attempt.assessment_version_id)
    _, events = await journal.read(connection, attempt.id)
    return AttemptView(
        attempt=attempt,
        publication=publication,
        events=events,
        journey=decide(publication.version.policy, events, now),
        now=now,
    )
