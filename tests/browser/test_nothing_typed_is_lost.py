"""What is half typed survives a killed tab, a dead network, a sleep and a second device, and the clock stays right."""

import contextlib
import re

from playwright.async_api import Browser, Error, Page, expect

from tests.browser.conftest import open_context, set_deadline, start_pre_test

PHONE = {"width": 360, "height": 740}
ASIDE = "() => Object.keys(localStorage).filter(key => key.startsWith('assay:draft:')).length"


async def give(page: Page, text: str, place: int) -> None:
    """Something in the first field, or the choice at that place."""
    fields = page.locator(".question .body input")
    is_text = (await fields.first.get_attribute("type")) is None
    await (fields.first.fill(text) if is_text else fields.nth(place).check())


async def expect_given(page: Page, text: str, place: int) -> None:
    fields = page.locator(".question .body input")
    is_text = (await fields.first.get_attribute("type")) is None
    await (expect(fields.first).to_have_value(text) if is_text else expect(fields.nth(place)).to_be_checked())


async def type_without_network(page: Page, base: str, text: str, place: int) -> None:
    """A first question whose answer is half typed while the network is away; it stays away."""
    await start_pre_test(page, base)
    await page.context.set_offline(True)
    await give(page, text, place)
    await expect(page.locator("#kept")).to_have_text("Draft kept on this device")


async def test_a_killed_tab_resumes_on_the_phone_at_the_same_question_draft_and_clock(
    browser: Browser, base: str, sample_dsn: str
) -> None:
    laptop = await open_context(browser)
    page = await laptop.new_page()
    await start_pre_test(page, base)
    await give(page, "1", 0)
    await page.get_by_role("button", name="Answer and go on").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Question 2")
    await set_deadline(sample_dsn, page, 3000)
    stem, address = await page.locator(".question .body").inner_text(), page.url
    await give(page, "17.", 1)
    await expect(page.locator("#kept")).to_have_text("Draft kept")
    with contextlib.suppress(Error):
        await page.goto("chrome://crash")
    for has_script in (True, False):
        phone = await open_context(browser, viewport=PHONE, java_script_enabled=has_script)
        await phone.add_cookies(await laptop.cookies())  # type: ignore[arg-type]
        page = await phone.new_page()
        await page.goto(address)
        await expect(page.get_by_role("heading", level=1)).to_have_text("Question 2")
        assert (await page.locator(".question .body").inner_text()) == stem
        await expect_given(page, "17.", 1)
        await expect(page.get_by_text("Welcome back")).to_be_visible()
        await expect(page.locator("#clock")).to_have_text("49 minutes")
        await expect(page.locator("#clock-then")).to_be_visible(visible=not has_script)
        await phone.close()
    await laptop.close()


async def test_what_was_typed_without_network_is_kept_here_and_sent_when_the_page_opens_again(
    browser: Browser, base: str
) -> None:
    context = await open_context(browser)
    page = await context.new_page()
    await type_without_network(page, base, "17.5", 1)
    address = page.url
    await page.close()
    await context.set_offline(False)
    page = await context.new_page()
    await page.goto(address)
    await expect_given(page, "17.5", 1)
    await expect(page.get_by_text("Welcome back")).to_be_visible()
    assert await page.evaluate(ASIDE) == 0
    await context.close()


async def test_the_network_that_comes_back_takes_the_draft_along(browser: Browser, base: str) -> None:
    context = await open_context(browser)
    page = await context.new_page()
    await type_without_network(page, base, "17.5", 1)
    await context.set_offline(False)
    await expect(page.locator("#kept")).to_have_text("Draft kept")
    assert await page.evaluate(ASIDE) == 0
    await context.close()


async def test_an_old_draft_of_this_device_does_not_overwrite_a_newer_one(browser: Browser, base: str) -> None:
    laptop = await open_context(browser)
    page = await laptop.new_page()
    await type_without_network(page, base, "1", 0)
    address = page.url
    await page.close()
    phone = await open_context(browser, viewport=PHONE)
    await phone.add_cookies(await laptop.cookies())  # type: ignore[arg-type]
    other = await phone.new_page()
    await other.goto(address)
    await give(other, "22", 1)
    await expect(other.locator("#kept")).to_have_text("Draft kept")
    await laptop.set_offline(False)
    page = await laptop.new_page()
    await page.goto(address)
    await expect_given(page, "22", 1)
    assert await page.evaluate(ASIDE) == 0
    await phone.close()
    await laptop.close()


async def test_after_a_sleep_the_clock_is_the_servers(browser: Browser, base: str, sample_dsn: str) -> None:
    """While a device sleeps its page's own timer stands still; only the wall clock has moved when it wakes."""
    context = await open_context(browser)
    page = await context.new_page()
    await start_pre_test(page, base)
    await set_deadline(sample_dsn, page, 3000)
    await expect(page.locator("#clock")).to_have_text("49 minutes")
    await give(page, "17.5", 1)
    await expect(page.locator("#kept")).to_have_text("Draft kept")
    await set_deadline(sample_dsn, page, 600, reopen=False)
    await page.evaluate("() => { const now = Date.now; Date.now = () => now.call(Date) + 2400000; }")
    await expect(page.locator("#clock")).to_have_text(re.compile("9 minutes|10 minutes"))
    await expect_given(page, "17.5", 1)
    await context.close()
