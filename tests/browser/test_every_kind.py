"""Every kind of question in a real sitting: by keyboard alone without a script, by mouse with one, and under axe."""

import asyncio
from typing import Any

import asyncpg
import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.browser import every_kind
from tests.browser.conftest import open_context
from tests.browser.every_kind import right_answers
from tests.browser.looking import MODES, look

LOOKS = ("360 px", "dark")
"""Between them both layouts of the style sheet and both colour schemes; the sitting's page itself is seen in all modes
by `test_every_page`."""
FOCUSED = """() => {
  const e = document.activeElement;
  return {tag: e.tagName, type: e.type || '', name: e.name || '', value: e.value || '', checked: !!e.checked,
          text: (e.innerText || '').trim(), options: e.tagName === 'SELECT' ? [...e.options].map(o => o.value) : []};
}"""


@pytest.fixture(scope="module")
def kinds(sample_dsn: str, base: str) -> str:
    """The address of the server, which now has an institution with a test of every kind."""
    asyncio.run(every_kind.furnish(sample_dsn))
    return base


async def sign_in(page: Page, base: str, name: str) -> None:
    """Sign in and begin the test."""
    await page.goto(f"{base}/sign-in")
    await page.locator("[name=institution]").fill(every_kind.KEY)
    await page.locator("[name=name]").fill(name)
    await page.locator("[name=password]").fill(every_kind.PASSWORD)
    await page.locator("form[action='/sign-in'] button").click()
    await page.goto(f"{base}/catalogue/{every_kind.KEY}/{every_kind.KEY}")
    await page.get_by_role("button", name="Open my attempt").click()
    await page.get_by_role("button", name="Start the post-test").click()
    await page.wait_for_url("**/sittings/*")


def swapped(value: str) -> str:
    return " ".join(reversed(value.split()))


class Hands:
    """Gives an answer with the keyboard alone: Tab, Space, arrows and letters."""

    def __init__(self, page: Page, answer: dict[str, list[str]]) -> None:
        self.page, self.left = page, {f"a:{name}": list(values) for name, values in answer.items()}

    async def answer(self) -> None:
        for _ in range(60):
            await self.page.keyboard.press("Tab")
            at = await self.page.evaluate(FOCUSED)
            if at["tag"] == "BUTTON" and at["text"] == "Answer and go on":
                assert not any(self.left.values()), f"no field takes {self.left} on {self.page.url}"
                async with self.page.expect_navigation():
                    await self.page.keyboard.press("Enter")
                return
            if at["name"] in self.left:
                await self._fill(at, self.left[at["name"]])
        raise AssertionError(f"Tab never reaches the button on {self.page.url}")

    async def _fill(self, at: dict[str, Any], left: list[str]) -> None:
        if at["tag"] == "SELECT":
            await self._choose(at["options"], left)
        elif at["type"] == "radio":
            await self.page.keyboard.press("Space")
            while (now := await self.page.evaluate(FOCUSED))["value"] != left[0]:
                assert now["checked"], now
                await self.page.keyboard.press("ArrowDown")
            left.clear()
        elif at["type"] == "checkbox":
            if at["value"] in left:
                await self.page.keyboard.press("Space")
                left.remove(at["value"])
        elif left:
            await self.page.keyboard.type(left.pop(0))

    async def _choose(self, options: list[str], left: list[str]) -> None:
        wanted = next((value for value in left if value in options or swapped(value) in options), None)
        if wanted is None:
            return
        for _ in options:
            if (await self.page.evaluate(FOCUSED))["value"] in (wanted, swapped(wanted)):
                left.remove(wanted)
                return
            await self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"the arrows never reach {wanted}")


