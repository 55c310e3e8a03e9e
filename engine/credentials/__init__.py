"""Open Badges 3.0 credentials: what was measured and how surely, signed twice, revocable, baked, verified in words.

The libraries that sign and verify are imported where they are used, so that a server starts without them.
"""

from engine.credentials.baking import bake, default_png, default_svg
from engine.credentials.facts import Aligned, CredentialFacts, IssuerProfile, facts_of
from engine.credentials.issue import issue_document, issue_jwt
from engine.credentials.keys import IssuerKey, did_document, did_of, new_key
from engine.credentials.status_list import StatusList, free_index, list_document, list_jwt
from engine.credentials.verify import Verdict, verify_credential, verify_many

__all__ = [
    "Aligned",
    "CredentialFacts",
    "IssuerKey",
    "IssuerProfile",
    "StatusList",
    "Verdict",
    "bake",
    "default_png",
    "default_svg",
    "did_document",
    "did_of",
    "facts_of",
    "free_index",
    "issue_document",
    "issue_jwt",
    "list_document",
    "list_jwt",
    "new_key",
    "verify_credential",
    "verify_many",
]
