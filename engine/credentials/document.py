"""Facts as an Open Badges 3.0 credential; the field names are those of the specification, section by section."""

from dataclasses import dataclass
from typing import Any

from openbadgeslib.ob3 import (
    Achievement,
    Alignment,
    Evidence,
    IdentityObject,
    Issuer,
    OpenBadgeCredential,
    Result,
    ResultDescription,
    status_entry,
)

from engine.credentials.facts import Aligned, CredentialFacts


@dataclass
class TypedAlignment(Alignment):  # type: ignore[misc, unused-ignore]
    """An alignment that says what its target is, which the library's own leaves out."""

    target_type: str = "CFItem"

    def to_dict(self) -> dict[str, Any]:
        """The alignment with its targetType."""
        return {**super().to_dict(), "targetType": self.target_type}


def credential_of(facts: CredentialFacts) -> OpenBadgeCredential:
    """The credential, unsigned."""
    described = tuple(_results(facts))
    return OpenBadgeCredential(
        issuer=Issuer(id=facts.issuer.did, name=facts.issuer.name, url=facts.issuer.url or None),
        recipient_id=facts.recipient,
        achievement=Achievement(
            id=facts.achievement_id,
            name=facts.title,
            description=facts.description,
            criteria_narrative=facts.criteria,
            image_url=facts.image_url or None,
            achievement_type=facts.achievement_type,
            credits_available=float(facts.hours),
            alignments=[_alignment(aligned) for aligned in facts.alignments],
            result_descriptions=[description for description, _ in described],
        ),
        id=facts.id,
        name=facts.title,
        issuance_date=facts.issued,
        expiration_date=facts.expires,
        evidence=[_evidence(facts)],
        credential_status=_status(facts),
        credits_earned=float(facts.hours),
        identifiers=_identifiers(facts),
        results=[result for _, result in described],
    )


def _alignment(aligned: Aligned) -> TypedAlignment:
    return TypedAlignment(
        target_name=aligned.name,
        target_url=aligned.uri,
        target_framework=aligned.framework or None,
        target_code=aligned.code or None,
        target_type=aligned.kind,
    )


def _results(facts: CredentialFacts) -> list[tuple[ResultDescription, Result]]:
    rows: list[tuple[str, str, str, str, dict[str, str]]] = [
        (
            "score", "Expected percent of the domain", "Percent", f"{facts.percent:.1f}",
            {"value_min": "0", "value_max": "100", "required_value": f"{facts.cut_percent:.1f}"},
        ),
        ("score-error", "Standard error of the percent", "Result", f"{facts.percent_error:.1f}", {}),
        (
            "theta", "Ability in logits", "ScaledScore", f"{facts.theta:.3f}",
            {"value_min": "-6", "value_max": "6", "required_value": f"{facts.cut_theta:.3f}"},
        ),
        ("theta-error", "Standard error of the ability in logits", "Result", f"{facts.sem:.3f}", {}),
        ("decision-error", "Probability that this decision is wrong", "Result", f"{facts.decision_error:.4f}", {}),
        ("items", "Number of items answered", "Result", str(facts.n_items), {}),
        ("method", "Method", "Result", facts.method, {}),
        ("proctoring", "Proctoring", "Result", facts.proctoring, {}),
        ("policy", "Policy and version", "Result", f"{facts.policy_key} {facts.policy_version}", {}),
    ]  # fmt: skip
    if facts.parameter_version:
        rows.append(("parameters", "Version of the item parameters", "Result", facts.parameter_version, {}))
    if facts.grade:
        rows.append(("grade", "Grade", "LetterGrade", facts.grade, {}))
    return [_result(facts, *row) for row in rows]


def _result(
    facts: CredentialFacts, key: str, name: str, kind: str, value: str, bounds: dict[str, str]
) -> tuple[ResultDescription, Result]:
    id = f"{facts.achievement_id}#{key}"
    description = ResultDescription(
        id=id,
        name=name,
        result_type=kind,
        required_value=bounds.get("required_value"),
        value_min=bounds.get("value_min"),
        value_max=bounds.get("value_max"),
    )
    return description, Result(value=value, result_description=id)


def _evidence(facts: CredentialFacts) -> Evidence:
    return Evidence(
        name="How it was measured",
        narrative=(
            f"{facts.n_items} items by {facts.method}; {facts.proctoring}. Score {facts.percent:.1f} % "
            f"(standard error {facts.percent_error:.1f}) against a cut of {facts.cut_percent:.1f} %; the probability "
            f"that the decision is wrong is {100 * facts.decision_error:.1f} %. "
            f"Policy {facts.policy_key}, version {facts.policy_version}."
        ),
    )


def _status(facts: CredentialFacts) -> list[dict[str, Any]]:
    if not facts.status_list or facts.status_index is None:
        return []
    return [status_entry(facts.status_list, "revocation", facts.status_index)]


def _identifiers(facts: CredentialFacts) -> list[IdentityObject]:
    if not facts.email:
        return []
    if not facts.salt:
        raise ValueError("salt must be given with email: an unsalted hash of an address can be guessed.")
    return [IdentityObject.create(facts.email, salt=facts.salt)]
