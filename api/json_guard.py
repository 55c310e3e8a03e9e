"""What a body must be before anything parses it: JSON by its type, small, shallow, UTF-8, without NUL."""

import re
from typing import Any

from litestar import Request
from litestar.exceptions import HTTPException, InternalServerException

MAX_BODY = 1_000_000
MAX_DEPTH = 32
_HALF_A_PAIR = re.compile(rb"\\u[dD][89aAbB]..(?!\\u[dD][c-fC-F])")
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


class NotJson(ValueError):
    """The body is not JSON that this server reads; the message says what to change."""


async def guard_json(request: Request[Any, Any, Any]) -> None:
    """Refuse a body that no handler should see; runs before every JSON handler.

    Raises:
        NotJson: with the reason.
    """
    if request.method in ("GET", "HEAD", "DELETE", "OPTIONS"):
        return
    try:
        body = await request.body()
    except InternalServerException:
        raise NotJson("The connection ended before the whole body had arrived; send it again.") from None
    if not body:
        return
    kind = request.headers.get("content-type", "").split(";", 1)[0].strip().lower()
    if kind == "multipart/form-data" and request.route_handler.opt.get("upload"):
        await _guard_form(request)
        return
    if kind != "application/json":
        raise NotJson(f"The body is sent as '{kind or 'nothing'}'; send it as application/json.")
    check_body(body)


async def _guard_form(request: Request[Any, Any, Any]) -> None:
    """Read the parts of an upload here, where what is wrong with them can be said."""
    try:
        form = await request.form()
    except (ValueError, LookupError, HTTPException):
        raise NotJson("The form cannot be read; send multipart/form-data with its boundary, text as UTF-8.") from None
    if not form.keys():
        raise NotJson("The form has no parts; send the fields that the documentation names.")
    if any("\x00" in text for text in (*form.keys(), *(v for v in form.values() if isinstance(v, str)))):
        raise NotJson("The form holds a NUL character, which no text field can keep; remove it.")


def check_body(body: bytes) -> None:
    """Refuse bytes by size, encoding, NUL and depth.

    Raises:
        NotJson: with the reason.
    """
    if len(body) > MAX_BODY:
        raise NotJson(f"The body has {len(body):,} bytes; at most {MAX_BODY:,} are taken.")
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotJson(f"The body is not UTF-8 (byte {error.start}); encode it as UTF-8.") from None
    if b"\x00" in body or rb"\u0000" in body:
        raise NotJson("The body holds a NUL character, which no text field can keep; remove it.")
    if _HALF_A_PAIR.search(body):
        raise NotJson("The body holds half of a surrogate pair, which is no character; remove it.")
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _depth(body) > MAX_DEPTH:
        raise NotJson(f"The body is nested more than {MAX_DEPTH} deep; flatten it.")


def _depth(body: bytes) -> int:
    deepest = depth = 0
    for byte in re.sub(rb"[^\[\]{}]", b"", _STRING.sub(b"", body)):
        depth += 1 if byte in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest
