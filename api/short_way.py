"""uvicorn's protocol with a short way for one kind of request: to a lane, without a task and a cycle of its own.

A request that the lane does not take goes on as if the lane were not there: its head and body are given to uvicorn,
which then knows of no difference. Responses keep their order on the connection: while the lane answers one request, the
next waits in uvicorn's own line.
"""

import asyncio
from typing import Any, ClassVar, Protocol

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from api.whole_responses import Joining, WholeResponses

BODY_SECONDS = 1.0
"""How long the lane waits for the rest of a body; then the ordinary way waits on."""
LARGEST_BODY = 65_536
"""Larger ones go the ordinary way, which reads no faster than it is let."""
Header = tuple[bytes, bytes]


class Lane(Protocol):
    """Where requests go that need nothing but an answer."""

    def key_of(self, path: bytes, headers: list[Header], before: Any | None) -> Any | None:
        """What the lane needs to know of a POST before its body is here; None when it is not for the lane.

        `before`: the key of the last request on the same connection that was for the lane.
        """

    def take(self, key: Any, body: bytes, under_way: "UnderWay") -> bool:
        """Answer, now or later, by `UnderWay.send`; False when it has to go the ordinary way."""


class _Nobody:
    """Waits for a message in place of an application."""

    def set(self) -> None:
        """Nothing waits."""


class UnderWay:
    """A request that the lane answers, in the place where uvicorn's protocol keeps the request that it answers."""

    __slots__ = ("_protocol", "disconnected", "keep_alive", "response_complete")
    message_event = _Nobody()

    def __init__(self, protocol: "ShortWay") -> None:
        self._protocol = protocol
        self.keep_alive, self.disconnected, self.response_complete = True, False, False

    def send(self, status: int, headers: list[Header], body: bytes) -> None:
        """Send the response, whose length is added."""
        self.response_complete = True
        self._protocol.respond(status, headers, body, last=not self.keep_alive, lost=self.disconnected)


class ShortWay(WholeResponses):
    """The protocol of a connection, in front of a lane and an application."""

    _common: ClassVar[tuple[list[Header], bytes]] = [], b""

    def __init__(self, lane: Lane, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._lane = lane
        self._key: Any | None = None
        self._last_key: Any | None = None
        self._body = b""
        self._timer: asyncio.TimerHandle | None = None
        self._idle_since = 0.0
        self._idle_timer: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Read what came; a request for the lane whose body is still on the way may keep it waiting for a moment."""
        super().data_received(data)
        if self._key is not None and self._timer is None:
            self._timer = self.loop.call_later(BODY_SECONDS, self._go_the_ordinary_way)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits any more."""
        self._forget()
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Begin a request; what only the ordinary way needs of it is made there."""
        self.url, self.headers, self.expect_100_continue = b"", [], False

    def on_headers_complete(self) -> None:
        """Keep a request for the lane until its body is here."""
        if self._may_be_short():
            self._key = self._lane.key_of(self.url, self.headers, self._last_key)
        if self._key is None:
            self._begin_the_ordinary_way()
        else:
            self._last_key = self._key

    def on_body(self, body: bytes) -> None:
        """Keep a body with its request."""
        if self._key is None:
            super().on_body(body)
            return
        self._body += body
        if len(self._body) > LARGEST_BODY:
            self._go_the_ordinary_way()

    def on_message_complete(self) -> None:
        """Let the lane answer; what it does not take goes the ordinary way."""
        if self._key is None:
            super().on_message_complete()
            return
        before, under_way = self.cycle, UnderWay(self)
        self.cycle = under_way  # type: ignore[assignment]
        if self._lane.take(self._key, self._body, under_way):
            self._forget()
        else:
            self.cycle = before
            self._go_the_ordinary_way()
            super().on_message_complete()

    def respond(self, status: int, headers: list[Header], body: bytes, *, last: bool, lost: bool) -> None:
        """Send a response in one piece and go on to the next request, if there is one."""
        transport: Joining = self.transport  # type: ignore[assignment]
        if not lost:
            lines = [b"%b: %b\r\n" % header for header in headers]
            end = b"connection: close\r\n\r\n" if last else b"\r\n"
            length = b"content-length: %d\r\n" % len(body)
            transport.write_whole(b"".join((STATUS_LINE[status], self._common_lines(), *lines, length, end, body)))
        if last:
            transport.close()
        self.on_response_complete()

    def _common_lines(self) -> bytes:
        """The headers of every response, written once for all connections as long as uvicorn keeps the same."""
        headers = self.server_state.default_headers
        if ShortWay._common[0] is not headers:
            ShortWay._common = headers, b"".join(b"%b: %b\r\n" % header for header in headers)
        return ShortWay._common[1]

    def on_response_complete(self) -> None:
        """Go on to the next request; a connection without one is closed after a while, by one timer for all pauses."""
        if self.pipeline or self.transport.is_closing():
            super().on_response_complete()
            return
        self.server_state.total_requests += 1
        self.flow.resume_reading()
        self._idle_since = self.loop.time()
        if self._idle_timer is None:
            self._idle_timer = self.loop.call_later(self.timeout_keep_alive, self._look_if_idle)

    def _look_if_idle(self) -> None:
        """Close the connection if nothing was asked for long enough; look again when that could be."""
        self._idle_timer = None
        is_waiting = self._key is not None or not self.cycle.response_complete
        since = self.loop.time() if is_waiting else self._idle_since
        left = since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._idle_timer = self.loop.call_later(left, self._look_if_idle)
        else:
            self.timeout_keep_alive_handler()

    def _may_be_short(self) -> bool:
        """Whether a plain POST stands alone on a connection that stays open and whose other side reads."""
        parser = self.parser
        return (
            parser.get_method() == b"POST"
            and (self.cycle is None or self.cycle.response_complete)
            and parser.get_http_version() == "1.1"
            and parser.should_keep_alive()
            and not parser.should_upgrade()
            and not self.flow.write_paused
        )

    def _go_the_ordinary_way(self) -> None:
        body = self._body
        self._forget()
        self._begin_the_ordinary_way()
        if body:
            super().on_body(body)

    def _begin_the_ordinary_way(self) -> None:
        url, headers, is_expected = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, is_expected
        self.headers.extend(headers)
        super().on_headers_complete()

    def _forget(self) -> None:
        self._key, self._body = None, b""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
