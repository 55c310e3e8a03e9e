"""The sample's term is the same wherever it is made, and everybody's story comes about in it."""

import asyncio
from typing import Any

import asyncpg
import numpy as np
import pytest

from api.sample_cohort import STORIES
from engine.workflows.open_attempt import open_attempt
from engine.workflows.shelf import Shelf
from engine.workflows.take_session import Chance, start_session
from itembank.storage import accounts
from itembank.storage.database import Database
from tests.conftest import own_database

FOUND = """
SELECT p.name, array_agg(
        s.occasion || CASE s.outcome ->> 'passed' WHEN 'true' THEN '+' WHEN 'false' THEN '-' ELSE '' END ORDER BY s.id
    ) AS sittings,
    (SELECT array_agg(c.revoked_at IS NOT NULL) FROM credit c WHERE c.account_id = p.account_id) AS revoked
FROM person p JOIN session s USING (account_id) JOIN account a ON a.id = p.account_id
WHERE a.pseudonym LIKE 'cohort-%' GROUP BY p.account_id, p.name
"""


@pytest.fixture
async def term(sample_dsn: str) -> dict[str, Any]:
    """Name -> sittings with + or - behind what was passed or failed, and whether credits were revoked."""
    connection = await asyncpg.connect(sample_dsn)
    try:
        return {row["name"]: (row["sittings"], row["revoked"]) for row in await connection.fetch(FOUND)}
    finally:
        await connection.close()


async def test_every_story_comes_about(term: dict[str, Any]) -> None:
    assert set(term) == {story.name for story in STORIES} - {"Ben Whitaker"}
    for name in ("Amara Nwosu", "Jonas Weber", "Priya Raman", "Mateo Vargas", "Hana Kobayashi"):
        assert term[name] == (["pre_test+", "post_test+"], [False])
    assert term["Élise Fontaine"] == (["pre_test+", "post_test+"], [True]), "earned, and lost again"
    for name in ("Tomasz Zieliński", "Grace Otieno", "Luca Bianchi", "Sara Lindholm"):
        assert term[name] == (["pre_test+"], None), "may take the post-test"
    for name in ("Mei Chen", "Samuel Adeyemi", "Liam O'Connor"):
        assert term[name] == (["pre_test-", "pre_test-"], None)
    assert term["Diego Morales"] == (["pre_test+", "post_test-", "post_test+"], [False])
    assert term["Yara Haddad"] == (["pre_test"], None), "sits at it"


async def started(dsn: str, chance: Chance) -> tuple[Any, ...]:
    """A sitting of somebody new: its uuid, the items it may use, the first of them."""
    database = Database(dsn)
    try:
        async with database.transaction(1) as connection:
            learner = await accounts.create(connection, 1, "newcomer", ["learner"], "N. Ewcomer")
        shelf = Shelf()
        view, _ = await open_attempt(database, shelf, 1, learner, "newcomer", "data-literacy")
        step = await start_session(database, shelf, 1, learner, view.attempt.uuid, "pre_test", chance=chance)
        assert step.item is not None
        return step.session.uuid, step.session.pool, step.item.item
    finally:
        await database.close()


def test_the_same_chance_draws_the_same_sitting(server_dsn: str, sample_template_dsn: str) -> None:
    drawn = []
    for seed in (5, 5, 6):
        with own_database(server_dsn, sample_template_dsn) as dsn:
            drawn.append(asyncio.run(started(dsn, np.random.default_rng(seed).bytes)))
    assert drawn[0] == drawn[1]
    assert drawn[0][1] != drawn[2][1]
    assert drawn[0][0].version == 4
