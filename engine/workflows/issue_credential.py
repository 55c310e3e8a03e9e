"""Issue the credential of a credit, once; publish what a verifier needs; take it back."""

import asyncio
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import msgspec
from msgspec.structs import replace

from engine.credentials.facts import CredentialFacts, IssuerProfile, facts_of
from engine.credentials.issue import issue_document, issue_jwt
from engine.credentials.keys import IssuerKey, current, did_document, did_of, new_key
from engine.credentials.status_list import StatusList, list_document, list_jwt
from engine.decisions import Decision
from engine.errors import Unknown
from engine.events import CreditRevoked
from engine.policies.records import Policy
from engine.standing import read_log
from engine.storage import attempts, credentials, credits, sessions
from engine.storage.attempts import Attempt
from engine.storage.credentials import StoredCredential
from engine.storage.credits import Credit
from engine.workflows import journal
from engine.workflows.settle_courses import settle_courses
from engine.workflows.shelf import Shelf
from itembank.storage import accounts, institutions
from itembank.storage.database import Connection, Database
from itembank.storage.institutions import Institution


def issuer_address(public_url: str, institution_key: str) -> str:
    """Where an institution's keys and status list are published; did:web always means https."""
    return f"https://{urlsplit(public_url).netloc}/issuers/{institution_key}"


def profile_of(public_url: str, institution: Institution) -> IssuerProfile:
    """The issuer as it stands in credentials."""
    address = issuer_address(public_url, institution.key)
    return IssuerProfile(did=did_of(address), name=institution.name, url=address)


async def issue_credential(
    database: Database, shelf: Shelf, institution_id: int, attempt_uuid: UUID, public_url: str
) -> StoredCredential:
    """The credential of the credit that an attempt earned; made now unless it was made before.

    After a rescoring that changed the score, the one issued before is revoked and another is made.

    Raises:
        Unknown: when the attempt has earned no credit.
    """
    async with database.transaction(institution_id) as connection:
        attempt = await attempts.find(connection, attempt_uuid)
        credit = None if attempt is None else await credits.of_attempt(connection, attempt.id)
        if credit is None:
            raise Unknown("This attempt has earned no credit, so there is no credential.")
        await credits.lock(connection, credit.id)
        issued = await credentials.of_credit(connection, credit.id)
        if issued is None or (issued.revoked_at is not None and credit.revoked_at is None):
            issued = await _issue(connection, shelf, institution_id, credit, public_url)
        return issued


async def _issue(
    connection: Connection, shelf: Shelf, institution_id: int, credit: Credit, public_url: str
) -> StoredCredential:
    now: datetime = await connection.fetchval("SELECT now()")
    institution = await institutions.get(connection, institution_id)
    keys = await ensure_keys(connection, institution_id, now)
    uuid = uuid4()
    index = await credentials.next_status_index(connection, uuid.hex)
    facts = await _facts(connection, shelf, credit, institution, public_url, uuid, index)
    document = await asyncio.to_thread(issue_document, facts, current(keys, "EdDSA"), now)
    jwt = await asyncio.to_thread(issue_jwt, facts, current(keys, "RS256"))
    stored = StoredCredential(
        uuid=uuid, account_id=credit.account_id, credit_id=credit.id, document=document, jwt=jwt,
        status_index=index, issued_at=now,
    )  # fmt: skip
    await credentials.save(connection, institution_id, stored)
    return stored


async def _facts(
    connection: Connection,
    shelf: Shelf,
    credit: Credit,
    institution: Institution,
    public_url: str,
    uuid: UUID,
    index: int,
) -> CredentialFacts:
    attempt = await attempts.get(connection, credit.attempt_id)
    publication = await shelf.publication(connection, attempt.assessment_version_id)
    _, events = await journal.read(connection, attempt.id)
    standing = read_log(events).credit
    assert standing is not None
    award = replace(standing, grade=credit.grade)
    session = await sessions.find(connection, UUID(award.sitting))
    assert session is not None
    profile = profile_of(public_url, institution)
    measured = set(publication.bank.competencies)
    return facts_of(
        award,
        msgspec.convert(session.outcome, Decision),
        publication.version.policy,
        [c for c in publication.framework.competencies if c.key in measured],
        profile,
        id=f"urn:uuid:{uuid}",
        recipient=f"urn:uuid:{await _learner(connection, credit.account_id)}",
        achievement_id=f"{profile.url}/achievements/{publication.version.key}",
        status_list=f"{profile.url}/status/1",
        status_index=index,
        framework=publication.framework.title,
    )


