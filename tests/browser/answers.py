"""The right answers to the sample bank, found by what stands on the screen: the page itself tells no key."""

import re
from typing import Any

from playwright.async_api import Page

from sample.bank import load_bank

BANK = load_bank()


def plain(markup: str) -> str:
    return re.sub(r"\W+", "", re.sub(r"<[^>]*>|&\w+;", "", markup)).lower()


ENDS = {plain(row["stem"]): row for row in BANK}


async def row_on_screen(page: Page) -> dict[str, Any]:
    """The row of the bank whose stem is on screen."""
    shown = plain(await page.locator(".question .body").inner_text())
    found = [row for stem, row in ENDS.items() if stem in shown]
    assert found, f"no item of the bank is on screen: {shown[:200]}"
    return max(found, key=lambda row: len(plain(row["stem"])))
