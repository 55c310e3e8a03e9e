"""The learner's pages in every state: under axe, in weight and time; no byte tells what must not leave."""

import re
import statistics
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.browser.answers import HttpLearner
from tests.browser.conftest import open_context, set_deadline, start_pre_test
from tests.browser.looking import MODES, look
from tests.sample.shown import besides_questions

ERRORS = {
    "/nowhere": 404, "/my": 401, "/attempts/00000000-0000-0000-0000-000000000000": 401, "/institution": 401,
}  # fmt: skip
SHOWN = ("dark", "360 px")
"""One scheme on a wide window and the other on a narrow one; each page itself is looked at in every mode elsewhere."""
HEAVIEST, SLOWEST, SLOWEST_RESULT = 100_000, 0.2, 1.0


@pytest.fixture(scope="module")
def credited(base: str) -> Iterator[HttpLearner]:
    """A learner who has passed both tests and been given credit and badge."""
    learner = HttpLearner(base)
    learner.start("pre_test")
    learner.sit(right=True)
    learner.start("post_test")
    learner.sit(right=True)
    yield learner
    learner.client.close()


@pytest.fixture(scope="module")
def running(base: str) -> Iterator[HttpLearner]:
    """A learner in front of a question of the post-test, whose clock runs, after a pre-test that was passed."""
    learner = HttpLearner(base)
    learner.start("pre_test")
    learner.sit(right=True)
    learner.start("post_test")
    yield learner
    learner.client.close()


async def page_of(context: BrowserContext, base: str, learner: HttpLearner) -> Page:
    """A browser's page for a learner who is signed in elsewhere."""
    cookies = [{"name": name, "value": value, "url": base} for name, value in learner.client.cookies.items()]
    await context.add_cookies(cookies)  # type: ignore[arg-type]
    return await context.new_page()


@pytest.mark.parametrize("mode", SHOWN)
async def test_every_state_before_and_in_a_test_is_accessible(
    browser: Browser, base: str, sample_dsn: str, mode: str
) -> None:
    context = await open_context(browser, **MODES[mode])
    page = await context.new_page()
    problems: list[str] = []
    for address, status in ERRORS.items():
        answer = await page.goto(base + address)
        assert answer is not None
        assert answer.status == status
        await look(page, mode, problems)
    await page.goto(f"{base}/practice")
    await page.get_by_role("button", name="Check my answer").click()
    await look(page, mode, problems)
    await page.locator(".question input[type=radio]").first.check()
    await page.get_by_role("button", name="Check my answer").click()
    await page.get_by_role("status").wait_for()
    await look(page, mode, problems)
    await start_pre_test(page, base)
    await set_deadline(sample_dsn, page, 3000)
    await look(page, mode, problems)
    sitting = page.url
    await page.get_by_role("button", name="Answer and go on").click()
    await page.get_by_role("alert").wait_for()
    await look(page, mode, problems)
    await page.get_by_role("button", name="Go on without an answer").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Question 2")
    await page.get_by_role("button", name="Save and leave").click()
    await look(page, mode, problems)
    await page.goto(sitting)
    await set_deadline(sample_dsn, page, -1)
    await expect(page.get_by_role("heading", level=1)).to_have_text("The time is up")
    await look(page, mode, problems)
    await page.get_by_role("button", name="See the result").click()
    await page.wait_for_url("**/result")
    await look_at_result(page, mode, problems)
    await page.get_by_role("link", name="Data literacy at work").click()
    await look(page, mode, problems)
    for address, status in (("/institution", 403), (f"/attempts/{uuid4()}", 404), ("/my-data", 200)):
        answer = await page.goto(base + address)
        assert answer is not None
        assert answer.status == status
        await look(page, mode, problems)
    await page.get_by_role("button", name="Ask for erasure").click()
    await expect(page.get_by_role("button", name="Take the request back")).to_be_visible()
    await look(page, mode, problems)
    await context.close()
    assert problems == []


async def look_at_result(page: Page, mode: str, problems: list[str]) -> None:
    """The result with everything opened, and on at most two sheets of paper."""
    assert (await page.pdf(format="A4")).count(b"/Type /Page\n") in (1, 2)
    for details in await page.locator("details").all():
        await details.evaluate("(element) => { element.open = true; }")
    await look(page, mode, problems)


@pytest.mark.parametrize("mode", SHOWN)
async def test_every_state_after_passing_is_accessible(
    browser: Browser, base: str, credited: HttpLearner, running: HttpLearner, mode: str
) -> None:
    problems: list[str] = []
    for learner, addresses in (
        (credited, [credited.attempt, "/my", "/my-data"]),
        (running, [running.page.url.path, running.attempt, f"{running.attempt}/result", "/my"]),
    ):
        context = await open_context(browser, **MODES[mode])
        page = await page_of(context, base, learner)
        for address in addresses:
            await page.goto(base + address)
            await look(page, mode, problems)
        await page.goto(f"{base}{learner.attempt}/result")
        await look_at_result(page, mode, problems)
        await context.close()
    assert problems == []


