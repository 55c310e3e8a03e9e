"""One broken-in world for the outages of a run, and a short assessment that everybody passes for the races."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from api.app import create_app
from api.settings import Settings
from tests.api.at_once import AtOnce, at_once
from tests.benchmarks.server_bank import POLICY, furnish
from tests.chaos.world import World

SHORT = (
    POLICY.replace("min_items = 15", "min_items = 2")
    .replace("max_items = 30", "max_items = 3")
    .replace('cut = { scale = "theta", value = 0.0 }', 'cut = { scale = "theta", value = -3.0 }')
    .replace("min = 3\nmax = 9", "min = 0\nmax = 3")
    .replace("[occasions.design.decision]\ncut_theta = [0.0]\n", "")
)
LONG = (
    POLICY.replace("min_items = 15", "min_items = 500")
    .replace("max_items = 30", "max_items = 500")
    .replace("min = 3\nmax = 9", "min = 3\nmax = 120")
)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with tempfile.TemporaryDirectory(prefix="assay-chaos-") as name, World(Path(name), 200).standing() as standing:
        yield standing


@pytest.fixture(scope="module")
async def short_institution(database_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> int:
    return await furnish(database_dsn, tmp_path_factory.mktemp("bank"), 60, SHORT)


@pytest.fixture(scope="module")
async def short_client(database_dsn: str, short_institution: int) -> AsyncIterator[AtOnce]:
    async with at_once(create_app(Settings(public_url="https://assay.example.org"), database_dsn)) as opened:
        yield opened
