"""A real server on a free loopback port over the sample institution, and a real Chromium in front of it."""

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import uvicorn
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from api import sample_institution
from api.app import create_app
from api.settings import Settings
from itembank.storage.database import Database
from tests.conftest import own_database

CHROMIUM = Path("/usr/bin/chromium")
PATIENCE = 20_000
"""Milliseconds; what is asserted is that something comes, not how soon."""
expect.set_options(timeout=PATIENCE)
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
N_PERSONS = 400
"""Enough simulated persons for parameters that an adaptive test can run on; what it measures is not asked here."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def sample_dsn(server_dsn: str, template_dsn: str) -> Iterator[str]:
    """A database that holds the sample institution."""
    with own_database(server_dsn, template_dsn) as dsn:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sample_institution, "N_PERSONS", N_PERSONS)
            asyncio.run(_seed(dsn))
        yield dsn


async def _seed(dsn: str) -> None:
    database = Database(dsn)
    await sample_institution.seed(database, dsn)
    await database.close()


@pytest.fixture(scope="session")
def base(sample_dsn: str) -> Iterator[str]:
    """The address of the running server."""
    if not CHROMIUM.exists():
        pytest.skip(f"Chromium is missing at {CHROMIUM}; install it (Debian: apt-get install chromium)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    app = create_app(Settings(public_url=address, is_demo=True, flags_minutes=0), sample_dsn)
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", ws="none", loop="asyncio")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.02)
    yield address
    server.should_exit = True
    thread.join(15)


@pytest.fixture(scope="module")
async def browser(base: str) -> AsyncIterator[Browser]:
    """One Chromium for the module, with a profile of its own that vanishes with it."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield launched
        await launched.close()


async def new_learner(page: Page, base: str) -> None:
    """Sign in as a fresh learner; ends on the sample assessment."""
    await page.goto(base)
    await page.get_by_role("button", name="Be a learner").click()
    await page.wait_for_url("**/catalogue/sample/data-literacy")


async def start_pre_test(page: Page, base: str) -> None:
    """A fresh learner at the first question."""
    await new_learner(page, base)
    await page.get_by_role("button", name="Open my attempt").click()
    await page.get_by_role("button", name="Start the pre-test").click()
    await page.wait_for_url("**/sittings/*")


async def set_deadline(dsn: str, page: Page, seconds: float, *, reopen: bool = True) -> None:
    """Let the sitting on screen end in so many seconds, which only the owner of the table can."""
    moved = "UPDATE session SET deadline = now() + make_interval(secs => $2) WHERE uuid = $1"
    connection = await asyncpg.connect(dsn)
    async with connection.transaction():
        await connection.execute("ALTER TABLE session DISABLE TRIGGER USER")
        await connection.execute(moved, UUID(page.url.rsplit("/", 1)[1]), seconds)
        await connection.execute("ALTER TABLE session ENABLE TRIGGER USER")
    await connection.close()
    if reopen:
        await page.goto(page.url)


async def open_context(browser: Browser, **options: Any) -> BrowserContext:
    """A browser context that waits for what must come, also on a busy machine."""
    context = await browser.new_context(**options)
    context.set_default_timeout(PATIENCE)
    return context
