"""One person's way past pages: each is unfolded, looked at, and remembered by its route."""

from collections.abc import Callable, Coroutine
from typing import Any

from playwright.async_api import Page, expect

from tests.browser.addresses import BANK, FIXED, ITEM, route_of
from tests.browser.conftest import start_pre_test
from tests.browser.looking import look

DOORS = {"author": "Be an author", "registrar": "Be an author", "advisor": "Be an advisor"}
ANSWERS = "person_id,averages-f-01,averages-f-02\n" + "".join(f"p{n},{n % 2},{n // 2 % 2}\n" for n in range(60))


class Round:
    """A page, how it is shown, what was wrong so far, and which routes it has come past."""

    def __init__(self, page: Page, base: str, mode: str) -> None:
        self.page, self.base, self.mode = page, base, mode
        self.problems: list[str] = []
        self.seen: set[str] = set()

    async def here(self) -> None:
        """Look at what is on screen, with everything unfolded."""
        await look(self.page, self.mode, self.problems, unfolded=True)
        self.seen.add(route_of(self.page.url.removeprefix(self.base).split("?")[0].split("#")[0]))

    async def at(self, address: str) -> None:
        """Go somewhere and look."""
        await self.page.goto(self.base + address)
        await self.here()

    async def press(self, name: str) -> None:
        """Press a button and wait for what comes."""
        async with self.page.expect_navigation():
            await self.page.get_by_role("button", name=name, exact=True).click()

    async def enter(self, role: str) -> None:
        """Be somebody of the demonstration."""
        await self.page.goto(self.base)
        await self.press(DOORS[role])


async def visitor(round_: Round, _: str) -> None:
    for address in FIXED["visitor"]:
        await round_.at(address)


async def learner(round_: Round, _: str) -> None:
    page = round_.page
    await start_pre_test(page, round_.base)
    await round_.here()
    sitting = page.url.removeprefix(round_.base)
    await page.get_by_role("button", name="Answer and go on").click()
    await page.get_by_role("alert").wait_for()
    await round_.here()
    await page.get_by_role("button", name="Go on without an answer").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Question 2")
    await round_.at(f"{sitting}/end")
    await page.get_by_role("button", name="Yes, end it").click()
    await page.wait_for_url("**/result")
    assert (await page.pdf(format="A4")).count(b"/Type /Page\n") in (1, 2)
    await round_.here()
    await page.get_by_role("link", name="Data literacy at work").click()
    await round_.here()
    for address in FIXED["learner"]:
        await round_.at(address)


async def author(round_: Round, _: str) -> None:
    page = round_.page
    await round_.enter("author")
    for address in FIXED["author"]:
        await round_.at(address)
    await page.get_by_label("Credit hours").fill("many")
    await page.get_by_label("Chance and risk: most items").first.fill("x")
    await round_.press("Check")
    await round_.here()
    await round_.at(f"{BANK}/calibration")
    file = {"name": "answers.csv", "mimeType": "text/csv", "buffer": ANSWERS.encode()}
    await page.get_by_label("File with answers").set_input_files(files=file)  # type: ignore[arg-type]
    await round_.press("Calibrate")
    await round_.here()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Calibration: done", timeout=30_000)
    await round_.here()
    await round_.at(page.url.removeprefix(round_.base) + "/report.html")
    await round_.at("/institution/import")
    sheet = b"item_id,competency,stem,options,key\nx-1,tables,What is 2 + 2?,3|4,B\nx-1,tables,Twice,a|b,A\n"
    await page.get_by_label("File with items").set_input_files(
        files={"name": "items.csv", "mimeType": "text/csv", "buffer": sheet}
    )  # type: ignore[call-overload]
    await round_.press("Look at the file")
    await round_.here()


async def registrar(round_: Round, _: str) -> None:
    page = round_.page
    await round_.enter("registrar")
    for address in FIXED["registrar"]:
        await round_.at(address)
    await round_.at(f"/institution/rescorings?bank=data-literacy&item={ITEM.partition('key=')[2]}")
    await page.get_by_label("Why (stays in the record)").fill("Two answers are right.")
    await round_.press("See who is affected")
    await round_.here()
    await round_.at("/institution/flags")
    await page.locator("main article h2 a").first.click()
    await round_.here()
    await round_.at("/papers")
    sheets = page.locator("main a[href$='/sheet']")
    if not await sheets.count():
        await page.locator("main input[name=attempt]").first.check()
        await page.locator("main form:has(input[name=attempt]:checked) button").click()
        await page.wait_for_load_state()
    address = (await sheets.first.get_attribute("href") or "").removesuffix("/sheet")
    for end in ("", "/sheet", "/key"):
        await round_.at(address + end)


async def advisor(round_: Round, _: str) -> None:
    await round_.enter("advisor")
    for address in FIXED["advisor"]:
        await round_.at(address)
    await round_.at("/advisor/learners?text=Priya")
    await round_.page.get_by_role("link", name="Priya Raman").click()
    await round_.here()


async def verifier(round_: Round, _: str) -> None:
    for address in FIXED["verifier"]:
        await round_.at(address)
    await round_.at("/verify")
    for example in [await link.get_attribute("href") for link in await round_.page.locator("main p.note a").all()]:
        await round_.at(example or "")
    await round_.at("/verify")
    broken = [{"name": f"{n}.json", "mimeType": "application/json", "buffer": b"{}"} for n in range(2)]
    await round_.page.get_by_label("Credential files").set_input_files(files=broken)  # type: ignore[arg-type]
    await round_.press("Check")
    await round_.here()


async def rater(round_: Round, link: str) -> None:
    page = round_.page
    await round_.at(link)
    for one in await page.locator("fieldset").all():
        await one.get_by_role("radio").last.check()
    await page.locator("#comment").fill("Explained our figures to all.")
    await round_.here()
    await round_.at("/attestations/this-is-no-link")


Walk = Callable[[Round, str], Coroutine[Any, Any, None]]
BY_NAME: dict[str, Walk] = {
    "visitor": visitor, "learner": learner, "author": author, "registrar": registrar, "advisor": advisor,
    "verifier": verifier, "rater": rater,
}  # fmt: skip
