"""Many at once, exactly one effect: answers, tabs, starts, finishes, awards, credentials."""

import asyncio
from collections import Counter
from typing import Any
from uuid import uuid4

from itembank.storage.database import Database
from tests.api.at_once import AtOnce
from tests.api.conftest import bearer, body
from tests.benchmarks.server_bank import seat_learners

ENDED = "body ->> 'event' = 'sitting_finished'"


async def seated(dsn: str, institution: int, name: str) -> tuple[dict[str, str], str]:
    (seat,) = await seat_learners(dsn, institution, 1, name)
    return bearer(seat.secret), f"/api/v1/sessions/{seat.session}"


def codes(answers: list[Any]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


async def test_one_answer_sent_sixty_four_times(
    short_client: AtOnce, database_dsn: str, short_institution: int, database: Database
) -> None:
    headers, url = await seated(database_dsn, short_institution, "impatient")
    given = {"position": 0, "answer": "A", "id": str(uuid4())}
    answers = await asyncio.gather(
        *(short_client.post(f"{url}/responses", json=given, headers=headers) for _ in range(64))
    )
    assert short_client.most >= 32
    assert codes(list(answers)) == {201: 1, 200: 63}
    assert len({answer.json()["item"]["item"] for answer in answers}) == 1
    async with database.transaction(short_institution) as connection:
        stored = await connection.fetchval(
            "SELECT count(*) FROM response WHERE client_id = $1::text::uuid", given["id"]
        )
    assert stored == 1


async def test_sixteen_tabs_with_different_answers(
    short_client: AtOnce, database_dsn: str, short_institution: int
) -> None:
    headers, url = await seated(database_dsn, short_institution, "sixteen tabs")
    answers = await asyncio.gather(
        *(
            short_client.post(
                f"{url}/responses", json={"position": 0, "answer": "ABCD"[tab % 4], "id": str(uuid4())}, headers=headers
            )
            for tab in range(16)
        )
    )
    assert codes(list(answers)) == {201: 1, 409: 15}
    assert body(await short_client.get(url, headers=headers), 200)["answered"] == 1


async def test_racing_ends_make_one_decision_one_credit_one_credential(
    short_client: AtOnce, database_dsn: str, short_institution: int, database: Database
) -> None:
    headers, url = await seated(database_dsn, short_institution, "finisher")
    for position in range(2):
        given = {"position": position, "answer": "A", "id": str(uuid4())}
        body(await short_client.post(f"{url}/responses", json=given, headers=headers), 201)
    last = {"position": 2, "answer": "A", "id": str(uuid4())}
    answers = await asyncio.gather(
        *(short_client.post(f"{url}/finish", headers=headers) for _ in range(8)),
        *(short_client.post(f"{url}/responses", json=last, headers=headers) for _ in range(8)),
    )
    seen = codes(list(answers))
    assert seen[201] == 1
    assert set(seen) <= {200, 201, 409}
    (attempt,) = body(await short_client.get("/api/v1/attempts", headers=headers), 200)
    assert attempt["credit"] is not None
    credential = f"/api/v1/attempts/{attempt['uuid']}/credential"
    issued = await asyncio.gather(*(short_client.get(credential, headers=headers) for _ in range(8)))
    assert codes(list(issued)) == {200: 8}
    assert len({answer.text for answer in issued}) == 1
    async with database.transaction(short_institution) as connection:
        own = "SELECT id FROM attempt WHERE uuid = $1::text::uuid"
        counts = [
            await connection.fetchval(query, attempt["uuid"])
            for query in (
                f"SELECT count(*) FROM credit WHERE attempt_id = ({own})",
                f"SELECT count(*) FROM credential k JOIN credit c ON c.id = k.credit_id WHERE c.attempt_id = ({own})",
                f"SELECT count(*) FROM attempt_event WHERE attempt_id = ({own}) AND {ENDED}",
            )
        ]
    assert counts == [1, 1, 1]


async def test_racing_starts_after_an_end_make_one_sitting(
    short_client: AtOnce, database_dsn: str, short_institution: int
) -> None:
    headers, url = await seated(database_dsn, short_institution, "restarter")
    body(await short_client.post(f"{url}/finish", headers=headers), 201)
    (attempt,) = body(await short_client.get("/api/v1/attempts", headers=headers), 200)
    starts = await asyncio.gather(
        *(
            short_client.post(
                f"/api/v1/attempts/{attempt['uuid']}/sessions", json={"occasion": "pre_test"}, headers=headers
            )
            for _ in range(8)
        )
    )
    assert codes(list(starts)) == {201: 1, 200: 7}
    assert len({answer.json()["uuid"] for answer in starts}) == 1
