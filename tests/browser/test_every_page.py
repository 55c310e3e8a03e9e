"""Every page in light, dark, on a narrow phone and at 200 %: axe finds nothing, nothing is cut off, nothing is slow."""

import asyncio
import statistics
import time
from collections.abc import Iterator

import httpx
import pytest
from playwright.async_api import Browser

from tests.browser import walks
from tests.browser.addresses import FIXED, WALKS
from tests.browser.conftest import open_context, start_pre_test
from tests.browser.furniture import furnish
from tests.browser.looking import MODES, look
from tests.browser.walks import Round

HEAVIEST, SLOWEST = 100_000, 0.2


@pytest.fixture(scope="module")
def link(sample_dsn: str, base: str) -> str:
    """The path of a rater's link; a flag is open as well from here on."""
    return asyncio.run(furnish(sample_dsn))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("walk", WALKS)
async def test_every_page_is_accessible(browser: Browser, base: str, link: str, mode: str, walk: str) -> None:
    context = await open_context(browser, **MODES[mode])
    round_ = Round(await context.new_page(), base, mode)
    await walks.BY_NAME[walk](round_, link)
    await context.close()
    assert "\n".join(round_.problems) == ""
    assert round_.seen >= WALKS[walk], "the walk came past fewer pages than it says"


async def test_the_settings_of_the_display_hold_on_every_page(browser: Browser, base: str) -> None:
    context = await open_context(browser, viewport={"width": 360, "height": 740})
    page = await context.new_page()
    await page.goto(f"{base}/display")
    for label in ("Very large", "High", "Wide", "Dark", "Français"):
        await page.get_by_role("radio", name=label, exact=True).check()
    await page.get_by_role("button", name="Save").click()
    problems: list[str] = []
    for address in FIXED["visitor"]:
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
    seen: dict[str, int] = {}
    page.on("response", lambda response: seen.update({response.url: response.status}))
    await start_pre_test(page, base)
    await page.wait_for_load_state("networkidle")
    strangers = [url for url in seen if not url.startswith(base)]
    assert strangers == []
    weights = {}
    for url in (url for url, status in seen.items() if status == 200):
        again = await context.request.get(url)  # the page's own copy may be gone with the page
        assert again.status == 200, url
        weights[url] = len(await again.body())
    files = sum(weight for url, weight in weights.items() if "/static/" in url)
    heaviest = max(weight for url, weight in weights.items() if "/static/" not in url)
    print(f"\nfiles {files / 1000:.1f} kB, heaviest page {heaviest / 1000:.1f} kB")
    assert files + heaviest < HEAVIEST
    await context.close()


def clients(base: str) -> Iterator[tuple[httpx.Client, str]]:
    """A client signed in as each role, with each of its fixed addresses."""
    for role, addresses in FIXED.items():
        with httpx.Client(base_url=base, follow_redirects=True, timeout=30, headers={"Accept": "text/html"}) as client:
            if role not in ("visitor", "verifier"):
                client.post("/demo/sign-in", data={"role": "author" if role == "registrar" else role})
            for address in addresses:
                yield client, address


def test_every_page_weighs_under_100_kilobytes_with_its_files(base: str, link: str) -> None:
    """Everything that the page asks for, uncompressed."""
    weights = {}
    for client, address in clients(base):
        page = client.get(address)
        files = {word for word in page.text.split('"') if word.startswith("/static/")}
        weights[address] = len(page.content) + sum(len(client.get(file).content) for file in files)
    print("\n" + "\n".join(f"{weight / 1000:6.1f} kB {address}" for address, weight in weights.items()))
    assert {address: weight for address, weight in weights.items() if weight >= HEAVIEST} == {}


def test_pages_come_within_200_milliseconds(base: str, link: str) -> None:
    """The median of five requests of each page, over loopback, after one that warms the caches."""
    slow = {}
    for client, address in clients(base):
        client.get(address)
        times = []
        for _ in range(5):
            began = time.perf_counter()
            client.get(address)
            times.append(time.perf_counter() - began)
        if statistics.median(times) >= SLOWEST:
            slow[address] = round(statistics.median(times), 3)
    assert slow == {}
