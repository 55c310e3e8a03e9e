"""Screenshots of every page, from a running demo: python docs/screenshots.py [ADDRESS] [FOLDER].

Start `./run demo` first. The pictures are PNG with few colours: the learner's walk wide and light, and on a phone in
the dark; the pages of staff and verifiers wide and light.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.async_api import Page, async_playwright

ADDRESS = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
FOLDER = Path(sys.argv[2] if len(sys.argv) > 2 else "docs/screenshots")
CHROMIUM = "/usr/bin/chromium"
TALLEST = 1800
COLOURS = 64
WIDE: dict[str, Any] = {"viewport": {"width": 1000, "height": 760}, "color_scheme": "light"}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 780}, "color_scheme": "dark"}
BANK = "/institution/banks/data-literacy"
AUTHOR = {
    "institution": "/institution",
    "import": "/institution/import",
    "bank": BANK,
    "item": f"{BANK}/item?key=tables-w-03",
    "coverage": f"{BANK}/coverage",
    "calibration": f"{BANK}/calibration",
    "suspicious": f"{BANK}/suspicious",
    "flags": "/institution/flags",
    "compose": "/institution/compose",
    "compose-form": "/institution/compose?assessment=data-literacy",
    "courses": "/institution/courses",
    "erasures": "/institution/erasures",
    "papers": "/papers",
}
ROLE = "/advisor/role?assessment=data-literacy&title=Data+steward&cut:tables=60&cut:sampling=50&cut:chance=50"
ADVISOR = {"queue": "/advisor", "learners": "/advisor/learners", "cohort": "/advisor/cohort", "role": ROLE}


async def take(page: Page, name: str) -> None:
    """The whole page, cut where it grows too tall for a README, in as few colours as it has."""
    path = FOLDER / f"{name}.png"
    await page.screenshot(path=path, full_page=True)
    with Image.open(path) as picture:
        shown = picture.convert("RGB").crop((0, 0, picture.width, min(picture.height, TALLEST)))
    shown.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


async def visit(page: Page, places: dict[str, str]) -> None:
    """A picture of each address; an address that does not answer stops the script."""
    for name, address in places.items():
        answer = await page.goto(ADDRESS + address)
        assert answer is not None, address
        assert answer.ok, f"{address} answered {answer.status}"
        await take(page, name)


async def be(page: Page, button: str) -> None:
    await page.goto(ADDRESS)
    await page.get_by_role("button", name=button).click()
    await page.wait_for_load_state("networkidle")


async def learner(page: Page, suffix: str = "") -> None:
    """A fresh learner from the first page to the result."""
    await visit(page, {f"{name}{suffix}": f"/{path}" for name, path in (("home", ""), ("catalogue", "catalogue"))})
    await visit(page, {f"{name}{suffix}": f"/{name}" for name in ("practice", "display")})
    await be(page, "Be a learner")
    await take(page, f"assessment{suffix}")
    await page.get_by_role("button", name="Open my attempt").click()
    await take(page, f"attempt{suffix}")
    await page.get_by_role("button", name="Start the pre-test").click()
    await page.wait_for_url("**/sittings/*")
    await take(page, f"sitting{suffix}")
    while "/sittings/" in page.url:
        heading = await page.get_by_role("heading", level=1).inner_text()
        await _answer(page)
        await page.wait_for_function("said => document.querySelector('h1').innerText !== said", arg=heading)
    await take(page, f"result{suffix}")
    await visit(page, {f"my-data{suffix}": "/my-data"})


async def _answer(page: Page) -> None:
    """The first choice or a number; any other kind of question is left out."""
    field = page.locator(".question .body input").first
    kind = await field.get_attribute("type") if await field.count() else "none"
    if kind == "radio":
        await field.check()
    elif kind in (None, "text"):
        await field.fill("12")
    await page.get_by_role("button", name="Answer and go on").click()
    if kind not in (None, "text", "radio"):
        await page.get_by_role("button", name="Go on without an answer").click()


async def staff(page: Page) -> None:
    """The author's, the advisor's and the verifier's pages."""
    await be(page, "Be an author")
    await take(page, "guide")
    await page.get_by_role("button", name="Put this guide away").click()
    await visit(page, AUTHOR)
    await _rescoring(page)
    await be(page, "Be an advisor")
    await visit(page, ADVISOR)
    await page.goto(f"{ADDRESS}/advisor/learners?text=Kwame")
    await page.locator("main tbody a").first.click()
    await page.wait_for_load_state("networkidle")
    await take(page, "learner")
    await visit(page, {"verify": "/verify"})
    await page.locator("main p.note a").first.click()
    await page.wait_for_load_state("networkidle")
    await take(page, "credential")


async def _rescoring(page: Page) -> None:
    """Who would be affected if the question that was shown most were withdrawn; nothing is applied."""
    await page.goto(f"{ADDRESS}/institution")
    await page.locator("main .cards li li a").first.click()
    await page.get_by_role("link", name="Withdraw it or correct its key").click()
    await page.get_by_label("Why (stays in the record)").fill("Two of its answers are right.")
    await page.get_by_role("button", name="See who is affected").click()
    await page.wait_for_load_state("networkidle")
    await take(page, "rescoring")


async def main() -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--headless", "--no-sandbox"])
        for walk, options in ((learner, WIDE), (lambda page: learner(page, "-phone"), PHONE), (staff, WIDE)):
            context = await browser.new_context(**options)
            context.set_default_timeout(20_000)
            await walk(await context.new_page())
            await context.close()
        await browser.close()


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    asyncio.run(main())
