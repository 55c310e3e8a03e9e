"""Every page in light, dark, on a narrow phone and at 200 %: axe finds nothing, nothing is cut off, nothing is slow."""

import statistics
import time

import httpx
import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import open_context, start_pre_test
from tests.browser.looking import MODES, look

PAGES = {
    "visitor": ["/", "/catalogue", "/practice", "/practice?item=practice-02", "/display", "/sign-in", "/nowhere"],
    "learner": ["/catalogue/sample/data-literacy", "/my", "/my-data", "/display"],
}


@pytest.mark.parametrize("mode", MODES)
async def test_every_page_is_accessible(browser: Browser, base: str, mode: str) -> None:
    context = await open_context(browser, **MODES[mode])
    page = await context.new_page()
    problems: list[str] = []
    for address in PAGES["visitor"]:
        await page.goto(base + address)
        await look(page, mode, problems)
    await start_pre_test(page, base)
    await look(page, mode, problems)
    sitting = page.url
    await page.get_by_role("button", name="Answer and go on").click()
    await page.get_by_role("alert").wait_for()
    await look(page, mode, problems)
    await page.get_by_role("button", name="Go on without an answer").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Question 2")
    await page.goto(f"{sitting}/end")
    await look(page, mode, problems)
    await page.get_by_role("button", name="Yes, end it").click()
    await page.wait_for_url("**/result")
    assert (await page.pdf(format="A4")).count(b"/Type /Page\n") in (1, 2)
    for details in await page.locator("details").all():
        await details.evaluate("(element) => { element.open = true; }")
    await look(page, mode, problems)
    await page.get_by_role("link", name="Data literacy at work").click()
    await look(page, mode, problems)
    for address in PAGES["learner"]:
        await page.goto(base + address)
        await look(page, mode, problems)
    await context.close()
    assert problems == []


async def test_the_settings_of_the_display_hold_on_every_page(browser: Browser, base: str) -> None:
    context = await open_context(browser, viewport={"width": 360, "height": 740})
    page = await context.new_page()
    await page.goto(f"{base}/display")
    for label in ("Very large", "High", "Wide", "Dark", "Français"):
        await page.get_by_role("radio", name=label, exact=True).check()
    await page.get_by_role("button", name="Save").click()
    problems: list[str] = []
    for address in PAGES["visitor"]:
        await page.goto(base + address)
        assert await page.locator("html").get_attribute("lang") == "fr"
        await look(page, "very large, high contrast, dark, French", problems)
    await context.close()
    assert problems == []


async def test_nothing_moves_when_motion_is_unwanted(browser: Browser, base: str) -> None:
    context = await open_context(browser, reduced_motion="reduce")
    page = await context.new_page()
    await page.goto(base)
    moving = (
        "() => [...document.querySelectorAll('*')].filter(e => getComputedStyle(e).transitionDuration !== '0s').length"
    )
    assert await page.evaluate(moving) == 0
    await context.close()


async def test_a_page_weighs_little_and_comes_from_here_alone(browser: Browser, base: str) -> None:
    context = await open_context(browser)
    page = await context.new_page()
    weights: dict[str, int] = {}
    strangers: list[str] = []

    async def weigh(response):  # type: ignore[no-untyped-def]
        if response.url.startswith(base):
            if response.status == 200:
                weights[response.url] = len(await response.body())
        else:
            strangers.append(response.url)

    page.on("response", weigh)
    await start_pre_test(page, base)
    await page.wait_for_load_state("networkidle")
    files = sum(weight for url, weight in weights.items() if "/static/" in url)
    heaviest = max(weight for url, weight in weights.items() if "/static/" not in url)
    print(f"\nfiles {files / 1000:.1f} kB, heaviest page {heaviest / 1000:.1f} kB")
    assert files + heaviest < 100_000
    assert strangers == []
    await context.close()


def test_pages_come_within_200_milliseconds(base: str) -> None:
    """The median of five requests of each page, over loopback, after one that warms the caches."""
    with httpx.Client(base_url=base, follow_redirects=True) as client:
        client.post("/demo/sign-in", data={"role": "learner"})
        for address in [*PAGES["visitor"], *PAGES["learner"]]:
            client.get(address)
            times = []
            for _ in range(5):
                began = time.perf_counter()
                client.get(address)
                times.append(time.perf_counter() - began)
            assert statistics.median(times) < 0.2, f"{address}: {statistics.median(times):.3f} s"
