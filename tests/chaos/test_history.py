"""The judge of histories lets every sound history pass and rejects each kind of forged one."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chaos.history import GRACE_SECONDS, Exchange, Kind, StoredAnswer, StoredSitting, faults

History = tuple[list[Exchange], list[StoredSitting]]


@dataclass
class Walk:
    """A learner at a service that keeps its word: lines break, answers are sent again, a second tab lags behind."""

    rng: random.Random
    name: str
    clock: float = 1000.0
    items: list[str] = field(default_factory=lambda: ["item-0"])
    answers: list[StoredAnswer] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    finished_at: float | None = None

    def walk(self, length: int) -> StoredSitting:
        """Answer until there are so many answers; each one may be sent often before it is acknowledged."""
        while len(self.answers) < length:
            self._answer(length)
            if self.rng.random() < 0.3:
                self._tell(self._span())
        if self.rng.random() < 0.5:
            self._late_tab()
        over = self.finished_at is not None
        estimate = (self.rng.gauss(0, 1), self.rng.random())
        return StoredSitting(
            session=self.name, learner=self.name, attempt=self.name, items=tuple(self.items),
            answers=tuple(self.answers), estimate=estimate, recomputed=estimate, deadline=self.clock + 60,
            finished_at=self.finished_at, reason="precise" if over else None, score="passed" if over else None,
            endings=int(over), credits=int(over),
        )  # fmt: skip

    def _answer(self, length: int) -> None:
        client_id, answer = f"{self.name}-{len(self.answers)}", self.rng.choice("ABCD")
        position, is_stored = len(self.answers), False
        while True:
            fate = self.rng.random()
            span = self._span()
            sent = {"client_id": client_id, "position": position, "answer": answer}
            if fate < 0.15:  # never arrived, or refused for a while
                self._tell(span, status=self.rng.choice((None, 503)), **sent)
                continue
            was_stored, is_stored = is_stored, True
            if not was_stored:
                self._store(client_id, answer, span, is_last=position + 1 == length and self.name.endswith("over"))
            if fate < 0.35:  # written, but the reply was lost
                self._tell(span, status=None, **sent)
                continue
            self._tell(span, status=200 if was_stored else 201, **sent)
            return

    def _store(self, client_id: str, answer: str, span: tuple[float, float], *, is_last: bool) -> None:
        at = sum(span) / 2
        self.answers.append(
            StoredAnswer(position=len(self.answers), client_id=client_id, answer=answer, answered_at=at)
        )
        if is_last:
            self.finished_at = at
        else:
            self.items.append(f"item-{len(self.items)}")

    def _late_tab(self) -> None:
        """A tab that still shows an earlier item sends another answer for it, and is refused."""
        self._tell(self._span(), status=409, client_id=f"{self.name}-late", position=0, answer="A")

    def _span(self) -> tuple[float, float]:
        began = self.clock
        self.clock += self.rng.uniform(0.001, 0.1)
        return began, self.clock

    def _tell(self, span: tuple[float, float], status: int | None = 200, **sent: object) -> None:
        knows, over = status in (200, 201), self.finished_at is not None
        self.exchanges.append(
            Exchange(
                learner=self.name, session=self.name, sent_at=span[0], told_at=span[1], status=status,
                retry_after=status == 503,
                on_screen=(len(self.items) - 1, self.items[-1]) if knows and not over else None,
                ended="precise" if knows and over else None, score="passed" if knows and over else None, **sent,
            )  # type: ignore[arg-type]
        )  # fmt: skip


def sound(seed: int) -> History:
    """One open and one finished sitting of eight answers, each told on the way."""
    rng = random.Random(seed)
    walks = [Walk(rng, "open"), Walk(rng, "over")]
    sittings = [walk.walk(8) for walk in walks]
    return [exchange for walk in walks for exchange in walk.exchanges], sittings


@given(st.integers(0, 10**9))
@settings(deadline=None, max_examples=200)
def test_sound_histories_pass(seed: int) -> None:
    assert faults(*sound(seed)) == []


def stored(history: History, change: Callable[[list[StoredAnswer]], list[StoredAnswer]]) -> History:
    """With other answers in the open sitting."""
    exchanges, (first, second) = history
    return exchanges, [replace(first, answers=tuple(change(list(first.answers)))), second]


def sitting(history: History, at: int, **changes: object) -> History:
    exchanges, sittings = history
    sittings[at] = replace(sittings[at], **changes)  # type: ignore[arg-type]
    return exchanges, sittings


def told(history: History, which: Callable[[Exchange], bool], **changes: object) -> History:
    """With the last exchange of a kind told otherwise."""
    exchanges, sittings = history
    at = max(number for number, exchange in enumerate(exchanges) if which(exchange))
    exchanges[at] = replace(exchanges[at], **changes)  # type: ignore[arg-type]
    return exchanges, sittings


def taken(exchange: Exchange) -> bool:
    return exchange.is_taken and exchange.session == "open"


def one_more(history: History, **fields: object) -> History:
    """With one exchange more, at the very end."""
    moment = max(exchange.told_at for exchange in history[0]) + 1
    known: dict[str, object] = {"learner": "open", "session": "open", "sent_at": moment, "told_at": moment + 0.1}
    return [*history[0], Exchange(**{**known, **fields})], history[1]  # type: ignore[arg-type]


def last(answers: list[StoredAnswer], **changes: object) -> list[StoredAnswer]:
    return [*answers[:-1], replace(answers[-1], **changes)]  # type: ignore[arg-type]


def acknowledged_first(history: History) -> History:
    """The acknowledgement moved to before the moment of writing, the sending with it."""
    at = history[1][0].answers[-1].answered_at
    late = history[1][0].answers[-1].client_id
    return told(history, lambda exchange: taken(exchange) and exchange.client_id == late, told_at=at - 1e-4)


FORGERIES: dict[str, tuple[Kind, Callable[[History], History]]] = {
    "an acknowledged answer is gone": ("lost", lambda h: stored(h, lambda answers: answers[:-1])),
    "a sitting that was shown is gone": ("lost", lambda h: (h[0], h[1][1:])),
    "another answer is stored under its id": ("changed", lambda h: stored(h, lambda a: last(a, answer="Z"))),
    "it is stored at another position": ("changed", lambda h: stored(h, lambda a: last(a, position=3))),
    "an answer is stored twice": (
        "doubled", lambda h: stored(h, lambda a: [*a, replace(a[-1], position=len(a))])),
    "two answers stand at one position": (
        "doubled", lambda h: stored(h, lambda a: [*a, replace(a[-1], client_id="second")])),
    "a position was jumped over": ("gap", lambda h: stored(h, lambda a: a[:2] + a[3:])),
    "an answer that nobody sent": (
        "never sent", lambda h: stored(h, lambda a: [*a, replace(a[-1], position=len(a), client_id="nobody")])),
    "an answer into somebody else's sitting": ("somebody else's", lambda h: sitting(h, 0, learner="over")),
    "two items for one position": (
        "another item", lambda h: told(h, lambda e: e.on_screen is not None, on_screen=(3, "item-99"))),
    "an item was shown twice": (
        "item twice", lambda h: sitting(h, 0, items=(*h[1][0].items[:-1], h[1][0].items[0]))),
    "a later look shows an earlier position": (
        "went back", lambda h: one_more(h, status=200, on_screen=(4, "item-4"))),
    "an ended sitting goes on": (
        "went back", lambda h: one_more(h, learner="over", session="over", status=200, on_screen=(7, "item-7"))),
    "an answer is new a second time": (
        "new twice",
        lambda h: one_more(h, status=201, client_id="open-3", position=3, answer=h[1][0].answers[3].answer)),
    "a repeat of what was never sent": (
        "repeat of nothing",
        lambda h: told(h, lambda e: taken(e) and is_first(h, e), status=200)),
    "refused, and stored all the same": (
        "refused but stored", lambda h: ([
            replace(e, status=409) if e.client_id == "open-5" else e for e in h[0]], h[1])),
    "acknowledged before it was written": ("told before written", acknowledged_first),
    "written before it was sent": (
        "written before sent", lambda h: stored(h, lambda a: last(a, answered_at=1.0))),
    "taken after the deadline": (
        "too late", lambda h: sitting(h, 0, deadline=h[1][0].answers[-1].answered_at - GRACE_SECONDS - 0.001)),
    "taken after the end": (
        "after the end", lambda h: sitting(h, 1, finished_at=h[1][1].answers[-2].answered_at)),
    "the estimate differs in its last bit": (
        "other score", lambda h: sitting(h, 0, estimate=(h[1][0].estimate[0], h[1][0].estimate[1] + 2**-53))),
    "the decision is not the one that was told": ("other score", lambda h: sitting(h, 1, score="failed")),
    "it ended for another reason": ("end lost", lambda h: sitting(h, 1, reason="time_limit")),
    "an end without its line in the log": ("end lost", lambda h: sitting(h, 1, endings=0)),
    "the next item is missing": ("end lost", lambda h: sitting(h, 0, items=h[1][0].items[:-1])),
    "ended twice": ("ended twice", lambda h: sitting(h, 1, endings=2)),
    "two open sittings": ("two open", lambda h: (h[0], [*h[1], replace(h[1][0], session="third")])),
    "credit twice": ("two credits", lambda h: sitting(h, 1, credits=2)),
    "an answer of 500": ("our fault", lambda h: one_more(h, status=500)),
    "503 without a time to come back": ("no Retry-After", lambda h: one_more(h, status=503)),
}  # fmt: skip


def is_first(history: History, exchange: Exchange) -> bool:
    """Whether an answer was sent only once."""
    return sum(other.client_id == exchange.client_id for other in history[0]) == 1


@pytest.mark.parametrize("name", FORGERIES)
def test_forged_histories_are_rejected(name: str) -> None:
    kind, forge = FORGERIES[name]
    for seed in range(25):
        found = {fault.kind for fault in faults(*forge(sound(seed)))}
        assert kind in found, (seed, found)


def test_every_kind_of_fault_is_forged() -> None:
    assert {kind for kind, _ in FORGERIES.values()} == set(get_args(Kind))
