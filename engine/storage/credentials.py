"""Signed credentials as issued, and the issuer's keys (retired ones stay, or old credentials could not be checked)."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from engine.credentials.keys import IssuerKey
from itembank.storage.database import Connection, Database
from itembank.storage.sql import load

sql = load(__file__)


class StoredCredential(msgspec.Struct, frozen=True, kw_only=True):
    """A credential in both forms it is handed out in."""

    uuid: UUID
    account_id: int
    credit_id: int
    document: dict[str, Any]
    jwt: str
    status_index: int
    issued_at: datetime
    revoked_at: datetime | None = None
    revoked_reason: str | None = None


async def next_status_index(connection: Connection, salt: str) -> int:
    """A free place in the status list, not guessable from the order of issue."""
    return int(await connection.fetchval(sql.next_status_index, salt))


async def save(connection: Connection, institution_id: int, credential: StoredCredential) -> None:
    """Keep a credential as it was signed."""
    await connection.execute(
        sql.save, credential.uuid, institution_id, credential.account_id, credential.credit_id,
        msgspec.json.encode(credential.document).decode(), credential.jwt, credential.status_index,
        credential.issued_at,
    )  # fmt: skip


async def get(connection: Connection, uuid: UUID) -> StoredCredential | None:
    """The credential of that uuid."""
    return _decode(await connection.fetchrow(sql.get, uuid))


async def some(connection: Connection) -> list[tuple[UUID, bool]]:
    """The newest valid credential and the newest revoked one, as (uuid, revoked): examples for a demonstration."""
    return [(row["uuid"], row["revoked"]) for row in await connection.fetch(sql.some)]


async def of_credit(connection: Connection, credit_id: int) -> StoredCredential | None:
    """The newest credential that was issued for a credit."""
    return _decode(await connection.fetchrow(sql.of_credit, credit_id))


def _decode(row: Any) -> StoredCredential | None:
    if row is None:
        return None
    return msgspec.convert({**dict(row), "document": msgspec.json.decode(row["document"])}, StoredCredential)


async def revoke(connection: Connection, credit_id: int, at: datetime, reason: str) -> None:
    """Mark the credential of a credit revoked; the status list says so from now on."""
    await connection.execute(sql.revoke, credit_id, at, reason)


async def revoked_indices(connection: Connection) -> list[int]:
    """The places of revoked credentials in the status list."""
    return [row["status_index"] for row in await connection.fetch(sql.revoked_indices)]


async def institution_of(database: Database, uuid: UUID) -> int | None:
    """Which institution issued the credential; anybody may ask."""
    async with database.transaction(None) as connection:
        found = await connection.fetchval(sql.institution_of, uuid)
    return None if found is None else int(found)


async def lock_keys(connection: Connection, institution_id: int) -> None:
    """Keep others from making keys of this institution until the transaction ends."""
    await connection.execute(sql.lock_keys, institution_id)


async def add_key(connection: Connection, institution_id: int, key: IssuerKey) -> None:
    """Keep a new signing key; the current one of its algorithm must be retired first."""
    await connection.execute(
        sql.add_key, institution_id, key.fragment, key.algorithm, key.private_pem, key.public_pem, key.created
    )


async def retire_key(connection: Connection, algorithm: str) -> None:
    """Stop signing with the current key of an algorithm; it stays listed for verification."""
    await connection.execute(sql.retire_key, algorithm)


async def keys(connection: Connection) -> list[IssuerKey]:
    """All keys of the institution, oldest first."""
    return [msgspec.convert(dict(row), IssuerKey) for row in await connection.fetch(sql.keys)]
