"""Everything a credential states, gathered from the event of credit, its decision and its policy."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from engine.decisions import Decision
from engine.events import CreditAwarded
from engine.periods import Moment
from engine.policies.records import Policy
from itembank.competencies import Competency
from itembank.records import Record


class IssuerProfile(Record, frozen=True, kw_only=True):
    """Who issues: a did:web and the name people know."""

    did: str
    name: str
    url: str = ""


class Aligned(Record, frozen=True, kw_only=True):
    """A competency the credential speaks about, by its URI in CASE (`CFItem`) or CTDL (`ceasn:Competency`)."""

    name: str
    uri: str
    kind: Literal["CFItem", "ceasn:Competency"] = "CFItem"
    code: str = ""
    framework: str = ""


class CredentialFacts(Record, frozen=True, kw_only=True):
    """One credential. `recipient` is a URI (urn:uuid or did); the e-mail address travels only as a salted hash."""

    id: str
    issuer: IssuerProfile
    recipient: str
    achievement_id: str
    title: str
    description: str
    criteria: str
    issued: Moment
    hours: Decimal
    grade: str
    percent: float
    percent_error: float
    cut_percent: float
    theta: float
    sem: float
    cut_theta: float
    decision_error: float
    n_items: int
    method: str
    proctoring: str
    policy_key: str
    policy_version: str
    parameter_version: str = ""
    expires: Moment | None = None
    email: str = ""
    salt: str = ""
    image_url: str = ""
    achievement_type: str = "Assessment"
    alignments: tuple[Aligned, ...] = ()
    status_list: str = ""
    status_index: int | None = None


def facts_of(
    award: CreditAwarded,
    decision: Decision,
    policy: Policy,
    competencies: Sequence[Competency],
    issuer: IssuerProfile,
    *,
    id: str,
    recipient: str,
    achievement_id: str,
    status_list: str,
    status_index: int,
    method: str = "computerised adaptive test, item response theory, expected a posteriori",
    framework: str = "",
    email: str = "",
    salt: str = "",
    expires: Moment | None = None,
) -> CredentialFacts:
    """The facts of a credit the moment it is given.

    Raises:
        ValueError: when the decision did not pass or belongs to another policy version.
    """
    if not decision.passed or decision.policy_version != award.policy_version:
        raise ValueError("decision must be a passed one of the policy version the credit was given under.")
    aligned = tuple(_aligned(competency, framework) for competency in competencies if competency.uri)
    return CredentialFacts(
        id=id, issuer=issuer, recipient=recipient, achievement_id=achievement_id, title=policy.title,
        description=f"Credit by assessment under the policy '{policy.key}', version {policy.version}.",
        criteria=f"At least {decision.cut_percent:.1f} % of the domain on the {decision.occasion.replace('_', '-')}.",
        issued=award.at, hours=award.hours, grade=award.grade, percent=decision.percent,
        percent_error=decision.percent_error, cut_percent=decision.cut_percent, theta=decision.theta,
        sem=decision.sem, cut_theta=decision.cut_theta, decision_error=decision.decision_error,
        n_items=decision.n_items, method=method, proctoring=policy.disclosure.proctoring or "not proctored",
        policy_key=policy.key, policy_version=policy.version, parameter_version=decision.parameter_version,
        email=email, salt=salt, expires=expires, alignments=aligned, status_list=status_list,
        status_index=status_index,
    )  # fmt: skip


def _aligned(competency: Competency, framework: str) -> Aligned:
    kind: Literal["CFItem", "ceasn:Competency"] = (
        "ceasn:Competency" if "ceasn" in competency.kind or "credentialengine" in competency.uri else "CFItem"
    )
    return Aligned(name=competency.statement, uri=competency.uri, kind=kind, code=competency.code, framework=framework)