def addresses(learner: HttpLearner) -> list[str]:
    """Every page of a learner that belongs to an attempt or to the person."""
    path = learner.page.url.path
    own = [learner.attempt, f"{learner.attempt}/result", "/my", "/my-data", "/catalogue/sample/data-literacy"]
    return [*own, *([path, f"{path}/end"] if "/sittings/" in path else [])]


def test_the_pages_of_an_attempt_are_light_and_quick(credited: HttpLearner, running: HttpLearner) -> None:
    """With style, script and picture under 100 kB; the median of five requests under 200 ms, over loopback."""
    too_much = {}
    for learner in (credited, running):
        for address in addresses(learner):
            page, times = learner.client.get(address), []
            for _ in range(5):
                began = time.perf_counter()
                learner.client.get(address)
                times.append(time.perf_counter() - began)
            files = set(re.findall(r'"(/static/[^"]+)"', page.text))
            weight = len(page.content) + sum(len(learner.client.get(file).content) for file in files)
            print(f"\n{weight / 1000:6.1f} kB {1000 * statistics.median(times):5.0f} ms {address}", end="")
            if weight >= HEAVIEST or statistics.median(times) >= SLOWEST:
                too_much[address] = (weight, statistics.median(times))
    assert too_much == {}


def test_the_result_comes_within_a_second_of_the_last_answer(base: str) -> None:
    """The median of three learners: the last answer taken, the decision made, the report written, the page read."""
    times = []
    for right in (True, False, True):
        learner = HttpLearner(base)
        learner.start("pre_test")
        times.append(learner.sit(right=right))
        learner.client.close()
    print(f"\nresult after {', '.join(f'{taken:.2f}' for taken in times)} s")
    assert statistics.median(times) < SLOWEST_RESULT


async def test_no_byte_tells_a_key_a_parameter_or_a_running_score(base: str, sample_dsn: str) -> None:
    """Bodies, headers, addresses and files of a whole walk, against what the database holds about it at each answer."""
    heard: list[str] = []

    def keep(answer: httpx.Response) -> None:
        answer.read()
        heard.append(f"{answer.url} {answer.status_code} {dict(answer.headers)} {answer.text}")

    learner = HttpLearner(base)
    learner.client.event_hooks["response"] = [keep]
    learner.start("pre_test")
    sitting, secrets, rows = learner.page.url.path, set(), []
    connection = await asyncpg.connect(sample_dsn)
    while "/sittings/" in learner.page.url.path:
        rows.append(learner.row())
        secrets |= await told_nobody(connection, sitting.rsplit("/", 1)[1])
        for address in (*addresses(learner)[2:], f"/api/v1{sitting.replace('sittings', 'sessions')}", learner.attempt):
            learner.client.get(address, headers={"Accept": "*/*"})
        before = len(heard)
        learner.answer(right=len(heard) % 2 == 0)
    await connection.close()
    del heard[before:]
    for file in set(re.findall(r'"((?:/static/|/item-assets/)[^"]+)"', "".join(heard))):
        learner.client.get(file)
    during = [re.sub(r"\d\d:\d\d:\d\d\.\d+", "a moment", text) for text in heard]
    assert len(secrets) > 100
    assert len(during) > 60
    assert [(secret, text[:300]) for secret in secrets for text in during if secret in text] == []
    ours = [besides_questions(text, rows) for text in during]
    for word in ("theta", "discrimination", "difficulty", "guessing", "rationale", "correct_response", "category"):
        assert [text[:200] for text in ours if re.search(rf"\b{word}\b", text)] == [], word
    learner.client.close()


async def told_nobody(connection: Any, uuid: str) -> set[str]:
    """Estimates, parameters and explanations of a running sitting, as they would be written out."""
    estimate = await connection.fetchrow("SELECT theta, sem FROM session WHERE uuid = $1::uuid", uuid)
    items = await connection.fetch(
        "SELECT v.scoring->>'rationale' AS rationale, b.parameters::text AS parameters FROM session n "
        "JOIN session_item s ON s.session_id = n.id "
        "JOIN bank_version_item b ON b.bank_version_id = n.bank_version_id AND b.position = s.bank_position "
        "JOIN item_version v ON v.id = b.item_version_id WHERE n.uuid = $1::uuid",
        uuid,
    )
    numbers = [repr(value) for value in estimate]
    numbers += [found for item in items for found in re.findall(r"-?[0-9]+\.[0-9]+", item["parameters"])]
    exact = {number.lstrip("-")[:6] for number in numbers if len(number) >= 8}
    return exact | {item["rationale"][:40] for item in items}
