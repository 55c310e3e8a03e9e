"""Staff sign in where the institution signs them in; off unless an issuer is configured."""

from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.datastructures import Cookie
from litestar.di import NamedDependency

from api.auth import PUBLIC, STAFF
from api.logs import log
from api.oidc import (
    Begun,
    IdentityRefused,
    Provider,
    ProviderUnreachable,
    address_to_sign_in,
    begin,
    identity_of,
    roles_from,
)
from api.pages.browser_session import open_browser_session
from api.pages.navigation import front_page
from api.pages.render import see_other
from api.pages.visitor.sign_in.handler import sign_in_page
from api.settings import Settings
from engine.errors import Unknown
from itembank.storage import accounts, institutions
from itembank.storage.database import Database

BEGUN = "assay_provider"
BACK = "/sign-in/provider/back"


@get("/sign-in/provider", opt=PUBLIC)
async def begin_at_provider(
    request: Request[Any, Any, Any], database: NamedDependency[Database], settings: NamedDependency[Settings]
) -> Response[Any]:
    """Off to the provider."""
    provider, begun = _provider(settings), begin()
    try:
        address = await address_to_sign_in(provider, request.app.state.discovery, begun, settings.public_url + BACK)
    except ProviderUnreachable as error:
        log.warning("identity provider", problem=str(error))
        return await sign_in_page(request, database, problem="sign_in.provider_unreachable", status=502)
    return see_other(address, cookies=[_cookie(settings, msgspec.json.encode(begun).hex(), 600)])


@get(BACK, opt=PUBLIC)
async def come_back(
    request: Request[Any, Any, Any], database: NamedDependency[Database], settings: NamedDependency[Settings]
) -> Response[Any]:
    """Back from the provider, with a code that buys the proof of who this is."""
    provider = _provider(settings)
    try:
        claims = await _claims(request, database, settings, provider)
        institution_id, account_id, held = await _account(database, provider, claims)
    except ProviderUnreachable as error:
        log.warning("identity provider", problem=str(error))
        return await sign_in_page(request, database, problem="sign_in.provider_unreachable", status=502)
    except NobodyHere:
        return await sign_in_page(request, database, problem="sign_in.provider_unknown", status=403)
    except IdentityRefused as error:
        log.warning("identity refused", problem=str(error))
        return await sign_in_page(request, database, problem="sign_in.provider_refused", status=422)
    cookies = await open_browser_session(database, settings, institution_id, account_id)
    return see_other(front_page(held), cookies=[*cookies, _cookie(settings, "", 0)])


class NobodyHere(IdentityRefused):
    """The provider knows this person, the institution has no staff account for them."""


async def _claims(
    request: Request[Any, Any, Any], database: Database, settings: Settings, provider: Provider
) -> dict[str, Any]:
    try:
        begun = msgspec.json.decode(bytes.fromhex(request.cookies.get(BEGUN, "")), type=Begun)
    except (ValueError, msgspec.MsgspecError):
        raise IdentityRefused("this browser began no sign-in") from None
    if request.query_params.get("state") != begun.state:
        raise IdentityRefused("the state is another sign-in's")
    code = request.query_params.get("code", "")
    if not code or request.query_params.get("iss", provider.issuer) != provider.issuer:
        raise IdentityRefused("the provider sent no code of its own")
    async with database.transaction(None) as connection:
        now = int(await connection.fetchval("SELECT extract(epoch FROM now())"))
    back = settings.public_url + BACK
    return await identity_of(provider, request.app.state.discovery, begun, code, back, now)


async def _account(database: Database, provider: Provider, claims: dict[str, Any]) -> tuple[int, int, frozenset[str]]:
    institution_id = await institutions.find(database, provider.institution)
    if institution_id is None:
        raise NobodyHere(f"there is no institution '{provider.institution}'")
    given = roles_from(provider, claims)
    async with database.transaction(institution_id) as connection:
        known = await accounts.of_external_id(connection, claims["sub"])
        if known is None or not (known[1] if given is None else given) & STAFF:
            raise NobodyHere("no staff account has this external id, or it has no role")
        account_id, held = known
        if given is not None and given != held:
            await accounts.set_roles(connection, account_id, sorted(given))
            held = given
    return institution_id, account_id, held


def _provider(settings: Settings) -> Provider:
    if settings.oidc is None:
        raise Unknown("Nothing is called that here.")
    return settings.oidc


def _cookie(settings: Settings, value: str, seconds: int) -> Cookie:
    return Cookie(
        key=BEGUN, value=value, max_age=seconds, path="/sign-in", httponly=True, samesite="lax",
        secure=settings.secure_cookies,
    )  # fmt: skip
