"""Whoever is granted pauses takes one in the middle of a sitting, with or without a script, and goes on from there."""

from uuid import UUID

import pytest
from playwright.async_api import Browser

from engine.accommodations import Accommodation
from engine.storage import attempts, sessions
from engine.workflows.grant_accommodation import grant_accommodation
from engine.workflows.shelf import Shelf
from itembank.storage.database import Database
from tests.browser.conftest import open_context, start_pre_test
from tests.browser.looking import MODES, look


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
async def test_a_pause_puts_the_question_away_and_brings_it_back(
    browser: Browser, base: str, sample_database: Database, script: bool
) -> None:
    context = await open_context(browser, **MODES["360 px"], java_script_enabled=script)
    page = await context.new_page()
    await start_pre_test(page, base)
    question = await page.locator(".question .body").inner_text()
    async with sample_database.transaction(1) as connection:
        row = await sessions.find(connection, UUID(page.url.rsplit("/", 1)[1]))
        assert row is not None
        attempt = (await attempts.get(connection, row.attempt_id)).uuid
    granted = Accommodation(pauses=2, pause_minutes=15)
    await grant_accommodation(sample_database, Shelf(), 1, 1, "office", attempt, granted)
    problems: list[str] = []
    await page.goto(page.url)
    if script:
        await look(page, "360 px, pauses left", problems)
    choice = page.locator(".question input:not([type=hidden])").first
    is_text = await choice.get_attribute("type") in ("text", None)
    await (choice.fill("12") if is_text else choice.check())
    await page.get_by_role("button", name="Take a pause of up to 15 minutes").click()
    await page.get_by_role("heading", name="You are taking a pause").wait_for()
    assert await page.locator(".question .body").count() == 0
    if script:
        await look(page, "360 px, resting", problems)
    await page.get_by_role("button", name="Go on with the question").click()
    await page.locator(".question .body").wait_for()
    assert await page.locator(".question .body").inner_text() == question
    await page.get_by_text("1 pause left").wait_for()
    assert await choice.input_value() == "12" if is_text else await choice.is_checked(), "what was typed is lost"
    assert problems == []
    await context.close()
