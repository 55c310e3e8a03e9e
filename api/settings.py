"""What the environment says: ASSAY_… and DATABASE_URL. Everything has a default that works on a laptop."""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from api.oidc import Provider
from itembank.errors import BankError


class SettingsInvalid(BankError):
    """A setting cannot be used; the message names the variable."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """`data`: where the embedded database lives. `database_url`: a PostgreSQL of one's own instead.

    `public_url`: the address under which others reach this server; it stands in credentials, so set it once and well.
    `oidc`: where staff sign in, besides passwords. `flags_minutes`: how far apart the server looks at new sittings of a
    bank by itself; 0 = never. `share_port`: other processes of the same service listen at the same address.
    """

    data: Path = Path(".assay")
    database_url: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = "http://127.0.0.1:8000"
    is_demo: bool = False
    oidc: Provider | None = None
    flags_minutes: int = 60
    share_port: bool = False

    @property
    def secure_cookies(self) -> bool:
        return self.public_url.startswith("https://")


def from_environment(environment: Mapping[str, str] = os.environ, *, is_demo: bool = False) -> Settings:
    """Read the settings.

    Raises:
        SettingsInvalid: naming the variable and what it must look like.
    """
    host = environment.get("ASSAY_HOST", "127.0.0.1")
    port = _port(environment.get("ASSAY_PORT", "8000"))
    public_url = environment.get("ASSAY_PUBLIC_URL", f"http://{host}:{port}").rstrip("/")
    if urlsplit(public_url).scheme not in ("http", "https") or not urlsplit(public_url).netloc:
        raise SettingsInvalid(
            f"ASSAY_PUBLIC_URL is '{public_url}'; write an address such as https://assay.example.org."
        )
    return Settings(
        data=Path(environment.get("ASSAY_DATA", ".assay")).expanduser().resolve(),
        database_url=environment.get("DATABASE_URL") or None,
        host=host,
        port=port,
        public_url=public_url,
        is_demo=is_demo,
        oidc=_oidc(environment),
        flags_minutes=_minutes(environment.get("ASSAY_FLAGS_MINUTES", "60")),
        share_port=_yes(environment.get("ASSAY_SHARE_PORT", "")),
    )


OIDC = ("ISSUER", "CLIENT_ID", "CLIENT_SECRET", "INSTITUTION")
STAFF_ROLES = ("author", "psychometrician", "advisor", "registrar", "institution_admin")


def _oidc(environment: Mapping[str, str]) -> Provider | None:
    """The identity provider, when ASSAY_OIDC_ISSUER names one."""
    issuer, client_id, secret, institution = (environment.get(f"ASSAY_OIDC_{name}", "") for name in OIDC)
    if not issuer:
        return None
    parts = urlsplit(issuer)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise SettingsInvalid(f"ASSAY_OIDC_ISSUER is '{issuer}'; write the https address of the identity provider.")
    for name, value in zip(OIDC[1:], (client_id, secret, institution)):
        if not value:
            raise SettingsInvalid(f"ASSAY_OIDC_{name} is empty; it is needed beside ASSAY_OIDC_ISSUER.")
    claim = environment.get("ASSAY_OIDC_ROLES_CLAIM", "")
    return Provider(
        issuer=issuer, client_id=client_id, client_secret=secret, institution=institution, roles_claim=claim,
        roles=_roles(environment.get("ASSAY_OIDC_ROLES", "")) if claim else {},
    )  # fmt: skip


def _roles(text: str) -> dict[str, str]:
    found = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        value, _, role = part.rpartition("=")
        if not value or role not in STAFF_ROLES:
            known = ", ".join(STAFF_ROLES)
            raise SettingsInvalid(f"ASSAY_OIDC_ROLES holds '{part}'; write value=role, the role one of {known}.")
        found[value] = role
    return found


def _minutes(text: str) -> int:
    if not text.isdecimal() or int(text) > 100_000:
        raise SettingsInvalid(f"ASSAY_FLAGS_MINUTES is '{text}'; write a whole number of minutes, 0 for never.")
    return int(text)


def _yes(text: str) -> bool:
    if text not in ("", "0", "1"):
        raise SettingsInvalid(f"ASSAY_SHARE_PORT is '{text}'; write 1 where several processes serve one address, or 0.")
    return text == "1"


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise SettingsInvalid(f"ASSAY_PORT is '{text}'; write a whole number from 1 to 65535, such as 8000.")
    return int(text)
