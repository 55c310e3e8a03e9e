"""Make a one-time link by which somebody outside rates a learner; the token is shown once and kept nowhere."""

import secrets
from datetime import datetime
from uuid import UUID

from engine.attestations import new_token, requirement_of, token_hash
from engine.events import AttestationInvited
from engine.periods import after
from engine.policies.records import zone_of
from engine.storage import attempts, invitations
from engine.workflows import journal
from engine.workflows.open_attempt import attempt_here
from engine.workflows.shelf import Shelf
from itembank.records import Record
from itembank.storage.database import Database


class Invited(Record, frozen=True, kw_only=True):
    """The token, to be sent on, and until when it can be used."""

    token: str
    requirement: str
    lapses: datetime


async def invite_rater(
    database: Database,
    shelf: Shelf,
    institution_id: int,
    actor_id: int,
    attempt_uuid: UUID,
    requirement_key: str,
    rater: str,
) -> Invited:
    """The link's token. `rater`: a note of whom it went to, kept apart from the log.

    Raises:
        Unknown: when there is no such attempt here.
        JourneyRefused: when the policy asks for no such attestation.
    """
    async with database.transaction(institution_id) as connection:
        attempt = await attempt_here(connection, attempt_uuid)
        now = await attempts.lock(connection, attempt.id)
        policy = (await shelf.publication(connection, attempt.assessment_version_id)).version.policy
        token = new_token(secrets.token_bytes(32))
        kept = token_hash(token)
        invited = AttestationInvited(at=now, requirement=requirement_key, token_hash=kept)
        await journal.append(connection, institution_id, attempt.id, policy, [invited], actor_id)
        await invitations.add(connection, institution_id, kept, attempt.id, requirement_key, rater, actor_id, now)
    requirement = requirement_of(policy, requirement_key)
    assert requirement is not None
    lapses = after(now, requirement.link_valid, zone_of(policy))
    return Invited(token=token, requirement=requirement_key, lapses=lapses)
