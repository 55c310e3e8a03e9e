"""Pages asked by programs: who may, forms from elsewhere, hostile forms, headers, signing in and out."""

import re
from collections.abc import AsyncIterator
from typing import Any

import argon2
import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from api.app import create_app
from api.auth import COOKIE
from api.pages.assets import asset
from api.settings import Settings
from itembank.storage import accounts, institutions
from itembank.storage.database import Database

Client = AsyncTestClient[Litestar]
PASSWORD = "correct horse battery staple"
HTML = {"accept": "text/html"}


@pytest.fixture(scope="module")
async def learner(database: Database, database_dsn: str) -> int:
    """A learner of an institution who signs in with a password."""
    institution_id = await institutions.create(database_dsn, "college", "The College")
    async with database.transaction(institution_id) as connection:
        account_id = await accounts.create(connection, institution_id, "s-1001", ["learner"], "Robin Example")
        await accounts.set_password(connection, account_id, argon2.PasswordHasher().hash(PASSWORD))
    return account_id


@pytest.fixture
async def visitor(database_dsn: str, learner: int) -> AsyncIterator[Client]:
    """A browser of somebody new."""
    app = create_app(Settings(public_url="http://testserver.local"), database_dsn)
    async with AsyncTestClient(app, base_url="http://testserver.local") as opened:
        opened.headers.update(HTML)
        yield opened


async def sign_in(client: Client, name: str = "s-1001", password: str = PASSWORD) -> Any:
    form = {"institution": "college", "name": name, "password": password}
    return await client.post("/sign-in", data=form, follow_redirects=False)


async def token(client: Client) -> str:
    """The token in the forms of somebody signed in."""
    found = re.search(r'name="csrf" value="([^"]+)"', (await client.get("/my-data")).text)
    assert found
    return found[1]


async def test_a_right_password_opens_the_learners_own_pages(visitor: Client) -> None:
    assert (await visitor.get("/my")).status_code == 401
    answer = await sign_in(visitor)
    assert (answer.status_code, answer.headers["location"]) == (303, "/my")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    seen = await visitor.get("/my-data")
    assert seen.status_code == 200
    assert "Robin Example" in seen.text


@pytest.mark.parametrize("name, password", [("s-1001", "wrong"), ("nobody", PASSWORD), ("", "")])
async def test_a_wrong_name_and_a_wrong_password_read_the_same(visitor: Client, name: str, password: str) -> None:
    answer = await sign_in(visitor, name, password)
    assert answer.status_code == 422
    assert "do not fit together" in answer.text
    assert "set-cookie" not in answer.headers


async def test_a_name_rests_after_too_many_tries(visitor: Client) -> None:
    tried = [(await sign_in(visitor, "s-9999", "wrong")).status_code for _ in range(9)]
    assert tried == [422] * 8 + [429]


async def test_signing_out_forgets_the_browser(visitor: Client) -> None:
    await sign_in(visitor)
    secret = visitor.cookies[COOKIE]
    await visitor.post("/sign-out", data={"csrf": await token(visitor)}, follow_redirects=False)
    visitor.cookies.set(COOKIE, secret)
    assert (await visitor.get("/my")).status_code == 401


@pytest.mark.parametrize("form", [{}, {"csrf": ""}, {"csrf": "something-else"}])
async def test_a_form_without_its_token_changes_nothing(visitor: Client, form: dict[str, str]) -> None:
    await sign_in(visitor)
    refused = await visitor.post("/my-data/erasure", data=form)
    assert refused.status_code == 403
    assert "You asked for erasure" not in (await visitor.get("/my-data")).text


async def test_a_form_from_another_site_is_refused_even_with_the_token(visitor: Client) -> None:
    await sign_in(visitor)
    form = {"csrf": await token(visitor)}
    refused = await visitor.post("/my-data/erasure", data=form, headers={"origin": "https://elsewhere.example"})
    assert refused.status_code == 403
    refused = await visitor.post("/sign-in", data={}, headers={"origin": "https://elsewhere.example"})
    assert refused.status_code == 403
    refused = await visitor.post("/my-data/erasure", data=form, headers={"origin": "null"})
    assert refused.status_code == 403


