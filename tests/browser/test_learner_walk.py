"""The learner's way in a real browser: by keyboard alone and without JavaScript, on weak networks, in two windows."""

import asyncio
import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.async_api import Browser, BrowserContext, Page, Response, expect

from tests.browser.answers import row_on_screen
from tests.browser.conftest import new_learner, open_context, set_deadline, start_pre_test
from tests.browser.looking import look
from tests.sample.shown import besides_questions

FOCUSED = "() => (document.activeElement.innerText || document.activeElement.value || '').trim()"


async def tab_to(page: Page, text: str) -> None:
    """Press Tab until the element with this text has the focus; the focus must be visible there."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        if (await page.evaluate(FOCUSED)) == text:
            outline = await page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
            assert outline == "solid", f"the focus on '{text}' cannot be seen"
            return
    raise AssertionError(f"Tab never reaches '{text}' on {page.url}")


async def press(page: Page, text: str) -> None:
    await tab_to(page, text)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")


async def answer_by_keyboard(page: Page) -> None:
    """Give the right answer with Tab, arrows, space and typing; then press the button with Enter."""
    row = await row_on_screen(page)
    right = row["key"].split("|")
    kind = "() => document.activeElement.type + ' ' + document.activeElement.name"
    for _ in range(30):
        await page.keyboard.press("Tab")
        if re.search(r"^(radio|checkbox|text) a:", await page.evaluate(kind)):
            break
    if row["type"] == "choice":
        await page.keyboard.press("Space")
        while (await page.evaluate("() => document.activeElement.value")) != right[0]:
            await page.keyboard.press("ArrowDown")
    elif row["type"] == "multiple":
        for _ in row["options"]:
            if (await page.evaluate("() => document.activeElement.value")) in right:
                await page.keyboard.press("Space")
            await page.keyboard.press("Tab")
        await page.keyboard.press("Shift+Tab")
    else:
        await page.keyboard.type(right[0])
    await press(page, "Answer and go on")


async def sit_by_keyboard(page: Page, limit: int) -> int:
    """Answer until the sitting is over; returns how many questions there were."""
    for n in range(limit + 1):
        if "/sittings/" not in page.url:
            return n
        await answer_by_keyboard(page)
    raise AssertionError(f"still a question after {limit}")


async def test_the_whole_way_by_keyboard_alone_without_javascript(browser: Browser, base: str) -> None:
    context = await open_context(browser, java_script_enabled=False)
    page = await context.new_page()
    await page.goto(base)
    await press(page, "Be a learner")
    await press(page, "Open my attempt")
    await press(page, "Start the pre-test")
    assert 10 <= await sit_by_keyboard(page, 16) <= 16
    await expect(page.get_by_role("heading", level=1)).to_have_text("You passed the pre-test.")
    await press(page, "Take the post-test now")
    await expect(page.locator("#clock")).to_contain_text("minutes")
    assert 15 <= await sit_by_keyboard(page, 25) <= 25
    await expect(page.get_by_role("heading", level=1)).to_have_text("You passed the post-test.")
    await expect(page.get_by_role("heading", name="0.6 credit hours are yours")).to_be_visible()
    problems: list[str] = []
    with_script = await open_context(browser, viewport={"width": 360, "height": 740})
    await with_script.add_cookies(await context.cookies())  # type: ignore[arg-type]
    credited = await with_script.new_page()
    await credited.goto(page.url)
    await look(credited, "credited", problems)
    await credited.emulate_media(media="print")
    assert (await credited.pdf(format="A4")).count(b"/Type /Page\n") in (1, 2)
    await with_script.close()
    await context.close()
    assert problems == []


async def test_saving_and_leaving_keeps_the_draft_without_javascript(browser: Browser, base: str) -> None:
    context = await open_context(browser, java_script_enabled=False)
    page = await context.new_page()
    await start_pre_test(page, base)
    field = page.locator(".question .body input").first
    is_text = (await field.get_attribute("type")) is None
    await (field.fill("3") if is_text else field.check())
    await page.get_by_role("button", name="Save and leave").click()
    await expect(page.get_by_text("Your answer is kept as a draft.")).to_be_visible()
    await page.get_by_role("link", name="Go on", exact=True).click()
    field = page.locator(".question .body input").first
    await (expect(field).to_have_value("3") if is_text else expect(field).to_be_checked())
    await context.close()


async def two_windows(context: BrowserContext, base: str) -> tuple[Page, Page]:
    left = await context.new_page()
    await start_pre_test(left, base)
    right = await context.new_page()
    await right.goto(left.url)
    return left, right


async def test_two_windows_cannot_answer_twice(browser: Browser, base: str) -> None:
    for with_script in (False, True):
        context = await open_context(browser, java_script_enabled=with_script)
        left, right = await two_windows(context, base)
        for page in (left, right):
            field = page.locator(".question .body input").first
            await (field.fill("1") if (await field.get_attribute("type")) is None else field.check())
        await left.get_by_role("button", name="Answer and go on").click()
        await expect(left.get_by_role("heading", level=1)).to_have_text("Question 2")
        async with right.expect_response(lambda r: r.request.method == "POST" and "draft" not in r.url) as answered:
            await right.get_by_role("button", name="Answer and go on").click()
        assert (await answered.value).status == 409
        await expect(right.get_by_role("alert")).to_contain_text("has an answer already")
        await expect(right.get_by_role("heading", level=1)).to_have_text("Question 2")
        stems = [await page.locator(".question .body").inner_text() for page in (left, right)]
        assert stems[0] == stems[1]
        await context.close()


async def test_an_answer_without_network_waits_and_arrives_once(browser: Browser, base: str) -> None:
    context = await open_context(browser)
    page = await context.new_page()
    await start_pre_test(page, base)
    field = page.locator(".question .body input").first
    await (field.fill("1") if (await field.get_attribute("type")) is None else field.check())
    await expect(page.locator("#kept")).to_have_text("Draft kept")
    await context.set_offline(True)
    await page.get_by_role("button", name="Answer and go on").click()
    await expect(page.locator("#network")).to_contain_text("Your answer is kept on this device")
    await context.set_offline(False)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Question 2", timeout=20_000)
    assert await page.evaluate("() => localStorage.length") == 0
    await context.close()


async def test_an_answer_that_was_taken_but_not_acknowledged_is_not_taken_twice(browser: Browser, base: str) -> None:
    """The reply is lost once; the same answer goes again under its id and the server knows it."""
    context = await open_context(browser)
    page = await context.new_page()
    await start_pre_test(page, base)
    lost = []

    async def lose_the_reply(route):  # type: ignore[no-untyped-def]
        if route.request.method == "POST" and not lost:
            lost.append(await route.fetch(max_redirects=0))
            await route.abort()
        else:
            await route.continue_()

    await page.route(re.compile(r"/sittings/[0-9a-f-]+$"), lose_the_reply)
    field = page.locator(".question .body input").first
    await (field.fill("1") if (await field.get_attribute("type")) is None else field.check())
    await page.get_by_role("button", name="Answer and go on").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Question 2", timeout=20_000)
    assert lost[0].status == 303
    await context.close()


async def test_a_blank_is_asked_about_and_then_allowed(browser: Browser, base: str) -> None:
    context = await open_context(browser, java_script_enabled=False)
    page = await context.new_page()
    await start_pre_test(page, base)
    await page.get_by_role("button", name="Answer and go on").click()
    await expect(page.get_by_role("alert")).to_contain_text("You have not answered.")
    await page.get_by_role("button", name="Go on without an answer").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Question 2")
    await context.close()


async def test_nothing_that_must_not_leave_is_in_any_byte(browser: Browser, base: str) -> None:
    context = await open_context(browser)
    page = await context.new_page()
    reading: list[asyncio.Task[bytes]] = []

    def keep(response: Response) -> None:
        if response.status == 200:
            reading.append(asyncio.ensure_future(response.body()))

    async def read() -> list[bytes]:
        """Every byte so far; a browser that goes on forgets what nobody has read."""
        await page.wait_for_load_state("networkidle")
        return await asyncio.gather(*reading)

    await new_learner(page, base)
    page.on("response", keep)
    await page.get_by_role("button", name="Open my attempt").click()
    await expect(page.get_by_role("button", name="Start the pre-test")).to_be_visible()
    await read()
    await page.get_by_role("button", name="Start the pre-test").click()
    rows = []
    for n in range(1, 6):
        await expect(page.get_by_role("heading", level=1)).to_have_text(f"Question {n}")
        rows.append(await row_on_screen(page))
        field = page.locator(".question .body input").first
        await (field.fill("1") if (await field.get_attribute("type")) is None else field.check())
        await read()
        await page.get_by_role("button", name="Answer and go on").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Question 6")
    rows.append(await row_on_screen(page))
    bodies = await read()
    sent = b"\n".join(bodies).decode()
    assert len(bodies) >= 7
    for row in rows:
        assert row["item_id"] not in sent
        assert row["rationale"][:30] not in sent
    ours = besides_questions(sent, rows).lower()
    assert "answer and go on" in ours
    for word in ("theta", "discrimination", "difficulty", "correct", "rationale", "score", '"key"'):
        assert word not in ours, word
    await context.close()


async def test_the_clock_speaks_rarely_and_its_end_keeps_what_was_answered(
    browser: Browser, base: str, sample_dsn: str
) -> None:
    context = await open_context(browser)
    page = await context.new_page()
    await start_pre_test(page, base)
    await set_deadline(sample_dsn, page, 3000)
    spoken = page.locator("#spoken")
    await expect(page.locator("#clock")).to_have_text(re.compile("49|50"))
    assert await page.locator("#clock").get_attribute("aria-live") == "off"
    await expect(spoken).to_be_empty()
    await page.keyboard.press("Alt+t")
    await expect(spoken).to_have_text(re.compile("49 minutes|50 minutes"))
    await set_deadline(sample_dsn, page, 32)
    await expect(spoken).to_be_empty()
    await expect(spoken).to_have_text("30 seconds left")
    await set_deadline(sample_dsn, page, 2)
    await page.wait_for_url("**/result")
    await expect(page.get_by_text("The time ran out after 0 answers")).to_be_visible()
    await expect(page.get_by_text("You answered nothing, so nothing can be said")).to_be_visible()
    await context.close()


async def test_after_the_time_only_the_result_is_left_without_javascript(
    browser: Browser, base: str, sample_dsn: str
) -> None:
    context = await open_context(browser, java_script_enabled=False)
    page = await context.new_page()
    await start_pre_test(page, base)
    await set_deadline(sample_dsn, page, -1)
    await expect(page.get_by_role("heading", level=1)).to_have_text("The time is up")
    await page.get_by_role("button", name="See the result").click()
    await page.wait_for_url("**/result")
    await context.close()


async def test_a_hidden_clock_is_there_when_asked_for(browser: Browser, base: str, sample_dsn: str) -> None:
    context = await open_context(browser, java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{base}/display")
    await page.get_by_role("radio", name="Hidden until asked for").check()
    await page.get_by_role("button", name="Save").click()
    await start_pre_test(page, base)
    await set_deadline(sample_dsn, page, 3000)
    await expect(page.locator("#clock")).to_be_hidden()
    await page.get_by_text("Time left").click()
    await expect(page.locator("#clock")).to_be_visible()
    await context.close()


async def test_not_passing_says_what_next_and_learning_opens_the_post_test(browser: Browser, base: str) -> None:
    context = await open_context(browser, java_script_enabled=False)
    page = await context.new_page()
    await start_pre_test(page, base)
    await page.get_by_role("link", name="End the test").click()
    began = datetime.now(ZoneInfo("Europe/London"))
    await page.get_by_role("button", name="Yes, end it").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("The pre-test is not passed yet.")
    await expect(page.get_by_role("heading", name="What to learn next")).to_be_visible()
    assert await page.locator("ol.steps > li").count() <= 3
    days = {(moment + timedelta(days=1)).day for moment in (began, datetime.now(ZoneInfo("Europe/London")))}
    tomorrow = "|".join(map(str, days))
    await expect(page.get_by_text(re.compile(f"at least 1 day; it opens on ({tomorrow}) "))).to_be_visible()
    await page.get_by_role("link", name="To your attempt").click()
    await expect(page.get_by_role("button", name="Start the post-test")).to_have_count(0)
    await page.get_by_label("What you learnt").fill("Two chapters on averages")
    await page.get_by_label("Minutes it took").fill("90")
    await page.get_by_role("button", name="I have done the learning").click()
    await page.get_by_role("button", name="Start the post-test").click()
    await page.wait_for_url("**/sittings/*")
    await context.close()
