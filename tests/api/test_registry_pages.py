"""What registrars do: rescoring by name after a look, courses of modules, erasures for good, a role against a group."""

import csv
import io
import re

import pytest

from engine.storage import health, rescorings
from engine.workflows.erase_person import ask_erasure
from itembank.storage import accounts, banks, institutions
from itembank.storage import items as item_rows
from itembank.storage.database import Database
from tests.api.browsing import Client, see, send, sign_in, words_of

PAGES = ("/institution/rescorings", "/institution/courses", "/institution/erasures")
ROLE = "/advisor/role?assessment=data-literacy&title=Data+steward&cut:tables=70&cut:chance=75"


async def most_answered(database: Database) -> tuple[str, int]:
    """(key, sittings that counted it) of the item with one right choice that most sittings have answered."""
    institution_id = await institutions.find(database, "sample")
    async with database.transaction(institution_id) as connection:
        bank = await banks.find(connection, "data-literacy")
        assert bank is not None
        shown = await health.exposure(connection, bank.id)
        chosen = [
            one for one in await item_rows.current(connection, bank.id)
            if one.id in shown and [part.kind for part in one.item.content.interactions] == ["choice"]
        ]  # fmt: skip
        stored = max(chosen, key=lambda one: shown[one.id].n_answered)
        return stored.item.key, len(await rescorings.touched(connection, stored.id))


@pytest.mark.parametrize("address", [*PAGES, ROLE])
@pytest.mark.parametrize(("role", "status"), [("learner", 403), (None, 401), ("author", 200)])
async def test_only_the_registry_may_look(sample_client: Client, address: str, role: str | None, status: int) -> None:
    sample_client.cookies.clear()
    if role is not None:
        await sign_in(sample_client, role)
    page = await see(sample_client, address, status)
    assert ('class="tabs' in page) == (status == 200)


async def test_an_item_is_withdrawn_by_name_after_a_look_at_who_is_affected(
    sample_client: Client, sample_database: Database
) -> None:
    item, n_sittings = await most_answered(sample_database)
    await sign_in(sample_client, "author")
    form = await see(sample_client, f"/institution/rescorings?bank=data-literacy&item={item}")
    asked = {"bank": "data-literacy", "item": item, "kind": "withdraw", "reason": "Two answers are right."}
    looked = await send(sample_client, form, "/institution/rescorings/preview", asked, status=200)
    said = words_of(looked.text)
    assert f"{n_sittings} finished sittings counted an answer to it. Nothing has been changed so far." in said
    assert "No item has been withdrawn or corrected yet." in words_of(await see(sample_client, PAGES[0]))
    n_lines = len(re.findall(r'<tr><th scope="row">', looked.text))
    assert n_lines > 1
    await send(sample_client, looked.text, PAGES[0], {**asked, "harm": "held", "named": ""}, status=400)
    await send(sample_client, looked.text, PAGES[0], {**asked, "harm": "", "named": "Amir Haddad"}, status=400)
    assert "No item has been withdrawn or corrected yet." in words_of(await see(sample_client, PAGES[0]))
    done = await send(sample_client, looked.text, PAGES[0], {**asked, "harm": "both", "named": "Amir Haddad"})
    told = words_of(await see(sample_client, done.headers["location"]))
    assert f"Done: {n_sittings} sittings are counted anew" in told
    assert "Amir Haddad" in told
    assert "Two answers are right." in told
    again = await send(sample_client, form, "/institution/rescorings/preview", asked, status=200)
    assert "No decision changes." in words_of(again.text)


