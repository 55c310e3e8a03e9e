"""Mutated packages: whatever comes in, the answer is a bank's items or one sentence, and never half an import."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field

import asyncpg

from itembank.errors import BankError
from itembank.exchange.files import read_items_bytes
from itembank.storage.database import DatabaseUnavailable
from itembank.workflows.import_files import ImportedFiles, ReadFile
from tests.chaos.broken_imports import HOWS, How
from tests.chaos.import_stage import BANKS, FRAMEWORK, NEW, ImportStage, Order
from tests.chaos.mutants import mutate, sound_packages

LATEST = 24
"""Statements of the longest import, and some more: those that are over before are not broken off."""
Outcome = ImportedFiles | BankError | None
EXPECTED: dict[How, type[BaseException]] = {
    "statement fails": asyncpg.DivisionByZeroError, "database goes": DatabaseUnavailable,
    "caller goes": asyncio.CancelledError,
}  # fmt: skip


@dataclass
class Fuzzed:
    """What became of every package. `halves`: rows that are there although the import was refused or broken off;
    `untrue`: reports that say otherwise than the rows."""

    unreadable: int = 0
    refused: int = 0
    accepted: int = 0
    broken: Counter[str] = field(default_factory=Counter)
    crashed: Counter[str] = field(default_factory=Counter)
    halves: list[str] = field(default_factory=list)
    untrue: list[str] = field(default_factory=list)
    slowest: float = 0.0

    def crash(self, where: str, error: BaseException) -> None:
        """Note what should not have happened."""
        self.crashed[f"{where}: {type(error).__name__}: {error}"[:300]] += 1

    @property
    def total(self) -> int:
        """All packages."""
        return self.unreadable + self.refused + self.accepted + self.crashed.total()

    @property
    def sentence(self) -> str:
        """The line for the report."""
        broken = ", ".join(f"{count:,} because the {how}" for how, count in sorted(self.broken.items()))
        return (
            f"{self.total:,} mutated packages: {self.unreadable:,} refused on reading, {self.refused:,} refused by the "
            f"bank, {self.accepted:,} imported; {self.broken.total():,} imports broken off in the middle first "
            f"({broken}). {self.crashed.total()} crashes, {len(self.halves)} partial imports, {len(self.untrue)} "
            f"reports that differ from the rows; the slowest reading took {self.slowest:.2f} s of the processor."
        )


async def fuzz(dsn: str, n_packages: int, seed: int) -> Fuzzed:
    """Import mutants of sound packages into a database of the caller's; after each one all rows are looked at."""
    stage, rng, done = ImportStage(dsn), random.Random(seed), Fuzzed()
    await stage.furnish()
    seeds = sound_packages()
    for number in range(n_packages):
        read = _read(mutate(rng.choice(seeds), rng), done)
        if read is None:
            done.halves += await stage.halves()
        else:
            await _import(stage, _order(read, rng), rng, done)
        if number % 250 == 249:
            await stage.tidy()
    await stage.close()
    return done


def _read(data: bytes, done: Fuzzed) -> ReadFile | None:
    began = time.process_time()
    try:
        return read_items_bytes(data, "package.zip")
    except BankError:
        done.unreadable += 1
    except Exception as error:
        done.crash("reading", error)
    finally:
        done.slowest = max(done.slowest, time.process_time() - began)
    return None


def _order(read: ReadFile, rng: random.Random) -> Order:
    """Into a bank that is new, one of drafts or one with a life behind it; with the parameters that came along."""
    bank = rng.choice(BANKS)
    framework = FRAMEWORK if bank == NEW or rng.random() < 0.5 else None
    brings_parameters = any(item.parameters is not None for item in read[0])
    return Order(bank, read, framework, brings_parameters and rng.random() < 0.8)


async def _import(stage: ImportStage, order: Order, rng: random.Random, done: Fuzzed) -> None:
    """Half of the packages are broken off first, some are only tried; then they come in for good."""
    if rng.random() < 0.5:
        await _broken_off(stage, order, rng.randrange(LATEST), rng.choice(HOWS), done)
    tried = await _outcome(stage, order, done, dry_run=True) if rng.random() < 0.3 else None
    outcome = await _outcome(stage, order, done)
    if isinstance(outcome, ImportedFiles):
        done.accepted += 1
        done.untrue += await stage.untrue(order, outcome)
        await stage.put_back()
    elif outcome is not None:
        done.refused += 1
    if tried is not None and _told(tried) != _told(outcome):
        done.untrue.append(f"trying it said {_told(tried)}, doing it {_told(outcome)}")


async def _broken_off(stage: ImportStage, order: Order, number: int, how: How, done: Fuzzed) -> None:
    """Something happens before a statement or the commit: every row is as before, whatever it was."""
    stage.database.break_at(number, how)
    try:
        await stage.bring(order)
    except EXPECTED[how] as error:
        if not stage.database.broke:
            done.crash("before it was broken off", error)
        done.broken[how] += 1
        done.halves += await stage.halves()
    except BankError:
        done.halves += await stage.halves()
    else:
        await stage.put_back()
    stage.database.disarm()


async def _outcome(stage: ImportStage, order: Order, done: Fuzzed, *, dry_run: bool = False) -> Outcome:
    """The report or the refusal; but for a report that was meant, every row must be as before."""
    outcome: Outcome = None
    try:
        outcome = await stage.bring(order, dry_run=dry_run)
    except BankError as error:
        outcome = error
    except Exception as error:
        done.crash("storing", error)
    if dry_run or not isinstance(outcome, ImportedFiles):
        done.halves += await stage.halves()
    return outcome


def _told(outcome: Outcome) -> object:
    return (outcome.read, outcome.kept) if isinstance(outcome, ImportedFiles) else str(outcome)
