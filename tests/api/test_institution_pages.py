"""The institution's pages: banks, items, imports in two steps, calibrations, publication after simulation."""

import asyncio
import re

import numpy as np
import pytest

from api.pages.institution.compose import handler as composer
from itembank.exchange.responses import read_responses
from itembank.storage import institutions
from itembank.storage.database import Database
from itembank.workflows.import_responses import import_responses
from tests.api.browsing import Client, see, send, sign_in, words_of

BANK = "/institution/banks/data-literacy"
PAGES = ("/institution", BANK, f"{BANK}/item?key=averages-f-02", f"{BANK}/coverage", f"{BANK}/suspicious",
         f"{BANK}/calibration", "/institution/import", "/institution/compose")  # fmt: skip
ITEMS = b"""item_id,competency,stem,options,key,level
spare-1,tables,How many legs has a cow?,two|four|six,B,foundation
spare-2,tables,What is 2 + 2?,3|4|5,B,foundation
spare-1,tables,Doubled on purpose,a|b,A,foundation
"""


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize(("role", "status"), [("learner", 403), ("advisor", 403), (None, 401), ("author", 200)])
async def test_only_staff_may_look(sample_client: Client, address: str, role: str | None, status: int) -> None:
    sample_client.cookies.clear()
    if role is not None:
        await sign_in(sample_client, role)
    page = await see(sample_client, address, status)
    assert ('<a href="/institution" aria-current' in page) == (status == 200)


async def test_a_form_without_its_token_changes_nothing(sample_client: Client) -> None:
    await sign_in(sample_client, "author")
    answer = await sample_client.post(
        f"{BANK}/item", data={"item": "averages-f-02", "to": "retired", "reason": "why not"}
    )
    assert answer.status_code == 403


async def test_the_overview_counts_sittings_and_items(sample_client: Client) -> None:
    await sign_in(sample_client, "author")
    said = words_of(await see(sample_client, "/institution"))
    assert "operational: 300" in said or "quarantined" in said
    assert "Sittings in 12 weeks" in said
    assert "opened by 25 learners" in said


async def test_items_are_found_by_every_filter(sample_client: Client) -> None:
    await sign_in(sample_client, "author")
    assert re.search(r"of 30\d", await see(sample_client, BANK))
    page = await see(sample_client, f"{BANK}?competency=chance&level=advanced&state=operational")
    keys = re.findall(r"item\?key=([a-z0-9-]+)", page)
    assert keys
    assert all(key.startswith("chance-a") for key in keys)
    assert "Nothing fits." in await see(sample_client, f"{BANK}?text=no-such-words-anywhere")


async def test_an_item_shows_preview_key_curve_and_errors(sample_client: Client) -> None:
    await sign_in(sample_client, "author")
    page = await see(sample_client, f"{BANK}/item?key=averages-f-02")
    said = words_of(page)
    assert "9 minutes" in said
    assert 'type="radio"' in page
    assert re.search(r"Discrimination [\d.]+ ± [\d.]+", said)
    assert "A person of average ability" in said
    await see(sample_client, f"{BANK}/item?key=nothing", 404)
    await see(sample_client, "/institution/banks/nothing", 404)


async def test_an_item_is_moved_with_its_reason(sample_client: Client) -> None:
    await sign_in(sample_client, "author")
    address = f"{BANK}/item?key=tables-a-01"
    page = await see(sample_client, address)
    await send(
        sample_client, page, f"{BANK}/item", {"item": "tables-a-01", "to": "quarantined", "reason": "Odd wording"}
    )
    assert "Odd wording" in await see(sample_client, address)
    assert "1 to 1 of 1" in await see(sample_client, f"{BANK}?state=quarantined")
    await send(sample_client, page, f"{BANK}/item", {"item": "tables-a-01", "to": "operational", "reason": "Mended"})
    answer = await send(
        sample_client, page, f"{BANK}/item", {"item": "tables-a-01", "to": "draft", "reason": "no"}, status=422
    )
    assert "cannot become draft" in words_of(answer.text)


