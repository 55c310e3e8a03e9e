"""Check credential files against what this server publishes; other issuers are not asked."""

import asyncio
import re
from collections.abc import Sequence
from datetime import datetime

import msgspec

from engine.credentials.verify import Verdict, credential_text, verify_many
from engine.errors import Unknown
from engine.workflows.issue_credential import issuer_address, published_keys, published_status
from itembank.storage.database import Database

ISSUER = re.compile(r"(?:/issuers/|:issuers:)([a-z0-9][a-z0-9-]{0,62})")


class NotReachable(ValueError):
    """An address that this server does not read for strangers."""


async def verify_files(
    database: Database, files: Sequence[bytes], public_url: str, now: datetime
) -> tuple[Verdict, ...]:
    """A verdict for each file. Keys and status lists of this server's issuers come from the database itself.

    Nothing else is fetched: a server that reads addresses out of uploaded files can be sent anywhere.
    """
    own: dict[str, bytes] = {}
    for key in sorted({key for data in files for key in _issuers(data)}):
        address = issuer_address(public_url, key)
        try:
            own[f"{address}/did.json"] = msgspec.json.encode(await published_keys(database, key, public_url))
            own[f"{address}/status/1"] = await published_status(database, key, public_url, as_jwt=True)
        except Unknown:
            continue

    def fetch(url: str) -> bytes:
        if url not in own:
            raise NotReachable(f"{url} belongs to another issuer; use that issuer's own verification page.")
        return own[url]

    return await asyncio.to_thread(verify_many, files, fetch, now)


def _issuers(data: bytes) -> set[str]:
    from joserfc.util import urlsafe_b64decode

    try:
        text = credential_text(data)
    except ValueError:
        return set()
    if text.count(".") == 2 and not text.startswith("{"):
        try:
            text = urlsafe_b64decode(text.split(".")[1].encode()).decode("utf-8", "replace")
        except ValueError:
            return set()
    return set(ISSUER.findall(text))
