"""What staff and verifiers do without scripts, with the keyboard and on paper; the guide of the demonstration."""

import re

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from api.pages.guide import GUIDES
from tests.browser.addresses import BANK, ITEM
from tests.browser.conftest import open_context

DOORS = {
    "learner": "Be a learner", "author": "Be an author", "advisor": "Be an advisor", "verifier": "Check a badge",
}  # fmt: skip
WHAT = {"learner": "learner", "author": "author", "advisor": "advisor", "verifier": "employer"}


async def be(context: BrowserContext, base: str, button: str) -> Page:
    """A page of somebody who pressed that button on the first page."""
    page = await context.new_page()
    await page.goto(base)
    await page.get_by_role("button", name=button).click()
    return page


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


async def test_a_registrar_looks_at_a_rescoring_without_scripts(browser: Browser, base: str) -> None:
    context = await open_context(browser, java_script_enabled=False)
    page = await be(context, base, "Be an author")
    await page.get_by_role("link", name=re.compile(r"^[a-z]+-[a-z]-\d\d$")).first.press("Enter")
    await page.get_by_role("link", name="Withdraw it or correct its key").press("Enter")
    await page.get_by_label("Why (stays in the record)").fill("Two answers are right.")
    await page.get_by_role("button", name="See who is affected").press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"^If .* is withdrawn$"))
    await expect(page.get_by_label("Who answers for it (name)")).to_have_value("Amir Haddad")
    await expect(page.get_by_text("Nothing has been changed so far.")).to_be_visible()
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


@pytest.mark.parametrize("role", GUIDES)
async def test_every_step_of_the_guide_leads_somewhere(browser: Browser, base: str, role: str) -> None:
    """The door opens where the guide stands unfolded; without scripts every step can be followed from there."""
    context = await open_context(browser, java_script_enabled=False)
    page = await be(context, base, DOORS[role])
    guide = page.locator("details.guide")
    await expect(guide).to_have_attribute("open", "")
    await expect(guide.locator("summary")).to_contain_text(WHAT[role])
    steps = [await link.get_attribute("href") for link in await guide.locator("ol a").all()]
    assert steps == [step.address for step in GUIDES[role].steps]
    for address in steps:
        answer = await page.goto(base + (address or ""))
        assert answer is not None
        assert answer.ok, address
        await expect(page.locator("details.guide")).to_have_count(1)
    await context.close()


async def test_the_guide_is_put_away_and_brought_back(browser: Browser, base: str) -> None:
    context = await open_context(browser, java_script_enabled=False)
    page = await be(context, base, "Be an advisor")
    await page.get_by_role("button", name="Put this guide away").press("Enter")
    assert page.url == f"{base}/advisor"
    await expect(page.locator("details.guide")).to_have_count(0)
    await page.goto(f"{base}/advisor/cohort")
    await expect(page.locator("details.guide")).to_have_count(0)
    await page.get_by_role("button", name="Show the guide").press("Enter")
    await expect(page.locator("details.guide")).to_have_count(1)
    await context.close()


async def test_nothing_of_the_guide_stands_beside_a_question(browser: Browser, base: str) -> None:
    context = await open_context(browser)
    page = await be(context, base, "Be a learner")
    await page.get_by_role("button", name="Open my attempt").click()
    await page.get_by_role("button", name="Start the pre-test").click()
    await page.wait_for_url("**/sittings/*")
    await expect(page.locator(".question")).to_be_visible()
    await expect(page.locator("details.guide")).to_have_count(0)
    await context.close()


@pytest.mark.parametrize("address", ["/institution", ITEM, f"{BANK}/coverage", "/institution/compose"])
async def test_on_paper_a_page_is_its_matter_alone(browser: Browser, base: str, address: str) -> None:
    """Menus, tabs, buttons and the guide stay on the screen; the heading and the charts go onto the paper."""
    context = await open_context(browser)
    page = await be(context, base, "Be an author")
    await page.goto(base + address)
    await page.emulate_media(media="print")
    for gone in ("header.top", "footer.bottom", ".tabs", "details.guide", "main button", "a.skip"):
        for part in await page.locator(gone).all():
            await expect(part).to_be_hidden()
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    for chart in await page.locator("figure.chart svg").all():
        await expect(chart).to_be_visible()
    assert (await page.pdf(format="A4")).startswith(b"%PDF")
    await context.close()
