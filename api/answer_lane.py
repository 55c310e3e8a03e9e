"""The short way in for answers: the plain request of the busiest endpoint, without the framework around it.

What comes here is what nearly every learner's program sends: a POST of JSON with an API key. It goes through the same
checks as everywhere (`Identities`, `check_body`, the same record) to the same desk. Anything else about the request (a
cookie, an Idempotency-Key, an odd header, a body that does not fit) goes on to the application, which knows every case
and every sentence; so does everything that this lane would have to refuse before an answer is looked at.
"""

import re
from typing import Any
from uuid import UUID

import msgspec

from api.errors import problem_of
from api.given import NewResponse, reader
from api.identities import Identities
from api.json_guard import NotJson, check_body
from api.logs import log
from api.views import session_document
from itembank.storage.accounts import Caller
from itembank.storage.database import DatabaseUnavailable

TEMPLATE = "/api/v1/sessions/{uuid}/responses"
_PATH = re.compile(r"/api/v1/sessions/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/responses")
_PLAIN = frozenset(
    {
        b"host", b"user-agent", b"accept", b"accept-encoding", b"accept-language", b"connection", b"content-length",
        b"authorization", b"content-type", b"x-request-id", b"traceparent", b"tracestate",
    }
)  # fmt: skip
"""Headers that mean the same on both ways."""
_DECODER = msgspec.json.Decoder(NewResponse)
_ENCODER = msgspec.json.Encoder()


class AnswerLane:
    """ASGI middleware in front of the application `inner`; `state` holds its desk and its identities."""

    def __init__(self, inner: Any, state: Any) -> None:
        self.inner, self.state = inner, state

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        found = _PATH.fullmatch(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        secret = None if found is None else _plain_key(scope)
        if found is None or secret is None:
            await self.inner(scope, receive, send)
            return
        message = await receive()
        given = _given(message)
        try:
            caller = None if given is None else await self._caller(secret)
        except DatabaseUnavailable as error:
            await _refuse(scope, send, error)
            return
        if given is None or caller is None:
            await self.inner(scope, _again(message, receive), send)
            return
        scope["path_template"] = TEMPLATE
        try:
            step = await self.state.desk.answer(caller.institution_id, caller.account_id, UUID(found[1]), reader(given))
        except Exception as error:
            await _refuse(scope, send, error)
            return
        body = _ENCODER.encode(session_document(step))
        await _send(send, 201 if step.is_new else 200, b"application/json", body)

    async def _caller(self, secret: str) -> Caller | None:
        identities: Identities = self.state.identities
        return await identities.of_key(secret, remembered=True)


def _plain_key(scope: Any) -> str | None:
    """The API key of a request with nothing unusual about it; None sends it the ordinary way."""
    key = kind = None
    for name, value in scope["headers"]:
        if name not in _PLAIN or (name == b"authorization" and key) or (name == b"content-type" and kind):
            return None
        if name == b"authorization":
            key = value
        elif name == b"content-type":
            kind = value
    if key is None or kind != b"application/json" or not key.startswith(b"Bearer ") or scope["query_string"]:
        return None
    return str(key[7:].decode("latin-1")).strip() or None


def _given(message: Any) -> NewResponse | None:
    """The answer in a body that came whole and fits at once."""
    if message["type"] != "http.request" or message.get("more_body"):
        return None
    try:
        check_body(message.get("body", b""))
        return _DECODER.decode(message["body"])
    except (NotJson, msgspec.MsgspecError):
        return None


def _again(message: Any, receive: Any) -> Any:
    """`receive` with a message that was taken from it put back."""
    waiting = [message]

    async def next_message() -> Any:
        return waiting.pop() if waiting else await receive()

    return next_message


async def _refuse(scope: Any, send: Any, error: Exception) -> None:
    status, document, headers = problem_of(error)
    if status >= 500 and not isinstance(error, DatabaseUnavailable):
        log.error("request failed", path=scope["path"], method=scope["method"], exc_info=error)
    more = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await _send(send, status, b"application/problem+json", msgspec.json.encode(document), more)


async def _send(
    send: Any, status: int, kind: bytes, body: bytes, more: list[tuple[bytes, bytes]] | None = None
) -> None:
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), *(more or ())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
