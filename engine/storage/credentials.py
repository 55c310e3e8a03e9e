"""Signed credentials as issued, and the issuer's keys (retired ones stay, or old credentials could not be checked)."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

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


class IssuerKey(msgspec.Struct, frozen=True, kw_only=True):
    """A signing key of the institution."""

    key_id: str
    kind: str
    private_pem: bytes
    public_pem: bytes
    created_at: datetime
    retired_at: datetime | None


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
    row = await connection.fetchrow(sql.get, uuid)
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


async def add_key(
    connection: Connection, institution_id: int, key_id: str, kind: str, private_pem: bytes, public_pem: bytes
) -> None:
    """Keep a new signing key; the current one of its kind must be retired first."""
    await connection.execute(sql.add_key, institution_id, key_id, kind, private_pem, public_pem)


async def retire_key(connection: Connection, kind: str) -> None:
    """Stop signing with the current key of a kind; it stays listed for verification."""
    await connection.execute(sql.retire_key, kind)


async def keys(connection: Connection) -> list[IssuerKey]:
    """All keys of the institution, oldest first."""
    return [msgspec.convert(dict(row), IssuerKey) for row in await connection.fetch(sql.keys)]
