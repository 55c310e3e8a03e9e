"""Each response in one piece on the wire: a head and the body that follows it at once leave together."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class WholeResponses(HttpToolsProtocol):
    """uvicorn's protocol, on a transport that joins what is written in one turn of the loop."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(Joining(transport, self.loop))  # type: ignore[arg-type]

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the requests, which point back here: what a connection held is free at once.

        A collection that looks at everything is rare in a server that runs for weeks; thousands of connections would
        wait for it.
        """
        super().connection_lost(exc)
        self.cycle = None  # type: ignore[assignment]
        self.pipeline.clear()


class Joining:
    """A transport that holds a first write back, for no longer than this turn of the loop, until a second joins it.

    uvicorn writes a head and a body one by one; each write would be a system call, a packet, and a wake-up of whoever
    reads. A head whose body takes longer (a stream) goes at the end of the turn, as it would have.
    """

    __slots__ = ("_held", "_inner", "_is_due", "_loop")

    def __init__(self, inner: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._inner, self._loop = inner, loop
        self._held: bytes | None = None
        self._is_due = False

    def write(self, data: bytes) -> None:
        """Write, now or with what follows."""
        held, self._held = self._held, None
        if held is not None:
            self._inner.writelines((held, data))
            return
        self._held = data
        if not self._is_due:
            self._is_due = True
            self._loop.call_soon(self._turn_is_over)

    def write_whole(self, data: bytes) -> None:
        """Write what nothing follows, now."""
        self._let_go()
        self._inner.write(data)

    def close(self) -> None:
        """Write what is held, then close."""
        self._let_go()
        self._inner.close()

    def _turn_is_over(self) -> None:
        self._is_due = False
        self._let_go()

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            self._inner.write(held)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)
