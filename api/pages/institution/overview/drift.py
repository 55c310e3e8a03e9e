"""Live health's view of drift: what the latest look at each bank found of its items."""

from collections.abc import Mapping

import msgspec

from engine.flags.records import Criteria, DriftOfItem
from engine.storage.flags import Run

MOST = 10


class DriftOfBank(msgspec.Struct, frozen=True, kw_only=True):
    """Items that drift more than chance explains, the strongest first, by key; how many were judged or could not be."""

    run: Run
    n_judged: int
    n_too_few: int
    drifting: list[tuple[str, DriftOfItem]]


def drift_of(run: Run, keys: Mapping[int, str]) -> DriftOfBank:
    """What a look says about the items of its bank; keys: item id -> key."""
    criteria = Criteria()
    judged = [line for line in run.drift if line.adjusted is not None]
    found = [
        line
        for line in judged
        if (line.adjusted or 0.0) <= criteria.level and abs(line.shift or 0.0) >= criteria.smallest_drift
    ]
    found.sort(key=lambda line: -abs(line.shift or 0.0))
    return DriftOfBank(
        run=run, n_judged=len(judged), n_too_few=len(run.drift) - len(judged),
        drifting=[(keys[line.item], line) for line in found if line.item in keys][:MOST],
    )  # fmt: skip
