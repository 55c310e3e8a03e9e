"""Journeys by chance over the real engine and a real PostgreSQL: whatever order things come in, the promises hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from engine.storage import sessions
from engine.workflows.replay import replay_sessions
from tests.chaos.audit import stored_sittings
from tests.chaos.history import faults
from tests.chaos.staff_rules import StaffRules
from tests.chaos.stage import Stage
from tests.conftest import own_database

EVERYTHING = {
    "pre_test", "post_test", "time_limit", "voided", "withdrawn", "revoked", "credit", "granted", "pause", "resumed",
    "answer in a pause", "erased",
}  # fmt: skip


class Walk(StaffRules):
    """What holds after every step, and at the end of every walk."""

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


@pytest.fixture
def stage(server_dsn: str, template_dsn: str, tmp_path: Path) -> Iterator[Stage]:
    """A database of its own: learners are numbered from one on each stage."""
    with own_database(server_dsn, template_dsn) as dsn:
        stage = Stage(dsn, tmp_path)
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


def test_a_walk_past_everything(stage: Stage) -> None:
    """Each thing that can happen, once, whatever chance brings to the other walks."""
    walk = Walk(stage)
    steps: list[Callable[[], None]] = [
        lambda: walk.arrive(pauses=2),
        walk.pause,
        lambda: walk.two_tabs_at_once(right=True, alike=True),
        lambda: walk.answer(right=True, process=1),
        lambda: walk.send_again(0, 0),
        lambda: walk.time_is_up(1),
        lambda: walk.void(0, uses_attempt=False),
        lambda: walk.sit_what_is_open(0, right=True),
        lambda: walk.sit_what_is_open(1, right=True),
        lambda: walk.withdraw_an_item(0, hold_harmless=True),
        walk.revoke,
        lambda: walk.erase(0),
    ]
    for step in steps:
        step()
        walk.what_is_on_screen_stays_there()
        walk.credit_rests_on_a_passed_post_test()
        walk.nothing_is_asked_twice()
    walk.teardown()
    assert set(stage.reached) == EVERYTHING


def test_walks_by_chance(stage: Stage) -> None:
    walk(stage, 15, 20, derandomize=True)
    assert set(stage.reached) >= {"pre_test", "post_test", "credit", "granted", "voided", "withdrawn"}


@pytest.mark.slow
def test_many_walks_by_chance(stage: Stage) -> None:
    walk(stage, 200, 40, derandomize=False)
    assert set(stage.reached) == EVERYTHING
