"""One throw-away PostgreSQL for the run; one freshly migrated database for each worker and module that asks."""

import asyncio
import contextlib
import gc
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, settings

from itembank.storage.database import Database, migrate
from itembank.storage.embedded import EmbeddedServer

ROOT = Path(__file__).parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# The same examples everywhere, however slow the machine; `--hypothesis-profile search` looks for new ones.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", _PATIENT, derandomize=True, database=None)
settings.register_profile("search", _PATIENT, derandomize=False)
settings.load_profile("same")


@pytest.fixture(scope="module", autouse=True)
def gone_servers() -> Iterator[None]:
    """A server spares what it has loaded from collection for good; here many come and go, and must be let go."""
    yield
    if gc.get_freeze_count():
        gc.unfreeze()
        gc.collect()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real responses and frameworks, which are not part of the repository."""
    if not SHARED_DATA.exists():
        pytest.skip("the real data (../shared/data) are not on this machine")
    return SHARED_DATA


@pytest.fixture(scope="session")
def server_dsn() -> Iterator[str]:
    """The DSN of a server on which databases may be made and dropped: the user's, or an embedded one."""
    if own := os.environ.get("ASSAY_TEST_DATABASE_URL"):
        yield own
        return
    folder = Path(tempfile.mkdtemp(prefix="assay-test-"))
    try:
        with EmbeddedServer(folder, {"fsync": "off", "full_page_writes": "off"}) as server:
            yield server.dsn()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def own_database(server_dsn: str, template_dsn: str = "") -> Iterator[str]:
    """A database that goes away again: empty, or a copy of another one."""
    name = f"assay_test_{uuid4().hex[:8]}"
    copied = f' TEMPLATE "{database_name(template_dsn)}"' if template_dsn else ""
    asyncio.run(_execute(server_dsn, f'CREATE DATABASE "{name}"{copied}'))
    try:
        yield with_database(server_dsn, name)
    finally:
        asyncio.run(_execute(server_dsn, f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture(scope="session")
def template_dsn(server_dsn: str) -> Iterator[str]:
    """A migrated database that others are copied from."""
    with own_database(server_dsn) as dsn:
        asyncio.run(migrate(dsn))
        yield dsn


@pytest.fixture(scope="module")
def database_dsn(server_dsn: str, template_dsn: str) -> Iterator[str]:
    """An empty database of the module's own."""
    with own_database(server_dsn, template_dsn) as dsn:
        yield dsn


@pytest.fixture(scope="session")
def sample_template_dsn(server_dsn: str, template_dsn: str) -> Iterator[str]:
    """A database with the sample institution in it, that others are copied from; made once for each worker."""
    from api.sample_institution import seed

    async def fill(dsn: str) -> None:
        filled = Database(dsn)
        await seed(filled, dsn)
        await filled.close()

    with own_database(server_dsn, template_dsn) as dsn:
        asyncio.run(fill(dsn))
        yield dsn


@pytest.fixture(scope="module")
def sample_dsn(server_dsn: str, sample_template_dsn: str) -> Iterator[str]:
    """A database of the module's own with the sample institution in it."""
    with own_database(server_dsn, sample_template_dsn) as dsn:
        yield dsn


@pytest.fixture(scope="module")
async def sample_database(sample_dsn: str) -> AsyncIterator[Database]:
    """The application's way to the sample institution."""
    opened = Database(sample_dsn)
    yield opened
    await opened.close()


@pytest.fixture(scope="module")
async def database(database_dsn: str) -> AsyncIterator[Database]:
    """The application's way to that database."""
    opened = Database(database_dsn)
    yield opened
    await opened.close()


def database_name(dsn: str) -> str:
    return dsn.split("?")[0].rsplit("/", 1)[1]


def with_database(dsn: str, name: str) -> str:
    """The same server, another database."""
    base, _, query = dsn.partition("?")
    return f"{base.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
