"""What a learner may do in a walk, in whatever order, and what must come of it."""

from __future__ import annotations

import asyncio
import time

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from engine.errors import AlreadyAnswered, NoItemLeft, OutOfTurn, ReusedId, SittingOver, SittingPaused
from engine.refusals import JourneyRefused
from engine.workflows.show_sitting import Step
from engine.workflows.take_session import end_session, start_session
from tests.chaos.pause_rules import PauseRules
from tests.chaos.walker import Sat, has_answered, is_here, is_running, replace_answer


class LearnerRules(PauseRules):
    """Starts, answers, repeats, gives up, rests."""

    @initialize(pauses=st.sampled_from([2, 0]))
    def arrive(self, pauses: int) -> None:
        self.learner = self.stage.run(self.stage.account("learner", "Ada Walker"))
        self.name = f"learner-{self.learner}"
        assert self.view().credit is None
        self.grant(pauses, 5, 0)
        self.start("pre_test", 0)

    @precondition(is_here)
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
        if self.running.is_resting:
            assert isinstance(told, SittingPaused)
            self.stage.reached["answer in a pause"] += 1
            self.go_on()
            told = self.send(process, given)
        assert isinstance(told, Step)
        assert told.is_new
        assert told.item is None or told.item.position == given.position + 1
        self.moved(told, given)

    @precondition(is_here)
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

    @precondition(has_answered)
    @rule(process=st.integers(0, 1), which=st.integers(0, 10**6))
    def send_again(self, process: int, which: int) -> None:
        sat = [one for one in self.sat if one.given][-1]
        given = sat.given[which % len(sat.given)]
        told = self.send(process, given, sat)
        assert isinstance(told, Step)
        assert not told.is_new

    @precondition(has_answered)
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
        """Two tabs at two processes: one answer counts; the other is the same again, or too late. In a pause none."""
        first = self.new_answer(right=right)
        both = [first, first if alike else self.new_answer(right=not right)]

        async def press() -> list[Step | Exception]:
            return await asyncio.gather(
                *(self._send(at, self.running, given) for at, given in zip(self.stage.processes, both))
            )

        told = self.stage.run(press())
        if self.running.is_resting:
            assert [type(one) for one in told] == [SittingPaused, SittingPaused]
            return
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

    @precondition(lambda self: self.is_running() and self.granted.pauses)
    @rule()
    def rest(self) -> None:
        """A pause, an answer in it and once more at the end of it."""
        self.pause()
        self.answer(right=True, process=0)
        self.go_on()
