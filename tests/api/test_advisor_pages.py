"""Advisors: whom to see, one learner over time, a cohort without small cells; within role, tenant and policy."""

import csv
import io
import re

import pytest

from itembank.storage import accounts, institutions
from itembank.storage.database import Database
from tests.api.browsing import Client, see, send, sign_in, words_of

PAGES = ("/advisor", "/advisor/learners", "/advisor/cohort", "/advisor/cohort/data-literacy/heat-map.csv")
LEARNER = re.compile(r"/advisor/learners/([0-9a-f-]{36})")


async def learner_named(client: Client, name: str) -> str:
    """The address of a learner's page."""
    page = await see(client, f"/advisor/learners?text={name}")
    found = LEARNER.search(page)
    assert found is not None, name
    return f"/advisor/learners/{found.group(1)}"


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize(("role", "status"), [("learner", 403), ("author", 403), (None, 401), ("advisor", 200)])
async def test_only_advisors_may_look(sample_client: Client, address: str, role: str | None, status: int) -> None:
    sample_client.cookies.clear()
    if role is not None:
        await sign_in(sample_client, role)
    page = await see(sample_client, address, status)
    assert ("<h1>Data" in page or "Priya" in page or "competency" in page or "Cohort" in page) == (status == 200)


async def test_the_queue_names_each_learner_once(sample_client: Client) -> None:
    await sign_in(sample_client, "advisor")
    page = await see(sample_client, "/advisor")
    cards = re.findall(r'<h3 class="flat"><a href="/advisor/learners/([0-9a-f-]{36})', page)
    assert cards
    assert len(cards) == len(set(cards))
    assert "have been quiet for three weeks" in page


async def test_the_quiet_are_those_whose_last_step_is_three_weeks_old(sample_client: Client) -> None:
    await sign_in(sample_client, "advisor")
    said = words_of(await see(sample_client, "/advisor"))
    assert "Anna Petrova" in said
    assert "Ben Whitaker" not in said


async def test_learners_are_found_by_name_and_state(sample_client: Client) -> None:
    await sign_in(sample_client, "advisor")
    assert "1 to 1 of 1" in await see(sample_client, "/advisor/learners?text=yara&state=sitting")
    assert "Nothing fits." in await see(sample_client, "/advisor/learners?text=nobody-of-this-name")
    assert "Nothing fits." not in await see(sample_client, "/advisor/learners?page=999999")


async def test_a_learner_has_sittings_gaps_and_an_estimate(sample_client: Client) -> None:
    await sign_in(sample_client, "advisor")
    page = await see(sample_client, await learner_named(sample_client, "Priya"))
    said = words_of(page)
    assert "of the domain so far" in said
    assert "How the estimate settled" in said
    assert page.count("<svg") > 5
    assert "pre-test" in said


async def test_notes_are_kept_with_their_day_and_done(sample_client: Client) -> None:
    await sign_in(sample_client, "advisor")
    address = await learner_named(sample_client, "Chlo%C3%A9")
    page = await see(sample_client, address)
    note = "Reads <b>well</b>; fears formulas."
    await send(sample_client, page, f"{address}/notes", {"body": note, "follow_up_on": "2020-02-29"})
    page = await see(sample_client, address)
    assert "Reads &lt;b&gt;well&lt;/b&gt;; fears formulas." in page
    queue = await see(sample_client, "/advisor")
    assert "fears formulas" in queue
    done = re.search(r'fears formulas\.\s*<form method="post" action="(/advisor/notes/[0-9a-f-]+/done)"', queue)
    assert done is not None
    await send(sample_client, queue, done.group(1), {})
    assert "fears formulas" not in await see(sample_client, "/advisor")
    assert "followed up on" in await see(sample_client, address)


@pytest.mark.parametrize("fields", [{"body": ""}, {"body": "x" * 4001}, {"body": "x", "follow_up_on": "soon"}])
async def test_a_note_that_cannot_be_kept_says_why(sample_client: Client, fields: dict[str, str]) -> None:
    await sign_in(sample_client, "advisor")
    address = await learner_named(sample_client, "Luca")
    page = await see(sample_client, address)
    refused = await send(sample_client, page, f"{address}/notes", fields, status=400)
    assert re.search(r"1 to 4000 characters|is no date", words_of(refused.text))
    assert (await see(sample_client, address)).count("<li><p>") == page.count("<li><p>")


