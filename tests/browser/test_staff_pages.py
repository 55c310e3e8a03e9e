"""What staff and verifiers see, looked at by axe in light, dark, on a phone and at 200 %; walks without scripts."""

import re

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import open_context
from tests.browser.looking import look
from tests.browser.test_every_page import MODES

BANK = "/institution/banks/data-literacy"
PAGES = {
    "Be an advisor": ["/advisor", "/advisor/learners", "/advisor/cohort"],
    "Be an author": [
        "/institution", BANK, f"{BANK}/item?key=averages-f-02", f"{BANK}/coverage", f"{BANK}/suspicious",
        f"{BANK}/calibration", "/institution/import", "/institution/compose",
        "/institution/compose?assessment=data-literacy", "/institution/compose?preset=wgu",
    ],
    "Check a badge": ["/verify", "/verify/00000000-0000-4000-8000-000000000000"],
}  # fmt: skip


async def be(context: BrowserContext, base: str, button: str) -> Page:
    """A page of somebody who pressed that button on the first page."""
    page = await context.new_page()
    await page.goto(base)
    await page.get_by_role("button", name=button).click()
    return page


async def open_details(page: Page) -> None:
    """Everything that unfolds."""
    for details in await page.locator("details").all():
        await details.evaluate("(element) => { element.open = true; }")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("button", PAGES)
async def test_every_page_is_accessible(browser: Browser, base: str, mode: str, button: str) -> None:
    context = await open_context(browser, **MODES[mode])
    page = await be(context, base, button)
    problems: list[str] = []
    for address in PAGES[button]:
        await page.goto(base + address)
        await open_details(page)
        await look(page, mode, problems)
    if button == "Be an advisor":
        await page.goto(f"{base}/advisor/learners?text=Priya")
        await page.get_by_role("link", name="Priya Raman").click()
        await open_details(page)
        await look(page, mode, problems)
    await context.close()
    assert problems == []


async def test_an_advisor_works_by_keyboard_without_scripts(browser: Browser, base: str) -> None:
    context = await open_context(browser, java_script_enabled=False)
    page = await be(context, base, "Be an advisor")
    await page.get_by_role("link", name="Learners", exact=True).press("Enter")
    await page.get_by_label("Name", exact=True).fill("Chloé")
    await page.get_by_label("Name", exact=True).press("Enter")
    await page.get_by_role("link", name="Chloé Martin").press("Enter")
    await page.get_by_label("New note").fill("Ask how the first chapter went.")
    await page.get_by_role("button", name="Keep the note").press("Enter")
    await expect(page.get_by_text("Ask how the first chapter went.")).to_be_visible()
    await context.close()


async def test_a_credential_is_checked_without_scripts_and_without_a_cookie(browser: Browser, base: str) -> None:
    context = await open_context(browser, java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{base}/verify")
    file = {"name": "badge.json", "mimeType": "application/json", "buffer": b'{"type": "nothing"}'}
    await page.get_by_label("Credential files").set_input_files(files=file)  # type: ignore[arg-type]
    await page.get_by_role("button", name="Check", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Not valid|Cannot be checked"))
    assert await context.cookies() == []
    await context.close()
