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
        self.app, self.most_at_once, self.body_seconds = app, most_at_once, body_seconds
        self.at_work = 0
        self.refused = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"].startswith(ALWAYS):
            await self.app(scope, receive, send)
            return
        try:
            arrived = await self._arrived(receive)
        except TimeoutError:
            await _refuse(send, 408, "too-slow", "Too slow", "The body did not arrive in time; please send it again.")
            return
        if arrived is None:
            return
        if self.at_work >= self.most_at_once:
            self.refused += 1
            sentence = "More requests are waiting than can be served; please try again in a moment."
            await _refuse(send, 503, "overloaded", "Please try again in a moment", sentence)
            return
        self.at_work += 1
        try:
            await self.app(scope, _replay(arrived, receive), send)
        finally:
            self.at_work -= 1

    async def _arrived(self, receive: Any) -> list[Any] | None:
        """The messages of the body, the first KEPT_BODY bytes of a large one; None when the sender has gone."""
        messages, size = [], 0
        async with asyncio.timeout(self.body_seconds):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    return None
                messages.append(message)
                size += len(message.get("body", b""))
                if not message.get("more_body") or size >= KEPT_BODY:
                    return messages


def _replay(arrived: list[Any], receive: Any) -> Any:
    waiting = iter(arrived)

    async def next_message() -> Any:
        for message in waiting:
            return message
        return await receive()

    return next_message


async def _refuse(send: Any, status: int, slug: str, title: str, detail: str) -> None:
    document = {"type": f"urn:assay:problem:{slug}", "title": title, "status": status, "detail": detail}
    body = msgspec.json.encode(document)
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"retry-after", b"1"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
