"""What a credential of this server stands on: the competencies that its assessment measures."""

from uuid import UUID

from engine.policies.records import Policy
from engine.storage import attempts, credentials, credits
from engine.workflows.shelf import Shelf
from itembank.competencies import Competency, Framework
from itembank.records import Record
from itembank.storage import institutions
from itembank.storage.database import Database


class Behind(Record, frozen=True, kw_only=True):
    """The institution by its name, the assessment's policy, and the competencies it measures."""

    institution: str
    policy: Policy
    competencies: tuple[Competency, ...]
    revoked_reason: str = ""


async def behind_credential(database: Database, shelf: Shelf, uuid: UUID) -> Behind | None:
    """What stands behind the credential of that uuid; None when it was not issued here."""
    institution_id = await credentials.institution_of(database, uuid)
    if institution_id is None:
        return None
    async with database.transaction(institution_id) as connection:
        stored = await credentials.get(connection, uuid)
        assert stored is not None, "the institution was found through this row"
        held = await credits.of_account(connection, stored.account_id)
        credit = next(credit for credit in held if credit.id == stored.credit_id)
        attempt = await attempts.get(connection, credit.attempt_id)
        publication = await shelf.publication(connection, attempt.assessment_version_id)
        institution = await institutions.get(connection, institution_id)
    measured = publication.version.policy.competencies or publication.bank.competencies
    return Behind(
        institution=institution.name,
        policy=publication.version.policy,
        competencies=_measured(publication.framework, measured),
        revoked_reason=stored.revoked_reason or "",
    )


def _measured(framework: Framework, keys: tuple[str, ...]) -> tuple[Competency, ...]:
    return tuple(competency for competency in framework.competencies if competency.key in keys)
