"""A form on paper is also read on a phone, by an assessor who asks the questions aloud."""

import pytest
from playwright.async_api import Browser

from api.pages.items.sheet import sheet_of
from engine.policies.documents import read_policy
from itembank.exchange.files import read_items_file
from sample.bank import FOLDER, ITEM_FILES
from tests.browser.conftest import open_context


@pytest.mark.parametrize("kind", ["print", "large_print"])
async def test_no_question_is_wider_than_a_phone(browser: Browser, kind: str) -> None:
    policy = read_policy((FOLDER / "assessments" / "data-literacy.toml").read_bytes())
    items = [item for file in ITEM_FILES for item in read_items_file(file)[0]]
    context = await open_context(browser, viewport={"width": 360, "height": 800})
    page = await context.new_page()
    await page.set_content(sheet_of(policy, "post_test", kind, items, "sample 1", "Zoë Tremblay-Okonkwo"))
    wide = await page.evaluate(
        "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > 360)"
        ".map(e => e.outerHTML.slice(0, 120))"
    )
    assert await page.locator("ol.questions > li").count() == len(items) == 300
    assert wide == []
    await context.close()
