"""What holds when somebody doubts: the pack that recomputes a decision elsewhere, revocation, keys that change."""

import base64
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from engine.workflows.pack_sitting import pack_sitting
from engine.workflows.shelf import Shelf
from itembank.items import Item
from itembank.storage.database import Database
from tests.api.conftest import body
from tests.journeys.walking import Client, account, earn, open_attempt, sample_items, sit

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
async def items(sample_database: Database) -> dict[str, Item]:
    return await sample_items(sample_database)


@pytest.fixture(scope="module")
async def registrar(sample_database: Database) -> dict[str, str]:
    return (await account(sample_database, "a registrar", "registrar"))[0]


def run_bare(path: Path) -> subprocess.CompletedProcess[str]:
    """The pack in an interpreter that sees no installed package."""
    return subprocess.run(
        [sys.executable, "-I", "-S", str(path)], capture_output=True, text=True, check=False, cwd=path.parent
    )


def verb(dsn: str, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DATABASE_URL": dsn}
    return subprocess.run(
        [sys.executable, "-m", "api", *words], capture_output=True, text=True, check=False, cwd=ROOT, env=environment
    )


async def test_the_appeal_pack_recomputes_the_decision_with_the_standard_library_alone(
    sample_client: Client, sample_database: Database, sample_dsn: str, items: dict[str, Item], tmp_path: Path
) -> None:
    headers, _ = await account(sample_database, "appeals")
    attempt = await open_attempt(sample_client, headers)
    session = await sit(sample_client, headers, attempt, "pre_test", items)
    path = tmp_path / "appeal.pyz"
    written = verb(sample_dsn, "replay", session["uuid"], "--pack", str(path), "--json")
    assert written.returncode == 0, written.stderr
    assert json.loads(written.stdout)["bytes"] == path.stat().st_size
    done = run_bare(path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "everything agrees to the last bit" in done.stdout
    for name in ("theta", "sem", "percent", "probability"):
        assert repr(session["decision"][name]) in done.stdout
    for words in (("--pack", str(path)), ("--all", "--pack", str(path)), ("not-a-uuid", "--pack", str(path))):
        assert verb(sample_dsn, "replay", *words).returncode == 2
    unknown = verb(sample_dsn, "replay", attempt, "--pack", str(path))
    assert (unknown.returncode, unknown.stderr.count("\n")) == (1, 1)


async def test_a_pack_of_a_short_and_of_a_rescored_sitting_stands_too(
    sample_client: Client,
    sample_database: Database,
    items: dict[str, Item],
    registrar: dict[str, str],
    tmp_path: Path,
) -> None:
    headers, _ = await account(sample_database, "short")
    attempt = await open_attempt(sample_client, headers)
    url = f"/api/v1/attempts/{attempt}/sessions"
    session = body(await sample_client.post(url, json={"occasion": "pre_test"}, headers=headers), 201)
    body(await sample_client.post(f"/api/v1/sessions/{session['uuid']}/finish", headers=headers), 201)
    other, _ = await account(sample_database, "rescored")
    again = await sit(sample_client, other, await open_attempt(sample_client, other), "pre_test", items)
    async with sample_database.transaction(1) as connection:
        key = await connection.fetchval(
            "SELECT i.key FROM session_item s JOIN session x ON x.id = s.session_id JOIN item i ON i.id = s.item_id"
            " WHERE x.uuid = $1::text::uuid AND s.position = 3", again["uuid"],
        )  # fmt: skip
    sent = {
        "bank": "data-literacy", "item": key, "kind": "withdraw", "reason": "ambiguous", "hold_harmless": False,
        "named": "the registrar",
    }  # fmt: skip
    body(await sample_client.post("/api/v1/rescorings", json=sent, headers=registrar), 201)
    told = body(await sample_client.get(f"/api/v1/sessions/{again['uuid']}", headers=other), 200)
    assert told["decision"]["n_items"] == again["decision"]["n_items"] - 1
    for uuid, theta in ((session["uuid"], "0.0"), (again["uuid"], repr(told["decision"]["theta"]))):
        path = tmp_path / f"{uuid}.pyz"
        path.write_bytes(await pack_sitting(sample_database, Shelf(), 1, UUID(uuid)))
        done = run_bare(path)
        assert done.returncode == 0, done.stdout + done.stderr
        assert theta in done.stdout


async def status_of(client: Client, credential: str) -> dict[str, Any]:
    found: dict[str, Any] = body(await client.get(f"/api/v1/verify/{credential}"), 200)
    return found


async def test_revocation_is_seen_at_once_and_needs_a_registrar_and_a_reason(
    sample_client: Client, sample_database: Database, items: dict[str, Item], registrar: dict[str, str]
) -> None:
    headers, _ = await account(sample_database, "revoked")
    attempt = await earn(sample_client, headers, items)
    credential = body(await sample_client.get(f"/api/v1/attempts/{attempt}/credential", headers=headers), 200)
    before = await sample_client.get("/issuers/sample/status/1", headers={"Accept": "application/vc+ld+json"})
    assert (await status_of(sample_client, credential["uuid"]))["status"] == "valid"
    url = f"/api/v1/attempts/{attempt}/credit/revocation"
    sent = {"reason": "another person sat"}
    advisor, _ = await account(sample_database, "an advisor", "advisor")
    for who in (headers, advisor):
        assert (await sample_client.post(url, json=sent, headers=who)).status_code == 403
    assert (await sample_client.post(url, json={"reason": ""}, headers=registrar)).status_code == 400
    signed = registrar | {"Idempotency-Key": "a revocation"}
    revoked = body(await sample_client.post(url, json=sent, headers=signed), 201)
    assert revoked["credit"] is None
    assert body(await sample_client.post(url, json=sent, headers=signed), 201) == revoked
    verdict = await status_of(sample_client, credential["uuid"])
    assert verdict["status"] == "revoked"
    assert "revoked" in verdict["sentence"].lower()
    after = await sample_client.get("/issuers/sample/status/1", headers={"Accept": "application/vc+ld+json"})
    assert set_bits(after.json()) - set_bits(before.json()) == {index_of(verdict["credential"])}
    assert (await sample_client.post(url, json=sent, headers=registrar)).status_code == 404


def index_of(credential: dict[str, Any]) -> int:
    return int(credential["credentialStatus"]["statusListIndex"])


def set_bits(document: dict[str, Any]) -> set[int]:
    """The places that are set in a Bitstring Status List, read as the recommendation says."""

    encoded = document["credentialSubject"]["encodedList"].removeprefix("u")
    packed = gzip.decompress(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    return {8 * place + bit for place, byte in enumerate(packed) if byte for bit in range(8) if byte >> (7 - bit) & 1}


async def test_keys_change_and_old_credentials_stay_valid(
    sample_client: Client, sample_database: Database, sample_dsn: str, items: dict[str, Item], registrar: dict[str, str]
) -> None:
    headers, _ = await account(sample_database, "old key")
    old = await earn(sample_client, headers, items)
    first = body(await sample_client.get(f"/api/v1/attempts/{old}/credential", headers=headers), 200)
    assert (await sample_client.post("/api/v1/signing-keys/rotation", headers=headers)).status_code == 403
    keys = body(await sample_client.post("/api/v1/signing-keys/rotation", headers=registrar), 201)
    assert [key["algorithm"] for key in keys if not key["retired"]] == ["EdDSA", "RS256"]
    assert sum(key["retired"] for key in keys) >= 2
    other, _ = await account(sample_database, "new key")
    attempt = await earn(sample_client, other, items)
    second = body(await sample_client.get(f"/api/v1/attempts/{attempt}/credential", headers=other), 200)
    rotated = verb(sample_dsn, "rotate-keys")
    assert rotated.returncode == 0, rotated.stderr
    verdicts = [await status_of(sample_client, one["uuid"]) for one in (first, second)]
    assert [verdict["status"] for verdict in verdicts] == ["valid", "valid"]
    methods = [verdict["credential"]["proof"] for verdict in verdicts]
    named = [(one[0] if isinstance(one, list) else one)["verificationMethod"] for one in methods]
    assert named[0] != named[1]
    did = (await sample_client.get("/issuers/sample/did.json")).json()
    assert {method["id"] for method in did["verificationMethod"]} >= set(named)
