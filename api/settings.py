"""What the environment says: ASSAY_… and DATABASE_URL. Everything has a default that works on a laptop."""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from itembank.errors import BankError


class SettingsInvalid(BankError):
    """A setting cannot be used; the message names the variable."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """`data`: where the embedded database lives. `database_url`: a PostgreSQL of one's own instead.

    `public_url`: the address under which others reach this server; it stands in credentials, so set it once and well.
    """

    data: Path = Path(".assay")
    database_url: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = "http://127.0.0.1:8000"
    is_demo: bool = False

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
    )


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise SettingsInvalid(f"ASSAY_PORT is '{text}'; write a whole number from 1 to 65535, such as 8000.")
    return int(text)
