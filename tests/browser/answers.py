"""The right answers to the sample bank, found by what stands on the screen: the page itself tells no key."""

import re
import time
from typing import Any

import httpx
from playwright.async_api import Page

from sample.bank import load_bank

BANK = load_bank()


def plain(markup: str) -> str:
    return re.sub(r"\W+", "", re.sub(r"<[^>]*>|&#?\w+;", "", markup)).lower()


ENDS = {plain(row["stem"]): row for row in BANK}


async def row_on_screen(page: Page) -> dict[str, Any]:
    """The row of the bank whose stem is on screen."""
    return row_of(await page.locator(".question .body").inner_text())


def row_of(shown: str) -> dict[str, Any]:
    """The row of the bank whose stem is in a text."""
    shown = plain(shown)
    found = [row for stem, row in ENDS.items() if stem in shown]
    assert found, f"no item of the bank is on screen: {shown[:200]}"
    return max(found, key=lambda row: len(plain(row["stem"])))


class HttpLearner:
    """A demonstration's learner without a browser: forms sent as a browser without a script sends them."""

    def __init__(self, base: str) -> None:
        self.client = httpx.Client(base_url=base, follow_redirects=True, headers={"Accept": "text/html"})
        self.page = self.client.post("/demo/sign-in", data={"role": "learner"})
        self._press("/attempts", assessment="data-literacy")
        self.attempt = self.page.url.path

    def start(self, occasion: str) -> None:
        """Begin; the first question is on screen."""
        self._press(f"{self.attempt}/sittings", occasion=occasion)

    def sit(self, *, right: bool) -> float:
        """Answer to the end; returns how long the result took to come after the last answer, in seconds."""
        while "/sittings/" in self.page.url.path:
            began = time.perf_counter()
            self.answer(right=right)
            took = time.perf_counter() - began
        assert self.page.url.path == f"{self.attempt}/result"
        return took

    def row(self) -> dict[str, Any]:
        """The row of the bank whose question is on screen."""
        return row_of(self.page.text.split('<div class="body"', 1)[1].split('<div class="actions">', 1)[0])

    def answer(self, *, right: bool) -> None:
        """Answer the question on screen."""
        row = self.row()
        wrong = "987654" if row["type"] == "numeric" else next(key for key in "ABCD" if key != row["key"])
        given = row["key"].split("|") if right else [wrong]
        hidden = dict(re.findall(r'<input type="hidden" name="(position|id)" value="([^"]*)"', self.page.text))
        self._press(self.page.url.path, **hidden, action="answer", **{"a:RESPONSE": given})

    def _press(self, address: str, **fields: Any) -> None:
        token = re.search(r'name="csrf" value="([^"]*)"', self.page.text)
        assert token is not None, f"{self.page.url} holds no form"
        self.page = self.client.post(address, data={"csrf": token.group(1), **fields})
        assert self.page.status_code == 200, (self.page.url, self.page.status_code, self.page.text[:500])
