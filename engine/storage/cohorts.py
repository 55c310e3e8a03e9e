"""Many learners at once: their attempts with names and whole logs, in two questions however many they are."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from engine.policies.records import Policy
from engine.record import Entry
from engine.storage.attempts import Attempt
from itembank.storage.database import Connection
from itembank.storage.sql import load

sql = load(__file__)


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """An assessment with its newest policy and how many learners have opened it."""

    id: int
    key: str
    policy: Policy
    n_attempts: int


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt, whose it is, and the hash of its last event."""

    id: int
    uuid: UUID
    account_id: int
    assessment_id: int
    assessment_version_id: int
    created_at: datetime
    head: str
    learner: UUID
    pseudonym: str
    name: str

    @property
    def attempt(self) -> Attempt:
        """The attempt alone."""
        return Attempt(
            id=self.id, uuid=self.uuid, account_id=self.account_id, assessment_id=self.assessment_id,
            assessment_version_id=self.assessment_version_id, created_at=self.created_at,
        )  # fmt: skip


async def assessments(connection: Connection) -> list[Offered]:
    """Every assessment of the institution, by key."""
    rows = await connection.fetch(sql.assessments)
    return [msgspec.convert({**dict(row), "policy": msgspec.json.decode(row["policy"])}, Offered) for row in rows]


async def attempts(
    connection: Connection, *, assessment_id: int | None = None, account_id: int | None = None
) -> list[Taken]:
    """The attempts at an assessment, of a learner, or all of them; oldest first."""
    rows = await connection.fetch(sql.attempts, assessment_id, account_id)
    return [msgspec.convert(dict(row), Taken) for row in rows]


async def logs(connection: Connection, attempt_ids: Sequence[int]) -> dict[int, tuple[Entry, ...]]:
    """The sealed entries of each attempt; whoever reads them checks the chain."""
    entries: dict[int, list[Entry]] = {attempt_id: [] for attempt_id in attempt_ids}
    for row in await connection.fetch(sql.events, list(attempt_ids)):
        chain = entries[row["attempt_id"]]
        chain.append(Entry(position=len(chain), body=row["body"].encode(), hash=row["hash"]))
    return {attempt_id: tuple(chain) for attempt_id, chain in entries.items()}


async def learner(connection: Connection, uuid: UUID) -> int | None:
    """The account id of a learner of this institution."""
    found = await connection.fetchval(sql.learner, uuid)
    return None if found is None else int(found)
