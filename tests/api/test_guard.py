"""Nothing is reachable without an account but the catalogue, verification and what verifiers read."""

from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from itembank.storage import accounts, institutions
from itembank.storage.database import Database
from tests.api.conftest import bearer, body, keys_of

UUID = "00000000-0000-4000-8000-000000000000"
PROTECTED = [
    ("GET", "/api/v1/attempts", None),
    ("POST", "/api/v1/attempts", {"assessment": "x"}),
    ("GET", f"/api/v1/attempts/{UUID}", None),
    ("GET", f"/api/v1/attempts/{UUID}/gap-report", None),
    ("GET", f"/api/v1/attempts/{UUID}/credential", None),
    ("POST", f"/api/v1/attempts/{UUID}/sessions", {"occasion": "pre_test"}),
    ("GET", f"/api/v1/sessions/{UUID}", None),
    ("POST", f"/api/v1/sessions/{UUID}/responses", {"position": 0, "answer": "A"}),
    ("PUT", f"/api/v1/sessions/{UUID}/draft", {"position": 0, "answer": "A"}),
    ("POST", f"/api/v1/sessions/{UUID}/finish", None),
    ("GET", "/api/v1/banks", None),
    ("POST", "/api/v1/banks/x/calibrations", {"document": {}, "origin": "x"}),
    ("POST", "/api/v1/assessments", {"policy": {}, "bank": "x"}),
    ("GET", "/api/v1/assessments/x", None),
]
LEARNER_MAY_NOT = [row for row in PROTECTED if row[1].startswith("/api/v1/banks") or row[1] == "/api/v1/assessments"]


@pytest.fixture(scope="module")
async def keys(database_dsn: str, database: Database) -> dict[str, dict[str, str]]:
    """A learner and an administrator in one institution, and an administrator of another."""
    people = [
        ("north", "learner", "learner"),
        ("north", "boss", "institution_admin"),
        ("south", "other", "institution_admin"),
    ]
    return await keys_of(database_dsn, database, people)


@pytest.mark.parametrize(("method", "path", "sent"), PROTECTED)
async def test_nobody_gets_in_without_a_key(
    client: AsyncTestClient[Litestar], method: str, path: str, sent: Any
) -> None:
    for headers in ({}, bearer("assay_wrong"), {"Authorization": "Basic x"}):
        answer = await client.request(method, path, json=sent, headers=headers)
        assert body(answer, 401)["type"] == "urn:assay:problem:sign-in-needed"
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("method", "path", "sent"), LEARNER_MAY_NOT)
async def test_a_learner_has_no_business_in_the_office(
    client: AsyncTestClient[Litestar], keys: dict[str, dict[str, str]], method: str, path: str, sent: Any
) -> None:
    problem = body(await client.request(method, path, json=sent, headers=keys["learner"]), 403)
    assert "you have learner" in problem["detail"]


async def test_what_everybody_may_see(client: AsyncTestClient[Litestar]) -> None:
    assert body(await client.get("/api/v1/catalogue"), 200) == []
    assert body(await client.get(f"/api/v1/verify/{UUID}"), 404)["title"] == "Not found"
    assert (await client.get("/schema/openapi.json")).status_code == 200
    page = await client.get("/schema/swagger")
    assert page.status_code == 200
    assert "//cdn" not in page.text
    assert "https://" not in page.text.replace("https://spec.openapis.org", "")


async def test_a_revoked_key_opens_nothing(
    client: AsyncTestClient[Litestar], database: Database, database_dsn: str
) -> None:
    institution_id = await institutions.create(database_dsn, "west", "West")
    async with database.transaction(institution_id) as connection:
        account = await accounts.create(connection, institution_id, "leaver", ["learner"])
        secret = await accounts.add_key(connection, institution_id, account, "test")
    assert (await client.get("/api/v1/attempts", headers=bearer(secret))).status_code == 200
    async with database.transaction(institution_id) as connection:
        await connection.execute("UPDATE api_key SET revoked_at = now()")
    assert (await client.get("/api/v1/attempts", headers=bearer(secret))).status_code == 401


async def test_secrets_are_not_kept(database: Database, keys: dict[str, dict[str, str]]) -> None:
    secret = keys["boss"]["Authorization"].split()[1]
    async with database.transaction(1) as connection:
        rows = await connection.fetch("SELECT sha256, label FROM api_key")
    assert rows
    assert all(secret.encode() not in row["sha256"] for row in rows)
