"""Staff sign in at an OpenID provider that runs on loopback: who gets in, with which roles, and every lie refused."""

import time
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from joserfc.jwk import OctKey, RSAKey
from litestar import Litestar
from litestar.testing import AsyncTestClient

from api.app import create_app
from api.auth import COOKIE
from api.oidc import Provider
from api.settings import Settings, SettingsInvalid, from_environment
from itembank.storage import accounts, institutions
from itembank.storage.database import Database
from tests.api.identity_provider import CLIENT, SECRET, IdentityProvider, running

Client = AsyncTestClient[Litestar]
BASE = "http://testserver.local"


@pytest.fixture(scope="module")
async def people(database: Database, database_dsn: str) -> dict[str, int]:
    """Accounts of the college by their external id, and the same id in another institution."""
    found = {}
    for institution, external_id, role in (
        ("college", "u-1", "advisor"), ("college", "u-learner", "learner"), ("south", "u-south", "advisor"),
    ):  # fmt: skip
        institution_id = await institutions.create(database_dsn, institution, institution.title())
        async with database.transaction(institution_id) as connection:
            account = await accounts.create(connection, institution_id, f"of-{external_id}", [role])
            await accounts.describe(connection, institution_id, account, external_id, None, external_id)
        found[external_id] = account
    return found


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    with running() as started:
        yield started


@pytest.fixture
async def visitor(provider: IdentityProvider, people: dict[str, int], database_dsn: str) -> AsyncIterator[Client]:
    """A browser at a server that knows the provider."""
    known = Provider(issuer=provider.issuer, client_id=CLIENT, client_secret=SECRET, institution="college")
    async with browser(known, database_dsn) as opened:
        yield opened


def browser(known: Provider | None, dsn: str) -> Client:
    app = create_app(Settings(public_url=BASE, oidc=known), dsn)
    opened = AsyncTestClient(app, base_url=BASE)
    opened.headers.update({"accept": "text/html"})
    return opened


async def to_the_provider_and_back(visitor: Client) -> str:
    """The address, on this server, to which the provider sends the browser back."""
    begun = await visitor.get("/sign-in/provider", follow_redirects=False)
    assert begun.status_code == 303, begun.text
    async with httpx.AsyncClient() as plain:
        sent_back = (await plain.get(begun.headers["location"])).headers["location"]
    assert sent_back.startswith(f"{BASE}/sign-in/provider/back?")
    parts = urlsplit(sent_back)
    return f"{parts.path}?{parts.query}"


async def sign_in(visitor: Client) -> Any:
    return await visitor.get(await to_the_provider_and_back(visitor), follow_redirects=False)


async def test_staff_come_in(visitor: Client, provider: IdentityProvider) -> None:
    assert "/sign-in/provider" in (await visitor.get("/sign-in")).text
    answer = await sign_in(visitor)
    assert (answer.status_code, answer.headers["location"], provider.refused) == (303, "/advisor", [])
    assert f"{COOKIE}=" in answer.headers["set-cookie"]
    assert (await visitor.get("/advisor")).status_code == 200
    assert provider.codes == {}


@pytest.mark.parametrize("subject", ["u-nobody", "u-learner", "u-south"])
async def test_who_is_no_staff_here_stays_out(visitor: Client, provider: IdentityProvider, subject: str) -> None:
    provider.subject = subject
    answer = await sign_in(visitor)
    assert answer.status_code == 403
    assert "no staff account here" in answer.text
    assert COOKIE not in visitor.cookies


@pytest.mark.parametrize(
    "lies",
    [
        {"nonce": "another"}, {"aud": "somebody-else"}, {"aud": [CLIENT, "b"]}, {"aud": [CLIENT, "b"], "azp": "b"},
        {"iss": "https://elsewhere.example"}, {"exp": 1_000_000_000}, {"iat": int(time.time()) + 7200}, {"sub": ""},
        {"sub": 7}, {"exp": None},
    ],
)  # fmt: skip
async def test_a_token_that_lies_is_refused(visitor: Client, provider: IdentityProvider, lies: dict[str, Any]) -> None:
    provider.lies = lies
    answer = await sign_in(visitor)
    assert answer.status_code == 422
    assert COOKIE not in visitor.cookies


