"""Signing: an embedded eddsa-rdfc-2022 proof and an RS256 VC-JWT of the same credential."""

import json
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from engine.credentials.facts import CredentialFacts
from engine.credentials.keys import IssuerKey, method_id

if TYPE_CHECKING:
    from joserfc.jwk import RSAKey


def issue_document(facts: CredentialFacts, key: IssuerKey, now: datetime) -> dict[str, Any]:
    """The credential as JSON-LD with its proof inside.

    The library refuses to sign a document of which the proof would not cover every member.
    """
    from openbadgeslib.ob3 import OB3LdpSigner

    from engine.credentials.document import credential_of

    signer = OB3LdpSigner(key.private_pem, verification_method=method_id(facts.issuer.did, key))
    document: dict[str, Any] = signer.sign(credential_of(facts), created=now)
    return document


def issue_jwt(facts: CredentialFacts, key: IssuerKey) -> str:
    """The credential as a compact VC-JWT: its members are the payload, next to iss, sub, jti, nbf and exp."""
    from engine.credentials.document import credential_of

    return sign_payload(credential_of(facts).to_jwt_payload(), facts.issuer.did, key)


def sign_payload(payload: dict[str, Any], did: str, key: IssuerKey) -> str:
    """A compact JWS whose `kid` names the key in the DID document, so that a rotated key is found again."""
    from joserfc import jws

    header = {"alg": "RS256", "typ": "JWT", "kid": method_id(did, key)}
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    return jws.serialize_compact(header, body, _rsa(key.private_pem))


@lru_cache(maxsize=8)
def _rsa(private_pem: bytes) -> "RSAKey":
    """Reading an RSA key costs far more than signing with it."""
    from joserfc.jwk import RSAKey

    return RSAKey.import_key(private_pem)


def prove(document: dict[str, Any], did: str, key: IssuerKey, now: datetime) -> dict[str, Any]:
    """Any JSON-LD document of the issuer with an embedded proof."""
    from openbadgeslib.ob3 import add_data_integrity_proof

    signed: dict[str, Any] = add_data_integrity_proof(document, key.private_pem, method_id(did, key), created=now)
    return signed


def as_json(document: dict[str, Any]) -> str:
    """The text that is stored, served and baked: no blank and no escape that could be changed without a trace."""
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
