"""Any request at all: what the OpenAPI document allows, and bytes that nobody should send. Never a 500."""

import json
import re
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from api.app import create_app
from api.settings import Settings
from itembank.storage import accounts, institutions
from itembank.storage.database import Database
from tests.benchmarks.server_stage import free_port, service, wait_until_ready
from tests.journeys.words import POLICY, publish_words
from tests.security.real_things import RealThings, real_things

UUID = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server") / "log"


@pytest.fixture(scope="module")
def port(sample_dsn: str, log: Path) -> Iterator[int]:
    """The product's own server, as it is served."""
    chosen = free_port()
    with service(sample_dsn, chosen, log):
        wait_until_ready(chosen, "/health/ready", 60)
        yield chosen


@pytest.fixture(scope="module")
async def secret(sample_database: Database) -> str:
    """An account with every role: it gets furthest into the handlers."""
    institution = await institutions.find(sample_database, "sample")
    assert institution is not None
    roles = ["learner", "author", "psychometrician", "advisor", "registrar", "institution_admin", "service"]
    async with sample_database.transaction(institution) as connection:
        account = await accounts.create(connection, institution, "fuzzer", roles)
        return await accounts.add_key(connection, institution, account, "fuzz")


@pytest.fixture(scope="module")
async def things(port: int, secret: str, sample_dsn: str, sample_database: Database) -> RealThings:
    """The sample institution with a learner of its own: finished and running sittings, a form that is out, a flag."""
    institution = await institutions.find(sample_database, "sample")
    assert institution is not None
    await publish_words(
        sample_database, 6, POLICY.replace('key = "post_test"', 'key = "post_test"\nforms = ["adaptive", "print"]')
    )
    headers = {"Authorization": f"Bearer {secret}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/api/v1", headers=headers, timeout=30) as client:
        mine = (await client.post("/attempts", json={"assessment": "data-literacy"})).json()["uuid"]
        assert (await client.post(f"/attempts/{mine}/sessions", json={"occasion": "pre_test"})).status_code == 201
        learner = {"Authorization": f"Bearer {await new_learner(sample_database, institution)}"}
        other = (await client.post("/attempts", json={"assessment": "words"}, headers=learner)).json()["uuid"]
        handed_out = await client.post("/papers", json={"attempts": [other], "occasion": "post_test"})
        assert handed_out.status_code == 201, handed_out.text
    owner = await asyncpg.connect(sample_dsn)
    await owner.execute(
        "INSERT INTO flag (uuid, institution_id, bank_id, kind, item_id, value, said, evidence) SELECT"
        " gen_random_uuid(), institution_id, bank_id, 'leak_alarm', id, 9.5, '[]', '{}' FROM item ORDER BY id LIMIT 3"
    )
    await owner.close()
    return await real_things(sample_dsn, institution)


async def new_learner(database: Database, institution: int) -> str:
    async with database.transaction(institution) as connection:
        account = await accounts.create(connection, institution, "gets paper", ["learner"], "Gets Paper")
        return await accounts.add_key(connection, institution, account, "paper")


def test_what_the_openapi_document_allows_is_never_our_fault(
    port: int, secret: str, log: Path, things: RealThings
) -> None:
    """Every operation, named as it comes and, as often, with what there really is: those requests get far inside."""
    base = f"http://127.0.0.1:{port}"
    schema = schemathesis.openapi.from_url(f"{base}/schema/openapi.json")
    failures, asked, statuses = [], Counter[tuple[str, str]](), Counter[int]()
    for result in schema.get_all_operations():
        operation = result.ok()

        @seed(7)
        @settings(max_examples=12, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(), real=st.none() | st.integers(0, 10**6))
        def ask(case: Any, real: int | None) -> None:
            if real is not None:
                things.into(case, real)
            asked[case.method.upper(), case.path] += 1
            answer = case.call(base_url=base, headers={"Authorization": f"Bearer {secret}"}, timeout=20)
            statuses[answer.status_code] += 1
            if answer.status_code >= 500:
                failures.append(f"{case.method} {case.path}: {answer.status_code} {answer.text[:200]}")

        ask()
    assert failures == [], log.read_text()[-3000:]
    assert {(method, path) for method, path in asked if path.startswith("/api/v1/")} == json_routes()
    assert min(asked[method, path] for method, path in json_routes() if "{" in path) >= 8
    assert statuses[200] + statuses[201] > 100, statuses
    assert statuses[409] + statuses[422] > 10, statuses


def json_routes() -> set[tuple[str, str]]:
    """(method, path) of every route of the JSON API, from the application itself and not from its document."""
    app, found = create_app(Settings(), "postgresql://nobody@127.0.0.1:1/nothing"), set()
    for route in app.routes:
        if route.path.startswith("/api/v1/"):
            methods = set(getattr(route, "route_handler_map", {})) - {"OPTIONS", "HEAD"}
            found |= {(method, re.sub(r":\w+\}", "}", route.path)) for method in methods}
    return found


