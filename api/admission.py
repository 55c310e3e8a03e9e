"""What comes in at all: whole bodies within a time, and no more work at once than can be done.

A request is read before it is let in, so that a slow or silent sender holds a socket and nothing else. Beyond
MOST_AT_ONCE requests the next is told to come back (503, Retry-After) before any work is done for it.
"""

import asyncio
from typing import Any

import msgspec

BODY_SECONDS = 30.0
MOST_AT_ONCE = 1500
KEPT_BODY = 1_000_000
ALWAYS = ("/health/", "/metrics")


class Admission:
    """ASGI middleware around the whole application."""

    def __init__(self, app: Any, *, most_at_once: int = MOST_AT_ONCE, body_seconds: float = BODY_SECONDS) -> None:
        self.app, self.most_at_once = app, most_at_once
        self.at_work = 0
        self.refused = 0
        self._patience = Patience(body_seconds)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"].startswith(ALWAYS):
            await self.app(scope, receive, send)
            return
        try:
            arrived = await self._arrived(receive)
        except TimeoutError:
            await _send(send, *TOO_SLOW)
            return
        if arrived is None:
            return
        if not self.let_in():
            await _send(send, *OVERLOADED)
            return
        try:
            await self.app(scope, _replay(arrived, receive), send)
        finally:
            self.let_out()

    def let_in(self) -> bool:
        """Count a request in, if there is room; whoever is not let in is told `OVERLOADED`."""
        if self.at_work >= self.most_at_once:
            self.refused += 1
            return False
        self.at_work += 1
        return True

    def let_out(self) -> None:
        """Count a request out."""
        self.at_work -= 1

    async def _arrived(self, receive: Any) -> list[Any] | None:
        """The messages of the body, the first KEPT_BODY bytes of a large one; None when the sender has gone."""
        messages, size = [], 0
        with self._patience:
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    return None
                messages.append(message)
                size += len(message.get("body", b""))
                if not message.get("more_body") or size >= KEPT_BODY:
                    return messages


class Patience:
    """One time limit for many waits at once: a single timer for the oldest, where `asyncio.timeout` sets one for each.

    Within its block a task that takes longer is interrupted, and the block raises TimeoutError.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._waiting: dict[asyncio.Task[Any], float] = {}
        self._interrupted: set[asyncio.Task[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        self._waiting[task] = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._look)

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._waiting.pop(task, None)
        if task in self._interrupted:
            self._interrupted.discard(task)
            if task.uncancel() == 0 and kind is asyncio.CancelledError:
                raise TimeoutError

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        for task, until in list(self._waiting.items()):
            if until > loop.time():
                self._timer = loop.call_at(until, self._look)
                return
            del self._waiting[task]
            self._interrupted.add(task)
            task.cancel()
        self._timer = None


def _replay(arrived: list[Any], receive: Any) -> Any:
    waiting = iter(arrived)

    async def next_message() -> Any:
        for message in waiting:
            return message
        return await receive()

    return next_message


async def _send(send: Any, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})


def _refusal(status: int, slug: str, title: str, detail: str) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    document = {"type": f"urn:assay:problem:{slug}", "title": title, "status": status, "detail": detail}
    headers = [(b"content-type", b"application/problem+json"), (b"retry-after", b"1")]
    return status, headers, msgspec.json.encode(document)


OVERLOADED = _refusal(
    503, "overloaded", "Please try again in a moment",
    "More requests are waiting than can be served; please try again in a moment.",
)  # fmt: skip
TOO_SLOW = _refusal(408, "too-slow", "Too slow", "The body did not arrive in time; please send it again.")
