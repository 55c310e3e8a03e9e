"""Screenshots of every page of the learner's walk, from a running demo: python docs/screenshots.py [ADDRESS] [FOLDER].

Start `./run demo` first. The pictures are written as PNG, light and dark, wide and on a phone.
"""

import asyncio
import sys
from pathlib import Path

from playwright.async_api import Page, async_playwright

ADDRESS = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
FOLDER = Path(sys.argv[2] if len(sys.argv) > 2 else "docs/screenshots")
CHROMIUM = "/usr/bin/chromium"
LOOKS = {
    "light": {"viewport": {"width": 1100, "height": 800}, "color_scheme": "light"},
    "phone-dark": {"viewport": {"width": 390, "height": 800}, "color_scheme": "dark"},
}


async def walk(page: Page, look: str) -> None:
    """A fresh learner from the first page to the result."""

    async def take(name: str) -> None:
        await page.screenshot(path=FOLDER / f"{name}-{look}.png", full_page=True)

    await page.goto(ADDRESS)
    await take("home")
    for name, address in (("catalogue", "/catalogue"), ("practice", "/practice"), ("display", "/display")):
        await page.goto(ADDRESS + address)
        await take(name)
    await page.goto(ADDRESS)
    await page.get_by_role("button", name="Be a learner").click()
    await take("assessment")
    await page.get_by_role("button", name="Open my attempt").click()
    await take("attempt")
    await page.get_by_role("button", name="Start the pre-test").click()
    await page.wait_for_url("**/sittings/*")
    await take("sitting")
    while "/sittings/" in page.url:
        heading = await page.get_by_role("heading", level=1).inner_text()
        field = page.locator(".question .body input").first
        await (field.fill("12") if (await field.get_attribute("type")) is None else field.check())
        await page.get_by_role("button", name="Answer and go on").click()
        await page.wait_for_function("said => document.querySelector('h1').innerText !== said", arg=heading)
    await take("result")
    await page.goto(f"{ADDRESS}/my-data")
    await take("my-data")


async def main() -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--headless", "--no-sandbox"])
        for look, options in LOOKS.items():
            context = await browser.new_context(**options)  # type: ignore[arg-type]
            await walk(await context.new_page(), look)
            await context.close()
        await browser.close()


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    asyncio.run(main())
