"""A real PostgreSQL with a bank or two, to import into: what must be there afterwards, and what must be as before."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg

from itembank.competencies import Competency, Framework
from itembank.exchange.files import read_items_bytes
from itembank.items import Item, content_hash
from itembank.storage import banks, institutions
from itembank.storage import items as item_rows
from itembank.storage.items import StoredItem
from itembank.workflows.export_bank import export_bank
from itembank.workflows.import_files import ImportedFiles, ReadFile, import_files
from itembank.workflows.move_items import move_items
from tests.chaos.broken_imports import Breaking
from tests.chaos.mutants import COMPETENCIES, sound_packages

WRITTEN = ("framework", "competency", "bank", "item", "item_version", "item_event", "asset", "calibration")
FRAMEWORK = Framework(
    key="fuzzed", title="Fuzzed", competencies=tuple(Competency(key=key, statement=key) for key in COMPETENCIES)
)
NEW, PLAIN, LIVED_IN = "new", "plain", "lived-in"
BANKS = (NEW, PLAIN, LIVED_IN)
"""One that does not exist yet; one of drafts; one whose items are operational and one of them retired."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is imported where."""

    bank: str
    read: ReadFile
    framework: Framework | None
    with_parameters: bool = False


class ImportStage:
    """Put back to how it began after every import that changed something."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.database = Breaking(dsn)

    async def furnish(self) -> None:
        """Make the banks, and remember every row."""
        self.institution = await institutions.create(self.dsn, f"fuzzed-{uuid4().hex[:8]}", "Fuzzed")
        self.owner = await asyncpg.connect(self.dsn)
        drafts, _, own = (read_items_bytes(data, "package.zip") for data in sound_packages())
        await self.bring(Order(PLAIN, drafts, FRAMEWORK))
        await self.bring(Order(LIVED_IN, own, FRAMEWORK, with_parameters=True))
        await move_items(self.database, self.institution, LIVED_IN, [own[0][0].key], "retired", "known to everybody")
        self._tables = [
            row["relname"]
            for row in await self.owner.fetch(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"
            )
        ]
        await self.owner.execute("DROP SCHEMA IF EXISTS as_it_was CASCADE; CREATE SCHEMA as_it_was")
        for table in WRITTEN:
            await self.owner.execute(f"CREATE TABLE as_it_was.{table} AS TABLE public.{table}")
        self.before = await self.rows()
        self.held = {bank: await self.stored(bank) for bank in BANKS}

    async def close(self) -> None:
        """Leave."""
        await self.owner.close()
        await self.database.close()

    async def bring(self, order: Order, *, dry_run: bool = False) -> ImportedFiles:
        """The product's own import."""
        return await import_files(
            self.database, self.institution, order.bank, [order.read], framework=order.framework,
            with_parameters=order.with_parameters, dry_run=dry_run,
        )  # fmt: skip

    async def rows(self) -> dict[str, tuple[int, str]]:
        """How many rows every table has, and a hash of them all."""
        parts = [
            f"SELECT '{table}', count(*), md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))) FROM {table} t"
            for table in self._tables
        ]
        found = await self.owner.fetch(" UNION ALL ".join(parts))
        return {row[0]: (row[1], row[2]) for row in found}

    async def put_back(self) -> None:
        """Every row as it was, behind the triggers' back."""
        statements = [
            f"DELETE FROM {table}; INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM as_it_was.{table};"
            for table in WRITTEN
        ]
        await self.owner.execute(f"BEGIN; SET LOCAL session_replication_role = replica; {''.join(statements)} COMMIT")

    async def tidy(self) -> None:
        """Give the room of deleted rows back."""
        await self.owner.execute(f"VACUUM {', '.join(WRITTEN)}")

    async def stored(self, bank: str) -> dict[str, StoredItem]:
        """A bank's items as the product reads them."""
        async with self.database.transaction(self.institution) as connection:
            found = await banks.find(connection, bank)
            rows = [] if found is None else await item_rows.current(connection, found.id)
        return {row.item.key: row for row in rows}

    async def halves(self) -> list[str]:
        """What is not as before."""
        return _differing(self.before, await self.rows(), self._tables)

    async def untrue(self, order: Order, done: ImportedFiles) -> list[str]:
        """What the report of an import that was accepted says otherwise than the rows."""
        bank, read = order.bank, order.read
        after, was = await self.rows(), self.held[bank]
        told = {name: n - self.before[name][0] for name, (n, _) in after.items()}
        kept, result = done.kept, done.result
        expected = Counter(
            item=kept["added"], item_version=kept["added"] + kept["changed"], bank=int(bank == NEW),
            item_event=len(result.back_to_draft) + _moved(await self.stored(bank), was, result.back_to_draft),
            calibration=int(done.parameters is not None and done.parameters.kept is not None),
            asset=len(_hashes(read[0]) - await self._assets_before()),
        )  # fmt: skip
        wrong = [f"{name}: {n} rows more, {expected[name]} told" for name, n in told.items() if n != expected[name]]
        others = [name for name in self._tables if name not in WRITTEN or name in ("framework", "competency")]
        return [*wrong, *_differing(self.before, after, others), *_counts(read, done), *await self._items(bank, read)]

    async def _items(self, bank: str, read: ReadFile) -> list[str]:
        """Every item of the file stands in the bank as it was read, its files too; the others are as before."""
        kept = await export_bank(self.database, self.institution, bank)
        items, brought = {item.key: item for item in kept.items}, {item.key: item for item in read[0]}
        wrong = [f"{key} is not as it was read" for key, item in brought.items() if not _same(items.get(key), item)]
        wrong += [
            f"{key} was not in the file and changed"
            for key, row in self.held[bank].items()
            if key not in brought and not _same(items.get(key), row.item)
        ]
        if set(items) != set(brought) | set(self.held[bank]):
            wrong.append("the bank holds other items than the file and itself")
        return wrong + [f"{sha} is not whole" for sha, data in kept.assets.items() if _sha256(data) != sha]

    async def _assets_before(self) -> set[str]:
        return {row["sha256"] for row in await self.owner.fetch("SELECT sha256 FROM as_it_was.asset")}


def _differing(before: dict[str, Any], after: dict[str, Any], tables: Iterable[str]) -> list[str]:
    return [f"{name} differs" for name in tables if before[name] != after[name]]


def _counts(read: ReadFile, done: ImportedFiles) -> list[str]:
    """The report's sums: imported + changed + refused = all in the file; added + changed + unchanged = those kept."""
    taken = done.read["imported"] + done.read["changed"]
    wrong = []
    if taken + done.read["refused"] != read[2].n_items:
        wrong.append("fates do not add up")
    if not taken == len(read[0]) == sum(done.kept.values()):
        wrong.append(f"{taken} items told as taken, {len(read[0])} read, {sum(done.kept.values())} kept")
    return wrong


def _moved(after: dict[str, StoredItem], before: dict[str, StoredItem], back: Iterable[str]) -> int:
    """Items that changed their state because parameters came along."""
    was = {key: "draft" if key in set(back) else row.state for key, row in before.items()}
    return sum(row.state != was.get(key, "draft") for key, row in after.items())


def _hashes(items: Iterable[Item]) -> set[str]:
    return {asset.sha256 for item in items for asset in item.content.assets}


def _same(stored: Item | None, read: Item) -> bool:
    return stored is not None and content_hash(stored) == content_hash(read)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
