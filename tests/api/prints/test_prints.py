"""Gap report and record as PDF: the page's own words, the same bytes twice, nothing in a name carried out."""

from datetime import UTC, datetime
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from msgspec.structs import replace

from api.pages.results import find_result
from api.prints.gap_report import gap_report_sheet
from api.prints.typesetting import Sheet, typeset
from engine.messages import LANGUAGES
from engine.storage import attempts, sessions
from engine.workflows.shelf import Shelf
from itembank.storage import accounts, institutions
from itembank.storage.accounts import Caller
from itembank.storage.database import Database
from tests.api.conftest import bearer

Client = AsyncTestClient[Litestar]
EMPTY_RECORD: dict[str, Any] = {
    "whose": "W", "as_of": "A", "credits_heading": "C", "credits": {"head": [], "rows": [], "total": "0"},
    "sittings_heading": "S", "attempts": [], "empty": "E", "note": "N",
}  # fmt: skip


def record(**changed: Any) -> Sheet:
    """The sheet of an empty record."""
    return Sheet(
        template="record.typ", language="en", title="T", author="A", dated=datetime(2026, 3, 5, tzinfo=UTC),
        values=EMPTY_RECORD | changed,
    )  # fmt: skip


@pytest.fixture(scope="module")
async def seasoned(sample_database: Database) -> list[tuple[Caller, Any, dict[str, str]]]:
    """Learners of the sample who have finished a sitting: who, their attempt, their key."""
    institution_id = await institutions.find(sample_database, "sample")
    assert institution_id is not None
    found = []
    async with sample_database.transaction(institution_id) as connection:
        for person in await accounts.people(connection):
            for attempt in await attempts.of_account(connection, person.id):
                rows = await sessions.of_attempt(connection, attempt.id)
                if any(row.finished_at is not None for row in rows) and len(found) < 6:
                    key = await accounts.add_key(connection, institution_id, person.id, "test")
                    caller = Caller(
                        account_id=person.id, account_uuid=person.uuid, institution_id=institution_id,
                        roles=frozenset(person.roles),
                    )  # fmt: skip
                    found.append((caller, attempt.uuid, bearer(key)))
    assert found
    return found


def test_the_same_sheet_is_the_same_bytes_and_another_is_not() -> None:
    assert typeset(record()) == typeset(record())
    assert typeset(record()) != typeset(record(note="another"))
    assert typeset(record()) != typeset(replace(record(), dated=datetime(2026, 3, 6, tzinfo=UTC)))


def test_it_says_of_itself_that_it_lasts_and_can_be_read_aloud() -> None:
    made = typeset(record())
    assert made.startswith(b"%PDF-1.7")
    assert b"<pdfaid:part>2</pdfaid:part>" in made
    assert b"<pdfaid:conformance>A</pdfaid:conformance>" in made
    assert b"<pdfuaid:part>1</pdfuaid:part>" in made


@pytest.mark.parametrize("name", ['#panic("x")', '"); #read("/etc/passwd")', "*a* $x$ <b> @c // d", "\\u{41} [ ] #"])
def test_what_stands_in_a_name_is_never_carried_out(name: str) -> None:
    plain, hostile = typeset(record()), typeset(record(whose=name, note=name))
    assert hostile.startswith(b"%PDF-1.7")
    assert len(hostile) < len(plain) + 20_000


async def test_the_report_comes_as_pdf_in_the_readers_language(
    sample_client: Client, seasoned: list[tuple[Caller, Any, dict[str, str]]]
) -> None:
    _, attempt, key = seasoned[0]
    made = {}
    for language in LANGUAGES:
        headers = {**key, "accept-language": language}
        first = await sample_client.get(f"/attempts/{attempt}/gap-report.pdf", headers=headers)
        assert (first.status_code, first.headers["content-type"]) == (200, "application/pdf"), first.text[:300]
        assert first.headers["cache-control"] == "no-store"
        made[language] = first.content
        again = await sample_client.get(f"/attempts/{attempt}/gap-report.pdf", headers=headers)
        assert again.content == first.content
    assert made["en"] != made["fr"]
    assert all(len(content) < 150_000 for content in made.values())


async def test_the_sheet_says_what_the_page_says(
    sample_client: Client, sample_database: Database, seasoned: list[tuple[Caller, Any, dict[str, str]]]
) -> None:
    for caller, attempt, key in seasoned:
        page = (await sample_client.get(f"/attempts/{attempt}/result", headers={**key, "accept": "text/html"})).text
        values = gap_report_sheet(await find_result(sample_database, Shelf(), caller, attempt), "en").values
        sentences = [values["verdict"], values["lead"], *values["how"]]
        sentences += [said for group in values["groups"] for part in group["parts"] for said in part["sentences"]]
        assert [said for said in sentences if said not in page.replace("&#39;", "'")] == []
        assert sum(len(group["parts"]) for group in values["groups"]) == len(values["numbers"]["rows"])
        assert not any(".." in said or "., " in said for said in sentences)


async def test_a_report_belongs_to_its_learner(
    sample_client: Client, seasoned: list[tuple[Caller, Any, dict[str, str]]]
) -> None:
    (_, attempt, _), (_, _, other) = seasoned[:2]
    assert (await sample_client.get(f"/attempts/{attempt}/gap-report.pdf")).status_code == 401
    assert (await sample_client.get(f"/attempts/{attempt}/gap-report.pdf", headers=other)).status_code == 404


async def test_the_record_comes_as_pdf_and_stays_the_same_while_nothing_happens(
    sample_client: Client, seasoned: list[tuple[Caller, Any, dict[str, str]]]
) -> None:
    seen = set()
    for _, _, key in seasoned:
        first = await sample_client.get("/my-data/record.pdf", headers=key)
        assert first.status_code == 200, first.text[:300]
        assert first.content == (await sample_client.get("/my-data/record.pdf", headers=key)).content
        seen.add(first.content)
    assert len(seen) == len(seasoned)
