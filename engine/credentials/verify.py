"""Whether a credential holds, in words: valid, revoked, expired, not valid, or cannot be checked.

The proof comes first: nothing a document says is believed before its signature is. Then the status list, whose own
signature must be the issuer's, then the dates. A list that cannot be had makes the verdict "cannot be checked", never
"valid".
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from engine.credentials.baking import extract
from engine.messages import Message, message
from itembank.records import Record

if TYPE_CHECKING:
    from openbadgeslib.ob3 import OpenBadgeCredential

Fetch = Callable[[str], bytes]
Status = Literal["valid", "revoked", "expired", "invalid", "cannot_be_checked"]
MAX_BYTES = 2_000_000


class Verdict(Record, frozen=True, kw_only=True):
    """What a verifier says: `first_line` in the catalogue, `detail` from the check that decided."""

    status: Status
    first_line: Message
    detail: str = ""
    form: Literal["document", "jwt", "unknown"] = "unknown"
    issuer: str = ""
    title: str = ""
    recipient: str = ""
    issued: str = ""
    credential: dict[str, Any] = {}


def verify_credential(data: bytes, fetch: Fetch, now: datetime) -> Verdict:
    """The verdict about a file: a JSON document, a VC-JWT, or a PNG or SVG with either inside.

    Args:
        data: the file.
        fetch: from an https address to bytes; called for the issuer's DID document and the status list. It raises
            when it cannot deliver.
        now: the moment of the check.
    """
    from joserfc.errors import JoseError
    from openbadgeslib.errors import LibOpenBadgesException

    if len(data) > MAX_BYTES:
        return _verdict("cannot_be_checked", f"The file is larger than {MAX_BYTES} bytes.")
    try:
        text = credential_text(data)
    except ValueError as error:
        return _verdict("cannot_be_checked", str(error))
    form: Literal["document", "jwt"] = "document" if text.startswith("{") else "jwt"
    try:
        credential = _proved(text, form, fetch)
    except _Unreachable as error:
        return _verdict("cannot_be_checked", str(error), form)
    except (LibOpenBadgesException, JoseError, ValueError, RecursionError) as error:
        # The library checks the dates after the proof: only a proved credential is told that it has expired.
        return _verdict("expired" if "expired" in str(error).lower() else "invalid", str(error), form)
    return _standing(credential, form, fetch, now)


def verify_many(files: Iterable[bytes], fetch: Fetch, now: datetime) -> tuple[Verdict, ...]:
    """The verdicts about many files; every address is fetched once."""
    kept: dict[str, bytes] = {}

    def once(url: str) -> bytes:
        if url not in kept:
            kept[url] = fetch(url)
        return kept[url]

    return tuple(verify_credential(data, once, now) for data in files)


def credential_text(data: bytes) -> str:
    """The credential in a file, as text.

    Raises:
        ValueError: when there is none.
    """
    head = data.lstrip()[:400].lower()
    if data.startswith(b"\x89PNG") or (head.startswith(b"<") and b"<svg" in data[:4000].lower()):
        found = extract(data)
        if found is None:
            raise ValueError("The picture carries no credential.")
        return found.strip()
    try:
        text = data.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise ValueError("The file is neither a credential nor a picture with one inside.") from None
    if text.startswith("{") or text.count(".") == 2:
        return text
    raise ValueError("The file is neither a credential nor a picture with one inside.")


class _Unreachable(Exception):
    """The issuer's keys could not be had."""


def _proved(text: str, form: str, fetch: Fetch) -> "OpenBadgeCredential":
    from openbadgeslib.errors import LibOpenBadgesException
    from openbadgeslib.ob3 import OB3LdpVerifier, OB3Verifier

    trouble: list[str] = []

    def watched(url: str) -> bytes:
        try:
            return fetch(url)
        except Exception as error:
            trouble.append(f"{url} could not be read: {error}")
            raise

    try:
        if form == "document":
            return OB3LdpVerifier().verify(text, download=watched)
        _refuse_loose_ends(text)
        return OB3Verifier.for_issuer_did(_issuer_of(text), download=watched).verify(text)
    except (LibOpenBadgesException, ValueError):
        if trouble:
            raise _Unreachable(trouble[0]) from None
        raise


def _refuse_loose_ends(token: str) -> None:
    """A signature has one spelling: base64url leaves bits at its end that a decoder ignores."""
    from openbadgeslib.ob3.verifier import OB3VerificationError

    signature = token.rsplit(".", 1)[1]
    try:
        again = urlsafe_b64encode(urlsafe_b64decode(signature + "=" * (-len(signature) % 4)))
    except ValueError as error:
        raise OB3VerificationError(f"The signature is not base64url: {error}") from None
    if again.rstrip(b"=").decode() != signature:
        raise OB3VerificationError("The signature is not spelled canonically; it was changed.")


def _issuer_of(token: str) -> str:
    """The issuer a token claims; its key must then verify the token, or the claim is worth nothing."""
    from joserfc import jws
    from openbadgeslib.ob3.verifier import OB3VerificationError

    payload = json.loads(jws.extract_compact(token.encode()).payload)
    issuer = payload.get("issuer") if isinstance(payload, dict) else None
    claimed = issuer.get("id") if isinstance(issuer, dict) else issuer
    if not isinstance(claimed, str) or not claimed.startswith("did:web:"):
        raise OB3VerificationError(f"The issuer {claimed!r} is no did:web, so its key cannot be found.")
    return claimed


def _standing(
    credential: "OpenBadgeCredential", form: Literal["document", "jwt"], fetch: Fetch, now: datetime
) -> Verdict:
    from openbadgeslib.errors import LibOpenBadgesException
    from openbadgeslib.ob3 import check_credential_status

    try:
        check_credential_status(credential, download=fetch, verify_list=True)
    except (LibOpenBadgesException, ValueError) as error:
        revoked = str(error).startswith("Credential status 'revocation' is set")
        return _verdict("revoked" if revoked else "cannot_be_checked", str(error), form, credential)
    if credential.expiration_date is not None and credential.expiration_date < now:
        return _verdict("expired", f"It was valid until {credential.expiration_date.isoformat()}.", form, credential)
    return _verdict("valid", "", form, credential)


def _verdict(
    status: Status,
    detail: str,
    form: Literal["document", "jwt", "unknown"] = "unknown",
    credential: "OpenBadgeCredential | None" = None,
) -> Verdict:
    first_line = message(f"verdict.{status}")
    if credential is None:
        return Verdict(status=status, first_line=first_line, detail=detail, form=form)
    return Verdict(
        status=status, first_line=first_line, detail=detail, form=form, issuer=credential.issuer.id,
        title=credential.achievement.name, recipient=credential.recipient_id or "",
        issued=credential.issuance_date.isoformat() if credential.issuance_date else "",
        credential=json.loads(json.dumps(credential.raw or {})),
    )  # fmt: skip
