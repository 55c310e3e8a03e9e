"""A stage for walks by chance: one institution, two processes' worth of memory on it, called without HTTP."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from engine.storage import pulse
from engine.workflows.answer_desk import AnswerDesk
from engine.workflows.shelf import Shelf
from itembank.storage import accounts
from itembank.storage.database import Database
from tests.benchmarks.server_bank import furnish

T = TypeVar("T")
POLICY = """
key = "pressed"
title = "First the pre-test, then the post-test"
time_zone = "UTC"
[[occasions]]
key = "pre_test"
cut = { scale = "theta", value = -0.2 }
decision = { kind = "score" }
maximum = 2
time_limit_minutes = 30
design = { name = "pre", stopping = { min_items = 2, max_items = 3 } }
[[occasions]]
key = "post_test"
cut = { scale = "theta", value = -0.2 }
decision = { kind = "score" }
maximum = 2
time_limit_minutes = 30
gates = [{ kind = "passed", occasion = "pre_test" }]
design = { name = "post", stopping = { min_items = 3, max_items = 4 } }
[credit]
hours = "1.0"
needs = ["post_test"]
graded_by = "post_test"
"""
N_ITEMS = 60


@dataclass(frozen=True, slots=True)
class Process:
    """What one server process keeps."""

    database: Database
    shelf: Shelf
    desk: AnswerDesk


class Stage:
    """An event loop of its own, because the machine that walks is not asynchronous."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self.dsn = dsn
        self.loop = asyncio.new_event_loop()
        self.institution: int = self.run(furnish(dsn, folder, N_ITEMS, POLICY))
        self.processes = [self._process() for _ in range(2)]
        self.database, self.shelf = self.processes[0].database, self.processes[0].shelf
        self.withdrawn: set[str] = set()
        self.reached: Counter[str] = Counter()
        self._n_accounts = 0
        self.staff: int = self.run(self.account("registrar"))

    def _process(self) -> Process:
        database, shelf = Database(self.dsn), Shelf()
        return Process(database, shelf, AnswerDesk(database, shelf))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine."""
        return self.loop.run_until_complete(work)

    async def account(self, role: str, name: str = "") -> int:
        """A new account."""
        self._n_accounts += 1
        async with self.database.transaction(self.institution) as connection:
            return await accounts.create(connection, self.institution, f"{role}-{self._n_accounts}", [role], name)

    async def uuid(self, account_id: int) -> UUID:
        """An account's uuid."""
        async with self.database.transaction(self.institution) as connection:
            found: UUID = await connection.fetchval("SELECT uuid FROM account WHERE id = $1", account_id)
            return found

    async def is_named(self, account_id: int) -> bool:
        """Whether anything says who an account is."""
        query = """
            SELECT EXISTS (SELECT 1 FROM person WHERE account_id = $1)
                OR EXISTS (SELECT 1 FROM account WHERE id = $1 AND pseudonym <> 'erased-' || uuid)
        """
        async with self.database.transaction(self.institution) as connection:
            return bool(await connection.fetchval(query, account_id))

    async def as_owner(self, statement: str, *values: object) -> None:
        """What no program may do: change rows behind the triggers' back."""
        connection = await asyncpg.connect(self.dsn)
        try:
            await connection.execute("SET session_replication_role = replica")
            await connection.execute(statement, *values)
        finally:
            await connection.close()

    async def beat(self) -> float:
        """Say that the service runs; the seconds given back."""
        async with self.database.transaction(None) as connection:
            return await pulse.beat(connection)

    def close(self) -> None:
        """Leave."""
        for process in self.processes:
            self.run(process.database.close())
        self.loop.close()
