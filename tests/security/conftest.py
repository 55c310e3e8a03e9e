"""Two institutions in one database, an account of every role in each, and the application over them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from api.app import create_app
from api.settings import Settings
from itembank.storage import accounts, institutions
from itembank.storage.database import Database
from tests.api.conftest import bearer, learner

ROLES = (
    "learner", "author", "psychometrician", "advisor", "registrar", "institution_admin", "service",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tenant:
    """An institution with the headers of an account for each role, and of one that has them all."""

    id: int
    key: str
    headers: dict[str, dict[str, str]]


async def tenant(database: Database, dsn: str, key: str) -> Tenant:
    institution_id = await institutions.create(dsn, key, f"Institution {key}")
    headers = {}
    async with database.transaction(institution_id) as connection:
        for name, roles in [*((role, [role]) for role in ROLES), ("everything", list(ROLES))]:
            account = await accounts.create(connection, institution_id, f"{key}-{name}", roles, f"Canary {key} {name}")
            headers[name] = bearer(await accounts.add_key(connection, institution_id, account, "test"))
    return Tenant(institution_id, key, headers)


@pytest.fixture(scope="module")
async def application(sample_dsn: str) -> AsyncIterator[AsyncTestClient[Litestar]]:
    app = create_app(Settings(public_url="http://testserver.local", flags_minutes=0), sample_dsn)
    async with AsyncTestClient(app) as opened:
        yield opened


@pytest.fixture(scope="module")
async def home(sample_database: Database, sample_dsn: str) -> Tenant:
    """The sample institution, which has a bank, an assessment and learners."""
    return await tenant(sample_database, sample_dsn, "sample")


@pytest.fixture(scope="module")
async def elsewhere(sample_database: Database, sample_dsn: str) -> Tenant:
    return await tenant(sample_database, sample_dsn, "elsewhere")


__all__ = ["Tenant", "learner"]
