"""Anybody checks a credential: the verdict first, no account, no cookie."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from litestar.testing import AsyncTestClient

from api.app import create_app
from api.settings import Settings, from_environment
from engine.storage import attempts, credits
from engine.workflows.issue_credential import issue_credential, revoke_credit
from engine.workflows.shelf import Shelf
from itembank.storage import accounts, institutions
from itembank.storage.database import Database
from tests.api.browsing import Client, see, send, words_of

URL = from_environment({}).public_url
"""The address under which the sample institution signs."""


@pytest.fixture(scope="module")
async def sample_client(sample_dsn: str) -> AsyncIterator[Client]:
    """The server under the address that stands in the credentials."""
    async with AsyncTestClient(create_app(Settings(public_url=URL, is_demo=True), sample_dsn)) as opened:
        yield opened


@pytest.fixture(scope="module")
async def issued(sample_client: Client, sample_database: Database) -> tuple[str, str]:
    """The uuids of a valid and of a revoked credential, signed by this very server."""
    institution_id = await institutions.find(sample_database, "sample")
    assert institution_id is not None
    async with sample_database.transaction(institution_id) as connection:
        people = [person.id for person in await accounts.people(connection) if person.pseudonym.startswith("cohort-")]
        earned = [credit for person in people for credit in await credits.of_account(connection, person)]
        live = [credit for credit in earned if credit.revoked_at is None]
        ways = [await attempts.get(connection, credit.attempt_id) for credit in live[:2]]
    assert len(ways) == 2, "the sample cohort earns more than one credit"
    uuids = []
    for way in ways:
        stored = await issue_credential(sample_database, Shelf(), institution_id, way.uuid, URL)
        uuids.append(str(stored.uuid))
    staff = next(person for person in await _people(sample_database, institution_id) if person[1] == "demo-author")
    await revoke_credit(
        sample_database, Shelf(), institution_id, ways[1].uuid, staff[0], "registrar", "Issued by mistake."
    )
    return uuids[0], uuids[1]


async def _people(database: Database, institution_id: int) -> list[tuple[int, str]]:
    async with database.transaction(institution_id) as connection:
        return [(person.id, person.pseudonym) for person in await accounts.people(connection)]


async def test_the_form_asks_for_no_account_and_sets_no_cookie(sample_client: Client) -> None:
    sample_client.cookies.clear()
    answer = await sample_client.get("/verify", headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers


async def test_an_unknown_address_is_told_in_the_first_line(sample_client: Client) -> None:
    page = await see(sample_client, f"/verify/{uuid4()}", 404)
    assert "Not known: no credential has this address." in page


@pytest.mark.parametrize("sent", [[], [("files", ("", b"", "text/plain"))]])
async def test_a_form_without_a_file_says_so(sample_client: Client, sent: list[object]) -> None:
    sample_client.cookies.clear()
    page = await see(sample_client, "/verify")
    answer = await send(sample_client, page, "/verify", {}, files=sent or {"other": ("", b"")}, status=422)
    assert "No file came with the form" in answer.text


async def test_what_is_no_credential_cannot_be_checked(sample_client: Client) -> None:
    sample_client.cookies.clear()
    page = await see(sample_client, "/verify")
    files = [("files", ("a.txt", b"hello", "text/plain")), ("files", ("b.json", b"{}", "application/json"))]
    answer = await send(sample_client, page, "/verify", {}, files=files, status=200)
    said = words_of(answer.text)
    assert "2 files checked" in said
    assert "a.txt" in said
    assert "b.json" in said
    assert "Valid:" not in said


async def test_links_and_files_get_the_same_verdict(sample_client: Client, issued: tuple[str, str]) -> None:
    sample_client.cookies.clear()
    valid, revoked = issued
    assert "Valid:" in words_of(await see(sample_client, f"/verify/{valid}"))
    taken_back = words_of(await see(sample_client, f"/verify/{revoked}"))
    assert "Revoked:" in taken_back
    assert "Issued by mistake." in taken_back
    document = (await sample_client.get(f"/credentials/{valid}/badge.json")).content
    page = await see(sample_client, "/verify")
    answer = await send(sample_client, page, "/verify", {}, files=[("files", ("b.json", document))], status=200)
    assert "Valid:" in words_of(answer.text)


async def test_a_valid_credential_says_how_surely(sample_client: Client, issued: tuple[str, str]) -> None:
    said = words_of(await see(sample_client, f"/verify/{issued[0]}"))
    assert "Data literacy at work" in said
    assert "nine chances in ten" in said
    assert "probability that this pass is a mistake" in said
    assert "Questions answered" in said


async def test_one_changed_byte_is_not_valid(sample_client: Client, issued: tuple[str, str]) -> None:
    sample_client.cookies.clear()
    document = (await sample_client.get(f"/credentials/{issued[0]}/badge.json")).content
    page = await see(sample_client, "/verify")
    forged = document.replace(b"Data literacy at work", b"Data literacy at worK", 1)
    assert forged != document
    answer = await send(sample_client, page, "/verify", {}, files=[("files", ("b.json", forged))], status=200)
    assert "Not valid:" in words_of(answer.text)
    assert "How it was measured" not in answer.text


async def test_two_hundred_files_each_get_their_own_verdict_and_one_more_is_refused(
    sample_client: Client, issued: tuple[str, str]
) -> None:
    sample_client.cookies.clear()
    valid, revoked = [(await sample_client.get(f"/credentials/{uuid}/badge.json")).content for uuid in issued]
    forged = valid.replace(b"Data literacy at work", b"Data literacy at worK", 1)
    kinds = [(b"hello", "cannot_be_checked")] * 170
    kinds += [(valid, "valid")] * 10 + [(revoked, "revoked")] * 10 + [(forged, "invalid")] * 10
    files = [("data", (f"{place}.json", data)) for place, (data, _) in enumerate(kinds)]
    answer = await sample_client.post("/api/v1/verify/", files=files)
    assert answer.status_code == 200
    assert [verdict["status"] for verdict in answer.json()] == [status for _, status in kinds]
    refused = await sample_client.post("/api/v1/verify/", files=[*files, ("data", ("one.json", valid))])
    assert refused.status_code == 422
    assert "at most 200" in refused.json()["detail"]
