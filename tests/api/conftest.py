"""The application on a database of the module's own, asked over HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from api.app import create_app
from api.settings import Settings


@pytest.fixture(scope="module")
async def client(database_dsn: str) -> AsyncIterator[AsyncTestClient[Litestar]]:
    """A client of the running application; no account yet."""
    app = create_app(Settings(public_url="http://testserver"), database_dsn)
    async with AsyncTestClient(app) as opened:
        yield opened


def bearer(secret: str) -> dict[str, str]:
    """The header that signs a request."""
    return {"Authorization": f"Bearer {secret}"}


def body(response: Any, status: int) -> Any:
    """The JSON of an answer that must have this status."""
    assert response.status_code == status, response.text
    return response.json()
