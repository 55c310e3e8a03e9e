"""What a server loads before it is ready, what it answers until then, and what it has loaded a moment later."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from litestar.testing import AsyncTestClient

from api.app import create_app
from api.settings import Settings
from api.warm_up import LIBRARIES
from itembank.storage.database import MIGRATION_LOCK
from tests.conftest import with_database

ROOT = Path(__file__).parents[2]
LATER = {
    "alembic", "attr", "cryptography", "dask", "distributed", "girth", "highspy", "httpx", "joserfc", "jsonschema",
    "jwt", "numpy.f2py", "numpy.testing", "openbadgeslib", "openpyxl", "pgqueuer", "polars", "pydantic", "rich",
    "sample", "scipy.linalg", "scipy.optimize", "scipy.sparse", "scipy.special", "scipy.stats", "sqlalchemy", "typst",
    "api.sample_institution", "engine.credentials.document", "engine.simulation.simulate", "itembank.exchange.qti",
    "itembank.exchange.responses", "psychometrics.ability.multidimensional", "psychometrics.calibration.calibrate",
    "psychometrics.dif", "psychometrics.fit",
}  # fmt: skip
"""What only some requests need: each is loaded by the request that needs it, or by `warm_up` after the start."""


def loaded(program: str) -> set[str]:
    """The modules that a program has loaded at its end."""
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(json.loads(done.stdout.splitlines()[-1]))


BUILT = """
import api.cli.serve_, api.serving
from api.settings import Settings
api.serving.create_app(Settings(), "postgresql://nobody@127.0.0.1:1/nothing")
"""


def test_a_server_starts_without_what_only_some_requests_need() -> None:
    found = loaded(BUILT)
    assert {"litestar", "asyncpg", "numpy", "jinja2", "engine.workflows.answer_desk"} <= found
    assert found & LATER == set()


def test_what_sittings_need_is_there_soon_after_the_start() -> None:
    found = loaded(f"{BUILT}\nimport asyncio\nfrom api.warm_up import warm_up\nasyncio.run(warm_up())")
    assert set(LIBRARIES) <= found


def test_an_address_that_is_taken_is_refused_in_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "api", "serve"], cwd=ROOT, env={**os.environ, "ASSAY_PORT": port},
            capture_output=True, text=True,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith(f"assay: Nobody can listen at 127.0.0.1, port {port} (Address already in use); ")
    assert done.stderr.count("\n") == 1


@pytest.fixture
async def fresh_dsn(server_dsn: str, template_dsn: str) -> AsyncIterator[str]:
    """A database with nothing in it, on a server that knows the application's role."""
    name = f"assay_fresh_{uuid4().hex[:8]}"
    connection = await asyncpg.connect(server_dsn)
    await connection.execute(f'CREATE DATABASE "{name}"')
    yield with_database(server_dsn, name)
    await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await connection.close()


ASKED = ("/health/ready", "/api/v1/catalogue", "/api/v1/attempts", "/catalogue")


async def test_until_the_schema_is_there_everybody_is_told_to_come_back(fresh_dsn: str) -> None:
    """The lock that guards the migration is held: the server is connected, and no table exists."""
    holder = await asyncpg.connect(fresh_dsn)
    await holder.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
    app = create_app(Settings(public_url="http://testserver"), fresh_dsn)
    async with AsyncTestClient(app) as client:
        for path in ASKED:
            answer = await client.get(path, headers={"Authorization": "Bearer assay_x", "Accept": "text/html"})
            assert (path, answer.status_code) == (path, 503)
            assert int(answer.headers["retry-after"]) >= 1
        assert (await client.get("/health/live")).status_code == 200
        await holder.close()
        for _ in range(400):
            if (await client.get("/health/ready")).status_code == 200:
                break
            await asyncio.sleep(0.05)
        assert (await client.get("/api/v1/catalogue")).status_code == 200
