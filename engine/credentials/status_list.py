"""The Bitstring status list: one bit a credential, 131,072 to a list so that no one bit points at a person.

Served in both forms: as a JSON-LD credential with an embedded proof, and as a VC-JWT.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import numpy as np

from engine.credentials.issue import prove, sign_payload
from engine.credentials.keys import IssuerKey
from itembank.records import Record

SIZE = 131_072


class StatusList(Record, frozen=True, kw_only=True):
    """A list by its address, and the indices of the revoked credentials."""

    url: str
    issuer: str
    revoked: tuple[int, ...] = ()


class StatusListFull(ValueError):
    """Every index of the list has been given out; open another list."""


def free_index(taken: Collection[int], rng: np.random.Generator) -> int:
    """A random index nobody has: consecutive ones would tell who was credited after whom.

    Raises:
        StatusListFull: when none is left.
    """
    if len(taken) >= SIZE:
        raise StatusListFull(f"All {SIZE} places of the status list are taken; open another list.")
    for _ in range(64):
        index = int(rng.integers(SIZE))
        if index not in taken:
            return index
    left = np.setdiff1d(np.arange(SIZE), np.fromiter(taken, dtype=np.int64))
    return int(rng.choice(left))


def unsigned(status: StatusList, now: datetime, valid_until: datetime | None = None) -> dict[str, Any]:
    """The list as a credential without a proof; `valid_until` keeps an old copy from hiding a revocation."""
    from openbadgeslib.ob3 import build_status_list_credential

    document: dict[str, Any] = build_status_list_credential(
        status.issuer, status.url, "revocation", status.revoked, SIZE, issued=now, valid_until=valid_until
    )
    return document


def list_document(
    status: StatusList, key: IssuerKey, now: datetime, valid_until: datetime | None = None
) -> dict[str, Any]:
    """The list with an embedded proof."""
    return prove(unsigned(status, now, valid_until), status.issuer, key, now)


def list_jwt(status: StatusList, key: IssuerKey, now: datetime, valid_until: datetime | None = None) -> str:
    """The list as a VC-JWT."""
    document = unsigned(status, now, valid_until)
    claims = {"iss": status.issuer, "jti": status.url, "nbf": int(now.timestamp())}
    return sign_payload({**document, **claims}, status.issuer, key)