@pytest.mark.parametrize(
    "header, signer",
    [
        ({"alg": "RS256", "kid": "k1"}, RSAKey.generate_key(2048, {"kid": "k1"})),
        ({"alg": "HS256", "kid": "k1"}, OctKey.import_key(SECRET)),
        ({"alg": "RS256", "kid": "k9"}, RSAKey.generate_key(2048, {"kid": "k9"})),
    ],
)
async def test_a_token_of_another_hand_is_refused(
    visitor: Client, provider: IdentityProvider, header: dict[str, str], signer: RSAKey | OctKey
) -> None:
    provider.header, provider.signer = header, signer
    assert (await sign_in(visitor)).status_code == 422
    assert COOKIE not in visitor.cookies


async def test_new_keys_of_the_provider_are_fetched(visitor: Client, provider: IdentityProvider) -> None:
    assert (await sign_in(visitor)).status_code == 303
    provider.keys = {"k2": RSAKey.generate_key(2048, {"kid": "k2"})}
    provider.header = {"alg": "RS256", "kid": "k2"}
    assert (await sign_in(visitor)).status_code == 303


async def test_the_way_back_belongs_to_the_browser_that_began(visitor: Client, people: dict[str, int]) -> None:
    address = await to_the_provider_and_back(visitor)
    await visitor.get("/sign-in/provider", follow_redirects=False)
    assert (await visitor.get(address, follow_redirects=False)).status_code == 422
    visitor.cookies.clear()
    assert (await visitor.get(address, follow_redirects=False)).status_code == 422


async def test_a_code_works_once(visitor: Client) -> None:
    address = await to_the_provider_and_back(visitor)
    kept = dict(visitor.cookies)
    assert (await visitor.get(address, follow_redirects=False)).status_code == 303
    visitor.cookies.clear()
    visitor.cookies.update(kept)
    assert (await visitor.get(address, follow_redirects=False)).status_code == 502
    assert COOKIE not in visitor.cookies


async def test_another_issuer_in_the_description_is_refused(visitor: Client, provider: IdentityProvider) -> None:
    provider.discovery_lies = {"issuer": "https://elsewhere.example"}
    assert (await visitor.get("/sign-in/provider", follow_redirects=False)).status_code == 502


async def test_the_claim_gives_the_roles(
    provider: IdentityProvider, people: dict[str, int], database: Database, database_dsn: str
) -> None:
    known = Provider(
        issuer=provider.issuer, client_id=CLIENT, client_secret=SECRET, institution="college", roles_claim="groups",
        roles={"item-writers": "author", "registry": "registrar"},
    )  # fmt: skip
    async with browser(known, database_dsn) as visitor:
        provider.extra = {"groups": ["registry", "choir", "item-writers"]}
        answer = await sign_in(visitor)
        assert (answer.status_code, answer.headers["location"]) == (303, "/institution")
        assert (await visitor.get("/advisor")).status_code == 403
        provider.extra = {"groups": ["choir"]}
        assert (await sign_in(visitor)).status_code == 403
    institution_id = await institutions.find(database, "college")
    assert institution_id is not None
    async with database.transaction(institution_id) as connection:
        assert set((await accounts.person(connection, people["u-1"])).roles) == {"author", "registrar"}
        await accounts.set_roles(connection, people["u-1"], ["advisor"])


async def test_it_is_off_unless_configured(people: dict[str, int], database_dsn: str) -> None:
    async with browser(None, database_dsn) as visitor:
        assert "/sign-in/provider" not in (await visitor.get("/sign-in")).text
        for address in ("/sign-in/provider", "/sign-in/provider/back?code=x&state=y"):
            assert (await visitor.get(address)).status_code == 404
    assert from_environment({}).oidc is None


def test_settings_name_what_is_missing() -> None:
    whole = {
        "ASSAY_OIDC_ISSUER": "https://id.example.org", "ASSAY_OIDC_CLIENT_ID": "c", "ASSAY_OIDC_CLIENT_SECRET": "s",
        "ASSAY_OIDC_INSTITUTION": "college", "ASSAY_OIDC_ROLES_CLAIM": "groups",
        "ASSAY_OIDC_ROLES": "a=author, b=b=registrar",
    }  # fmt: skip
    found = from_environment(whole).oidc
    assert found is not None
    assert found.roles == {"a": "author", "b=b": "registrar"}
    for changed, sentence in (
        ({"ASSAY_OIDC_ISSUER": "http://id.example.org"}, "https address"),
        ({"ASSAY_OIDC_CLIENT_SECRET": ""}, "ASSAY_OIDC_CLIENT_SECRET is empty"),
        ({"ASSAY_OIDC_ROLES": "a=learner"}, "'a=learner'; write value=role"),
    ):
        with pytest.raises(SettingsInvalid, match=sentence):
            from_environment(whole | changed)