async def test_an_item_stands_over_what_was_observed_with_fit_and_words(sample_client: Client) -> None:
    await sign_in(sample_client, "author")
    rows = (await see(sample_client, f"{BANK}?competency=chance")).split("<tr>")
    never = next(row for row in rows if row.rstrip().endswith('<td class="number">0</td></tr>'))
    key = re.search(r"item\?key=([a-z0-9-]+)", never)
    assert key is not None
    page = await see(sample_client, f"{BANK}/item?key={key.group(1)}")
    said = words_of(page)
    assert "Not shown to anybody yet." in said
    assert page.count('class="dot second"') == 10 + 1, "ten groups and the legend"
    assert "Expected Observed Answers" in said
    assert re.search(r"Infit [\d.]+ Outfit [\d.]+ S-X² [\d.]+ p of S-X² [\d.]+", said)
    assert "tells stronger from weaker learners" in said
    table = page[page.index("Expected</th>") : page.index("</table>", page.index("Expected</th>"))]
    dots = re.findall(r"<td>([\d.]+)</td><td>([\d.]+)</td><td>(\d+)</td>", table)
    assert len(dots) == 10
    assert sum(int(n) for _, _, n in dots) == 600
    misses = [abs(float(expected) - float(observed)) for expected, observed, _ in dots]
    assert max(misses) < 5 * 0.5 / 60**0.5, "five standard errors of a share of sixty"
    assert sum(misses) / len(misses) < 0.12, "none of the sixty items of this competency has more than 0.09"


async def test_exposure_is_told_of_an_item_and_of_the_bank(sample_client: Client) -> None:
    await sign_in(sample_client, "author")
    said = words_of(await see(sample_client, "/institution"))
    most = re.search(r"([a-z]+-[a-z]-\d\d) : (\d+) % of (\d+) finished sittings", said)
    assert most is not None
    item = words_of(await see(sample_client, f"{BANK}/item?key={most.group(1)}"))
    assert f"Exposure: {most.group(2)} % of {most.group(3)} finished sittings." in item


async def test_items_with_nearly_the_same_words_name_each_other(sample_client: Client) -> None:
    await sign_in(sample_client, "author")
    page = await see(sample_client, "/institution/import")
    twins = b"""item_id,competency,stem,options,key
twin-1,tables,How many wheels have seven cars and three bicycles together?,34|28|31,A
twin-2,tables,How many wheels have seven cars and three bicycles together?,34|28|31,A
twin-3,tables,How many wheels have nine cars and three bicycles together?,42|36|31,A
"""
    files = {"file": ("twins.csv", twins, "text/csv")}
    looked = await send(sample_client, page, "/institution/import", {"bank": "data-literacy"}, files=files, status=200)
    assert "twin-1 · twin-2 100 % alike: probably the same item twice" in words_of(looked.text)
    upload = re.search(r'name="file" value="([0-9a-f-]+)"', looked.text)
    assert upload is not None
    fields = {"bank": "data-literacy", "title": "", "file": upload.group(1)}
    await send(sample_client, looked.text, "/institution/import/confirm", fields, status=200)
    said = words_of(await see(sample_client, f"{BANK}/item?key=twin-1"))
    assert "twin-2 100 % alike: probably the same item twice" in said
    assert "Items that look like it" not in await see(sample_client, f"{BANK}/item?key=averages-f-02")


async def test_coverage_counts_what_is_missing(sample_client: Client) -> None:
    await sign_in(sample_client, "author")
    assert "Every cell holds at least 0 items." in await see(sample_client, f"{BANK}/coverage?needed=0")
    page = await see(sample_client, f"{BANK}/coverage?needed=50")
    total = re.search(r"(\d+) items are still to be written", page)
    assert total is not None
    cells = [int(n) for n in re.findall(r">(\d+) missing</text>", page)]
    assert sum(cells) == int(total.group(1))
    assert len(cells) == page.count('class="lacking"') == 25


