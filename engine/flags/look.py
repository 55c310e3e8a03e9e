"""One look at a bank's sittings: every kind of flag, and how much was judged."""

from collections.abc import Mapping
from datetime import datetime

from engine.flags.evidence import Evidence
from engine.flags.items import watch_items
from engine.flags.pairs import answer_similarity
from engine.flags.records import Criteria, Looked
from engine.flags.sittings import person_misfit, rapid_guessing, time_aberrance


def look(evidence: Evidence | None, closed: Mapping[int, datetime], criteria: Criteria) -> Looked:
    """What there is to look at.

    closed: item id -> when its last flag was closed; only later answers can raise another one.
    """
    if evidence is None:
        return Looked(n_sittings=0, n_answers=0, flags=(), judged=(), drift=())
    parts = [
        rapid_guessing(evidence, criteria), person_misfit(evidence, criteria), time_aberrance(evidence, criteria),
        answer_similarity(evidence, criteria),
    ]  # fmt: skip
    alarms, counts, standing = watch_items(evidence, closed, criteria)
    return Looked(
        n_sittings=len(evidence.sittings), n_answers=len(evidence.entry),
        flags=tuple([flag for flags, _ in parts for flag in flags] + alarms),
        judged=tuple([count for _, count in parts] + counts), drift=tuple(standing),
    )  # fmt: skip
