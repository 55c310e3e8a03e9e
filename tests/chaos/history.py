"""A judge of histories: what learners sent and were told, held against what the database keeps.

Pure. A history is a list of exchanges, each an interval of time, and the stored sittings. Every law is a function
that yields what it finds wrong; a history is sound when no law finds anything. The laws never ask how the service
works: they hold for every service that keeps an acknowledged answer, once, under the item that was on screen.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "lost", "changed", "doubled", "gap", "never sent", "somebody else's", "another item", "item twice", "went back",
    "new twice", "repeat of nothing", "refused but stored", "told before written", "written before sent", "too late",
    "after the end", "other score", "end lost", "ended twice", "two open", "two credits", "our fault", "no Retry-After",
]  # fmt: skip
GRACE_SECONDS = 5.0
TAKEN = frozenset({200, 201})


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request about a sitting and what came back. Without `client_id` it only looked; times are seconds.

    `status`: None when no whole answer came back, so that nobody knows what became of it. `on_screen`: the position and
    item it was shown. `ended`: the reason, when the sitting was told to be over; `score`: the decision it was told.
    """

    learner: str
    session: str
    sent_at: float
    told_at: float
    status: int | None
    retry_after: bool = False
    client_id: str | None = None
    position: int | None = None
    answer: str | None = None
    on_screen: tuple[int, str] | None = None
    ended: str | None = None
    score: str | None = None

    @property
    def is_taken(self) -> bool:
        """Whether it was acknowledged."""
        return self.client_id is not None and self.status in TAKEN

    @property
    def is_open(self) -> bool:
        """Whether its sender cannot know what became of it."""
        return self.status is None or self.status >= 500

    @property
    def place(self) -> str:
        """Where to look."""
        return f"{self.session}, position {self.position}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnswer:
    """An answer as it is kept; `answered_at` by the database's clock."""

    position: int
    client_id: str
    answer: str
    answered_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSitting:
    """A sitting as it is kept. `recomputed`: the estimate that its stored answers give; `endings`: ends in the log."""

    session: str
    learner: str
    attempt: str
    items: tuple[str, ...]
    answers: tuple[StoredAnswer, ...]
    estimate: tuple[float, float]
    recomputed: tuple[float, float]
    deadline: float | None = None
    finished_at: float | None = None
    reason: str | None = None
    score: str | None = None
    endings: int = 0
    credits: int = 0


@dataclass(frozen=True, slots=True)
class Fault:
    """What a law found, and where."""

    kind: Kind
    where: str


def faults(exchanges: Sequence[Exchange], sittings: Sequence[StoredSitting]) -> list[Fault]:
    """Everything wrong with a history; empty when it is sound."""
    return [
        *_answers_of_the_service(exchanges), *_acknowledged_is_kept(exchanges, sittings), *_kept_once(sittings),
        *_kept_was_sent(exchanges, sittings), *_one_item_a_position(exchanges, sittings), *_never_back(exchanges),
        *_new_once(exchanges), *_in_time(exchanges, sittings), *_same_score(exchanges, sittings),
        *_ends_once(exchanges, sittings), *_one_of_each(sittings),
    ]  # fmt: skip


def _answers_of_the_service(exchanges: Iterable[Exchange]) -> Iterator[Fault]:
    """Overload and outage are 503 with the time to come back; nothing else of the service's own is an answer."""
    for exchange in exchanges:
        if exchange.status == 503 and not exchange.retry_after:
            yield Fault("no Retry-After", exchange.place)
        elif exchange.status is not None and exchange.status >= 500 and exchange.status != 503:
            yield Fault("our fault", f"{exchange.place}: {exchange.status}")


