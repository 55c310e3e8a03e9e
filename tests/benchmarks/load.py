"""A load generator in one loop: many keep-alive connections to a loopback address, bounded in count and in time.

Closed loop without think time, or with exponential think times; an answer of 503 is obeyed (`Retry-After`) and the
same request sent again. Latency runs from the moment a request is due to its last byte.
"""

from __future__ import annotations

import heapq
import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

MAX_CONNECTIONS = 4096
MAX_SECONDS = 900.0
LONGEST_ANSWER = 1 << 20

Talk = Callable[[int, bytes], bytes | None]
"""(status, body) of the last answer -> the next request, None at the end; the first call has status 0."""


@dataclass(slots=True)
class Figures:
    """What a run saw. latencies: seconds of the answers counted, by arrival; statuses: how often each."""

    seconds: float
    latencies: np.ndarray
    statuses: Counter[int]
    broken: int = 0

    @property
    def good(self) -> int:
        """Answers of 2xx."""
        return sum(count for status, count in self.statuses.items() if 200 <= status < 300)

    @property
    def per_second(self) -> float:
        """Good answers a second."""
        return self.good / self.seconds

    def percentile(self, share: float) -> float:
        """Latency in milliseconds."""
        return float(np.percentile(self.latencies, share)) * 1000 if len(self.latencies) else float("nan")


@dataclass(slots=True)
class _Line:
    talk: Talk
    connection: socket.socket
    due: float = 0.0
    request: bytes = b""
    buffer: bytearray = field(default_factory=bytearray)


def press(
    port: int,
    talks: Sequence[Talk],
    seconds: float,
    *,
    warm_up: float = 0.5,
    think: float | None = None,
    obey: bool = True,
    seed: int = 1,
) -> Figures:
    """Let all talk to 127.0.0.1:`port` at once; answers before `warm_up` are not counted."""
    if len(talks) > MAX_CONNECTIONS or seconds > MAX_SECONDS:
        raise ValueError(f"At most {MAX_CONNECTIONS} connections for {MAX_SECONDS:.0f} s; ask for less.")
    run = _Run(port, talks, think, obey, np.random.default_rng(seed))
    try:
        return run.go(seconds, warm_up)
    finally:
        run.close()


class _Run:
    def __init__(
        self, port: int, talks: Sequence[Talk], think: float | None, obey: bool, rng: np.random.Generator
    ) -> None:
        self.port, self.think, self.obey, self.rng = port, think, obey, rng
        self.selector = selectors.DefaultSelector()
        self.waiting: list[tuple[float, int, _Line]] = []
        self.serial = 0
        self.statuses: Counter[int] = Counter()
        self.latencies: list[float] = []
        self.broken = 0
        self.lines = [self._open(talk) for talk in talks]

    def _open(self, talk: Talk) -> _Line:
        line = _Line(talk, self._connect())
        self.selector.register(line.connection, selectors.EVENT_READ, line)
        return line

    def _connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setblocking(False)
        return connection

    def close(self) -> None:
        for line in self.lines:
            line.connection.close()
        self.selector.close()

    def go(self, seconds: float, warm_up: float) -> Figures:
        begin = time.perf_counter()
        for line in self.lines:
            line.request = line.talk(0, b"") or b""
            self._later(line, begin + (self.rng.exponential(self.think) if self.think else 0.0))
        self.counting = begin + warm_up
        end = begin + warm_up + seconds
        while (now := time.perf_counter()) < end:
            self._send_due(now)
            pause = min(end - now, self.waiting[0][0] - now if self.waiting else 0.1)
            for key, _ in self.selector.select(max(pause, 0.0)):
                self._read(key.data)
        return Figures(time.perf_counter() - self.counting, np.array(self.latencies), self.statuses, self.broken)

    def _later(self, line: _Line, due: float) -> None:
        if line.request:
            line.due = due
            self.serial += 1
            heapq.heappush(self.waiting, (due, self.serial, line))

    def _send_due(self, now: float) -> None:
        while self.waiting and self.waiting[0][0] <= now:
            line = heapq.heappop(self.waiting)[2]
            try:
                line.connection.send(line.request)
            except OSError:
                self._again(line)

    def _read(self, line: _Line) -> None:
        try:
            got = line.connection.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            got = b""
        if not got:
            self._again(line)
            return
        line.buffer += got
        answer = _whole(line.buffer)
        if answer is not None:
            status, body, retry = answer
            line.buffer.clear()
            self._answered(line, status, body, retry)

    def _answered(self, line: _Line, status: int, body: bytes, retry: float) -> None:
        now = time.perf_counter()
        if now >= self.counting:
            self.statuses[status] += 1
            if status < 300:
                self.latencies.append(now - line.due)
        if status == 503 and self.obey:
            self._later(line, now + retry * self.rng.uniform(0.5, 1.0))
            return
        line.request = line.talk(status, body) or b""
        if self.think is None:
            line.due = now
            if line.request:
                try:
                    line.connection.send(line.request)
                except OSError:
                    self._again(line)
        else:
            self._later(line, now + self.rng.exponential(self.think))

    def _again(self, line: _Line) -> None:
        """The connection broke: open another and send the same request once more, a little later."""
        self.broken += 1
        self.selector.unregister(line.connection)
        line.connection.close()
        line.buffer.clear()
        try:
            line.connection = self._connect()
        except OSError:
            line.connection = socket.socket()
        self.selector.register(line.connection, selectors.EVENT_READ, line)
        self._later(line, time.perf_counter() + 0.1)


def _whole(buffer: bytearray) -> tuple[int, bytes, float] | None:
    """(status, body, Retry-After) once the answer has arrived whole."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = bytes(buffer[:end]).lower()
    length = _header(head, b"content-length:", b"0")
    if len(buffer) > LONGEST_ANSWER:
        raise ValueError("An answer is longer than the load generator takes.")
    if len(buffer) < end + 4 + int(length):
        return None
    return int(head[9:12]), bytes(buffer[end + 4 :]), float(_header(head, b"retry-after:", b"1"))


def _header(head: bytes, name: bytes, default: bytes) -> bytes:
    at = head.find(name)
    if at < 0:
        return default
    line_end = head.find(b"\r\n", at)
    return head[at + len(name) : line_end if line_end >= 0 else len(head)].strip()


def post(path: str, secret: str, body: bytes) -> bytes:
    """A POST of JSON on a kept connection."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {secret}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body
