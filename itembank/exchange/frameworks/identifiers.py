"""Identifiers that never change: the UUID at the end of a URI, else version 5 of the URI (RFC 9562).

CASE knows UUIDs of versions 1 to 5 only, and URIs in ASCII (RFC 3986).
"""

import re
import uuid
from urllib.parse import quote

UUID_AT_END = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
URI_CHARACTERS = "!$&'()*+,;=:@/?%"
NOWHERE = "urn:uuid:"


def identifier_of(uri: str) -> str:
    """The UUID of whatever has this URI."""
    given = UUID_AT_END.search(uri.lower())
    return given.group() if given else str(uuid.uuid5(uuid.NAMESPACE_URL, uri))


def is_uuid(identifier: str) -> bool:
    """Whether CASE would take it as an identifier."""
    return UUID_AT_END.fullmatch(identifier) is not None


def uri_of(text: str) -> str:
    """The text as an absolute URI in ASCII, "" where it is none."""
    if not ABSOLUTE.fullmatch(text):
        return ""
    address, mark, fragment = (quote(part, safe=URI_CHARACTERS) for part in text.partition("#"))
    return STRAY_PERCENT.sub("%25", address) + (mark and "#" + STRAY_PERCENT.sub("%25", fragment))


def urn_of(name: str) -> str:
    """A URI that leads nowhere, for what has only a name: its own UUID, or one made of the name."""
    return NOWHERE + identifier_of(name)
