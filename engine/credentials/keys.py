"""The issuer's keys and the did:web document that lists them, old ones too, so that old credentials stay verifiable."""

from collections.abc import Sequence
from typing import Any, Literal

from engine.periods import Moment
from itembank.records import Record

Algorithm = Literal["EdDSA", "RS256"]


class IssuerKey(Record, frozen=True, kw_only=True):
    """One key: Ed25519 for embedded proofs, RSA for VC-JWT. A retired key signs no more but stays listed."""

    fragment: str
    algorithm: Algorithm
    public_pem: bytes
    private_pem: bytes = b""
    created: Moment
    retired: Moment | None = None


def new_key(algorithm: Algorithm, fragment: str, created: Moment) -> IssuerKey:
    """A fresh key pair from the operating system's entropy."""
    from openbadgeslib.keys import KeyFactory, KeyType

    pair = KeyFactory(KeyType.ED25519 if algorithm == "EdDSA" else KeyType.RSA)
    private, public = pair.generate_keypair()
    return IssuerKey(fragment=fragment, algorithm=algorithm, public_pem=public, private_pem=private, created=created)


def did_of(url: str) -> str:
    """The did:web whose document is served under an https address.

    Raises:
        ValueError: when the address is not https or holds a user name.
    """
    from openbadgeslib.ob3 import did_web_from_url

    did: str = did_web_from_url(url)
    return did


def method_id(did: str, key: IssuerKey) -> str:
    """The verification method of a key."""
    return f"{did}#{key.fragment}"


def did_document(did: str, keys: Sequence[IssuerKey]) -> dict[str, Any]:
    """The document that did:web resolves to: every key ever used, Ed25519 as Multikey and RSA as JsonWebKey."""
    if not keys:
        raise ValueError("keys is empty; a DID document needs at least one key.")
    if len({key.fragment for key in keys}) != len(keys):
        raise ValueError("keys: every key needs a fragment of its own.")
    methods = [_method(did, key) for key in keys]
    return {
        "@context": [
            "https://www.w3.org/ns/did/v1",
            "https://w3id.org/security/multikey/v1",
            "https://w3id.org/security/jwk/v1",
        ],
        "id": did,
        "verificationMethod": methods,
        "assertionMethod": [method["id"] for method in methods],
    }


def _method(did: str, key: IssuerKey) -> dict[str, Any]:
    from openbadgeslib.keys import public_jwk_from_pem
    from openbadgeslib.ob3 import multikey_from_pem

    method: dict[str, Any] = {"id": method_id(did, key), "controller": did}
    if key.algorithm == "EdDSA":
        return {**method, "type": "Multikey", "publicKeyMultibase": multikey_from_pem(key.public_pem)}
    return {**method, "type": "JsonWebKey", "publicKeyJwk": public_jwk_from_pem(key.public_pem)}


def current(keys: Sequence[IssuerKey], algorithm: Algorithm) -> IssuerKey:
    """The newest key of an algorithm that has not been retired.

    Raises:
        ValueError: when there is none.
    """
    usable = [key for key in keys if key.algorithm == algorithm and key.retired is None and key.private_pem]
    if not usable:
        raise ValueError(f"keys holds no {algorithm} key in use; make one before issuing.")
    return max(usable, key=lambda key: key.created)
