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
    onlookers = {mode: await watch(browser, context, options) for mode, options in MODES.items()}
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
