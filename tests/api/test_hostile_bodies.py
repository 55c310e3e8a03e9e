"""Bytes that break servers get a problem document with a sentence, and never a 500."""

from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from itembank.storage import accounts, institutions
from itembank.storage.database import Database
from tests.api.conftest import bearer

JSON = {"Content-Type": "application/json"}
KILLERS: list[tuple[str, bytes, dict[str, str]]] = [
    ("deep array", b"[" * 100_000, JSON),
    ("deep in unknown field", b'{"assessment": "x", "more": ' + b"[" * 5000 + b"]" * 5000 + b"}", JSON),
    ("deep object", b'{"a":' * 5000 + b"1" + b"}" * 5000, JSON),
    ("bad utf-8", b'{"assessment": "\xff\xfe"}', JSON),
    ("nul", b'{"assessment": "a\x00b"}', JSON),
    ("escaped nul", b'{"assessment": "a\\u0000b"}', JSON),
    ("half a surrogate", b'{"assessment": "a\\ud800b"}', JSON),
    ("huge integer", b'{"assessment": ' + b"9" * 5000 + b"}", JSON),
    ("wrong type", b'{"assessment": 7}', JSON),
    ("unknown field", b'{"assessment": "x", "role": "admin"}', JSON),
    ("not json", b"assessment=x", JSON),
    ("empty", b"", JSON),
    ("text", b'{"assessment": "x"}', {"Content-Type": "text/plain"}),
    ("form", b"assessment=x", {"Content-Type": "application/x-www-form-urlencoded"}),
    ("no type", b'{"assessment": "x"}', {"Content-Type": ""}),
    ("too large", b'{"assessment": "' + b"x" * 1_100_000 + b'"}', JSON),
    ("infinity", b'{"assessment": 1e999}', JSON),
]
PATHS = [
    "/api/v1/attempts/%00", "/api/v1/assessments/%00", "/api/v1/banks/%00/calibrations", "/api/v1/sessions/../x",
    "/api/v1/attempts/99999999999999999999", "/issuers/%00/did.json", "/issuers/%ff/did.json",
    "/credentials/x/badge.json", "/api/v1/assessments/" + "x" * 5000, "/api/v1/attempts?x=%00&y=%ff",
]  # fmt: skip


@pytest.fixture(scope="module")
async def headers(database_dsn: str, database: Database) -> dict[str, str]:
    institution_id = await institutions.create(database_dsn, "east", "East")
    async with database.transaction(institution_id) as connection:
        account = await accounts.create(connection, institution_id, "boss", ["institution_admin", "service"])
        return bearer(await accounts.add_key(connection, institution_id, account, "test"))


@pytest.mark.parametrize(("name", "content", "kind"), KILLERS, ids=[name for name, _, _ in KILLERS])
async def test_killer_bodies_are_refused_with_a_sentence(
    client: AsyncTestClient[Litestar], headers: dict[str, str], name: str, content: bytes, kind: dict[str, str]
) -> None:
    answer = await client.post("/api/v1/attempts", content=content, headers=headers | kind)
    assert 400 <= answer.status_code < 500, answer.text
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["detail"]


@pytest.mark.parametrize("path", PATHS)
async def test_killer_paths_are_refused(client: AsyncTestClient[Litestar], headers: dict[str, str], path: str) -> None:
    for method in ("GET", "POST"):
        answer = await client.request(method, path, headers=headers, json={} if method == "POST" else None)
        assert answer.status_code < 500, answer.text
