"""Journeys by chance over the real engine and a real PostgreSQL: whatever order things come in, the promises hold."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from engine.errors import AlreadyAnswered, EngineError, NoItemLeft, OutOfTurn, ReusedId, SittingOver, Unknown
from engine.journey import Journey
from engine.refusals import JourneyRefused
from engine.sessions import Given
from engine.storage import sessions
from engine.workflows.issue_credential import revoke_credit
from engine.workflows.open_attempt import open_attempt
from engine.workflows.replay import replay_sessions
from engine.workflows.rescore_item import Asked, apply_rescoring
from engine.workflows.show_sitting import Step, find_session
from engine.workflows.take_session import end_session, start_session
from engine.workflows.void_sitting import void_sitting
from tests.chaos.audit import stored_sittings
from tests.chaos.history import Exchange, faults
from tests.chaos.stage import Process, Stage

STATUS: dict[type[Exception], int] = {AlreadyAnswered: 409, OutOfTurn: 409, SittingOver: 409, ReusedId: 422}

EVERYTHING = {"pre_test", "post_test", "time_limit", "voided", "withdrawn", "revoked", "credit"}


@dataclass
class Sat:
    """What the walker knows of a sitting."""

    uuid: UUID
    occasion: str
    screen: tuple[int, str] | None
    items: list[str] = field(default_factory=list)
    given: list[Given] = field(default_factory=list)
    is_voided: bool = False


class Walk(RuleBasedStateMachine):
    """One learner, two tabs, two server processes, and staff who void, rescore and revoke."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.stage = stage
        self.sat: list[Sat] = []
        self.exchanges: list[Exchange] = []

    # ---- asking ----

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

    # ---- what may happen ----

    @initialize()
    def arrive(self) -> None:
        self.learner = self.stage.run(self.stage.account("learner"))
        self.name = f"learner-{self.learner}"
        assert self.view().credit is None
        self.start("pre_test", 0)

    @rule(occasion=st.sampled_from(["pre_test", "pre_test", "post_test"]), process=st.integers(0, 1))
    def start(self, occasion: str, process: int) -> None:
        may = [(one.action, one.occasion) for one in self.view().may]
        at = self.stage.processes[process]
        goes_on = self.is_running() and self.running.occasion == occasion
        sent_at = time.time()
        work = start_session(at.database, at.shelf, self.stage.institution, self.learner, self.attempt, occasion)
        try:
            told = self.stage.run(work)
        except JourneyRefused:
            assert ("start", occasion) not in may
            assert not goes_on
            return
        except NoItemLeft:
            return
        assert goes_on or ("start", occasion) in may
        assert told.is_new is not goes_on
        self.stage.reached[occasion] += 1
        if told.is_new:
            self.sat.append(Sat(told.session.uuid, occasion, None))
            self.showing(told)
        self._note(self.running, told, sent_at)

    @precondition(is_running)
    @rule(right=st.sampled_from([True, True, True, False]), process=st.integers(0, 1))
    def answer(self, right: bool, process: int) -> None:
        given = self.new_answer(right=right)
        told = self.send(process, given)
        assert isinstance(told, Step)
        assert told.is_new
        assert told.item is None or told.item.position == given.position + 1
        self.moved(told, given)

    @rule(process=st.integers(0, 1), right=st.sampled_from([True, True, True, False]))
    def sit_what_is_open(self, process: int, right: bool) -> None:
        """The sitting that runs, or the one that may be begun, to its end."""
        if not self.is_running():
            for one in self.view().may:
                if one.action == "start":
                    self.start(one.occasion, process)
                    break
        while self.is_running():
            self.answer(right, process)

    @precondition(lambda self: any(sat.given for sat in self.sat))
    @rule(process=st.integers(0, 1), which=st.integers(0, 10**6))
    def send_again(self, process: int, which: int) -> None:
        sat = [one for one in self.sat if one.given][-1]
        given = sat.given[which % len(sat.given)]
        told = self.send(process, given, sat)
        assert isinstance(told, Step)
        assert not told.is_new

    @precondition(lambda self: any(sat.given for sat in self.sat))
    @rule(process=st.integers(0, 1))
    def send_changed_under_the_same_id(self, process: int) -> None:
        sat = [one for one in self.sat if one.given][-1]
        assert isinstance(self.send(process, replace_answer(sat.given[-1]), sat), ReusedId)

    @precondition(is_running)
    @rule(process=st.integers(0, 1), away=st.sampled_from([-2, -1, 1, 2, 500]))
    def answer_out_of_turn(self, process: int, away: int) -> None:
        assert self.running.screen is not None
        given = self.new_answer(right=True, position=max(self.running.screen[0] + away, 0))
        if given.position != self.running.screen[0]:
            told = self.send(process, given)
            assert isinstance(told, AlreadyAnswered if away < 0 else OutOfTurn)

    @precondition(is_running)
    @rule(right=st.booleans(), alike=st.booleans())
    def two_tabs_at_once(self, right: bool, alike: bool) -> None:
        """Two tabs at two processes: one answer counts; the other is the same again, or too late."""
        first = self.new_answer(right=right)
        both = [first, first if alike else self.new_answer(right=not right)]

        async def press() -> list[Step | Exception]:
            return await asyncio.gather(
                *(self._send(at, self.running, given) for at, given in zip(self.stage.processes, both))
            )

        told = self.stage.run(press())
        taken = [(one, given) for one, given in zip(told, both) if isinstance(one, Step) and one.is_new]
        rest = [one for one in told if not (isinstance(one, Step) and one.is_new)]
        assert len(taken) == 1
        assert isinstance(rest[0], Step if alike else AlreadyAnswered | SittingOver)
        self.moved(*taken[0])

    @precondition(is_running)
    @rule()
    def the_service_is_away(self) -> None:
        """Time without service is given back, to the second."""
        self.stage.run(self.stage.beat())
        before = self.look(self.running).session.deadline
        back = "UPDATE service_pulse SET beat_at = clock_timestamp() - interval '2 minutes'"
        self.stage.run(self.stage.as_owner(back))
        given_back = self.stage.run(self.stage.beat())
        after = self.look(self.running).session.deadline
        assert before is not None
        assert after is not None
        assert (after - before).total_seconds() == pytest.approx(given_back, abs=1e-3)
        assert given_back == pytest.approx(120, abs=10)

    @precondition(is_running)
    @rule(process=st.integers(0, 1))
    def time_is_up(self, process: int) -> None:
        """An answer after the deadline ends the sitting and is not taken."""
        self.stage.run(self.stage.beat())
        late = "UPDATE session SET deadline = now() - interval '1 minute' WHERE uuid = $1"
        self.stage.run(self.stage.as_owner(late, self.running.uuid))
        told = self.stage.run(self.stage.processes[process].desk.answer(
            self.stage.institution, self.learner, self.running.uuid, lambda content: self.new_answer(right=True)
        ))  # fmt: skip
        assert (told.session.reason, told.item) == ("time_limit", None)
        assert told.session.position == len(self.running.given)
        self.running.screen = None
        self.stage.reached["time_limit"] += 1

    @precondition(is_running)
    @rule()
    def give_up(self) -> None:
        work = end_session(
            self.stage.database, self.stage.shelf, self.stage.institution, self.learner, self.running.uuid
        )
        told = self.stage.run(work)
        assert (told.session.reason, told.is_new) == ("ended_by_learner", True)
        self.running.screen = None

    @precondition(lambda self: bool(self.sat))
    @rule(which=st.integers(0, 10**6), uses_attempt=st.booleans())
    def void(self, which: int, uses_attempt: bool) -> None:
        sat, before = self.sat[which % len(self.sat)], self.view()
        work = void_sitting(
            self.stage.database, self.stage.shelf, self.stage.institution, self.stage.staff, "registrar", self.attempt,
            sat.uuid, "planted", uses_attempt=uses_attempt,
        )  # fmt: skip
        try:
            self.stage.run(work)
        except JourneyRefused:
            assert sat.is_voided or before.credit is not None
            return
        assert not sat.is_voided
        sat.is_voided, sat.screen = True, None
        self.stage.reached["voided"] += 1

    @precondition(lambda self: any(sat.given and sat.screen is None for sat in self.sat))
    @rule(which=st.integers(0, 10**6), hold_harmless=st.booleans())
    def withdraw_an_item(self, which: int, hold_harmless: bool) -> None:
        sat = [one for one in self.sat if one.given and one.screen is None][-1]
        item = sat.items[which % len(sat.given)]
        before = self.view()
        asked = Asked(bank="pressed", item=item, kind="withdraw", reason="planted", hold_harmless=hold_harmless)
        try:
            self.stage.run(
                apply_rescoring(
                    self.stage.database, self.stage.shelf, self.stage.institution, self.stage.staff, "registrar",
                    "R. Gistrar", asked,
                )
            )  # fmt: skip
        except EngineError:
            assert item in self.stage.withdrawn
            return
        self.stage.withdrawn.add(item)
        self.stage.reached["withdrawn"] += 1
        if hold_harmless and before.credit is not None:
            assert self.view().credit is not None

    @rule()
    def revoke(self) -> None:
        had = self.view().credit is not None
        work = revoke_credit(
            self.stage.database, self.stage.shelf, self.stage.institution, self.attempt, self.stage.staff, "registrar",
            "planted",
        )  # fmt: skip
        try:
            self.stage.run(work)
        except Unknown:
            assert not had
            return
        assert had
        assert self.view().credit is None
        self.stage.reached["revoked"] += 1

    # ---- what holds after every step ----

    def look(self, sat: Sat) -> Step:
        at = self.stage.processes[1]
        sent_at = time.time()
        told = self.stage.run(find_session(at.database, at.shelf, self.stage.institution, self.learner, sat.uuid))
        self._note(sat, told, sent_at)
        return told

    @invariant()
    def what_is_on_screen_stays_there(self) -> None:
        if self.is_running():
            item = self.look(self.running).item
            assert item is not None
            assert (item.position, item.item) == self.running.screen

    @invariant()
    def credit_rests_on_a_passed_post_test(self) -> None:
        journey = self.view()
        live = self.stage.run(self.live_credits())
        assert live == (journey.credit is not None)
        if journey.credit is not None:
            self.stage.reached["credit"] += 1
            (post,) = [one for one in journey.occasions if one.occasion == "post_test"]
            assert post.passed
            assert journey.credit_founded
            (counts,) = [sat for sat in self.sat if str(sat.uuid) == journey.credit.sitting]
            assert (counts.occasion, counts.is_voided) == ("post_test", False)
            assert any(sat.occasion == "pre_test" for sat in self.sat)

    async def live_credits(self) -> int:
        async with self.stage.database.transaction(self.stage.institution) as connection:
            query = "SELECT count(*) FROM credit WHERE account_id = $1 AND revoked_at IS NULL"
            return int(await connection.fetchval(query, self.learner))

    @invariant()
    def nothing_is_asked_twice(self) -> None:
        items = [item for sat in self.sat for item in sat.items]
        assert len(items) == len(set(items))

    def teardown(self) -> None:
        """The whole history before the judge, the record recomputed."""
        if not self.sat:
            return
        kept = self.stage.run(self.stored())
        late = [replace(sitting, deadline=None) if sitting.reason == "time_limit" else sitting for sitting in kept]
        assert faults(self.exchanges, late) == []
        assert {sitting.session: list(sitting.items) for sitting in kept} == {
            str(sat.uuid): sat.items for sat in self.sat
        }
        for sat in self.sat:
            replayed = self.stage.run(replay_sessions(self.stage.database, self.stage.institution, str(sat.uuid)))
            assert replayed.n_identical == replayed.n_sessions, replayed.differences

    async def stored(self) -> Any:
        async with self.stage.database.transaction(self.stage.institution) as connection:
            mine = await stored_sittings(connection, {self.sat[0].uuid: self.name})
            assert len(mine) == len([row for row in await sessions.every(connection) if row.account_id == self.learner])
            return mine


def seen(told: Step) -> dict[str, Any]:
    """A step as its learner sees it."""
    screen = None if told.item is None else (told.item.position, told.item.item)
    return {"status": 201 if told.is_new else 200, "on_screen": screen, "ended": told.session.reason}


def replace_answer(given: Given) -> Given:
    return Given(position=given.position, answer={"RESPONSE": ["Z"]}, client_id=given.client_id)


@pytest.fixture
def stage(database_dsn: str, tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(database_dsn, tmp_path)
    yield stage
    stage.close()


def walk(stage: Stage, n_walks: int, n_steps: int, *, derandomize: bool) -> None:
    run_state_machine_as_test(
        lambda: Walk(stage),
        settings=settings(
            max_examples=n_walks, stateful_step_count=n_steps, derandomize=derandomize, deadline=None, database=None,
            suppress_health_check=list(HealthCheck), print_blob=True,
        ),
    )  # fmt: skip


def test_walks_by_chance(stage: Stage) -> None:
    walk(stage, 12, 15, derandomize=True)
    assert set(stage.reached) == EVERYTHING


@pytest.mark.slow
def test_many_walks_by_chance(stage: Stage) -> None:
    walk(stage, 200, 40, derandomize=False)
    assert set(stage.reached) == EVERYTHING