async def _learner(connection: Connection, account_id: int) -> UUID:
    return (await accounts.person(connection, account_id)).uuid


async def ensure_keys(connection: Connection, institution_id: int, now: datetime) -> list[IssuerKey]:
    """The institution's keys; an Ed25519 and an RSA key are made where they are missing."""
    await credentials.lock_keys(connection, institution_id)
    kept = await credentials.keys(connection)
    for algorithm in ("EdDSA", "RS256"):
        if not any(key.algorithm == algorithm and key.retired is None for key in kept):
            fragment = f"{algorithm.lower()}-{len(kept) + 1}"
            key = await asyncio.to_thread(new_key, algorithm, fragment, now)
            await credentials.add_key(connection, institution_id, key)
            kept.append(key)
    return kept


async def rotate_keys(database: Database, institution_id: int) -> None:
    """Retire the current keys and make new ones; credentials signed before stay verifiable."""
    async with database.transaction(institution_id) as connection:
        now: datetime = await connection.fetchval("SELECT now()")
        await credentials.lock_keys(connection, institution_id)
        for algorithm in ("EdDSA", "RS256"):
            await credentials.retire_key(connection, algorithm)
        await ensure_keys(connection, institution_id, now)


async def published_keys(database: Database, institution_key: str, public_url: str) -> dict[str, object]:
    """The did:web document of an institution.

    Raises:
        Unknown: when there is no such institution.
    """
    institution_id = await _institution(database, institution_key)
    async with database.transaction(institution_id) as connection:
        now: datetime = await connection.fetchval("SELECT now()")
        keys = await ensure_keys(connection, institution_id, now)
    return did_document(did_of(issuer_address(public_url, institution_key)), keys)


async def published_status(database: Database, institution_key: str, public_url: str, *, as_jwt: bool) -> bytes:
    """The signed status list of an institution, as it stands this moment, as JSON-LD or as a VC-JWT.

    Raises:
        Unknown: when there is no such institution.
    """
    institution_id = await _institution(database, institution_key)
    async with database.transaction(institution_id) as connection:
        now: datetime = await connection.fetchval("SELECT now()")
        keys = await ensure_keys(connection, institution_id, now)
        revoked = tuple(await credentials.revoked_indices(connection))
    address = issuer_address(public_url, institution_key)
    status = StatusList(url=f"{address}/status/1", issuer=did_of(address), revoked=revoked)
    if as_jwt:
        return (await asyncio.to_thread(list_jwt, status, current(keys, "RS256"), now)).encode()
    return msgspec.json.encode(await asyncio.to_thread(list_document, status, current(keys, "EdDSA"), now))


async def _institution(database: Database, key: str) -> int:
    found = await institutions.find(database, key)
    if found is None:
        raise Unknown(f"There is no issuer '{key}' here.")
    return found


async def revoke_credit(
    database: Database, shelf: Shelf, institution_id: int, attempt_uuid: UUID, by: int, by_name: str, reason: str
) -> None:
    """Take a credit back with a named person and a reason; its credential is revoked at once.

    Raises:
        Unknown: when the attempt has no valid credit.
        JourneyRefused: when the log does not allow it.
    """
    async with database.transaction(institution_id) as connection:
        attempt = await attempts.find(connection, attempt_uuid)
        credit = None if attempt is None else await credits.of_attempt(connection, attempt.id)
        if attempt is None or credit is None or credit.revoked_at is not None:
            raise Unknown("This attempt has no valid credit that could be revoked.")
        now = await attempts.lock(connection, attempt.id)
        publication = await shelf.publication(connection, attempt.assessment_version_id)
        revoked = CreditRevoked(at=now, by=by_name, reason=reason)
        await take_back(connection, institution_id, publication.version.policy, attempt, credit.id, revoked, by)


async def take_back(
    connection: Connection,
    institution_id: int,
    policy: Policy,
    attempt: Attempt,
    credit_id: int,
    revoked: CreditRevoked,
    by: int,
) -> None:
    """Write the revocation into the log, mark credit and credential, and reopen the courses the credit completed."""
    await journal.append(connection, institution_id, attempt.id, policy, [revoked], by)
    await credits.revoke(connection, credit_id, revoked.at, revoked.reason)
    await credentials.revoke(connection, credit_id, revoked.at, revoked.reason)
    await settle_courses(connection, institution_id, attempt.account_id, revoked.at)