DEEP = b"[" * 100_000
BODIES = {
    "deep in a known field": b'{"assessment": ' + DEEP + b"}",
    "deep in an unknown field": b'{"assessment": "x", "zzz": ' + DEEP + b"]" * 100_000 + b"}",
    "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "NUL": b'{"assessment": "a\x00b"}',
    "escaped NUL": b'{"assessment": "a\\u0000b"}',
    "bad UTF-8": b'{"assessment": "\xff\xfe"}',
    "overlong UTF-8": b'{"assessment": "\xc0\xaf"}',
    "half a surrogate": b'{"assessment": "\\ud800"}',
    "surrogate bytes": b'{"assessment": "\xed\xa0\x80"}',
    "huge integer": b'{"assessment": 9' + b"9" * 5000 + b"}",
    "huge position": b'{"position": 99999999999999999999, "answer": "A"}',
    "int4 + 1": b'{"position": 2147483648, "answer": "A"}',
    "negative": b'{"position": -1, "answer": "A"}',
    "huge float": b'{"position": 1e400, "answer": "A"}',
    "not a number": b'{"position": NaN, "answer": "A"}',
    "duplicate keys": b'{"assessment": "a", "assessment": "b"}',
    "empty": b"",
    "not JSON": b"}{",
    "an array": b"[]",
    "null": b"null",
    "BOM": b'\xef\xbb\xbf{"assessment": "x"}',
    "UTF-16": '{"assessment": "x"}'.encode("utf-16"),
    "long text": b'{"assessment": "' + b"x" * 900_000 + b'"}',
}
TYPES = (b"application/json", b"text/plain", b"application/json; charset=utf-16", b"", b"multipart/form-data",
         b"application/x-www-form-urlencoded", b"application/msgpack", b"\xff")  # fmt: skip
TARGETS = (
    b"POST /api/v1/attempts", f"POST /api/v1/sessions/{UUID}/responses".encode(), b"POST /api/v1/assessments",
    f"PUT /api/v1/sessions/{UUID}/draft".encode(), b"POST /api/v1/banks/x/calibrations",
)  # fmt: skip
ADDRESSES = (
    b"GET /api/v1/attempts/%00", b"GET /api/v1/banks/%00/items", b"GET /api/v1/attempts?x=%00", b"GET /%ff%fe",
    b"GET /api/v1/sessions/99999999999999999999999999", b"GET /api/v1/assessments/" + b"a" * 4000,
    b"GET /api/v1/assessments/..%2f..%2fetc%2fpasswd", b"GET /static/..%2f..%2fpyproject.toml",
    b"GET /item-assets/" + b"z" * 64, b"GET /api/v1/assessments/%ed%a0%80", b"GET /catalogue/%00/%00",
    b"GET //api//v1//attempts", b"TRACE /api/v1/attempts", b"BREW /api/v1/attempts",
    b"GET /api/v1/catalogue?a=" + b"b&" * 2000,
    b"GET /verify/" + b"%25" * 50, b"GET /issuers/%00/did.json", b"GET /ims/case/v1p1/CFItems/%00",
)  # fmt: skip


def raw(port: int, message: bytes) -> int:
    """The status of the answer to these bytes; 0 when the line was closed without one."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(message)
        head = line.recv(64)
    return int(head[9:12]) if head.startswith(b"HTTP/1.1 ") else 0


@pytest.mark.parametrize("name", sorted(BODIES))
def test_killer_bodies(port: int, secret: str, name: str) -> None:
    body, seen = BODIES[name], []
    for target in TARGETS:
        for kind in TYPES if len(body) < 10_000 else TYPES[:2]:
            head = target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer " + secret.encode()
            head += b"\r\nContent-Type: " + kind + b"\r\nContent-Length: %d\r\n\r\n" % len(body)
            seen.append((target, kind, raw(port, head + body)))
    assert [entry for entry in seen if entry[2] >= 500 or entry[2] == 0] == []


@pytest.mark.parametrize("address", ADDRESSES)
def test_killer_addresses(port: int, secret: str, address: bytes) -> None:
    for accept in (b"application/json", b"text/html"):
        head = address + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept: " + accept
        status = raw(port, head + b"\r\nAuthorization: Bearer " + secret.encode() + b"\r\n\r\n")
        assert status < 500


def test_no_document_says_more_than_the_problem(port: int, secret: str) -> None:
    """A refusal never shows a trace, a path or a statement."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(
            b"POST /api/v1/attempts HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer "
            + secret.encode() + b"\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{\"a\": [}]"
        )  # fmt: skip
        answer = b""
        while part := line.recv(4096):
            answer += part
    document = json.loads(answer.split(b"\r\n\r\n", 1)[1])
    assert document["status"] == 400
    for word in ("Traceback", str(Path.cwd()), "SELECT", "asyncpg"):
        assert word not in json.dumps(document)
