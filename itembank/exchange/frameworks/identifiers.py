"""Identifiers that never change: the UUID at the end of a URI, else version 5 of the URI (RFC 9562).

CASE knows UUIDs of versions 1 to 5 only.
"""

import re
import uuid

UUID_AT_END = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")


def identifier_of(uri: str) -> str:
    """The UUID of whatever has this URI."""
    given = UUID_AT_END.search(uri.lower())
    return given.group() if given else str(uuid.uuid5(uuid.NAMESPACE_URL, uri))
