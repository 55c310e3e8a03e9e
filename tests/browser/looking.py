"""What is asked of every page that is on screen: axe finds nothing, and nothing is cut off at the side."""

from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Error, Page

MODES: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "360 px": {"viewport": {"width": 360, "height": 740}, "color_scheme": "light"},
    "200 %": {"viewport": {"width": 640, "height": 450}, "device_scale_factor": 2, "color_scheme": "dark"},
}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


async def look(page: Page, mode: str, problems: list[str], *, unfolded: bool = False) -> None:
    """axe, and whether the page is wider than its window; a page that loads itself anew is looked at again."""
    for turns_left in (2, 1, 0):
        try:
            if unfolded:
                await page.evaluate("() => document.querySelectorAll('details').forEach(one => { one.open = true; })")
            problems += await _found(page, mode)
            return
        except Error as error:
            if not turns_left or "context was destroyed" not in str(error):
                raise
            await page.wait_for_load_state()


async def _found(page: Page, mode: str) -> list[str]:
    problems = []
    found = await Axe().run(page, options={"runOnly": RULES})
    for violation in found.response["violations"]:
        for node in violation["nodes"]:
            problems.append(f"{mode} {page.url}: {violation['id']}: {node['html'][:160]}")
    too_wide = await page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if too_wide > 0:
        problems.append(f"{mode} {page.url}: {too_wide} px wider than the window")
    return problems
