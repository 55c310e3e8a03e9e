"""A bank with all that pages say about its items: newest versions, parameters, lights, how often shown."""

from collections import OrderedDict

import msgspec

from api.reports.lights import Light, light_of
from engine.messages import Language
from engine.storage import health
from engine.storage.health import Shown
from itembank.competencies import Framework
from itembank.errors import BankUnknown
from itembank.storage import banks, calibrations, frameworks
from itembank.storage import items as item_rows
from itembank.storage.banks import Bank
from itembank.storage.calibrations import Calibration
from itembank.storage.database import Connection, Database
from itembank.storage.items import StoredItem

STAFF = ("author", "psychometrician", "registrar")


class Stock(msgspec.Struct, frozen=True, kw_only=True):
    """`records`: the newest calibration's record of each item, by key; `shown`: by item id."""

    bank: Bank
    framework: Framework
    items: list[StoredItem]
    calibration: Calibration | None
    records: dict[str, dict[str, object]]
    shown: dict[int, Shown]
    n_sittings: int

    def light(self, key: str, language: Language) -> Light | None:
        """What the calibration says about an item; None when it says nothing."""
        record = self.records.get(key)
        return None if record is None else light_of(record, language)

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

    def __init__(self, capacity: int = 8) -> None:
        self._kept: OrderedDict[tuple[str, str], list[StoredItem]] = OrderedDict()
        self._capacity = capacity

    async def items(self, connection: Connection, bank: Bank) -> list[StoredItem]:
        """The newest version of every item."""
        heads = await item_rows.heads(connection, bank.id)
        state = str(hash(tuple((head.version_id, head.state) for head in heads.values())))
        key = (str(bank.uuid), state)
        if key not in self._kept:
            self._kept[key] = await item_rows.current(connection, bank.id)
            while len(self._kept) > self._capacity:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
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
        items = await KEPT.items(connection, bank)
        _, framework = await frameworks.of_bank(connection, bank.id)
        calibration = await calibrations.latest(connection, bank.id)
        shown = await health.exposure(connection, bank.id)
        n_sittings = await health.n_sittings(connection, bank.id)
    records = (
        {} if calibration is None else {str(record["item_id"]): record for record in calibration.document["items"]}
    )
    return Stock(
        bank=bank, framework=framework, items=items, calibration=calibration, records=records, shown=shown,
        n_sittings=n_sittings,
    )  # fmt: skip
