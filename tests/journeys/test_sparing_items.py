"""Items that everybody would get are spared live: counted as sittings end, drawn before they begin, replayed."""

import asyncio

import asyncpg
import msgspec
import numpy as np
import pytest

from engine.exposure.counts import EligibilityCounts, draw_eligible
from engine.policies.documents import read_policy
from engine.selection.ties import keys_of
from engine.storage import exposures, sessions
from engine.storage.exposures import Place
from engine.workflows.answer_desk import AnswerDesk
from engine.workflows.publish_assessment import publish_assessment
from engine.workflows.replay import replay_sessions
from engine.workflows.spare_items import count_finished
from itembank.storage.database import Database
from tests.journeys.test_pretest_loop import World

N_LEARNERS, LENGTH, MAXIMUM, FADING = 90, 6, 0.35, 0.98
POLICY = f"""
key = "spared"
title = "Spared"

[[occasions]]
key = "pre_test"
cut = {{ scale = "theta", value = 0.0 }}
decision = {{ kind = "score" }}
maximum = 1

[occasions.design]
name = "pre"
stopping = {{ min_items = {LENGTH}, max_items = {LENGTH} }}
exposure = {{ method = "eligibility", maximum_rate = {MAXIMUM}, fading = {FADING} }}
pretest = {{ items = 1, first_position = 2 }}

[credit]
hours = "1"
needs = ["pre_test"]
graded_by = "pre_test"
"""


class Spared(World):
    """The institution of the pretest loop with an assessment that spares its items."""

    async def sit_one_after_the_other(self) -> None:
        policy = read_policy(POLICY)
        await publish_assessment(self.database, self.institution, policy, "loop", self.author)
        thetas = np.random.default_rng(5).normal(0.0, 0.6, N_LEARNERS)
        desk = AnswerDesk(self.database, self.shelf)
        for number, theta in enumerate(thetas):
            await self.sit(desk, f"spared-{number}", "spared", float(theta), [6, number])
        await desk.close()


@pytest.fixture(scope="module")
async def world(database: Database, database_dsn: str) -> Spared:
    built = Spared(database, database_dsn)
    await built.furnish()
    await built.sit_one_after_the_other()
    return built


async def test_no_item_is_shown_much_more_often_than_asked_and_all_sittings_are_counted(world: Spared) -> None:
    async with world.database.transaction(world.institution) as connection:
        await count_finished(connection, world.institution, world.shelf)
        rows = await sessions.every(connection)
        counted = (await exposures.by_pool(connection, rows[0].bank_version_id))[0]
        shown = [item.bank_position for row in rows for item in await sessions.administered(connection, row.id)]
    assert (counted.pool, counted.sittings) == (0, N_LEARNERS)
    assert counted.administered == tuple(np.bincount(shown, minlength=len(counted.administered)).tolist())
    operational = np.array(counted.administered[: len(counted.administered) - 4])
    assert operational.sum() == N_LEARNERS * LENGTH
    assert operational.max() / N_LEARNERS < MAXIMUM + 3 * np.sqrt(MAXIMUM * (1 - MAXIMUM) / N_LEARNERS)
    assert sum(counted.administered[-4:]) == N_LEARNERS, "a lot does not touch the pretest items"


async def test_a_sitting_is_counted_once_whoever_reads_at_the_same_time(world: Spared, database_dsn: str) -> None:
    async def read() -> None:
        async with world.database.transaction(world.institution) as connection:
            await count_finished(connection, world.institution, world.shelf)

    owner = await asyncpg.connect(database_dsn)
    await owner.execute(
        "DELETE FROM item_exposure WHERE institution_id = $1 AND occasion = 'pre_test'", world.institution
    )
    await owner.execute("UPDATE session SET counted = false WHERE institution_id = $1", world.institution)
    await owner.close()
    await asyncio.gather(*(read() for _ in range(6)))
    async with world.database.transaction(world.institution) as connection:
        counted = await connection.fetchval("SELECT sum(sittings) FROM item_exposure WHERE occasion = 'pre_test'")
    assert counted == N_LEARNERS


async def test_every_lot_follows_from_the_sittings_before_it(world: Spared) -> None:
    async with world.database.transaction(world.institution) as connection:
        rows = await sessions.every(connection)
        shown = {row.id: await sessions.administered(connection, row.id) for row in rows}
        publication = await world.shelf.publication(
            connection, await connection.fetchval("SELECT max(id) FROM assessment_version")
        )
        assessment_id = await connection.fetchval("SELECT max(assessment_id) FROM attempt")
        place = Place(
            bank_version_id=rows[0].bank_version_id, assessment_id=assessment_id, occasion="pre_test", pool=0,
            ability_group=0,
        )  # fmt: skip
        await count_finished(connection, world.institution, world.shelf)
        kept = await exposures.find(connection, place, publication.bank.n_operational)
    keys, n_items = publication.plans["pre_test"].pool.keys, publication.bank.n_operational
    counts = EligibilityCounts.none(1, n_items)
    for row in sorted(rows, key=lambda row: row.id):
        drawn = draw_eligible(counts.probabilities(MAXIMUM), keys_of((row.tie_key.hex(),)), keys)[0]
        stored = set(range(n_items)) if row.pool is None else {place for place in row.pool if place < n_items}
        assert stored == set(np.flatnonzero(drawn).tolist())
        given = [item.bank_position for item in shown[row.id] if not item.is_pretest]
        assert stored.issuperset(given)
        counts = counts.after(0, drawn, np.array(given), FADING)
    np.testing.assert_allclose(kept.eligible, counts.eligible, rtol=1e-12)
    np.testing.assert_allclose(kept.given, counts.given, rtol=1e-12)


async def test_spared_sittings_replay_identically(world: Spared) -> None:
    replayed = await replay_sessions(world.database, world.institution)
    assert (replayed.n_identical, replayed.differences) == (N_LEARNERS, ())


async def test_sittings_that_end_together_are_all_counted(world: Spared) -> None:
    place = Place(bank_version_id=1, assessment_id=1, occasion="together", pool=1, ability_group=2)

    async def one(number: int) -> None:
        async with world.database.transaction(world.institution) as connection:
            eligible = [number % 2 == 0, True, True]
            await exposures.count(
                connection, world.institution, place, shown=[1, 3], eligible=eligible, n_positions=4, fading=1.0
            )

    async with world.database.transaction(world.institution) as connection:
        found = await connection.fetchrow("SELECT bank_version_id, assessment_id FROM item_exposure LIMIT 1")
    place = msgspec.structs.replace(place, **dict(found))
    await asyncio.gather(*(one(number) for number in range(20)))
    async with world.database.transaction(world.institution) as connection:
        counts = await exposures.find(connection, place, 3)
        pools = await exposures.by_pool(connection, place.bank_version_id)
    assert counts.eligible.tolist() == [[10.0, 20.0, 20.0]]
    assert counts.given.tolist() == [[0.0, 20.0, 0.0]]
    assert [(pool.pool, pool.sittings) for pool in pools if pool.pool == 1] == [(1, 20)]
