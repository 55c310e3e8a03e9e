"""Who walks: what they know of their sittings, how they ask, and what they write down for the judge of histories."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from hypothesis.stateful import RuleBasedStateMachine

from engine.accommodations import Accommodation
from engine.errors import AlreadyAnswered, EngineError, OutOfTurn, ReusedId, SittingOver, SittingPaused
from engine.journey import Journey
from engine.sessions import Given
from engine.workflows.open_attempt import open_attempt
from engine.workflows.show_sitting import Step, find_session
from tests.chaos.history import Exchange
from tests.chaos.stage import Process, Stage

STATUS: dict[type[Exception], int] = {
    AlreadyAnswered: 409, OutOfTurn: 409, SittingOver: 409, SittingPaused: 409, ReusedId: 422,
}  # fmt: skip


@dataclass
class Sat:
    """What the walker knows of a sitting."""

    uuid: UUID
    occasion: str
    screen: tuple[int, str] | None
    items: list[str] = field(default_factory=list)
    given: list[Given] = field(default_factory=list)
    is_voided: bool = False
    pauses: int = 0
    is_resting: bool = False
    added: float = 0.0
    longest: int = 0
    first_rest: float = 0.0

    def paused(self, added: float, minutes: int) -> None:
        """A pause, or the same once more: in all at most one pause's length beyond what can have been rested."""
        if not self.is_resting:
            self.pauses, self.is_resting, self.longest = self.pauses + 1, True, max(self.longest, 60 * minutes)
            self.first_rest = self.first_rest or time.time()
        self.added += added
        assert self.added <= self.longest + time.time() - self.first_rest + 1


class Walker(RuleBasedStateMachine):
    """One learner, two tabs, two server processes."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.stage = stage
        self.sat: list[Sat] = []
        self.exchanges: list[Exchange] = []
        self.granted = Accommodation()
        self.is_erased = False

    def view(self) -> Journey:
        opened, _ = self.stage.run(
            open_attempt(
                self.stage.database, self.stage.shelf, self.stage.institution, self.learner, self.name, "pressed"
            )
        )
        self.attempt = opened.attempt.uuid
        return opened.journey

    @property
    def running(self) -> Sat:
        return self.sat[-1]

    def is_running(self) -> bool:
        return bool(self.sat) and self.sat[-1].screen is not None

    def is_here(self) -> bool:
        return not self.is_erased

    async def _send(self, at: Process, sat: Sat, given: Given) -> Step | Exception:
        sent_at = time.time()
        try:
            told: Step | Exception = await at.desk.answer(
                self.stage.institution, self.learner, sat.uuid, lambda content: given
            )
        except EngineError as error:
            told = error
        self._note(sat, told, sent_at, given)
        return told

    def _note(self, sat: Sat, told: Step | Exception, sent_at: float, given: Given | None = None) -> None:
        """Keep for the judge of histories what was sent and told."""
        fields: dict[str, Any] = {"status": STATUS[type(told)]} if isinstance(told, Exception) else seen(told)
        if given is not None:
            ((value,),) = given.answer.values()
            fields |= {"client_id": str(given.client_id), "position": given.position, "answer": value}
        self.exchanges.append(
            Exchange(learner=self.name, session=str(sat.uuid), sent_at=sent_at, told_at=time.time(), **fields)
        )

    def send(self, process: int, given: Given, sat: Sat | None = None) -> Step | Exception:
        return self.stage.run(self._send(self.stage.processes[process], sat or self.running, given))

    def new_answer(self, *, right: bool, position: int | None = None) -> Given:
        assert self.running.screen is not None
        at, item = self.running.screen
        key = "ABCD"[int(item.rsplit("-", 1)[1]) % 4]
        value = key if right else "ABCD"[("ABCD".index(key) + 1) % 4]
        return Given(position=at if position is None else position, answer={"RESPONSE": [value]}, client_id=uuid4())

    def moved(self, told: Step, given: Given) -> None:
        """The model follows an answer that was taken."""
        self.running.given.append(given)
        self.showing(told)

    def showing(self, told: Step) -> None:
        self.running.screen = None if told.item is None else (told.item.position, told.item.item)
        if told.item is not None:
            self.running.items.append(told.item.item)

    def look(self, sat: Sat) -> Step:
        at = self.stage.processes[1]
        sent_at = time.time()
        told = self.stage.run(find_session(at.database, at.shelf, self.stage.institution, self.learner, sat.uuid))
        self._note(sat, told, sent_at)
        return told


def seen(told: Step) -> dict[str, Any]:
    """A step as its learner sees it."""
    screen = None if told.item is None else (told.item.position, told.item.item)
    return {"status": 201 if told.is_new else 200, "on_screen": screen, "ended": told.session.reason}


def replace_answer(given: Given) -> Given:
    (value,) = given.answer["RESPONSE"]
    return Given(
        position=given.position, answer={"RESPONSE": ["B" if value == "A" else "A"]}, client_id=given.client_id
    )


def is_running(walk: Walker) -> bool:
    return walk.is_running()


def is_here(walk: Walker) -> bool:
    return walk.is_here()


def has_answered(walk: Walker) -> bool:
    return walk.is_here() and any(sat.given for sat in walk.sat)
