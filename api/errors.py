"""The one table from what went wrong to what HTTP says: status, stable type, and a sentence a person understands."""

from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException

from api.auth import Forbidden, SignInNeeded
from api.json_guard import NotJson
from engine.designs import DesignError
from engine.errors import (
    AlreadyAnswered,
    EngineError,
    NoItemLeft,
    OnPaper,
    OutOfTurn,
    RecordBroken,
    ReusedId,
    SittingOver,
    SittingPaused,
    Unknown,
)
from engine.refusals import JourneyRefused, PolicyInvalid
from itembank.competencies import FrameworkInvalid
from itembank.errors import AnswerInvalid, BankError, BankUnknown, BlueprintUnsatisfiable, FileRefused, ItemInvalid
from itembank.published import NotPublishable
from itembank.storage.database import DatabaseUnavailable

PROBLEMS: dict[type[Exception], tuple[int, str, str]] = {
    SignInNeeded: (401, "sign-in-needed", "Please sign in"),
    Forbidden: (403, "forbidden", "Not allowed"),
    NotJson: (400, "not-json", "The body cannot be read"),
    Unknown: (404, "unknown", "Not found"),
    BankUnknown: (404, "bank-unknown", "Not found"),
    JourneyRefused: (409, "refused-by-policy", "Not now"),
    OutOfTurn: (409, "out-of-turn", "Another question is on screen"),
    AlreadyAnswered: (409, "already-answered", "Already answered"),
    SittingOver: (409, "sitting-over", "The sitting has ended"),
    SittingPaused: (409, "sitting-paused", "The sitting is paused"),
    OnPaper: (409, "on-paper", "The sitting is on paper"),
    NoItemLeft: (409, "no-item-left", "No question left"),
    ReusedId: (422, "reused-id", "The id was used for another answer"),
    AnswerInvalid: (422, "answer-invalid", "The answer does not fit the question"),
    PolicyInvalid: (422, "policy-invalid", "The policy cannot be followed"),
    DesignError: (422, "design-invalid", "The design cannot run"),
    BlueprintUnsatisfiable: (422, "blueprint-unsatisfiable", "The bank cannot satisfy the blueprint"),
    NotPublishable: (422, "not-publishable", "Cannot be published"),
    FrameworkInvalid: (422, "framework-invalid", "The framework contradicts itself"),
    ItemInvalid: (422, "item-invalid", "An item contradicts itself"),
    FileRefused: (422, "file-refused", "The file cannot be used"),
    BankError: (422, "bank-error", "Cannot be used"),
    RecordBroken: (500, "record-broken", "A record does not agree with itself"),
    EngineError: (422, "engine-error", "Cannot be done"),
    DatabaseUnavailable: (503, "database-unavailable", "Please try again in a moment"),
}
TYPE_BASE = "urn:assay:problem:"


def problem_of(error: Exception) -> tuple[int, dict[str, Any], dict[str, str]]:
    """(status, RFC 9457 problem document, headers) of an error; the nearest class in the table decides."""
    if isinstance(error, HTTPException):
        return _framework_problem(error)
    for kind in type(error).__mro__:
        if kind in PROBLEMS:
            status, slug, title = PROBLEMS[kind]
            document = {"type": TYPE_BASE + slug, "title": title, "status": status, "detail": str(error)}
            return status, document | _extras(error), _headers(error)
    document = {
        "type": TYPE_BASE + "internal",
        "title": "Something went wrong here",
        "status": 500,
        "detail": "The request was not carried out. The fault is ours and has been logged; trying again does no harm.",
    }
    return 500, document, {}


def _extras(error: Exception) -> dict[str, Any]:
    if isinstance(error, JourneyRefused):
        rules = [
            {"rule": refusal.rule, "sentence": refusal.sentence, "not_before": refusal.not_before}
            for refusal in error.refusals
        ]
        return {"refusals": rules}
    current = getattr(error, "current", None)
    return {} if current is None else {"current": current}


def _headers(error: Exception) -> dict[str, str]:
    if isinstance(error, DatabaseUnavailable):
        return {"Retry-After": str(error.retry_after)}
    return {"WWW-Authenticate": "Bearer"} if isinstance(error, SignInNeeded) else {}


def _framework_problem(error: HTTPException) -> tuple[int, dict[str, Any], dict[str, str]]:
    extra = error.extra if isinstance(error.extra, list) else []
    places = [
        {"place": part.get("key", ""), "message": part.get("message", "")} for part in extra if isinstance(part, dict)
    ]
    detail = "; ".join(f"{part['place']}: {part['message']}" if part["place"] else part["message"] for part in places)
    document: dict[str, Any] = {
        "type": f"{TYPE_BASE}http-{error.status_code}",
        "title": error.detail.split(" for ", 1)[0] if places else error.detail,
        "status": error.status_code,
        "detail": detail or error.detail,
    }
    return error.status_code, document | ({"errors": places} if places else {}), dict(error.headers or {})


def as_problem(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    """The answer of the JSON API to an error."""
    status, document, headers = problem_of(error)
    return Response(document, status_code=status, headers=headers, media_type="application/problem+json")