async def test_learning_is_recorded_and_a_rule_lifted_as_often_as_the_policy_says(sample_client: Client) -> None:
    await sign_in(sample_client, "advisor")
    address = await learner_named(sample_client, "Liam")
    page = await see(sample_client, address)
    found = re.search(rf'action="({address}/attempts/[0-9a-f-]+)"', page)
    assert found is not None
    attempt = found.group(1)
    fields = {"kind": "learning", "occasion": "post_test", "rule": "learning", "number": "90", "reason": "Chapter 2"}
    await send(sample_client, page, attempt, fields)
    page = await see(sample_client, address)
    lift = {"kind": "lift", "occasion": "post_test", "rule": "attempts", "reason": "Was ill on the day."}
    await send(sample_client, page, attempt, lift)
    page = await see(sample_client, address)
    assert "Give one more attempt at the post-test" not in words_of(page)
    refused = await send(sample_client, page, attempt, lift, status=400)
    assert "leaves no room for this any more" in words_of(refused.text)


async def test_a_rule_that_the_policy_does_not_let_go_stays(sample_client: Client) -> None:
    await sign_in(sample_client, "advisor")
    address = await learner_named(sample_client, "Liam")
    page = await see(sample_client, address)
    attempt = re.search(rf'action="({address}/attempts/[0-9a-f-]+)"', page)
    assert attempt is not None
    lift = {"kind": "lift", "occasion": "pre_test", "rule": "passed", "reason": "Because I can."}
    refused = await send(sample_client, page, attempt.group(1), lift, status=400)
    assert "leaves no room for this" in words_of(refused.text)
    without_reason = {"kind": "lift", "occasion": "pre_test", "rule": "wait", "reason": ""}
    await send(sample_client, page, attempt.group(1), without_reason, status=400)
    assert words_of(await see(sample_client, address)) == words_of(page), "nothing has happened"


async def test_a_learners_papers_are_for_their_advisor_alone(sample_client: Client) -> None:
    await sign_in(sample_client, "advisor")
    address = await learner_named(sample_client, "Priya")
    page = await see(sample_client, address)
    papers = re.findall(rf'href="({address}/[^"]+\.pdf)"', page)
    assert [paper.rsplit("/", 1)[1] for paper in papers] == ["record.pdf", "gap-report.pdf"]
    for paper in papers:
        answer = await sample_client.get(paper)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
        assert answer.content.startswith(b"%PDF")
        assert (await sample_client.get(paper)).content == answer.content
    stranger = re.sub(r"[0-9a-f]{8}-", "00000000-", papers[0], count=1)
    assert (await sample_client.get(stranger)).status_code == 404
    await sign_in(sample_client, "author")
    assert [(await sample_client.get(paper)).status_code for paper in papers] == [403, 403]


async def test_no_small_cell_leaves_the_heat_map(sample_client: Client) -> None:
    await sign_in(sample_client, "advisor")
    answer = await sample_client.get("/advisor/cohort/data-literacy/heat-map.csv")
    rows = list(csv.reader(io.StringIO(answer.text)))
    cells = [cell for row in rows[1:] for cell in row[1:]]
    assert len(rows) == 6
    assert all(cell == "suppressed" or int(cell) == 0 or int(cell) >= 5 for cell in cells)
    told = (await sample_client.get("/advisor/cohort/data-literacy/heat-map.json")).json()
    assert [["suppressed" if n is None else str(n) for n in row] for row in told["counts"]] == [r[1:] for r in rows[1:]]


async def test_another_institutions_learner_is_not_there(
    sample_client: Client, sample_database: Database, sample_dsn: str
) -> None:
    other = await institutions.create(sample_dsn, "elsewhere", "Elsewhere")
    async with sample_database.transaction(other) as connection:
        account = await accounts.create(connection, other, "stranger", ["learner"], "A Stranger")
        uuid = (await accounts.person(connection, account)).uuid
    await sign_in(sample_client, "advisor")
    await see(sample_client, f"/advisor/learners/{uuid}", 404)
    page = await see(sample_client, "/advisor")
    refused = await send(sample_client, page, f"/advisor/learners/{uuid}/notes", {"body": "hello"}, status=404)
    assert "A Stranger" not in refused.text


async def test_french_advisors_read_french(sample_client: Client) -> None:
    await sign_in(sample_client, "advisor")
    answer = await sample_client.get("/advisor", headers={"Accept": "text/html", "Accept-Language": "fr"})
    assert "Qui voir aujourd’hui" in answer.text