async def test_erasure_is_asked_for_and_taken_back(visitor: Client) -> None:
    await sign_in(visitor)
    csrf = await token(visitor)
    own = {"origin": "http://testserver.local"}
    assert "You asked for erasure" in (await visitor.post("/my-data/erasure", data={"csrf": csrf}, headers=own)).text
    back = await visitor.post("/my-data/erasure", data={"csrf": csrf, "withdraw": "1"}, headers=own)
    assert "You asked for erasure" not in back.text


async def test_own_data_are_exported_whole(visitor: Client) -> None:
    await sign_in(visitor)
    answer = await visitor.get("/my-data/export.json")
    assert answer.headers["content-disposition"].startswith("attachment")
    document = answer.json()
    assert document["person"]["name"] == "Robin Example"
    assert document["attempts"] == []


async def test_every_page_carries_its_headers(visitor: Client) -> None:
    for address, status, cache in (("/", 200, "no-cache"), ("/nowhere", 404, "no-cache"), ("/my", 401, "no-cache")):
        answer = await visitor.get(address)
        assert answer.status_code == status
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["cache-control"] == cache
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert " style=" not in answer.text
        assert not re.search(r"<script(?![^>]* src=)|\son\w+=", answer.text)
    await sign_in(visitor)
    assert (await visitor.get("/my")).headers["cache-control"] == "no-store"


async def test_files_are_kept_by_browsers_and_change_their_name_with_their_bytes(visitor: Client) -> None:
    answer = await visitor.get(asset("assay.css"))
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert re.search(r"assay\.[0-9a-f]{12}\.css$", asset("assay.css"))
    assert (await visitor.get("/static/..%2Fapp.py")).status_code == 404


@pytest.mark.parametrize(
    "body",
    [b"name=%00", b"name=\xff\xfe&institution=%ff", b"&&&===", b"name=" + b"%" * 50, b"a" * 200_000, b"name=%ED%A0%80"],
)
async def test_hostile_forms_are_answered_and_break_nothing(visitor: Client, body: bytes) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    for address in ("/sign-in", "/practice", "/display", "/display/language", "/demo/sign-in"):
        answer = await visitor.post(address, content=body, headers=kind, follow_redirects=False)
        assert answer.status_code < 500, (address, answer.text[:300])


@pytest.mark.parametrize("back", ["//elsewhere.example", "/\\elsewhere.example", "https://elsewhere.example", "\r\nx"])
async def test_no_form_leads_away_from_here(visitor: Client, back: str) -> None:
    answer = await visitor.post("/display/language", data={"language": "fr", "back": back}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_without_the_demo_nobody_signs_in_by_a_click(visitor: Client) -> None:
    assert (await visitor.post("/demo/sign-in", data={"role": "author"})).status_code == 404
    assert "Be a learner" not in (await visitor.get("/")).text


async def test_the_browser_or_the_choice_decides_the_language(visitor: Client) -> None:
    french = await visitor.get("/nowhere", headers={"accept-language": "fr-CH, en;q=0.5"})
    assert 'lang="fr"' in french.text
    assert "Introuvable" in french.text
    await visitor.post("/display/language", data={"language": "en"}, headers={"accept-language": "fr"})
    assert 'lang="en"' in (await visitor.get("/", headers={"accept-language": "fr"})).text


async def test_somebody_elses_attempt_and_sitting_are_not_found(visitor: Client) -> None:
    await sign_in(visitor)
    strange = "00000000-0000-4000-8000-000000000000"
    for address in (
        f"/attempts/{strange}",
        f"/attempts/{strange}/result",
        f"/sittings/{strange}",
        "/item-assets/" + "a" * 64,
    ):
        assert (await visitor.get(address)).status_code == 404, address
    csrf = await token(visitor)
    form = {"csrf": csrf, "position": "0", "occasion": "pre_test"}
    for address in (f"/sittings/{strange}", f"/sittings/{strange}/draft", f"/attempts/{strange}/sittings"):
        assert (await visitor.post(address, data=form)).status_code == 404, address
    assert (
        await visitor.post("/attempts", data={"csrf": csrf, "assessment": "\ud800".encode("utf-8", "replace").decode()})
    ).status_code == 404
