"""The short way in for answers: the plain request of the busiest endpoint, without the framework around it.

What comes here is what nearly every learner's program sends: a POST of JSON with an API key. It goes through the same
checks as everywhere (`Identities`, `check_body`, the same record) to the same desk. Anything else about the request (a
cookie, an Idempotency-Key, an odd header, a body that does not fit) goes on to the application, which knows every case
and every sentence.
"""

import asyncio
import re
from collections.abc import Iterable
from time import perf_counter
from typing import Any
from uuid import UUID

import msgspec

from api.admission import OVERLOADED, Admission
from api.auth import SignInNeeded
from api.errors import problem_of
from api.given import NewResponse, reader
from api.identities import Identities, digest_of
from api.json_guard import NotJson, check_body
from api.logs import log, name_request
from api.observability import Observed, request_id
from api.short_way import Header, UnderWay
from api.views import session_document
from engine.workflows.answer_desk import AnswerDesk
from engine.workflows.show_sitting import Step
from engine.workflows.waiting import Promise
from itembank.storage.accounts import Caller
from itembank.storage.database import DatabaseUnavailable

TEMPLATE = "/api/v1/sessions/{uuid}/responses"
_PATH = re.compile(rb"/api/v1/sessions/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/responses")
_PLAIN = frozenset(
    {
        b"host", b"user-agent", b"accept", b"accept-encoding", b"accept-language", b"connection", b"content-length",
        b"authorization", b"content-type", b"x-request-id", b"traceparent", b"tracestate",
    }
)  # fmt: skip
"""Headers that mean the same on both ways."""
_DECODER = msgspec.json.Decoder(NewResponse)
_ENCODER = msgspec.json.Encoder()


class _Asked(msgspec.Struct, frozen=True):
    """What the head of a plain request says: whose sitting, with which key, under which id."""

    session: bytes
    headers: list[Header]
    key: bytes
    request_id: str


class AnswerLane:
    """Takes plain requests from the protocol (`ShortWay`); `state` holds its desk and its identities."""

    def __init__(self, state: Any, admission: Admission, observed: Observed) -> None:
        self._state, self._admission, self._observed = state, admission, observed

    def key_of(self, path: bytes, headers: list[Header], before: _Asked | None) -> _Asked | None:
        """What the head of a request says; None when there is anything unusual about it."""
        found = _PATH.fullmatch(path)
        if found is None:
            return None
        key = before.key if before is not None and before.headers == headers else _plain_key(headers)
        return None if key is None else _Asked(found[1], headers, key, request_id(headers))

    def take(self, key: _Asked, body: bytes, under_way: UnderWay) -> bool:
        """Answer what fits; False when it does not."""
        given = _given(body)
        if given is None:
            return False
        if not self._admission.let_in():
            status, headers, refusal = OVERLOADED
            self._observed.told("POST", TEMPLATE, status, 0.0)
            under_way.send(status, [*headers, (b"x-request-id", key.request_id.encode())], refusal)
            return True
        answering = _Answering(self, key, given, under_way)
        identities: Identities = self._state.identities
        caller = identities.remembered(key.key)
        if caller is None:
            identities.asked(key.key).add_done_callback(answering.identified)
        else:
            answering.begin(caller)
        return True

    def line_up(self, caller: Caller, session: UUID, given: NewResponse, promise: Promise) -> None:
        """Hand an answer to the desk."""
        desk: AnswerDesk = self._state.desk
        desk.line_up(caller.institution_id, caller.account_id, session, reader(given), promise)

    def told(self, status: int, seconds: float) -> None:
        """An answer leaves."""
        self._admission.let_out()
        self._observed.told("POST", TEMPLATE, status, seconds)


class _Answering:
    """A request being answered: a promise that tells its sender at once when it is kept."""

    __slots__ = ("_began", "_given", "_is_done", "_key", "_lane", "_under_way")

    def __init__(self, lane: AnswerLane, key: _Asked, given: NewResponse, under_way: UnderWay) -> None:
        self._lane, self._key, self._given, self._under_way = lane, key, given, under_way
        self._began, self._is_done = perf_counter(), False

    def identified(self, found: asyncio.Future[Caller | None]) -> None:
        """Whose key it is has been looked up."""
        error = asyncio.CancelledError() if found.cancelled() else found.exception()
        caller = None if error is not None else found.result()
        if caller is None:
            self.set_exception(error or SignInNeeded())
        else:
            self.begin(caller)

    def begin(self, caller: Caller) -> None:
        """Hand the answer to the desk."""
        try:
            self._lane.line_up(caller, msgspec.convert(self._key.session.decode(), UUID), self._given, self)
        except Exception as error:
            self.set_exception(error)

    def done(self) -> bool:
        """Whether the sender has been told."""
        return self._is_done

    def set_result(self, step: Step, /) -> None:
        """Tell what followed."""
        try:
            body = _ENCODER.encode(session_document(step))
        except Exception as error:
            self.set_exception(error)
        else:
            self._tell(201 if step.is_new else 200, b"application/json", body)

    def set_exception(self, error: BaseException, /) -> None:
        """Tell why nothing followed."""
        error = error if isinstance(error, Exception) else DatabaseUnavailable("The server is closing.", 1)
        status, document, more = problem_of(error)
        if status >= 500 and not isinstance(error, DatabaseUnavailable):
            name_request(self._key.request_id)
            log.error("request failed", path=TEMPLATE, method="POST", exc_info=error)
        headers = [(name.lower().encode(), value.encode()) for name, value in more.items()]
        self._tell(status, b"application/problem+json", msgspec.json.encode(document), headers)

    def _tell(self, status: int, kind: bytes, body: bytes, more: Iterable[Header] = ()) -> None:
        self._is_done = True
        headers = [(b"content-type", kind), (b"x-request-id", self._key.request_id.encode()), *more]
        self._lane.told(status, perf_counter() - self._began)
        self._under_way.send(status, headers, body)


def _plain_key(headers: list[Header]) -> bytes | None:
    """The digest of the key of a request with nothing unusual about it."""
    key = kind = None
    for name, value in headers:
        if name not in _PLAIN or (name == b"authorization" and key) or (name == b"content-type" and kind):
            return None
        if name == b"authorization":
            key = value
        elif name == b"content-type":
            kind = value
    if key is None or kind != b"application/json" or not key.startswith(b"Bearer "):
        return None
    secret = key[7:].decode("latin-1").strip()
    return digest_of(secret) if secret else None


def _given(body: bytes) -> NewResponse | None:
    """The answer in a body that fits at once."""
    try:
        check_body(body)
        return _DECODER.decode(body)
    except (NotJson, msgspec.MsgspecError):
        return None
