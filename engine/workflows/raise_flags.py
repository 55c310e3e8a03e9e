"""Look at a bank's sittings and keep what somebody should look at. Nothing else follows from it."""

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.flags import Answered, Criteria, Evidence, Looked, Published, Seen, gather, look
from engine.frozen_bank import ASSUMED_CORRELATION
from engine.storage import flags
from engine.storage.flags import AnswerRow, SittingRow
from itembank.errors import BankUnknown
from itembank.records import Record
from itembank.storage import bank_versions, banks
from itembank.storage.bank_versions import FrozenItem
from itembank.storage.database import Connection, Database

MOST_SITTINGS = 5_000
"""The newest sittings that one look takes in; pairs grow with the square."""


ONE_AT_A_TIME = asyncio.Semaphore(1)
"""Looks of one process wait for each other, so that learners keep the machine."""


class Raised(Record, frozen=True, kw_only=True):
    """What a look at a bank found; n_new: flags that were not known before."""

    bank: str
    n_new: int
    looked: Looked


async def raise_flags(database: Database, institution_id: int, bank_key: str) -> Raised:
    """Compute every flag of a bank's sittings and keep the new ones.

    The numbers are worked out in a thread, between a transaction that reads and one that writes.

    Raises:
        BankUnknown: when there is no such bank.
    """
    async with database.transaction(institution_id) as connection:
        bank = await banks.find(connection, bank_key)
        if bank is None:
            raise BankUnknown(f"There is no bank '{bank_key}' here.")
        at = await connection.fetchval("SELECT now()")
        closed = await flags.closed_items(connection, bank.id)
        collected = await _collect(connection, bank.id)
    async with ONE_AT_A_TIME:
        looked = await asyncio.to_thread(lambda: look(collected.evidence(), closed, Criteria()))
    async with database.transaction(institution_id) as connection:
        added = [await flags.add(connection, institution_id, bank.id, flag) for flag in looked.flags]
        await flags.add_run(connection, institution_id, bank.id, looked, at)
    return Raised(bank=bank_key, n_new=sum(added), looked=looked)


async def raise_all_flags(database: Database, institution_id: int) -> list[Raised]:
    """The same for every bank of the institution."""
    async with database.transaction(institution_id) as connection:
        keys = [bank.key for bank in await banks.all_banks(connection)]
    return [await raise_flags(database, institution_id, key) for key in keys]


class Collected:
    """Rows of a bank's sittings with the published versions that they were given under."""

    def __init__(
        self, sittings: Sequence[SittingRow], answers: Sequence[AnswerRow],
        versions: dict[int, list[FrozenItem]], correlations: dict[str, Any],
    ) -> None:  # fmt: skip
        self.sittings, self.answers, self.versions, self.correlations = sittings, answers, versions, correlations

    def evidence(self) -> Evidence | None:
        """As arrays; None where nobody answered anything that counts."""
        version_of = {row.id: row.bank_version_id for row in self.sittings}
        published = {version: [_published(item) for item in items] for version, items in self.versions.items()}
        sittings = [
            Seen(id=row.id, learner=row.learner, population=row.population, timed=row.timed) for row in self.sittings
        ]
        answers = [
            Answered(
                sitting=row.sitting, item=row.item, category=row.category, raw=row.raw, shown_at=row.shown_at,
                answered_at=row.answered_at,
                published=None if row.set_aside else published[version_of[row.sitting]][row.bank_position],
            )
            for row in self.answers
        ]  # fmt: skip
        names = sorted({one.competency for items in published.values() for one in items if one is not None})
        return gather(sittings, answers, names, self._correlations(names))

    def _correlations(self, names: Sequence[str]) -> NDArray[np.float64]:
        """Those of the newest version that estimated them; `ASSUMED_CORRELATION` where it says nothing."""
        found = np.full((len(names), len(names)), ASSUMED_CORRELATION)
        np.fill_diagonal(found, 1.0)
        known = {name: place for place, name in enumerate(self.correlations.get("dimensions", []))}
        if set(names) <= set(known) and self.correlations.get("correlations"):
            order = [known[name] for name in names]
            found = np.array(self.correlations["correlations"], dtype=np.float64)[np.ix_(order, order)]
        return found


def _published(item: FrozenItem) -> Published | None:
    if item.state != "operational":
        return None
    return Published(item=item.item_id, competency=item.competency, parameters=item.parameters)


async def _collect(connection: Connection, bank_id: int) -> Collected:
    sittings = await flags.sittings(connection, bank_id, MOST_SITTINGS)
    answers = await flags.answers(connection, [row.id for row in sittings])
    numbers = sorted({row.bank_version_id for row in sittings})
    versions = {number: await bank_versions.items(connection, number) for number in numbers}
    correlations = (await bank_versions.get(connection, numbers[-1])).correlations if numbers else {}
    return Collected(sittings, answers, versions, correlations)
