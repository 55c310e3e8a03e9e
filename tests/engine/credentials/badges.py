"""One credential of an invented college, its keys and what its addresses serve."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from engine.credentials import (
    Aligned,
    CredentialFacts,
    IssuerKey,
    IssuerProfile,
    StatusList,
    did_document,
    did_of,
    list_jwt,
    new_key,
)

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)
DID = did_of("https://assay.example.edu/issuer")
LIST = "https://assay.example.edu/status/1"
ED = new_key("EdDSA", "key-1", NOW)
RSA = new_key("RS256", "key-2", NOW)
FACTS = CredentialFacts(
    id="urn:uuid:3f0c2a8e-7e5b-4f0e-9d0e-0c4f4f0b1a01",
    issuer=IssuerProfile(did=DID, name="Example College", url="https://assay.example.edu"),
    recipient="urn:uuid:3f0c2a8e-7e5b-4f0e-9d0e-0c4f4f0b1a02",
    achievement_id="https://assay.example.edu/achievements/stat-1",
    title="Statistics, module 1: les élèves",
    description="Credit by assessment.",
    criteria="At least 90 % of the domain.",
    issued=NOW,
    hours=Decimal("0.6"),
    grade="94 %",
    percent=94.2,
    percent_error=2.1,
    cut_percent=90.0,
    theta=2.14,
    sem=0.31,
    cut_theta=1.8,
    decision_error=0.113,
    n_items=31,
    method="computerised adaptive test",
    proctoring="not proctored",
    policy_key="kctcs",
    policy_version="1",
    parameter_version="2026-02",
    email="ada@example.org",
    salt="s4lt",
    alignments=(
        Aligned(name="Reads a table", uri="https://case.example.org/uri/1", code="A.1", framework="Data"),
        Aligned(name="Fits a line", uri="https://credentialengineregistry.org/resources/ce-1", kind="ceasn:Competency"),
    ),
    status_list=LIST,
    status_index=77,
)


def facts(**changes: object) -> CredentialFacts:
    return msgspec.structs.replace(FACTS, **changes)


def web(
    revoked: tuple[int, ...] = (), keys: tuple[IssuerKey, ...] = (ED, RSA), signer: IssuerKey = RSA
) -> Callable[[str], bytes]:
    """What the issuer's addresses serve."""
    status = StatusList(url=LIST, issuer=DID, revoked=revoked)
    served = {
        "https://assay.example.edu/issuer/did.json": json.dumps(did_document(DID, keys)).encode(),
        LIST: list_jwt(status, signer, NOW).encode(),
    }

    def fetch(url: str) -> bytes:
        if url not in served:
            raise OSError(f"nothing is served at {url}")
        return served[url]

    return fetch
