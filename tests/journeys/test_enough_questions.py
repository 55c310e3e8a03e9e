"""A sitting that cannot become a whole test is refused before it begins, and costs nothing."""

from litestar import Litestar
from litestar.testing import AsyncTestClient

from itembank.storage.database import Database
from tests.api.conftest import body, learner
from tests.journeys.test_sitting_rules import open_attempt, rows

Client = AsyncTestClient[Litestar]


async def test_too_few_questions_left_are_named_before_the_start(
    sample_client: Client, sample_database: Database
) -> None:
    async with sample_database.transaction(1) as connection:
        keys = [row["key"] for row in await connection.fetch("SELECT key FROM item WHERE key NOT LIKE 'tables-%'")]
        tables = [row["key"] for row in await connection.fetch("SELECT key FROM item WHERE key LIKE 'tables-f-%'")]
    headers = await learner(sample_database, "exhausted", ("learner", "service"))
    attempt = await open_attempt(sample_client, headers)
    url = f"/api/v1/attempts/{attempt}/sessions"
    before = await rows(sample_database)
    refused = await sample_client.post(url, json={"occasion": "pre_test", "items": [*keys, tables[0]]}, headers=headers)
    problem = body(refused, 409)
    assert problem["type"] == "urn:assay:problem:no-item-left"
    assert "competency=tables lacks 1" in problem["detail"]
    assert "no attempt is used up" in problem["detail"]
    assert await rows(sample_database) == before
    started = await sample_client.post(url, json={"occasion": "pre_test", "items": [*keys, *tables]}, headers=headers)
    assert body(started, 201)["item"]["position"] == 0
