"""How often the items of a bank version were shown, and the faded counts by which eligibility spares them."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.exposure.counts import EligibilityCounts
from itembank.storage.database import Connection
from itembank.storage.sql import load

sql = load(__file__)


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Whose counts: an occasion on a bank version, one rotating pool and one ability group of it."""

    bank_version_id: int
    assessment_id: int
    occasion: str
    pool: int
    ability_group: int


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """Sittings of one rotating pool, and how often each bank position was administered in them."""

    pool: int
    sittings: int
    administered: tuple[int, ...]


async def find(connection: Connection, place: Place, n_items: int) -> EligibilityCounts:
    """The faded counts, (1, n_items); zeros before the first sitting."""
    row = await connection.fetchrow(sql.find, *_key(place))
    if row is None:
        return EligibilityCounts.none(1, n_items)
    return EligibilityCounts(np.array([row["eligible"]]), np.array([row["given"]]))


class Uncounted(msgspec.Struct, frozen=True, kw_only=True):
    """A sitting that has ended and is not counted yet, with the bank positions it has shown."""

    id: int
    uuid: UUID
    attempt_id: int
    bank_version_id: int
    occasion: str
    pool: list[int] | None
    assessment_id: int
    assessment_version_id: int
    shown: list[int]


async def uncounted(connection: Connection, institution_id: int, most: int) -> list[Uncounted]:
    """Sittings to count, in the order of their ends, held until the transaction ends; none that another one holds."""
    found = []
    for record in await connection.fetch(sql.uncounted, institution_id, most):
        fields = dict(record)
        fields["pool"] = None if fields["pool"] is None else msgspec.json.decode(fields["pool"])
        found.append(Uncounted(**fields))
    return found


async def mark_counted(connection: Connection, session_ids: Sequence[int]) -> None:
    """These sittings are in the counts."""
    await connection.execute(sql.mark_counted, session_ids)


async def count(
    connection: Connection,
    institution_id: int,
    place: Place,
    *,
    shown: Sequence[int],
    eligible: Sequence[bool],
    n_positions: int,
    fading: float,
) -> None:
    """Count a sitting that has ended. shown: bank positions; eligible: (n_operational,)."""
    one = (shown, np.array(eligible, dtype=bool))
    await count_all(connection, institution_id, place, [one], n_positions=n_positions, fading=fading)


async def count_all(
    connection: Connection,
    institution_id: int,
    place: Place,
    sittings: Sequence[tuple[Sequence[int], NDArray[np.bool_]]],
    *,
    n_positions: int,
    fading: float,
) -> None:
    """Count sittings that have ended, in their order, by one statement: (shown, eligible) of each, as in `count`."""
    administered = np.zeros(n_positions, dtype=np.int64)
    eligible = given = np.zeros(len(sittings[0][1]))
    for shown, usable in sittings:
        counted = np.bincount(np.array(shown, dtype=np.intp), minlength=n_positions)
        administered += counted
        eligible, given = fading * eligible + usable, fading * given + counted[: len(usable)]
    await connection.execute(
        sql.count, *_key(place), institution_id, len(sittings), _array(administered), _array(eligible), _array(given),
        fading ** len(sittings),
    )  # fmt: skip


def _array(values: NDArray[np.int64] | NDArray[np.float64]) -> str:
    """An array as PostgreSQL reads it from text: the driver takes ten times as long over a thousand numbers."""
    return "{" + str(values.tolist())[1:-1] + "}"


async def by_pool(connection: Connection, bank_version_id: int) -> list[Shown]:
    """What was shown of a bank version, over all its occasions, by rotating pool; the sum of all is the whole."""
    return [
        Shown(
            pool=row["pool"],
            sittings=row["sittings"],
            administered=tuple(np.sum(row["administered"], axis=0).tolist()),
        )
        for row in await connection.fetch(sql.by_pool, bank_version_id)
    ]


async def keys(connection: Connection, bank_version_id: int) -> list[str]:
    """The item keys of a bank version, by position."""
    return [row["key"] for row in await connection.fetch(sql.keys, bank_version_id)]


def _key(place: Place) -> tuple[int, int, str, int, int]:
    return place.bank_version_id, place.assessment_id, place.occasion, place.pool, place.ability_group
