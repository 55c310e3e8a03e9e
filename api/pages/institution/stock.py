"""A bank with all that pages say about its items: newest versions, parameters, lights, how often shown."""

import asyncio
from typing import Any

import msgspec
from cachetools import LRUCache
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath

from api.auth import roles
from api.charts import Dots, Figure
from api.pages.words import words
from api.reports.curves import item_curve
from api.reports.lights import Light, light_of
from api.reports.observed import as_dots, read_back
from engine.messages import Language
from engine.storage import health
from engine.storage.health import Shown
from itembank.competencies import Framework
from itembank.errors import BankUnknown
from itembank.likeness import LikePair, unsaid_pairs
from itembank.storage import banks, calibrations, frameworks
from itembank.storage import items as item_rows
from itembank.storage.accounts import Caller
from itembank.storage.banks import Bank
from itembank.storage.calibrations import Calibration
from itembank.storage.database import Connection, Database
from itembank.storage.items import StoredItem
from psychometrics.models.base import ItemParameters

STAFF = ("author", "psychometrician", "registrar")
CAPACITY = 8
"""Banks whose items are kept."""


class Shelved:
    """The items of a bank in one state, and which of them look alike once somebody has asked."""

    def __init__(self, items: list[StoredItem]) -> None:
        self.items = items
        self._alike: tuple[LikePair, ...] | None = None

    async def alike(self) -> tuple[LikePair, ...]:
        """Pairs with nearly the same words that no author has named as enemies."""
        if self._alike is None:
            living = [stored.item for stored in self.items if stored.state != "retired"]
            self._alike = await asyncio.to_thread(unsaid_pairs, living, {item.key for item in living})
        return self._alike


class Stock(msgspec.Struct, frozen=True, kw_only=True):
    """`records`: the newest calibration's record of each item, by key; `shown`: by item id."""

    bank: Bank
    framework: Framework
    shelved: Shelved
    calibration: Calibration | None
    records: dict[str, dict[str, object]]
    shown: dict[int, Shown]
    n_sittings: int

    @property
    def items(self) -> list[StoredItem]:
        """The newest version of every item."""
        return self.shelved.items

    def light(self, key: str, language: Language) -> Light | None:
        """What the calibration says about an item; None when it says nothing."""
        record = self.records.get(key)
        return None if record is None else light_of(record, language)

    def curve(self, key: str, language: Language, *more: Dots) -> Figure:
        """An item's curve over what was observed when it was calibrated, and over `more`."""
        record = self.records[key]
        groups = () if self.calibration is None else read_back(self.calibration.document, key)
        dots = [as_dots(words(language, "report.observed"), groups), *more]
        return item_curve(ItemParameters.from_records([record]), 0, language, dots)

    def find(self, key: str) -> StoredItem:
        """The newest version of an item.

        Raises:
            BankUnknown: when there is none of that key.
        """
        for stored in self.items:
            if stored.item.key == key:
                return stored
        raise BankUnknown(f"There is no item '{key}' in this bank.")


class Kept:
    """Items decoded once for each state of a bank: a bank of thousands is read by every page of it."""

    def __init__(self) -> None:
        self._kept: LRUCache[tuple[str, str], Shelved] = LRUCache(CAPACITY)

    async def items(self, connection: Connection, bank: Bank) -> Shelved:
        """The newest version of every item."""
        heads = await item_rows.heads(connection, bank.id)
        state = str(hash(tuple((head.version_id, head.state) for head in heads.values())))
        key = (str(bank.uuid), state)
        if key not in self._kept:
            self._kept[key] = Shelved(await item_rows.current(connection, bank.id))
        return self._kept[key]


KEPT = Kept()


async def stock_of(database: Database, institution_id: int, bank_key: str) -> Stock:
    """The bank of that key.

    Raises:
        BankUnknown: when there is none.
    """
    async with database.transaction(institution_id) as connection:
        bank = await banks.find(connection, bank_key)
        if bank is None:
            raise BankUnknown(f"There is no bank '{bank_key}' here.")
        shelved = await KEPT.items(connection, bank)
        _, framework = await frameworks.of_bank(connection, bank.id)
        calibration = await calibrations.latest(connection, bank.id)
        shown = await health.exposure(connection, bank.id)
        n_sittings = await health.n_sittings(connection, bank.id)
    records = (
        {} if calibration is None else {str(record["item_id"]): record for record in calibration.document["items"]}
    )
    return Stock(
        bank=bank, framework=framework, shelved=shelved, calibration=calibration, records=records, shown=shown,
        n_sittings=n_sittings,
    )  # fmt: skip


async def provide_stock(
    key: FromPath[str], caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> Stock:
    """`stock: NamedDependency[Stock]` for every page of a bank, by the key in its address."""
    return await stock_of(database, caller.institution_id, key)


def bank_page(*who: str) -> dict[str, Any]:
    """What the handlers of a bank's pages have in common: who may, and the stock; all staff when nobody is named."""
    return {"opt": roles(*(who or STAFF)), "dependencies": {"stock": Provide(provide_stock)}}
