"""A subject expert composes an assessment by keyboard without scripts, from a preset to what may be published."""

import pytest
from playwright.async_api import Browser, expect

from api.pages.institution.compose import handler as composer
from tests.browser.conftest import open_context
from tests.browser.test_staff_pages import be

N_PERSONS = 120


async def test_from_a_preset_to_what_may_be_published(
    browser: Browser, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(composer, "N_PERSONS", N_PERSONS)
    context = await open_context(browser, java_script_enabled=False)
    page = await be(context, base, "Be an author")
    await page.goto(f"{base}/institution/compose")
    await page.locator("li.card", has_text="kctcs").get_by_role("link", name="Begin with it").press("Enter")
    await page.get_by_label("Title").first.fill("Charts for everybody")
    await page.get_by_label("Short name of the module").fill("Charts 1")
    await page.get_by_label("Credit hours").fill("0.4")
    after = page.get_by_role("group", name="Post-test")
    await after.get_by_label("Cut", exact=True).fill("62")
    await after.get_by_label("Most questions").fill("40")
    await after.get_by_label("Wait before attempt 2").first.fill("3")
    await after.get_by_label("Chance and risk: fewest items").fill("2")
    await page.get_by_label("Credit hours").press("Enter")
    fault = page.get_by_label("Short name of the module")
    await expect(fault).to_have_attribute("aria-invalid", "true")
    await expect(fault).to_have_value("Charts 1")
    await expect(page.get_by_role("alert")).to_contain_text("One entry needs another look.")
    await fault.fill("charts-1")
    await page.get_by_role("button", name="Check", exact=True).press("Enter")
    await expect(page.get_by_text("Yes: every occasion can run")).to_be_visible()
    await expect(after.get_by_label("Most questions")).to_have_value("40")
    await expect(after.get_by_label("Fewest questions")).to_have_value("20")
    await expect(after.get_by_text("On this bank: theta")).to_be_visible()
    await page.get_by_text("Advanced: the same policy").press("Enter")
    document = await page.get_by_label("Policy (TOML)").input_value()
    assert 'key = "charts-1"' in document
    assert 'kind = "learning"' in document, "what the form does not know is kept"
    await page.get_by_role("button", name="Simulate", exact=True).press("Enter")
    await expect(page.get_by_role("heading", name="Designs side by side")).to_be_visible(timeout=60_000)
    await expect(page.get_by_role("button", name="Publish", exact=True)).to_be_visible()
    await expect(page.get_by_label("Title").first).to_have_value("Charts for everybody")
    await context.close()
