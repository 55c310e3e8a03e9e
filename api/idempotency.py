"""One POST, one effect: an Idempotency-Key answered before gives the same answer again."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from litestar import Request, Response

from api.json_guard import NotJson
from itembank.storage import idempotency
from itembank.storage.accounts import Caller
from itembank.storage.database import Database

HEADER = "idempotency-key"


async def once(
    request: Request[Any, Any, Any],
    caller: Caller,
    database: Database,
    act: Callable[[], Awaitable[tuple[int, Any]]],
) -> Response[Any]:
    """Run `act`, which returns status and body, unless this key was answered before.

    Raises:
        NotJson: for a key that is too long, or one that came with another request before.
    """
    key = request.headers.get(HEADER, "")
    if not key:
        status, body = await act()
        return Response(body, status_code=status)
    if len(key) > 200 or not key.isprintable():
        raise NotJson("The Idempotency-Key must be 1 to 200 printable characters, such as a UUID.")
    digest = hashlib.sha256(f"{request.method} {request.url.path}\n".encode() + await request.body()).digest()
    async with database.transaction(caller.institution_id) as connection:
        kept = await idempotency.find(connection, caller.account_id, key)
    if kept is not None:
        if kept.request_hash != digest:
            raise NotJson("This Idempotency-Key came with another request before; use a new one.")
        return Response(msgspec.Raw(kept.body), status_code=kept.status, media_type="application/json")
    status, body = await act()
    encoded = msgspec.json.encode(body)
    async with database.transaction(caller.institution_id) as connection:
        await idempotency.keep(connection, caller.institution_id, caller.account_id, key, digest, status, encoded)
    return Response(msgspec.Raw(encoded), status_code=status, media_type="application/json")
