"""Accounts, their keys and their signed-in browsers. Secrets are kept as SHA-256 alone."""

import hashlib
import secrets
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec

from itembank.errors import BankError
from itembank.storage.database import Connection, Database
from itembank.storage.sql import load

sql = load(__file__)

KEY_PREFIX = "assay_"


class AddressTaken(BankError):
    """Two people of an institution cannot have one address, or be one person elsewhere."""


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks: an account of an institution with its roles."""

    account_id: int
    account_uuid: UUID
    institution_id: int
    roles: frozenset[str]
    csrf_token: str | None = None


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """An account with the name it goes by; `needs` are the learner's settings (extra time, text size …)."""

    id: int
    uuid: UUID
    pseudonym: str
    roles: tuple[str, ...]
    name: str
    email: str | None
    needs: dict[str, Any]


class KeptPassword(msgspec.Struct, frozen=True, kw_only=True):
    """What a password is checked against, and whose it is."""

    account_id: int
    roles: tuple[str, ...]
    password_hash: str


async def create(connection: Connection, institution_id: int, pseudonym: str, roles: list[str], name: str = "") -> int:
    """Make an account (or give an existing one these roles) and name its person."""
    account_id = int(await connection.fetchval(sql.create, uuid4(), institution_id, pseudonym, roles))
    if name:
        await connection.execute(sql.name_person, account_id, institution_id, name, None)
    return account_id


async def person(connection: Connection, account_id: int) -> Person:
    """One account with its person."""
    return _person(await connection.fetchrow(sql.person, account_id))


async def find(connection: Connection, pseudonym: str) -> Person | None:
    """The account of that pseudonym."""
    row = await connection.fetchrow(sql.find, pseudonym)
    return None if row is None else _person(row)


async def describe(
    connection: Connection, institution_id: int, account_id: int, name: str | None, email: str | None,
    external_id: str | None,
) -> None:  # fmt: skip
    """Say who an account's person is; None leaves that as it is.

    Raises:
        AddressTaken: when somebody else of the institution has the address or the external id.
    """
    try:
        await connection.execute(sql.describe, account_id, institution_id, name, email, external_id)
    except asyncpg.UniqueViolationError:
        raise AddressTaken("Another account here has this address or external id; choose one of its own.") from None


async def of_external_id(connection: Connection, external_id: str) -> tuple[int, frozenset[str]] | None:
    """(account id, roles) of the person whom the institution's own sign-in knows by this id; None when disabled."""
    row = await connection.fetchrow(sql.of_external_id, external_id)
    return None if row is None else (row["id"], frozenset(row["roles"]))


async def set_roles(connection: Connection, account_id: int, roles: list[str]) -> None:
    """Give an account these roles and no other."""
    await connection.execute(sql.set_roles, account_id, roles)


async def people(connection: Connection) -> list[Person]:
    """All accounts of the institution, oldest first."""
    return [_person(row) for row in await connection.fetch(sql.list)]


def _person(row: Any) -> Person:
    return msgspec.convert({**dict(row), "needs": msgspec.json.decode(row["needs"])}, Person)


async def set_needs(connection: Connection, account_id: int, needs: dict[str, Any]) -> None:
    """Keep what the learner needs at every sitting."""
    await connection.execute(sql.set_needs, account_id, msgspec.json.encode(needs).decode())


async def add_key(
    connection: Connection, institution_id: int, account_id: int, label: str, expires_at: datetime | None = None
) -> str:
    """Make an API key of 256 random bits; the text returned is not kept and cannot be shown again."""
    secret = KEY_PREFIX + secrets.token_urlsafe(32)
    await connection.execute(sql.add_key, uuid4(), institution_id, account_id, _sha256(secret), label, expires_at)
    return secret


async def identify_key(database: Database, secret: str) -> Caller | None:
    """Whose key this is; None for a wrong, expired or revoked one."""
    return await _identify(database, sql.identify_key, secret)


async def identify_keys(database: Database, digests: list[bytes]) -> dict[bytes, Caller]:
    """Whose keys these are, by the SHA-256 of each; wrong, expired and revoked ones are left out."""
    rows = await database.at_once(sql.identify_keys, digests)
    return {row["sha256"]: msgspec.convert(dict(row), Caller) for row in rows}


async def open_web_session(connection: Connection, institution_id: int, account_id: int, seconds: float) -> str:
    """Sign a browser in; returns the secret for its cookie."""
    secret = secrets.token_urlsafe(32)
    csrf_token = secrets.token_urlsafe(24)
    await connection.execute(
        sql.open_web_session, _sha256(secret), institution_id, account_id, csrf_token, float(seconds)
    )
    return secret


async def identify_web_session(database: Database, secret: str) -> Caller | None:
    """Whose browser this is; None when signed out or too old."""
    return await _identify(database, sql.identify_web_session, secret)


async def close_web_sessions(connection: Connection, account_id: int) -> None:
    """Sign an account out everywhere."""
    await connection.execute(sql.close_web_sessions, account_id)


async def close_web_session(connection: Connection, secret: str) -> None:
    """Sign a browser out."""
    await connection.execute(sql.close_web_session, _sha256(secret))


async def password_of(connection: Connection, name: str) -> KeptPassword | None:
    """The account that an e-mail address or a pseudonym names, if it signs in with a password."""
    row = await connection.fetchrow(sql.password_of, name)
    return None if row is None else msgspec.convert(dict(row), KeptPassword)


async def set_password(connection: Connection, account_id: int, password_hash: str) -> None:
    """Keep the hash of a password (argon2id); the password itself is kept nowhere."""
    await connection.execute(sql.set_password, account_id, password_hash)


async def sample_accounts(database: Database) -> list[tuple[int, int, str, frozenset[str]]]:
    """(account id, institution id, pseudonym, roles) of the sample institution's visitors' accounts."""
    async with database.transaction(None) as connection:
        rows = await connection.fetch(sql.sample_accounts)
    return [(row[0], row[1], row[2], frozenset(row[3])) for row in rows]


async def _identify(database: Database, statement: str, secret: str) -> Caller | None:
    rows = await database.at_once(statement, _sha256(secret))
    return msgspec.convert(dict(rows[0]), Caller) if rows else None


def _sha256(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
