"""Rate a learner through a one-time link: what is asked, and what was answered; credit follows at once."""

from datetime import datetime

from engine.attestations import link_refusals, required_competencies, requirement_of, satisfied, token_hash
from engine.errors import Unknown
from engine.events import AttestationReceived
from engine.messages import message
from engine.policies.records import AttestationRequirement
from engine.refusals import JourneyRefused, Refusal, refusal
from engine.standing import read_log
from engine.storage import attempts, invitations
from engine.storage.attempts import Attempt
from engine.workflows import journal
from engine.workflows.finish_sitting import award_if_due
from engine.workflows.shelf import Publication, Shelf
from itembank.records import Record
from itembank.storage import accounts, institutions
from itembank.storage.database import Connection, Database

NO_LINK = "There is nothing at this address; check the link, or ask whoever sent it for a new one."


class Asked(Record, frozen=True, kw_only=True):
    """What a rater is asked: about whom, for what, which competencies, in which words.

    `refused`: why the link cannot be used any more; `competencies`: (key, statement).
    """

    institution: str
    assessment: str
    learner: str
    role: str
    ratings: tuple[str, ...]
    competencies: tuple[tuple[str, str], ...]
    refused: tuple[Refusal, ...] = ()


class Attested(Record, frozen=True, kw_only=True):
    """What became of a rating. `is_new`: False when the same ratings had come before."""

    satisfied: bool
    is_new: bool


async def find_attestation(database: Database, shelf: Shelf, token: str) -> Asked:
    """What the link asks; looking changes nothing.

    Raises:
        Unknown: when there is no such link.
    """
    kept = token_hash(token)
    institution_id = await _institution(database, kept)
    async with database.transaction(institution_id) as connection:
        attempt, publication, requirement = await _invitation(connection, shelf, kept)
        person = await accounts.person(connection, attempt.account_id)
        institution = await institutions.get(connection, institution_id)
        _, events = await journal.read(connection, attempt.id)
        now: datetime = await connection.fetchval("SELECT now()")
    policy = publication.version.policy
    statements = {competency.key: competency.statement for competency in publication.framework.competencies}
    keys = asked_competencies(publication, requirement)
    return Asked(
        institution=institution.name, assessment=policy.title, learner=person.name, role=requirement.role,
        ratings=requirement.ratings, competencies=tuple((key, statements.get(key, key)) for key in keys),
        refused=tuple(link_refusals(policy, read_log(events), kept, now)),
    )  # fmt: skip


async def attest(database: Database, shelf: Shelf, token: str, ratings: dict[str, str], comment: str) -> Attested:
    """Write the ratings into the log, once; the same ratings sent again change nothing.

    Raises:
        Unknown: when there is no such link.
        JourneyRefused: when it was used with other ratings, has lapsed, or the ratings do not fit the rubric.
    """
    kept = token_hash(token)
    institution_id = await _institution(database, kept)
    async with database.transaction(institution_id) as connection:
        attempt, publication, requirement = await _invitation(connection, shelf, kept)
        now = await attempts.lock(connection, attempt.id)
        _, events = await journal.read(connection, attempt.id)
        before = next((one for one in events if isinstance(one, AttestationReceived) and one.token_hash == kept), None)
        policy = publication.version.policy
        if before is None or before.ratings != ratings:
            _check_complete(publication, requirement, ratings)
            received = AttestationReceived(at=now, requirement=requirement.key, token_hash=kept, ratings=ratings)
            events = await journal.append(
                connection, institution_id, attempt.id, policy, [received], attempt.account_id
            )
            await invitations.used(connection, kept, now, comment)
            await award_if_due(connection, institution_id, publication, attempt, events, now)
    return Attested(satisfied=satisfied(policy, requirement, ratings), is_new=before is None)


def asked_competencies(publication: Publication, requirement: AttestationRequirement) -> tuple[str, ...]:
    """What must be rated: what the requirement or the policy names, or all that the bank measures."""
    return required_competencies(publication.version.policy, requirement) or publication.bank.competencies


def _check_complete(publication: Publication, requirement: AttestationRequirement, ratings: dict[str, str]) -> None:
    asked = asked_competencies(publication, requirement)
    odd = [key for key in asked if key not in ratings] + [key for key in ratings if key not in asked]
    if odd:
        said = message("refusal.rating_missing", competencies=", ".join(odd))
        raise JourneyRefused(refusal("rating", said, about=requirement.key))


async def _institution(database: Database, kept: str) -> int:
    found = await invitations.institution_of(database, kept)
    if found is None:
        raise Unknown(NO_LINK)
    return found


async def _invitation(
    connection: Connection, shelf: Shelf, kept: str
) -> tuple[Attempt, Publication, AttestationRequirement]:
    invited = await invitations.find(connection, kept)
    if invited is None:
        raise Unknown(NO_LINK)
    attempt = await attempts.get(connection, invited.attempt_id)
    publication = await shelf.publication(connection, attempt.assessment_version_id)
    requirement = requirement_of(publication.version.policy, invited.requirement)
    if requirement is None:
        raise Unknown(NO_LINK)
    return attempt, publication, requirement
