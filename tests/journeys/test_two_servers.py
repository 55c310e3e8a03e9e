"""Two server processes' worth of state behind one database: neither keeps what the other needs."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from litestar.testing import AsyncTestClient

from api.app import create_app
from api.settings import Settings
from itembank.storage.database import Database
from tests.api.at_once import at_once
from tests.api.conftest import body, learner
from tests.journeys.test_sitting_rules import Client, start, wrong_answer


@pytest.fixture(scope="module")
async def other_client(sample_dsn: str) -> AsyncIterator[Client]:
    """A second application on the same database, with caches of its own."""
    async with AsyncTestClient(create_app(Settings(public_url="http://testserver.local"), sample_dsn)) as opened:
        yield opened


async def test_a_sitting_walks_from_server_to_server(
    sample_client: Client, other_client: Client, sample_database: Database
) -> None:
    headers = await learner(sample_database, "wanderer")
    _, session = await start(sample_client, headers)
    url, servers = f"/api/v1/sessions/{session['uuid']}", [sample_client, other_client]
    for position, server in enumerate([0, 1, 1, 0, 0, 0, 1]):
        given = {"position": position, "answer": wrong_answer(session["item"]), "id": str(uuid4())}
        session = body(await servers[server].post(f"{url}/responses", json=given, headers=headers), 201)
        again = body(await servers[1 - server].post(f"{url}/responses", json=given, headers=headers), 200)
        seen = body(await servers[1 - server].get(url, headers=headers), 200)
        assert seen["item"] == session["item"] == again["item"]
        assert seen["answered"] == position + 1


async def test_both_servers_at_once_take_one_answer(
    sample_client: Client, sample_database: Database, sample_dsn: str
) -> None:
    headers = await learner(sample_database, "both at once")
    _, session = await start(sample_client, headers)
    url = f"/api/v1/sessions/{session['uuid']}/responses"
    given = {"position": 0, "answer": wrong_answer(session["item"]), "id": str(uuid4())}
    first, second = (create_app(Settings(public_url="http://testserver.local"), sample_dsn) for _ in range(2))
    async with at_once(first) as one, at_once(second) as other:
        answers = await asyncio.gather(
            *(server.post(url, json=given, headers=headers) for _ in range(12) for server in (one, other))
        )
        assert min(one.most, other.most) >= 6
    assert sorted(answer.status_code for answer in answers) == [200] * 23 + [201]
    assert len({answer.json()["item"]["item"] for answer in answers}) == 1
