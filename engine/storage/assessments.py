"""Published assessments: a policy and a bank version under one number, never changed."""

from datetime import datetime
from typing import TypeVar
from uuid import UUID, uuid4

import msgspec

from engine.policies.records import Policy, policy_hash
from itembank.records import canonical
from itembank.storage.database import Connection, Database
from itembank.storage.sql import load

sql = load(__file__)
T = TypeVar("T")


class AssessmentVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One publication of an assessment."""

    id: int
    uuid: UUID
    assessment_id: int
    assessment_uuid: UUID
    key: str
    number: int
    bank_version_id: int
    policy: Policy
    policy_hash: str
    code_version: str
    published_at: datetime


class CatalogueEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An assessment that anybody may read about."""

    institution_id: int
    institution_key: str
    institution_name: str
    assessment_key: str
    assessment_uuid: UUID
    version_uuid: UUID
    number: int
    policy: Policy
    published_at: datetime


async def publish(
    connection: Connection,
    institution_id: int,
    policy: Policy,
    bank_version_id: int,
    code_version: str,
    published_by: int,
) -> int:
    """Make the next version of the assessment that the policy names; returns the version's id."""
    await connection.execute(sql.create, uuid4(), institution_id, policy.key)
    assessment_id = await connection.fetchval(sql.find, policy.key)
    document = canonical(policy).decode()
    return int(
        await connection.fetchval(
            sql.publish, uuid4(), institution_id, assessment_id, bank_version_id, document, policy_hash(policy),
            code_version, published_by,
        )
    )  # fmt: skip


async def current(connection: Connection, key: str) -> AssessmentVersion | None:
    """The newest version that is not withdrawn."""
    row = await connection.fetchrow(sql.current, key)
    return None if row is None else _decode(row, AssessmentVersion)


async def get(connection: Connection, version_id: int) -> AssessmentVersion:
    """One version, whatever came after it."""
    return _decode(await connection.fetchrow(sql.get, version_id), AssessmentVersion)


async def catalogue(database: Database) -> list[CatalogueEntry]:
    """What every institution has published."""
    async with database.transaction(None) as connection:
        return [_decode(row, CatalogueEntry) for row in await connection.fetch(sql.catalogue)]


def _decode(row: object, kind: type[T]) -> T:
    fields = dict(row)  # type: ignore[call-overload]
    return msgspec.convert({**fields, "policy": msgspec.json.decode(fields["policy"])}, kind)
