"""Items as sittings have shown them: how often, by rotating pool, and how persons of which theta answered."""

from typing import Any

import msgspec

from itembank.storage.database import Connection
from itembank.storage.sql import load

sql = load(__file__)

MOST_ANSWERS = 20_000


class PoolShown(msgspec.Struct, frozen=True, kw_only=True):
    """Finished sittings of one rotating pool, and in how many of them the item was shown."""

    pool: int
    sittings: int
    shown: int


class ItemShown(msgspec.Struct, frozen=True, kw_only=True):
    """One operational item of a bank version: shown in how many of how many finished sittings."""

    key: str
    shown: int
    sittings: int

    @property
    def exposure_rate(self) -> float:
        """The share of sittings that showed the item."""
        return self.shown / self.sittings


async def answers(connection: Connection, item_id: int, competency: str) -> list[tuple[float, int]]:
    """(theta, category) of every counted answer: theta of the competency where the sitting decided on it, or overall.

    Of an item answered very often the first `MOST_ANSWERS` are taken.
    """
    rows = await connection.fetch(sql.answers, item_id, MOST_ANSWERS)
    return [(_theta(msgspec.json.decode(row["outcome"]), competency), row["category"]) for row in rows]


def _theta(outcome: dict[str, Any], competency: str) -> float:
    own = next((part for part in outcome.get("competencies") or () if part.get("competency") == competency), outcome)
    return float(own["theta"])


async def by_pool(connection: Connection, item_id: int) -> list[PoolShown]:
    """Over all versions of its bank; the sum of all pools is the whole."""
    return [msgspec.convert(dict(row), PoolShown) for row in await connection.fetch(sql.by_pool, item_id)]


async def most(connection: Connection, bank_version_id: int) -> list[ItemShown]:
    """The operational items of a bank version, the most shown first; empty before the first finished sitting."""
    return [msgspec.convert(dict(row), ItemShown) for row in await connection.fetch(sql.most, bank_version_id)]
