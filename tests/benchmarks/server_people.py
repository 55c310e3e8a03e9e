"""Who presses the answering endpoint: learners at their sittings, and senders of the empty request."""

from __future__ import annotations

from collections import deque
from uuid import UUID, uuid4

import numpy as np

from tests.benchmarks.load import Talk, post
from tests.benchmarks.server_bank import Seat

SITTINGS_EACH = 9
"""As many as the policy of `server_bank` allows."""


def empty_talk() -> Talk:
    """The same request for ever."""
    request = post(
        f"/api/v1/sessions/{uuid4()}/responses", "x", b'{"position":1,"answer":"A","id":"%s"}' % str(uuid4()).encode()
    )
    return lambda status, body: request


class Learner:
    """Answers one sitting after another; when the seats are used up, it goes home.

    Whoever stays (`again`) takes a seat's other sittings too. A learner keeps its place from one run to the next: it
    begins with the request that it had not seen answered.
    """

    def __init__(self, seats: deque[Seat], rng: np.random.Generator, *, again: bool = False) -> None:
        self.seats, self.rng, self.again = seats, rng, again
        self.seat: Seat | None = None
        self.request: bytes | None = None
        self.ended = self.odd = self.sittings = 0

    def __call__(self, status: int, body: bytes) -> bytes | None:
        if status == 0 and self.request is not None:
            return self.request
        self.request = self._next(status, body)
        return self.request

    def _next(self, status: int, body: bytes) -> bytes | None:
        if status not in (0, 200, 201):
            self.odd += 1
        at = body.find(b'"item":{"position":')
        if status in (200, 201) and at > 0:
            return self._answer(body, int(body[at + 19 : body.index(b",", at)]))
        self.ended += status in (200, 201)
        if self.again and self.seat is not None and status in (200, 201) and self.sittings < SITTINGS_EACH:
            self.sittings += 1
            return post(f"/api/v1/attempts/{self.seat.attempt}/sessions", self.seat.secret, b'{"occasion":"pre_test"}')
        if not self.seats:
            return None
        self.seat, self.sittings = self.seats.popleft(), 1
        return self._answer(b'{"uuid":"%s"' % str(self.seat.session).encode(), 0)

    def _answer(self, document: bytes, position: int) -> bytes:
        assert self.seat is not None
        choice = "ABCD"[int(self.rng.integers(4))]
        body = b'{"position":%d,"answer":"%s","id":"%s"}' % (
            position,
            choice.encode(),
            str(UUID(bytes=self.rng.bytes(16))).encode(),
        )
        return post(f"/api/v1/sessions/{document[9:45].decode()}/responses", self.seat.secret, body)
