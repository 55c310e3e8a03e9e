"""A way to the database on which something happens in the middle of a transaction."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, Literal

import asyncpg

from itembank.storage.database import Connection, Database

How = Literal["statement fails", "database goes", "caller goes"]
HOWS: tuple[How, ...] = ("statement fails", "database goes", "caller goes")


class Breaking(Database):
    """The product's own transactions; before the statement of that number (0: before the commit) one of them breaks.

    `broke` says whether it came to that: a short import may be over before.
    """

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn)
        self.number: int | None = None
        self.how: How = "statement fails"
        self.broke = False

    def break_at(self, number: int, how: How) -> None:
        """Arm it."""
        self.number, self.how, self.broke = number, how, False

    def disarm(self) -> None:
        """Nothing breaks any more."""
        self.number = None

    @contextlib.asynccontextmanager
    async def transaction(
        self, institution_id: int | None, settings: str = "", *, keep: bool = True
    ) -> AsyncIterator[Connection]:
        async with super().transaction(institution_id, settings, keep=keep) as connection:
            if self.number is None:
                yield connection
                return
            yield _Counting(connection, self)
            if self.number == 0:
                await self.strike(connection)

    async def strike(self, connection: Connection) -> None:
        """Break it, once."""
        self.number, self.broke = None, True
        if self.how == "statement fails":
            await connection.execute("SELECT 1 / 0")
        elif self.how == "caller goes":
            raise asyncio.CancelledError
        else:
            await self._end(connection.get_server_pid())

    async def _end(self, pid: int) -> None:
        other = await asyncpg.connect(self.dsn)
        try:
            await other.fetchval("SELECT pg_terminate_backend($1, 5000)", pid)
        finally:
            await other.close()


class _Counting:
    """A connection that counts what it is asked."""

    def __init__(self, connection: Connection, owner: Breaking) -> None:
        self._connection, self._owner, self._asked = connection, owner, 0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._connection, name)
        if name not in ("execute", "executemany", "fetch", "fetchrow", "fetchval"):
            return method

        async def ask(*values: Any, **more: Any) -> Any:
            self._asked += 1
            if self._owner.number == self._asked:
                await self._owner.strike(self._connection)
            return await method(*values, **more)

        return ask
