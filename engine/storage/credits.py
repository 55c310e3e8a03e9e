"""Credit awarded: at most one that is valid for each learner and assessment."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID, uuid4

import msgspec

from itembank.storage.database import Connection
from itembank.storage.sql import load

sql = load(__file__)


class Credit(msgspec.Struct, frozen=True, kw_only=True):
    """Credit hours with a grade, for one sitting."""

    id: int
    uuid: UUID
    account_id: int
    assessment_id: int
    assessment_key: str
    attempt_id: int
    session_id: int
    hours: Decimal
    grade: str
    awarded_at: datetime
    revoked_at: datetime | None
    revoked_reason: str | None
    credential_uuid: UUID | None


async def award(
    connection: Connection, institution_id: int, account_id: int, assessment_id: int, attempt_id: int, session_id: int,
    hours: Decimal, grade: str, awarded_at: datetime,
) -> int:  # fmt: skip
    """Write a credit; a second one for the same sitting, or a second valid one, breaks a constraint."""
    return int(
        await connection.fetchval(
            sql.award, uuid4(), institution_id, account_id, assessment_id, attempt_id, session_id, hours, grade,
            awarded_at,
        )
    )  # fmt: skip


async def of_account(connection: Connection, account_id: int) -> list[Credit]:
    """All credits of a learner, revoked ones too, oldest first."""
    return [msgspec.convert(dict(row), Credit) for row in await connection.fetch(sql.of_account, account_id)]


async def of_attempt(connection: Connection, attempt_id: int) -> Credit | None:
    """The newest credit that came of an attempt."""
    row = await connection.fetchrow(sql.of_attempt, attempt_id)
    return None if row is None else msgspec.convert(dict(row), Credit)


async def lock(connection: Connection, credit_id: int) -> None:
    """Keep other steps about this credit waiting until the transaction ends."""
    await connection.execute(sql.lock, credit_id)


async def revoke(connection: Connection, credit_id: int, at: datetime, reason: str) -> None:
    """Take a credit back; it stays in the record with its reason."""
    await connection.execute(sql.revoke, credit_id, at, reason)


async def set_grade(connection: Connection, credit_id: int, grade: str) -> None:
    """The grade that a rescored sitting gives."""
    await connection.execute(sql.set_grade, credit_id, grade)


async def rebase(connection: Connection, credit_id: int, session_id: int, grade: str) -> None:
    """Let a credit rest on another sitting of its learner, with that sitting's grade."""
    await connection.execute(sql.rebase, credit_id, session_id, grade)