async def test_every_kind_is_answered_by_keyboard_alone_without_javascript(
    browser: Browser, kinds: str, sample_dsn: str
) -> None:
    context = await open_context(browser, java_script_enabled=False)
    page = await context.new_page()
    await sign_in(page, kinds, "keyboard")
    onlookers = {mode: await watch(browser, context, MODES[mode]) for mode in LOOKS}
    problems: list[str] = []
    names = [item.key for item in every_kind.every_kind()[0]]
    for number, name in enumerate(names, 1):
        await expect(page.get_by_role("heading", level=1)).to_have_text(f"Question {number}")
        left = len(names) - number + 1
        said = f"{left} questions left, this one included" if left > 1 else "the last question"
        await expect(page.get_by_text(said, exact=True)).to_be_visible()
        for mode, onlooker in onlookers.items():
            await onlooker.goto(page.url)
            await look(onlooker, f"{name}, {mode}", problems)
        await Hands(page, right_answers()[name]).answer()
    await page.wait_for_url("**/result")
    for onlooker in onlookers.values():
        await onlooker.context.close()
    await context.close()
    assert problems == []
    scored = await scores(sample_dsn, "keyboard")
    assert scored == {item.key: item.scoring.max_category for item in every_kind.every_kind()[0]}


async def watch(browser: Browser, context: BrowserContext, options: dict[str, Any]) -> Page:
    """The same learner's page on another device, with a script."""
    other = await open_context(browser, **options)
    await other.add_cookies(await context.cookies())  # type: ignore[arg-type]
    return await other.new_page()


async def scores(dsn: str, learner: str) -> dict[str, int]:
    """Item -> category, of what a learner has answered."""
    connection = await asyncpg.connect(dsn)
    rows = await connection.fetch(
        "SELECT i.key, r.category FROM response r JOIN session_item s USING (session_id, position) "
        "JOIN item i ON i.id = s.item_id JOIN session n ON n.id = r.session_id "
        "JOIN account a ON a.id = n.account_id WHERE a.pseudonym = $1",
        learner,
    )
    await connection.close()
    return {row["key"]: row["category"] for row in rows}


async def go_to(page: Page, wanted: str) -> None:
    """Answer rightly until the question of this name is on screen."""
    for item in every_kind.every_kind()[0]:
        if item.key == wanted:
            return
        await expect(page.get_by_role("heading", level=1)).not_to_have_text("")
        before = await page.get_by_role("heading", level=1).inner_text()
        await Hands(page, right_answers()[item.key]).answer()
        await expect(page.get_by_role("heading", level=1)).not_to_have_text(before)


async def test_pictures_can_be_pointed_at_and_what_is_pointed_at_is_kept(browser: Browser, kinds: str) -> None:
    context = await open_context(browser, viewport={"width": 360, "height": 740})
    page = await context.new_page()
    await sign_in(page, kinds, "mouse")
    await go_to(page, "slider")
    await page.get_by_role("slider").focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("spinbutton")).to_have_value("60")
    await go_on(page)
    await page.locator("[data-picks$='-3']").click()
    await expect(page.get_by_role("checkbox", name="Area 3")).to_be_checked()
    await page.locator("[data-picks$='-3']").click()
    await expect(page.get_by_role("checkbox", name="Area 3")).not_to_be_checked()
    await page.locator("[data-picks$='-1']").click()
    await expect(page.locator("#kept")).to_have_text("Draft kept")
    await go_on(page)
    await point_at(page, 60, 70)
    await point_at(page, 20, 20)
    fields = page.get_by_role("textbox")
    for field, (x, y) in zip(await fields.all(), ((60, 70), (20, 20)), strict=True):
        given = [int(part) for part in (await field.input_value()).split()]
        assert abs(given[0] - x) <= 1
        assert abs(given[1] - y) <= 1
    await expect(page.locator(".point:not([display=none])")).to_have_count(2)
    await fields.first.fill("30 31")
    await expect(page.locator(".point").first).to_have_attribute("cx", "30")
    await expect(page.locator("#kept")).to_have_text("Draft kept")
    await page.reload()
    await expect(page.get_by_text("Welcome back")).to_be_visible()
    await expect(page.locator(".point:not([display=none])")).to_have_count(2)
    await expect(fields.first).to_have_value("30 31")
    await context.close()


async def go_on(page: Page) -> None:
    before = await page.get_by_role("heading", level=1).inner_text()
    await page.get_by_role("button", name="Answer and go on").click()
    await expect(page.get_by_role("heading", level=1)).not_to_have_text(before)


async def point_at(page: Page, x: int, y: int) -> None:
    """Click on the picture at a place in its own coordinates."""
    box = await page.locator("svg[data-points] image").bounding_box()
    assert box is not None
    await page.mouse.click(box["x"] + x * box["width"] / 200, box["y"] + y * box["height"] / 100)