async def test_a_file_is_looked_at_before_it_is_taken_in(sample_client: Client) -> None:
    await sign_in(sample_client, "author")
    page = await see(sample_client, "/institution/import")
    files = {"file": ("spare.csv", ITEMS, "text/csv")}
    looked = (
        await send(sample_client, page, "/institution/import", {"bank": "data-literacy"}, files=files, status=200)
    ).text
    said = words_of(looked)
    assert "What would happen in data-literacy" in said
    assert "refused" in said
    assert "Nothing fits." in await see(sample_client, f"{BANK}?text=spare-")
    upload = re.search(r'name="file" value="([0-9a-f-]+)"', looked)
    assert upload is not None
    fields = {"bank": "data-literacy", "title": "", "file": upload.group(1)}
    taken = await send(sample_client, looked, "/institution/import/confirm", fields, status=200)
    assert "Done: the items are in data-literacy" in words_of(taken.text)
    assert "Nothing fits." not in await see(sample_client, f"{BANK}?text=spare-")
    again = await send(sample_client, looked, "/institution/import/confirm", fields, status=404)
    assert "Not found" in again.text


async def test_a_file_that_is_none_of_ours_is_refused_with_a_sentence(sample_client: Client) -> None:
    await sign_in(sample_client, "author")
    page = await see(sample_client, "/institution/import")
    files = {"file": ("x.csv", b"colour,weight\nred,3\n", "text/csv")}
    answer = await send(sample_client, page, "/institution/import", {"bank": "data-literacy"}, files=files, status=422)
    assert (
        "The file cannot be used" in answer.text
        or "Cannot be used" in words_of(answer.text)
        or "item_id" in answer.text
    )


def answers(n_persons: int = 400, n_items: int = 12) -> bytes:
    """Answers to the first items of the bank, by the model."""
    rng = np.random.default_rng(8)
    theta, difficulty = rng.normal(size=n_persons), rng.normal(size=n_items)
    right = rng.random((n_persons, n_items)) < 1 / (1 + np.exp(-(theta[:, None] - difficulty)))
    names = ",".join(["person_id", *(f"averages-f-{n:02d}" for n in range(1, n_items + 1))])
    rows = [f"p{n}," + ",".join(str(int(cell)) for cell in row) for n, row in enumerate(right)]
    return "\n".join([names, *rows]).encode()


async def finished(client: Client, address: str) -> str:
    """The page of a piece of work once it runs no longer."""
    for _ in range(240):
        answer = await client.get(address, headers={"Accept": "text/html"})
        if "Refresh" not in answer.headers:
            assert answer.status_code == 200, answer.text
            return str(answer.text)
        await asyncio.sleep(0.25)
    raise AssertionError("the work does not end")


async def test_a_calibration_runs_in_the_background_and_reports(sample_client: Client) -> None:
    await sign_in(sample_client, "author")
    page = await see(sample_client, f"{BANK}/calibration")
    files = {"file": ("answers.csv", answers(), "text/csv")}
    begun = await send(sample_client, page, f"{BANK}/calibration", {"model": "2pl", "origin": "A test"}, files=files)
    address = begun.headers["location"]
    said = words_of(await finished(sample_client, address))
    assert "12 items from 4800 answers of 400 persons." in said
    report = await sample_client.get(f"{address}/report.html")
    assert report.text.count("<svg") >= 14
    assert "style-src 'unsafe-inline'" in report.headers["content-security-policy"]
    assert "script" not in report.text


async def test_answers_kept_with_the_bank_are_calibrated_without_a_file(
    sample_client: Client, sample_database: Database
) -> None:
    institution_id = await institutions.find(sample_database, "sample")
    assert institution_id is not None
    table = read_responses(answers(), name="spring.csv")
    await import_responses(sample_database, institution_id, "data-literacy", table, name="spring, kept")
    await sign_in(sample_client, "author")
    page = await see(sample_client, f"{BANK}/calibration")
    assert "spring, kept: 4800 answers of 400 persons" in words_of(page)
    begun = await send(sample_client, page, f"{BANK}/calibration", {"model": "2pl", "field_test": "spring, kept"})
    said = words_of(await finished(sample_client, begun.headers["location"]))
    assert "12 items from 4800 answers of 400 persons." in said


