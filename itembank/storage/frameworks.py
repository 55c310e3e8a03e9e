"""Frameworks: the document as it came, and a row for each competency that items point at."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec

from itembank.competencies import Framework
from itembank.records import canonical, digest
from itembank.storage.database import Connection, Database
from itembank.storage.sql import load

sql = load(__file__)


async def save(connection: Connection, institution_id: int, framework: Framework) -> int:
    """Keep a framework, or its newer text under the same key; competencies are added, never taken away."""
    document = canonical(framework)
    framework_id = int(
        await connection.fetchval(sql.save, uuid4(), institution_id, framework.key, document.decode(), digest(document))
    )
    keys = [competency.key for competency in framework.competencies]
    await connection.execute(sql.save_competencies, institution_id, framework_id, keys, list(range(len(keys))))
    return framework_id


async def competency_keys(connection: Connection, framework_id: int) -> set[str]:
    """The keys that items may name."""
    return {row["key"] for row in await connection.fetch(sql.competency_keys, framework_id)}


async def get(connection: Connection, key: str) -> tuple[int, Framework] | None:
    """The framework of that key, with its id."""
    return _decode(await connection.fetchrow(sql.get, key))


async def of_bank(connection: Connection, bank_id: int) -> tuple[int, Framework]:
    """The framework that a bank is tied to, with its id."""
    found = _decode(await connection.fetchrow(sql.of_bank, bank_id))
    assert found is not None, "a bank always has a framework"
    return found


def _decode(row: Any) -> tuple[int, Framework] | None:
    return None if row is None else (int(row["id"]), msgspec.json.decode(row["document"], type=Framework))


class PublishedFramework(msgspec.Struct, frozen=True, kw_only=True):
    """A framework behind a published assessment, as anybody may read it; `document` is its text."""

    uuid: UUID
    document: str
    content_hash: str
    changed_at: datetime


async def published(database: Database) -> list[PublishedFramework]:
    """The frameworks behind the published assessments of all institutions."""
    async with database.transaction(None) as connection:
        return [PublishedFramework(**dict(row)) for row in await connection.fetch(sql.published)]
