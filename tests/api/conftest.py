"""The application on a database of the module's own, asked over HTTP."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from api.app import create_app
from api.settings import Settings
from itembank.storage import accounts, institutions
from itembank.storage.database import Database


@pytest.fixture(scope="module")
async def client(database_dsn: str) -> AsyncIterator[AsyncTestClient[Litestar]]:
    """A client of the running application; no account yet."""
    app = create_app(Settings(public_url="http://testserver"), database_dsn)
    async with AsyncTestClient(app) as opened:
        yield opened


@pytest.fixture(scope="module")
async def sample_client(sample_dsn: str) -> AsyncIterator[AsyncTestClient[Litestar]]:
    """A client of the application on the sample institution."""
    app = create_app(Settings(public_url="http://testserver.local", is_demo=True, flags_minutes=0), sample_dsn)
    async with AsyncTestClient(app) as opened:
        yield opened


async def learner(database: Database, name: str, roles: tuple[str, ...] = ("learner",)) -> dict[str, str]:
    """A new account of the sample institution, as the header that signs its requests."""
    institution_id = await institutions.find(database, "sample")
    assert institution_id is not None
    async with database.transaction(institution_id) as connection:
        account = await accounts.create(connection, institution_id, name, list(roles), name)
        return bearer(await accounts.add_key(connection, institution_id, account, "test"))


async def keys_of(dsn: str, database: Database, people: Iterable[tuple[str, str, str]]) -> dict[str, dict[str, str]]:
    """New accounts, each an institution, a pseudonym and a role: pseudonym -> the header that signs its requests."""
    headers = {}
    for institution, pseudonym, role in people:
        institution_id = await institutions.create(dsn, institution, institution.title())
        async with database.transaction(institution_id) as connection:
            account = await accounts.create(connection, institution_id, pseudonym, [role], pseudonym)
            headers[pseudonym] = bearer(await accounts.add_key(connection, institution_id, account, "test"))
    return headers


def bearer(secret: str) -> dict[str, str]:
    """The header that signs a request."""
    return {"Authorization": f"Bearer {secret}"}


def body(response: Any, status: int) -> Any:
    """The JSON of an answer that must have this status."""
    assert response.status_code == status, response.text
    return response.json()
