"""Accounts from the command line and over HTTP: roles, names, passwords that sign in, keys that work."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from itembank.storage.database import Database
from tests.api.conftest import bearer, body, keys_of

ROOT = Path(__file__).parents[2]
PASSWORD = "four words nobody guesses"
Client = AsyncTestClient[Litestar]


def assay(dsn: str, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DATABASE_URL": dsn, "OPENBLAS_NUM_THREADS": "1", "ASSAY_INSTITUTION": "college"}
    return subprocess.run(
        [sys.executable, "-m", "api", "account", *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, input=stdin,
    )  # fmt: skip


@pytest.fixture(scope="module")
async def keys(database: Database, database_dsn: str) -> dict[str, dict[str, str]]:
    """Keys of an administrator, an advisor and another institution's administrator."""
    people = [
        ("college", "boss", "institution_admin"),
        ("college", "guide", "advisor"),
        ("south", "other", "institution_admin"),
    ]
    return await keys_of(database_dsn, database, people)


async def sign_in(client: Client, name: str, password: str) -> int:
    form = {"institution": "college", "name": name, "password": password}
    answer = await client.post("/sign-in", data=form, headers={"accept": "text/html"}, follow_redirects=False)
    client.cookies.clear()
    return int(answer.status_code)


async def test_an_account_of_the_command_line_signs_in_and_its_key_works(
    client: Client, keys: dict[str, dict[str, str]], database_dsn: str
) -> None:
    made = assay(
        database_dsn, "ada", "--role", "advisor", "--name", "Ada Lindqvist", "--email", "ada@example.org", "--password",
        "--key", "--json", stdin=f"{PASSWORD}\n",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert PASSWORD not in made.stdout
    document = json.loads(made.stdout)
    assert (document["account"]["roles"], document["account"]["name"]) == (["advisor"], "Ada Lindqvist")
    for name in ("ada", "ADA@example.org"):
        assert await sign_in(client, name, PASSWORD) == 303
    assert await sign_in(client, "ada", "four words somebody guesses") == 422
    assert (await client.get("/api/v1/accounts", headers=bearer(document["api_key"]))).status_code == 403
    again = assay(database_dsn, "ada", "--role", "registrar", "--json")
    kept = json.loads(again.stdout)["account"]
    assert (kept["name"], kept["email"], kept["roles"]) == ("Ada Lindqvist", "ada@example.org", ["registrar"])
    assert await sign_in(client, "ada", PASSWORD) == 303
    listed = assay(database_dsn)
    assert "ada  Ada Lindqvist <ada@example.org>  registrar" in listed.stdout.splitlines()


@pytest.mark.parametrize(
    "arguments, stdin, sentence",
    [
        (("new",), "", "say which roles a new one has"),
        (("new", "--role", "wizard"), "", "no role 'wizard'; the roles are learner, author"),
        (("new", "--role", "learner", "--password"), "short\n", "has 5 characters; choose one of 12 to 500"),
        (("new", "--role", "learner", "--institution", "nowhere"), "", "no institution 'nowhere'"),
    ],
)
async def test_what_cannot_be_kept_is_one_sentence(
    keys: dict[str, dict[str, str]], database_dsn: str, arguments: tuple[str, ...], stdin: str, sentence: str
) -> None:
    done = assay(database_dsn, *arguments, stdin=stdin)
    assert (done.returncode, sentence in done.stderr, done.stderr.count("\n")) == (1, True, 1), done.stderr
    assert "\nnew " not in assay(database_dsn).stdout


async def test_the_administrator_keeps_accounts_over_http(client: Client, keys: dict[str, dict[str, str]]) -> None:
    sent: dict[str, Any] = {"roles": ["author"], "name": "Amir", "email": "amir@example.org", "password": PASSWORD}
    made = body(await client.put("/api/v1/accounts/amir", json=sent, headers=keys["boss"]), 200)
    assert made == body(await client.put("/api/v1/accounts/amir", json=sent, headers=keys["boss"]), 200)
    assert set(made) == {"uuid", "pseudonym", "roles", "name", "email"}
    assert await sign_in(client, "amir", PASSWORD) == 303
    seen = body(await client.get("/api/v1/accounts", headers=keys["boss"]), 200)
    assert "amir" in [one["pseudonym"] for one in seen]
    taken = {"roles": ["author"], "email": "amir@example.org"}
    short = {"roles": ["learner"], "password": "short"}
    assert body(await client.put("/api/v1/accounts/amira", json=taken, headers=keys["boss"]), 422)["detail"] == (
        "Another account here has this address or external id; choose one of its own."
    )
    body(
        await client.put("/api/v1/accounts/x", json=short, headers=keys["boss"]),
        422,
    )


async def test_accounts_are_the_administrators_business_and_their_own(
    client: Client, keys: dict[str, dict[str, str]]
) -> None:
    sent = {"roles": ["institution_admin"]}
    assert (await client.put("/api/v1/accounts/guide", json=sent, headers=keys["guide"])).status_code == 403
    assert (await client.put("/api/v1/accounts/guide", json=sent)).status_code == 401
    theirs = body(await client.get("/api/v1/accounts", headers=keys["other"]), 200)
    assert [one["pseudonym"] for one in theirs] == ["other"]


async def test_a_new_password_signs_the_browsers_out(client: Client, keys: dict[str, dict[str, str]]) -> None:
    first = {"roles": ["learner"], "password": PASSWORD}
    changed = {"password": "another four good words"}
    body(await client.put("/api/v1/accounts/lina", json=first, headers=keys["boss"]), 200)
    form = {"institution": "college", "name": "lina", "password": PASSWORD}
    await client.post("/sign-in", data=form, headers={"accept": "text/html"}, follow_redirects=False)
    assert (await client.get("/my-data")).status_code == 200
    body(
        await client.put("/api/v1/accounts/lina", json=changed, headers=keys["boss"]),
        200,
    )
    assert (await client.get("/my-data")).status_code == 401
    client.cookies.clear()
