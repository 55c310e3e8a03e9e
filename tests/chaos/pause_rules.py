"""Granted time and pauses in a walk: a deadline only ever moves later, and by no more than was granted."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from engine.accommodations import Accommodation
from engine.refusals import JourneyRefused
from engine.workflows.grant_accommodation import grant_accommodation
from engine.workflows.take_pause import end_pause, take_pause
from tests.chaos.walker import Walker, is_here, is_running


class PauseRules(Walker):
    """Staff grant, the learner rests and goes on."""

    @precondition(is_here)
    @rule(
        pauses=st.sampled_from([3, 2, 1, 0]), minutes=st.sampled_from([5, 10]), extra=st.sampled_from([0, 25, 50])
    )  # fmt: skip
    def grant(self, pauses: int, minutes: int, extra: int) -> None:
        """More time is there at once; less never takes any away from a sitting that runs."""
        before = self.look(self.running).session.deadline if self.is_running() else None
        granted = Accommodation(pauses=pauses, pause_minutes=minutes, extra_time_percent=extra)
        work = grant_accommodation(
            self.stage.database, self.stage.shelf, self.stage.institution, self.stage.staff, "registrar", self.attempt,
            granted,
        )  # fmt: skip
        assert self.stage.run(work).journey.accommodation == granted
        if before is not None:
            after = self.look(self.running).session.deadline
            assert after is not None
            more = 30 * 60 * max(extra - self.granted.extra_time_percent, 0) / 100
            assert (after - before).total_seconds() == pytest.approx(more)
        self.granted = granted
        self.stage.reached["granted"] += 1

    @precondition(is_running)
    @rule()
    def pause(self) -> None:
        """The clock stands for what was granted and no longer; who rests already gets nothing more."""
        sat, granted, before = self.running, self.granted, self.look(self.running).session.deadline
        left = max(granted.pauses - sat.pauses, 0) if granted.pause_minutes else 0
        work = take_pause(self.stage.database, self.stage.shelf, self.stage.institution, self.learner, sat.uuid)
        try:
            rests = self.stage.run(work)
        except JourneyRefused:
            assert not left
            assert not sat.is_resting
            return
        after = self.look(sat).session.deadline
        assert before is not None
        assert after is not None
        added = (after - before).total_seconds()
        assert rests.until is not None
        assert left or sat.is_resting
        assert 0 <= added <= (0 if sat.is_resting else 60 * granted.pause_minutes)
        sat.paused(added, granted.pause_minutes)
        assert rests.pauses_left == max(granted.pauses - sat.pauses, 0)
        self.stage.reached["pause"] += 1

    @precondition(is_running)
    @rule()
    def go_on(self) -> None:
        """A pause ends when its learner says so; without one nothing changes. The deadline stays."""
        before = self.look(self.running).session.deadline
        work = end_pause(self.stage.database, self.stage.shelf, self.stage.institution, self.learner, self.running.uuid)
        assert self.stage.run(work).until is None
        assert self.look(self.running).session.deadline == before
        if self.running.is_resting:
            self.stage.reached["resumed"] += 1
        self.running.is_resting = False