def _acknowledged_is_kept(exchanges: Iterable[Exchange], sittings: Iterable[StoredSitting]) -> Iterator[Fault]:
    kept = {(sitting.session, answer.client_id): answer for sitting in sittings for answer in sitting.answers}
    known = {sitting.session for sitting in sittings}
    for exchange in exchanges:
        if exchange.client_id is None and exchange.status in TAKEN and exchange.session not in known:
            yield Fault("lost", f"{exchange.session}, the whole sitting")
        if exchange.is_taken and exchange.client_id is not None:
            answer = kept.get((exchange.session, exchange.client_id))
            if answer is None:
                yield Fault("lost", exchange.place)
            elif (answer.position, answer.answer) != (exchange.position, exchange.answer):
                yield Fault("changed", exchange.place)


def _kept_once(sittings: Iterable[StoredSitting]) -> Iterator[Fault]:
    ids: Counter[str] = Counter()
    for sitting in sittings:
        ids.update(answer.client_id for answer in sitting.answers)
        positions = Counter(answer.position for answer in sitting.answers)
        if any(count > 1 for count in positions.values()):
            yield Fault("doubled", sitting.session)
        if set(positions) != set(range(len(positions))):
            yield Fault("gap", sitting.session)
        if len(set(sitting.items)) < len(sitting.items):
            yield Fault("item twice", sitting.session)
    yield from (Fault("doubled", client_id) for client_id, count in ids.items() if count > 1)


def _kept_was_sent(exchanges: Iterable[Exchange], sittings: Iterable[StoredSitting]) -> Iterator[Fault]:
    """Nothing is kept that nobody sent, that somebody else sent, or that was refused to whoever sent it."""
    sent = defaultdict(list)
    for exchange in exchanges:
        if exchange.client_id is not None:
            sent[exchange.session, exchange.client_id].append(exchange)
    for sitting in sittings:
        for answer in sitting.answers:
            where = f"{sitting.session}, position {answer.position}"
            alike = [
                exchange for exchange in sent[sitting.session, answer.client_id]
                if (exchange.position, exchange.answer) == (answer.position, answer.answer)
            ]  # fmt: skip
            if not alike:
                yield Fault("never sent", where)
            elif all(exchange.learner != sitting.learner for exchange in alike):
                yield Fault("somebody else's", where)
            elif not any(exchange.is_taken or exchange.is_open for exchange in alike):
                yield Fault("refused but stored", where)


def _one_item_a_position(exchanges: Iterable[Exchange], sittings: Iterable[StoredSitting]) -> Iterator[Fault]:
    """Whoever looks, whenever, at whichever server: one position of a sitting shows one item."""
    first = {(sitting.session, at): item for sitting in sittings for at, item in enumerate(sitting.items)}
    for exchange in exchanges:
        if exchange.on_screen is not None:
            position, item = exchange.on_screen
            if first.setdefault((exchange.session, position), item) != item:
                yield Fault("another item", f"{exchange.session}, position {position}")


def _never_back(exchanges: Iterable[Exchange]) -> Iterator[Fault]:
    """What somebody was told is true for everybody who asks afterwards: no position comes back, no end is undone."""
    by_session = defaultdict(list)
    for exchange in exchanges:
        by_session[exchange.session].append(exchange)
    for session, own in by_session.items():
        told = sorted((exchange.told_at, _reached(exchange)) for exchange in own if _reached(exchange) is not None)
        reached, known = -1.0, iter([*told, (float("inf"), None)])
        moment, reaching = next(known)
        for exchange in sorted(own, key=lambda exchange: exchange.sent_at):
            while reaching is not None and moment < exchange.sent_at:
                reached = max(reached, reaching)
                moment, reaching = next(known)
            if exchange.on_screen is not None and exchange.on_screen[0] < reached:
                yield Fault("went back", f"{session}: position {exchange.on_screen[0]} after {reached}")


def _reached(exchange: Exchange) -> float | None:
    """The position that the sitting stood at, or beyond, when this was told; infinity when it was over."""
    if exchange.ended is not None:
        return float("inf")
    shown = None if exchange.on_screen is None else float(exchange.on_screen[0])
    if exchange.is_taken and exchange.position is not None:
        return max(exchange.position + 1.0, shown or 0.0)
    return shown


