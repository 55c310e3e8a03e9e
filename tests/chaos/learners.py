"""Learners who answer and never give up, and who write down all they sent and were told."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any
from uuid import uuid4

from tests.benchmarks.server_bank import Seat
from tests.chaos.history import Exchange

PATIENCE = 90.0


@dataclass
class Learner:
    """Answers one item after another; sends the same answer again until somebody acknowledges it.

    Whose road has ended (credit awarded, every item seen) leaves the chair to the next who waits.
    """

    waiting: SimpleQueue[Seat]
    ports: Sequence[int]
    pause: float
    seed: int
    history: list[Exchange] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    retries: int = 0
    n_acknowledged: int = 0
    seats: list[Seat] = field(default_factory=list)

    def run(self, stop: threading.Event) -> None:
        """Until told to stop; an answer under way is brought home first, and at the end the sitting is looked at."""
        try:
            self._sit(stop)
        except Exception as error:
            self.odd.append(f"a learner stumbled over {error!r}")
            raise

    def _sit(self, stop: threading.Event) -> None:
        self._random = random.Random(self.seed)
        self._line: http.client.HTTPConnection | None = None
        session, document = self._sit_down()
        while document is not None and not stop.is_set():
            status, document = self._answer(session, document["item"]["position"])
            if status not in (200, 201):
                self.odd.append(f"{status} for an answer in {session}: {document.get('detail')}")
                break
            self.n_acknowledged += 1
            if self._random.random() < 0.15:  # what was told is true at every server
                self._hang_up()
                self._look(session)
            if document["item"] is None:
                session, document = self._next_sitting()
            stop.wait(self.pause)
        self._look(session)
        self._hang_up()

    def _sit_down(self) -> tuple[str, Any]:
        """Take the next seat; without one, say so and stop."""
        try:
            self.seats.append(self.waiting.get_nowait())
        except Empty:
            self.odd.append("more seats are needed for so many answers")
            return "none", None
        session = str(self.seats[-1].session)
        status, document = self._look(session)
        return session, document if status == 200 else None

    def _look(self, session: str) -> tuple[int, Any]:
        return self._ask("GET", f"/api/v1/sessions/{session}", session)

    def _answer(self, session: str, position: int) -> tuple[int, Any]:
        sent = {"position": position, "answer": self._random.choice("ABCD"), "id": str(uuid4())}
        return self._ask("POST", f"/api/v1/sessions/{session}/responses", session, sent)

    def _next_sitting(self) -> tuple[str, Any]:
        """Another sitting of the attempt; the next learner's when this one may not sit any more."""
        status, attempts = self._ask("GET", "/api/v1/attempts")
        if status == 200:
            path = f"/api/v1/attempts/{attempts[0]['uuid']}/sessions"
            status, document = self._ask("POST", path, "", {"occasion": "pre_test"})
            if status in (200, 201):
                return document["uuid"], document
        if status != 409:
            self.odd.append(f"{status} for another sitting")
        return self._sit_down()

    def _ask(self, method: str, path: str, session: str | None = None, body: Any = None) -> tuple[int, Any]:
        """Ask until somebody answers who is not overloaded, without a database or gone."""
        began = time.monotonic()
        while True:
            status, document = self._once(method, path, session, body)
            if status is not None and status < 500:
                return status, document
            self.retries += 1
            if time.monotonic() - began > PATIENCE:
                self.odd.append(f"nobody answered {method} {path} for {PATIENCE:.0f} s")
                return 599, {}
            time.sleep(0.05 + 0.1 * self._random.random())

    def _once(self, method: str, path: str, session: str | None, body: Any) -> tuple[int | None, Any]:
        sent_at, retry_after = time.time(), False
        try:
            status, retry_after, document = self._exchange(method, path, body)
        except (OSError, http.client.HTTPException, ValueError):
            status, document = None, {}
            self._hang_up()
        if session is not None:
            self.history.append(
                told(document, session or document.get("uuid", "none yet"), body, status, self.seats[-1].secret)(
                    sent_at=sent_at, told_at=time.time(), retry_after=retry_after
                )
            )
        elif status is not None and status >= 500 and not (status == 503 and retry_after):
            self.odd.append(f"{status} for {method} {path}")
        return status, document

    def _exchange(self, method: str, path: str, body: Any) -> tuple[int, bool, Any]:
        if self._line is None:
            self._line = http.client.HTTPConnection("127.0.0.1", self._random.choice(self.ports), timeout=10)
        headers = {"Authorization": f"Bearer {self.seats[-1].secret}"}
        payload = None
        if body is not None:
            payload = json.dumps(body)
            headers["Content-Type"] = "application/json"
        self._line.request(method, path, payload, headers)
        answer = self._line.getresponse()
        return answer.status, answer.getheader("Retry-After") is not None, json.loads(answer.read())

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
        self._line = None


def told(document: Any, session: str, body: Any, status: int | None, learner: str) -> Callable[..., Exchange]:
    """An exchange as it stands in the history, but for its times."""
    known: dict[str, Any] = {"learner": learner, "session": session, "status": status}
    if body is not None and "id" in body:
        known |= {"client_id": body["id"], "position": body["position"], "answer": body["answer"]}
    if status in (200, 201):
        item = document["item"]
        known["on_screen"] = None if item is None else (item["position"], item["item"])
        known["ended"] = document["reason"]
        known["score"] = written(document["decision"])
    return lambda **times: Exchange(**known, **times)


def written(decision: Any) -> str | None:
    """A decision as a text that can be compared."""
    return None if decision is None else json.dumps(decision, sort_keys=True)


@contextlib.contextmanager
def answering(
    seats: Sequence[Seat], ports: Sequence[int], n_learners: int | None = None, pause: float = 0.02
) -> Iterator[list[Learner]]:
    """Learners at work while the block runs; at its end every answer under way has been brought home.

    There may be more seats than learners: the others wait.
    """
    waiting: SimpleQueue[Seat] = SimpleQueue()
    for seat in seats:
        waiting.put(seat)
    learners = [Learner(waiting, ports, pause, number) for number in range(n_learners or len(seats))]
    stop = threading.Event()
    threads = [threading.Thread(target=learner.run, args=(stop,)) for learner in learners]
    for thread in threads:
        thread.start()
    try:
        yield learners
    finally:
        stop.set()
        for thread in threads:
            thread.join(2 * PATIENCE)


def wait_for_answers(learners: Sequence[Learner], each: int) -> None:
    """Until every learner has so many more answers acknowledged; those who have stopped are not waited for.

    Raises:
        TimeoutError: naming those who did not get there.
    """
    goal = {id(learner): learner.n_acknowledged + each for learner in learners}
    give_up = time.monotonic() + PATIENCE
    while behind := [one for one in learners if one.n_acknowledged < goal[id(one)] and not one.odd]:
        if time.monotonic() > give_up:
            raise TimeoutError(f"{len(behind)} of {len(learners)} learners get no answer acknowledged any more.")
        time.sleep(0.01)


def longest_waits(learners: Sequence[Learner], moments: Sequence[float]) -> list[float]:
    """For each moment the longest that anybody waited, from then, for the answer that was under way."""
    spans: dict[str, tuple[float, float]] = {}
    for learner in learners:
        for exchange in learner.history:
            if exchange.client_id is not None:
                first = spans.get(exchange.client_id, (exchange.sent_at, 0.0))[0]
                spans[exchange.client_id] = first, exchange.told_at
    return [
        max((told_at - moment for first, told_at in spans.values() if first <= moment < told_at), default=0.0)
        for moment in moments
    ]
