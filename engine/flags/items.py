"""Flags of items: one that has suddenly become easy, and ones that drift from their calibration."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from engine.flags.evidence import SHIFTS, Evidence, Floats, Places
from engine.flags.records import Criteria, DriftOfItem, Flag, Judged
from engine.messages import message
from psychometrics.drift import Cusum, Drift, cusum, estimate_drift, log_ratios

MOST_DRAWN = 200
LEAK_RUN_LENGTH = 35_000
"""Fewest answers to a false leak alarm at the limit of `Criteria`, by simulation: `python -m tests.recovery.flags`."""


@dataclass(frozen=True)
class History:
    """Answers to one item in order of time: when, chances at every shift, share of points given and expected."""

    item: int
    at: Floats
    chance: Floats
    share: Floats
    expected: Floats


def histories(evidence: Evidence) -> list[History]:
    """Every item that counts, with its answers in order of time; an item under new parameters begins anew."""
    if not evidence.groups:
        return []
    answers = np.concatenate([group.answers for group in evidence.groups])
    chance = np.concatenate([group.predictions.chance for group in evidence.groups])
    expected = np.concatenate([group.predictions.expected for group in evidence.groups])
    order = np.lexsort((evidence.at[answers], evidence.entry[answers]))
    entries, starts = np.unique(evidence.entry[answers[order]], return_index=True)
    newest = {int(evidence.entry_item[entry]): place for place, entry in enumerate(entries)}
    parts = np.split(order, starts[1:])
    return [_history(evidence, answers, chance, expected, parts[place]) for place in newest.values()]


def _history(evidence: Evidence, answers: Places, chance: Floats, expected: Floats, own: Places) -> History:
    given = answers[own]
    entry = int(evidence.entry[given[0]])
    top = float(evidence.parameters.n_categories[entry] - 1)
    return History(
        item=evidence.item_ids[int(evidence.entry_item[entry])], at=evidence.at[given], chance=chance[own],
        share=evidence.category[given] / top, expected=expected[own] / top,
    )  # fmt: skip


Standing = tuple[list[Flag], list[Judged], list[DriftOfItem]]


def watch_items(evidence: Evidence, closed: Mapping[int, datetime], criteria: Criteria) -> Standing:
    """Leak alarms, drifting items, and where every item stands. An item with an alarm is not told a second time.

    closed: item id -> when its last flag was closed; earlier answers to the item raise no other one.
    """
    every = [_after(one, closed.get(one.item)) for one in histories(evidence)]
    enough = [one for one in every if len(one.at) >= criteria.fewest_of_item]
    paths = [cusum(log_ratios(one.chance, SHIFTS, criteria.leak_shift), criteria.leak_limit) for one in every]
    alarms = [_alarm(one, path) for one, path in zip(every, paths, strict=True) if path.alarm >= 0]
    estimates = [estimate_drift(one.chance, SHIFTS) for one in enough]
    from psychometrics.dif.multiplicity import adjust

    adjusted = adjust([one.p for one in estimates], "bh").tolist() if estimates else []
    told = {flag.item for flag in alarms}
    drifting = [
        _drifting(one, estimate, p)
        for one, estimate, p in zip(enough, estimates, adjusted, strict=True)
        if p <= criteria.level and abs(estimate.shift) >= criteria.smallest_drift and one.item not in told
    ]
    standing = _standing(every, paths, {one.item: found for one, *found in zip(enough, estimates, adjusted)})
    counts = [
        Judged(
            kind="leak_alarm", n_judged=len(every), n_too_little=0, n_flagged=len(alarms),
            by_chance=round(sum(len(one.at) for one in every) / LEAK_RUN_LENGTH, 3),
        ),
        Judged(
            kind="item_drift", n_judged=len(enough), n_too_little=len(every) - len(enough), n_flagged=len(drifting),
            by_chance=round(criteria.level * len(drifting), 3),
        ),
    ]  # fmt: skip
    return [*alarms, *drifting], counts, standing


def _after(one: History, moment: datetime | None) -> History:
    """The history from that moment on."""
    if moment is None:
        return one
    later = one.at > moment.timestamp()
    return History(one.item, one.at[later], one.chance[later], one.share[later], one.expected[later])


def _standing(
    every: list[History], paths: list[Cusum], estimates: dict[int, list[Drift | float]]
) -> list[DriftOfItem]:  # fmt: skip
    found = []
    for one, path in zip(every, paths, strict=True):
        if not len(one.at):
            continue
        counts = (len(one.at), round(float(one.share.mean()), 4), round(float(one.expected.mean()), 4))
        line = DriftOfItem(item=one.item, n_answers=counts[0], observed=counts[1], expected=counts[2])
        estimate, adjusted = estimates.get(one.item, (None, None))
        if isinstance(estimate, Drift) and isinstance(adjusted, float):
            line = DriftOfItem(
                item=one.item, n_answers=counts[0], observed=counts[1], expected=counts[2],
                shift=round(estimate.shift, 3), standard_error=round(estimate.standard_error, 3),
                adjusted=adjusted, cusum=round(float(path.path[-1]), 3),
            )  # fmt: skip
        found.append(line)
    return found


def _alarm(one: History, path: Cusum) -> Flag:
    """The alarm, told by what happened since the sum last stood at nothing."""
    since = slice(path.onset, path.alarm + 1)
    told = message(
        "flag.leak_alarm", when=_moment(one.at[path.onset]), n=path.alarm + 1 - path.onset,
        percent=round(100 * float(one.share[since].mean())), expected=round(100 * float(one.expected[since].mean())),
    )  # fmt: skip
    return Flag(
        kind="leak_alarm", value=float(path.path.max()), said=(told,), evidence=_drawn(one, path), item=one.item
    )


def _drifting(one: History, estimate: Drift, adjusted: float) -> Flag:
    path = cusum(log_ratios(one.chance, SHIFTS, float(np.sign(estimate.shift))), np.inf)
    told = message(
        "flag.item_drift.easier" if estimate.shift > 0 else "flag.item_drift.harder", n=len(one.at),
        percent=round(100 * float(one.share.mean())), expected=round(100 * float(one.expected.mean())),
        shift=round(abs(estimate.shift), 2), error=round(estimate.standard_error, 2),
    )  # fmt: skip
    drawn = _drawn(one, path) | {"standard_error": round(estimate.standard_error, 3), "adjusted": adjusted}
    return Flag(kind="item_drift", value=estimate.shift, p=estimate.p, said=(told,), evidence=drawn, item=one.item)


def _drawn(one: History, path: Cusum) -> dict[str, list[float] | int]:
    """The path at up to `MOST_DRAWN` places, and running shares observed and expected."""
    n = len(one.at)
    picked = np.unique(np.linspace(0, n - 1, min(n, MOST_DRAWN)).round().astype(int))
    counted = np.arange(1, n + 1)
    return {
        "n_answers": n,
        "answer": [int(place) + 1 for place in picked],
        "at": [round(float(value)) for value in one.at[picked]],
        "cusum": [round(float(value), 3) for value in path.path[picked]],
        "observed": [round(float(value), 4) for value in (np.cumsum(one.share) / counted)[picked]],
        "expected": [round(float(value), 4) for value in (np.cumsum(one.expected) / counted)[picked]],
    }


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)
