"""Signing staff in at the institution's own identity provider: OpenID Connect, authorization code with PKCE.

OpenID Connect Core 1.0 §3.1 and RFC 7636. What one sign-in must remember travels in a cookie of the browser that began
it, so that any server process can finish it. Only asymmetric signatures are taken, so the client's secret proves
nothing about an identity. The libraries for it are imported where they are used, so that a server starts without them.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec

if TYPE_CHECKING:
    import httpx
    from joserfc.jwk import KeySet

ALGORITHMS = ["RS256", "PS256", "ES256", "Ed25519", "EdDSA"]
SECONDS, LEEWAY, FRESH = 5.0, 60, 3600.0


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """Where staff sign in. `roles`: value of the roles claim -> role here; without a claim, accounts keep theirs."""

    issuer: str
    client_id: str
    client_secret: str
    institution: str
    roles_claim: str = ""
    roles: dict[str, str] = {}


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser that began a sign-in must bring back."""

    state: str
    nonce: str
    verifier: str


class ProviderUnreachable(Exception):
    """The identity provider does not answer as one should."""


class IdentityRefused(Exception):
    """What came back does not prove who somebody is; the text is for the log and names no person."""


class Discovery:
    """The provider's own description and keys, kept for an hour by one process."""

    def __init__(self) -> None:
        self._kept: tuple[float, dict[str, Any], KeySet] | None = None

    async def read(self, provider: Provider, client: httpx.AsyncClient, *, anew: bool = False) -> tuple[Any, KeySet]:
        """(metadata, keys).

        Raises:
            ProviderUnreachable: naming what is missing.
        """
        if self._kept is None or anew or self._kept[0] < time.monotonic():
            from joserfc.jwk import KeySet

            metadata = await _json(client.get(f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"))
            if metadata.get("issuer") != provider.issuer:
                raise ProviderUnreachable("the discovery document names another issuer")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                if not isinstance(metadata.get(name), str):
                    raise ProviderUnreachable(f"the discovery document has no {name}")
            keys = KeySet.import_key_set(await _json(client.get(metadata["jwks_uri"])))  # type: ignore[arg-type]
            self._kept = (time.monotonic() + FRESH, metadata, keys)
        return self._kept[1], self._kept[2]


def begin() -> Begun:
    """Fresh secrets of one sign-in."""
    return Begun(state=secrets.token_urlsafe(24), nonce=secrets.token_urlsafe(24), verifier=secrets.token_urlsafe(48))


async def address_to_sign_in(provider: Provider, discovery: Discovery, begun: Begun, back: str) -> str:
    """Where to send the browser."""
    async with _client() as client:
        metadata, _ = await discovery.read(provider, client)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(begun.verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code", "client_id": provider.client_id, "redirect_uri": back, "scope": "openid profile email",
        "state": begun.state, "nonce": begun.nonce, "code_challenge": challenge, "code_challenge_method": "S256",
    }  # fmt: skip
    endpoint = metadata["authorization_endpoint"]
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"


async def identity_of(
    provider: Provider, discovery: Discovery, begun: Begun, code: str, back: str, now: int
) -> dict[str, Any]:
    """The claims of the identity token that the code buys.

    Raises:
        ProviderUnreachable, IdentityRefused.
    """
    async with _client() as client:
        metadata, keys = await discovery.read(provider, client)
        sent = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": begun.verifier
        }  # fmt: skip
        answer = await _json(
            client.post(metadata["token_endpoint"], data=sent, auth=(provider.client_id, provider.client_secret))
        )
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise IdentityRefused("there is no identity token")
        try:
            return check_identity(token, keys, provider, begun.nonce, now)
        except UnknownKey:
            _, keys = await discovery.read(provider, client, anew=True)
            return check_identity(token, keys, provider, begun.nonce, now)


class UnknownKey(IdentityRefused):
    """No key that is known signed the token; the provider may have changed its keys."""


def check_identity(token: str, keys: KeySet, provider: Provider, nonce: str, now: int) -> dict[str, Any]:
    """The claims, once signature, issuer, audience, time and nonce are right.

    Raises:
        IdentityRefused: naming the check that failed.
    """
    from joserfc import jwt
    from joserfc.errors import JoseError

    try:
        claims: dict[str, Any] = jwt.decode(token, keys, algorithms=ALGORITHMS).claims
    except (JoseError, ValueError) as error:
        raise UnknownKey(f"the signature cannot be checked ({type(error).__name__})") from error
    rules = jwt.JWTClaimsRegistry(
        now=now, leeway=LEEWAY, iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": provider.client_id}, exp={"essential": True}, iat={"essential": True},
        sub={"essential": True}, nonce={"essential": True, "value": nonce},
    )  # fmt: skip
    try:
        rules.validate(claims)
    except (JoseError, ValueError) as error:
        raise IdentityRefused(f"a claim is wrong ({error})") from error
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else provider.client_id) != provider.client_id:
        raise IdentityRefused("the token was made for another client")
    if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
        raise IdentityRefused("the subject is no text of at most 255 characters")
    return claims


def roles_from(provider: Provider, claims: dict[str, Any]) -> frozenset[str] | None:
    """The roles that the claim gives; None when no claim is configured and accounts keep their own."""
    if not provider.roles_claim:
        return None
    held = claims.get(provider.roles_claim, [])
    values = [held] if isinstance(held, str) else held if isinstance(held, list) else []
    return frozenset(provider.roles[value] for value in values if isinstance(value, str) and value in provider.roles)


def _client() -> httpx.AsyncClient:
    import httpx

    return httpx.AsyncClient(timeout=SECONDS, follow_redirects=False)


async def _json(asked: Any) -> dict[str, Any]:
    import httpx

    try:
        answer: httpx.Response = await asked
        answer.raise_for_status()
        found = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise ProviderUnreachable(f"the identity provider answers badly ({type(error).__name__})") from error
    if not isinstance(found, dict):
        raise ProviderUnreachable("the identity provider answers something else than an object")
    return found
