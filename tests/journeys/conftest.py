"""Fixtures of the application, for whole walks through it."""

from collections.abc import AsyncIterator

import pytest

from api.app import create_app
from api.settings import Settings
from tests.api.at_once import AtOnce, at_once
from tests.api.conftest import client, sample_client


@pytest.fixture(scope="module")
async def busy_client(sample_dsn: str) -> AsyncIterator[AtOnce]:
    """A client on the sample institution whose requests are under way at the same time."""
    settings = Settings(public_url="http://testserver.local", flags_minutes=0)
    async with at_once(create_app(settings, sample_dsn)) as opened:
        yield opened


__all__ = ["client", "sample_client"]
