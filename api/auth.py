"""Who asks, and whether they may. Nothing is reachable without an account unless a handler says `public`."""

import hmac
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from api.identities import Identities
from engine.errors import Unknown
from itembank.storage import accounts
from itembank.storage.accounts import Caller
from itembank.storage.database import Database

COOKIE = "assay_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
STAFF = frozenset({"author", "psychometrician", "advisor", "registrar", "institution_admin", "service"})
PUBLIC = {"public": True}


class SignInNeeded(Exception):
    """Nobody is signed in, or the key is wrong, expired or revoked."""

    def __init__(self, sentence: str = "Send a valid API key as 'Authorization: Bearer …', or sign in.") -> None:
        super().__init__(sentence)


class Forbidden(Exception):
    """Somebody is signed in, but not for this."""


def roles(*names: str) -> dict[str, frozenset[str]]:
    """`opt=roles("author", …)`: the roles that may call a handler; the institution's admin always may."""
    return {"roles": frozenset(names) | {"institution_admin"}}


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let a request through to its handler only with an account that has one of the roles the handler names.

    Raises:
        SignInNeeded, Forbidden.
    """
    if "\x00" in connection.url.path or b"%00" in connection.scope["query_string"]:
        raise Unknown("The address holds a NUL character, which nothing here is called by.")
    if handler.opt.get("public"):
        return
    caller = await identify(connection)
    if caller is None:
        raise SignInNeeded
    allowed = handler.opt.get("roles")
    if allowed is not None and not caller.roles & allowed:
        raise Forbidden(
            f"This needs the role {' or '.join(sorted(allowed))}; you have {', '.join(sorted(caller.roles))}."
        )
    if caller.csrf_token is not None and _method(connection) not in SAFE_METHODS and not handler.opt.get("form"):
        check_csrf(caller, connection.headers.get("x-csrf-token", ""))


def _method(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    return str(connection.scope.get("method", "GET"))


async def identify(connection: ASGIConnection[Any, Any, Any, Any]) -> Caller | None:
    """The account behind a key or a cookie; looked up once a request."""
    if "caller" in connection.scope["state"]:
        known: Caller | None = connection.scope["state"]["caller"]
        return known
    database: Database = connection.app.state.database
    scheme, _, secret = connection.headers.get("authorization", "").partition(" ")
    caller = None
    if scheme.lower() == "bearer" and secret.strip():
        identities: Identities = connection.app.state.identities
        remembered = bool(connection.route_handler.opt.get("remembered"))
        caller = await identities.of_key(secret.strip(), remembered=remembered)
    elif cookie := connection.cookies.get(COOKIE):
        caller = await accounts.identify_web_session(database, cookie)
    connection.scope["state"]["caller"] = caller
    return caller


def check_csrf(caller: Caller, token: str) -> None:
    """Refuse a change from a browser whose form did not come from this server.

    Raises:
        Forbidden: with what to do.
    """
    if caller.csrf_token is not None and not hmac.compare_digest(caller.csrf_token, token):
        raise Forbidden("This form is too old or came from another site; open the page again and send it once more.")


async def provide_caller(request: Request[Any, Any, Any]) -> Caller:
    """The account that asks, for handlers that are not public."""
    caller = await identify(request)
    if caller is None:
        raise SignInNeeded
    return caller


async def provide_visitor(request: Request[Any, Any, Any]) -> Caller | None:
    """The account that asks, or None, for public pages."""
    return await identify(request)