def _new_once(exchanges: Iterable[Exchange]) -> Iterator[Fault]:
    """An answer is new once; it is a repeat only when it was under way before."""
    sendings = defaultdict(list)
    for exchange in exchanges:
        if exchange.client_id is not None:
            sendings[exchange.session, exchange.client_id].append(exchange)
    for (session, client_id), own in sendings.items():
        known_at = min((exchange.told_at for exchange in own if exchange.is_taken), default=float("inf"))
        fresh = [exchange for exchange in own if exchange.status == 201]
        if len(fresh) > 1 or any(exchange.sent_at > known_at for exchange in fresh):
            yield Fault("new twice", f"{session}, {client_id}")
        for exchange in own:
            others = (other for other in own if other is not exchange and other.sent_at <= exchange.told_at)
            if exchange.status == 200 and not any(other.is_open or other.status == 201 for other in others):
                yield Fault("repeat of nothing", exchange.place)


def _in_time(exchanges: Iterable[Exchange], sittings: Iterable[StoredSitting]) -> Iterator[Fault]:
    """Sent, then written, then told; before the deadline and before the end."""
    sent: defaultdict[tuple[str, str | None], float] = defaultdict(lambda: float("inf"))
    told: defaultdict[tuple[str, str | None], float] = defaultdict(lambda: float("inf"))
    for exchange in exchanges:
        key = exchange.session, exchange.client_id
        sent[key] = min(sent[key], exchange.sent_at)
        if exchange.is_taken:
            told[key] = min(told[key], exchange.told_at)
    for sitting in sittings:
        for answer in sitting.answers:
            stored: tuple[str, str | None] = (sitting.session, answer.client_id)
            at, where = answer.answered_at, f"{sitting.session}, position {answer.position}"
            if at > told[stored]:
                yield Fault("told before written", where)
            if stored in sent and at < sent[stored]:
                yield Fault("written before sent", where)
            if sitting.deadline is not None and at > sitting.deadline + GRACE_SECONDS:
                yield Fault("too late", where)
            if sitting.finished_at is not None and at > sitting.finished_at:
                yield Fault("after the end", where)


def _same_score(exchanges: Iterable[Exchange], sittings: Iterable[StoredSitting]) -> Iterator[Fault]:
    """The estimate is, bit for bit, what the answers give; the decision is the one that was told."""
    decided = {sitting.session: sitting.score for sitting in sittings}
    yield from (Fault("other score", sitting.session) for sitting in sittings if sitting.estimate != sitting.recomputed)
    for exchange in exchanges:
        if exchange.score is not None and decided.get(exchange.session, exchange.score) != exchange.score:
            yield Fault("other score", exchange.session)


def _ends_once(exchanges: Iterable[Exchange], sittings: Iterable[StoredSitting]) -> Iterator[Fault]:
    """An open sitting shows one item more than it has answers; an ended one ended once, as it was told."""
    reasons = {sitting.session: sitting.reason for sitting in sittings}
    for sitting in sittings:
        is_over = sitting.finished_at is not None
        if sitting.endings > is_over:
            yield Fault("ended twice", sitting.session)
        if sitting.endings < is_over or (not is_over and len(sitting.items) != len(sitting.answers) + 1):
            yield Fault("end lost", sitting.session)
    for exchange in exchanges:
        if exchange.ended is not None and reasons.get(exchange.session, exchange.ended) != exchange.ended:
            yield Fault("end lost", exchange.session)


def _one_of_each(sittings: Iterable[StoredSitting]) -> Iterator[Fault]:
    """One open sitting and one credit an attempt."""
    is_open = Counter(sitting.attempt for sitting in sittings if sitting.finished_at is None)
    yield from (Fault("two open", attempt) for attempt, count in is_open.items() if count > 1)
    credits = {sitting.attempt: sitting.credits for sitting in sittings}
    yield from (Fault("two credits", attempt) for attempt, count in credits.items() if count > 1)
