"""What there really is in an institution, for requests made by chance: most of those get no further than "unknown"."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import asyncpg

OCCASIONS = ("pre_test", "post_test")
IN_PATHS = {
    "attempts": "attempt", "sessions": "session", "learners": "learner", "erasures": "learner", "flags": "flag",
    "papers": "paper", "banks": "bank", "assessments": "assessment", "accounts": "account", "verify": "credential",
}  # fmt: skip
IN_BODIES = {
    "assessment": "assessment", "bank": "bank", "item": "item", "item_id": "item", "items": "item", "keys": "item",
    "occasion": "occasion", "session": "session", "sitting": "session", "learner": "learner", "learners": "learner",
    "attempt": "attempt", "attempts": "attempt", "position": "position",
}  # fmt: skip
QUERIES = {
    "attempt": "SELECT uuid::text FROM attempt WHERE institution_id = $1",
    "session": "SELECT uuid::text FROM session WHERE institution_id = $1",
    "paper": "SELECT uuid::text FROM session WHERE institution_id = $1 AND form <> 'adaptive'",
    "learner": "SELECT uuid::text FROM account WHERE institution_id = $1 AND 'learner' = ANY(roles)",
    "flag": "SELECT uuid::text FROM flag WHERE institution_id = $1",
    "bank": "SELECT key FROM bank WHERE institution_id = $1",
    "item": "SELECT key FROM item WHERE institution_id = $1",
    "assessment": "SELECT key FROM assessment WHERE institution_id = $1",
    "credential": "SELECT uuid::text FROM credential WHERE institution_id = $1",
    "account": "SELECT pseudonym FROM account WHERE institution_id = $1 AND NOT 'service' = ANY(roles)",
}


@dataclass(frozen=True, slots=True)
class RealThings:
    """Kind -> keys and uuids."""

    known: dict[str, list[Any]]

    def into(self, case: Any, seed: int) -> None:
        """Put real things wherever the request names one."""
        rng = random.Random(seed)
        parts = case.path.split("/")
        for before, part in pairwise(parts):
            if part.startswith("{") and before in IN_PATHS:
                case.path_parameters[part.strip("{}")] = rng.choice(self.known[IN_PATHS[before]])
        if isinstance(case.body, dict):
            for name in IN_BODIES.keys() & case.body.keys():
                chosen = rng.choice(self.known[IN_BODIES[name]])
                case.body[name] = [chosen] if isinstance(case.body[name], list) else chosen


async def real_things(dsn: str, institution: int) -> RealThings:
    """What there is now; every kind has something."""
    connection = await asyncpg.connect(dsn)
    try:
        rows = {kind: await connection.fetch(query, institution) for kind, query in QUERIES.items()}
    finally:
        await connection.close()
    known: dict[str, list[Any]] = {kind: [row[0] for row in found] for kind, found in rows.items()}
    known |= {"occasion": list(OCCASIONS), "position": [0, 1, 2, 9]}
    assert all(known.values()), [kind for kind, found in known.items() if not found]
    return RealThings(known)
