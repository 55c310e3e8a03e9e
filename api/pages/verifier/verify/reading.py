"""A proved credential as an employer reads it: who may do what, how it was measured and how surely."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from engine.credentials.verify import Verdict


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What the signed document says; numbers it does not hold are None, texts empty."""

    title: str
    hours: float | None
    criteria: str
    competencies: tuple[tuple[str, str], ...]
    percent: float | None
    percent_error: float | None
    cut_percent: float | None
    decision_error: float | None
    n_items: str
    method: str
    proctoring: str
    policy: str
    parameters: str
    grade: str
    issuer: str
    recipient: str
    issued: datetime | None
    uuid: UUID | None


def told(verdict: Verdict) -> Told | None:
    """The document behind a verdict; None where nothing in it may be believed."""
    subject = verdict.credential.get("credentialSubject")
    if not isinstance(subject, dict):
        return None
    achievement = _table(subject.get("achievement"))
    results = {
        _end(result.get("resultDescription")): str(result.get("value", "")) for result in _rows(subject, "result")
    }
    described = {_end(row.get("id")): row for row in _rows(achievement, "resultDescription")}
    return Told(
        title=verdict.title, hours=_number(subject.get("creditsEarned")),
        criteria=str(_table(achievement.get("criteria")).get("narrative", "")),
        competencies=tuple(
            (str(row.get("targetName", "")), str(row.get("targetUrl", ""))) for row in _rows(achievement, "alignment")
        ),
        percent=_number(results.get("score")), percent_error=_number(results.get("score-error")),
        cut_percent=_number(described.get("score", {}).get("requiredValue")),
        decision_error=_number(results.get("decision-error")), n_items=results.get("items", ""),
        method=results.get("method", ""), proctoring=results.get("proctoring", ""), policy=results.get("policy", ""),
        parameters=results.get("parameters", ""), grade=results.get("grade", ""),
        issuer=str(_table(verdict.credential.get("issuer")).get("name", "")) or verdict.issuer,
        recipient=verdict.recipient, issued=_moment(verdict.issued), uuid=_uuid(verdict.credential.get("id")),
    )  # fmt: skip


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _rows(table: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = table.get(name, [])
    return [row for row in (value if isinstance(value, list) else [value]) if isinstance(row, dict)]


def _end(address: Any) -> str:
    return str(address).rpartition("#")[2]


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(str(value).removeprefix("urn:uuid:"))
    except ValueError:
        return None