async def test_a_file_without_the_banks_items_fails_with_a_sentence(sample_client: Client) -> None:
    await sign_in(sample_client, "author")
    page = await see(sample_client, f"{BANK}/calibration")
    files = {"file": ("answers.csv", b"person_id,other\na,1\nb,0\n", "text/csv")}
    begun = await send(sample_client, page, f"{BANK}/calibration", {"model": "2pl"}, files=files)
    said = words_of(await finished(sample_client, begun.headers["location"]))
    assert "Calibration: failed" in said
    assert "item" in said


async def policy_text(client: Client) -> str:
    page = await see(client, "/institution/compose?assessment=data-literacy")
    found = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
    assert found is not None
    return found.group(1).replace("&#34;", '"').replace("&#39;", "'").replace("&amp;", "&").replace("&lt;", "<")


@pytest.mark.parametrize("name", ["aleks", "kctcs", "nocti", "waterloo", "wgu"])
async def test_every_preset_opens_with_its_check(sample_client: Client, name: str) -> None:
    await sign_in(sample_client, "author")
    page = await see(sample_client, f"/institution/compose?preset={name}")
    assert "Can the bank satisfy it?" in page
    assert ("Yes: every occasion can run" in words_of(page)) != ('role="alert"' in page)


async def test_a_policy_that_cannot_run_says_what_is_missing(sample_client: Client) -> None:
    await sign_in(sample_client, "author")
    page = await see(sample_client, "/institution/compose?assessment=data-literacy")
    text = (await policy_text(sample_client)).replace('"tables", ', '"welding", ')
    fields = {"policy": text, "bank": "data-literacy", "action": "check"}
    answer = await send(sample_client, page, "/institution/compose", fields, status=422)
    assert "welding" in words_of(answer.text)
    fields["policy"] = "key = "
    answer = await send(sample_client, page, "/institution/compose", fields, status=422)
    assert "not valid TOML" in words_of(answer.text)


async def test_publication_waits_for_a_simulation_and_red_lights_for_a_name(
    sample_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(composer, "N_PERSONS", 120)
    await sign_in(sample_client, "author")
    page = await see(sample_client, "/institution/compose?assessment=data-literacy")
    text = (await policy_text(sample_client)).replace('title = "Data literacy at work"', 'title = "Shorter literacy"')
    text = text.replace("min_items = 10", "min_items = 5").replace("max_items = 16", "max_items = 5")
    text = text.replace("min = 2", "min = 1").replace('key = "data-literacy"', 'key = "shorter"', 1)
    fields = {"policy": text, "bank": "data-literacy", "action": "publish"}
    answer = await send(sample_client, page, "/institution/compose", fields, status=422)
    assert "Simulate exactly this policy" in words_of(answer.text)
    begun = await send(sample_client, page, "/institution/compose", {**fields, "action": "simulate"})
    said = await finished_simulation(sample_client, begun.headers["location"])
    assert "Designs side by side" in said
    assert "Publish only if somebody answers for it" in said, "five questions cannot decide as surely as asked"
    answer = await send(sample_client, page, "/institution/compose", fields, status=422)
    assert "answer for it by name" in words_of(answer.text)
    named = {**fields, "named": "Amir Haddad", "reason": "A pilot with forty volunteers, no credit is transcripted."}
    answer = await send(sample_client, page, "/institution/compose", named, status=200)
    assert "Published as version 1." in words_of(answer.text)
    assert "Amir Haddad answers for it" in words_of(await see(sample_client, "/institution"))


async def finished_simulation(client: Client, address: str) -> str:
    """A simulation's page leads back to the composer once it is done."""
    for _ in range(480):
        answer = await client.get(address, headers={"Accept": "text/html"}, follow_redirects=True)
        if "Refresh" not in answer.headers:
            return words_of(answer.text)
        await asyncio.sleep(0.25)
    raise AssertionError("the simulation does not end")
