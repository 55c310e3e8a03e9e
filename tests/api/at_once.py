"""A client whose requests really are under way at the same time; Litestar's own test client takes them one by one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
from litestar import Litestar


class AtOnce(httpx.AsyncClient):
    """Requests to an application in this event loop; `most` is how many were inside at the same time."""

    def __init__(self, app: Litestar, base_url: str) -> None:
        super().__init__(transport=httpx.ASGITransport(self._count), base_url=base_url, timeout=60)
        self.app, self.inside, self.most = app, 0, 0

    async def _count(self, scope: Any, receive: Any, send: Any) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            await self.app(scope, receive, send)
        finally:
            self.inside -= 1


@contextlib.asynccontextmanager
async def at_once(app: Litestar) -> AsyncIterator[AtOnce]:
    """The application started, and a client for it."""
    started, leave = asyncio.Event(), asyncio.Event()
    life = asyncio.create_task(_live(app, started, leave))
    starting = asyncio.create_task(started.wait())
    await asyncio.wait({life, starting}, return_when=asyncio.FIRST_COMPLETED)
    starting.cancel()
    try:
        async with AtOnce(app, app.state.settings.public_url) as client:
            yield client
    finally:
        leave.set()
        await life


async def _live(app: Litestar, started: asyncio.Event, leave: asyncio.Event) -> None:
    """A life in a task of its own: what begins it must end it, and a fixture's two halves are two tasks."""
    async with app.lifespan():
        started.set()
        await leave.wait()