async def test_a_new_key_is_ticked_and_a_missing_reason_named(sample_client: Client, sample_database: Database) -> None:
    item, _ = await most_answered(sample_database)
    await sign_in(sample_client, "author")
    form = await see(sample_client, f"/institution/rescorings?bank=data-literacy&item={item}")
    boxes = re.findall(r'type="checkbox" name="(right:[^"]+)" value="([^"]+)"( checked)?', form)
    assert [checked for _, _, checked in boxes].count(" checked") == 1
    name, wrong = next((name, value) for name, value, checked in boxes if not checked)
    asked = {"bank": "data-literacy", "item": item, "kind": "rekey", "reason": "The key was another."}
    looked = await send(sample_client, form, "/institution/rescorings/preview", {**asked, name: wrong}, status=200)
    assert f"If the key of {item} is corrected" in words_of(looked.text)
    assert f'name="{name}" value="{wrong}"' in looked.text
    without = await send(sample_client, form, "/institution/rescorings/preview", asked, status=422)
    assert "key must give right values" in words_of(without.text)
    short = await send(sample_client, form, "/institution/rescorings/preview", {**asked, "reason": ""}, status=422)
    assert "Give the reason" in words_of(short.text)


async def test_a_course_tells_who_has_completed_it_and_who_lost_a_part(sample_client: Client) -> None:
    await sign_in(sample_client, "author")
    page = await see(sample_client, "/institution/courses")
    fields = {"key": "office", "title": "Office skills", "module": "data-literacy", "hours_needed": ""}
    done = await send(sample_client, page, "/institution/courses", fields)
    told = await see(sample_client, done.headers["location"])
    card = told[told.index("Office skills</h2>") :]
    said = words_of(card[: card.index("</section>")])
    assert "Amara Nwosu 0.6 / 0.6 complete" in said
    assert "Élise Fontaine" not in said
    complete = re.search(r"(\d+) have completed it", said)
    assert complete is not None
    assert said.count("0.6 / 0.6") == int(complete.group(1))
    none = await send(sample_client, page, "/institution/courses", {**fields, "key": "x", "module": ""}, status=422)
    assert "parts must name at least one module" in words_of(none.text)


async def test_nobody_is_erased_without_the_box_and_then_for_good(
    sample_client: Client, sample_database: Database
) -> None:
    institution_id = await institutions.find(sample_database, "sample")
    assert institution_id is not None
    async with sample_database.transaction(institution_id) as connection:
        account = await accounts.create(connection, institution_id, "leaving", ["learner"], "Lea Ving")
        uuid = (await accounts.person(connection, account)).uuid
    await ask_erasure(sample_database, institution_id, account)
    await sign_in(sample_client, "author")
    page = await see(sample_client, "/institution/erasures")
    assert "Lea Ving" in page
    await send(sample_client, page, "/institution/erasures", {"learner": str(uuid)}, status=400)
    assert "Lea Ving" in await see(sample_client, "/institution/erasures")
    await send(sample_client, page, "/institution/erasures", {"learner": str(uuid), "sure": "1"})
    assert "Lea Ving" not in await see(sample_client, "/institution/erasures")
    again = await send(sample_client, page, "/institution/erasures", {"learner": str(uuid), "sure": "1"}, status=422)
    assert "has not asked to be erased" in words_of(again.text)


async def test_a_role_is_held_against_the_group_with_small_cells_hidden(sample_client: Client) -> None:
    await sign_in(sample_client, "advisor")
    page = await see(sample_client, ROLE)
    assert "<h1>Data steward</h1>" in page
    assert "Reading tables and charts" in page
    answer = await sample_client.get(ROLE.replace("/role?", "/role.csv?"))
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert sorted(row[0] for row in rows[1:]) == ["chance", "tables"]
    assert all(cell == "suppressed" or int(cell) == 0 or int(cell) >= 5 for row in rows[1:] for cell in row[1:])
    shown = [cell for row in rows[1:] for cell in row[1:] if cell != "suppressed"]
    table = page[page.index("<tbody>") : page.index("</tbody>")]
    assert sorted(re.findall(r"<td>(\d+)</td>", table)) == sorted(shown)
    refused = await see(sample_client, "/advisor/role?cut:tables=140", 400)
    assert "no demand" in refused
