"""A flag, what it takes to raise one, and what a look at a bank found besides."""

from typing import Any, Literal, get_args

from engine.messages import Message
from itembank.records import Record

Kind = Literal["rapid_guessing", "person_misfit", "time_aberrance", "answer_similarity", "leak_alarm", "item_drift"]
KINDS: tuple[Kind, ...] = get_args(Kind)
OF_ITEMS: frozenset[Kind] = frozenset({"leak_alarm", "item_drift"})

Outcome = Literal["noted", "item_quarantined", "sitting_voided"]


class Criteria(Record, frozen=True, kw_only=True):
    """What raises a flag; every number is explained in docs/methods/flags.md.

    sitting_level: share of honest sittings that a test of one sitting may flag. level: bound on the chance of one false
    pair, and on the share of false alarms among drifting items.
    """

    sitting_level: float = 0.005
    level: float = 0.05
    fewest_answers: int = 10
    fewest_common: int = 10
    fewest_times: int = 20
    fewest_choices: int = 30
    fewest_of_item: int = 30
    rapid_share: float = 0.10
    rapid_seconds: float = 10.0
    least_effort: float = 0.90
    fewest_rapid: int = 3
    pause_factor: float = 10.0
    leak_shift: float = 1.0
    leak_limit: float = 8.0
    smallest_drift: float = 0.3


class Flag(Record, frozen=True, kw_only=True):
    """One thing to look at. Sittings and items by their ids in the database.

    value: the statistic (effort, standardised fit, residual spread, equal answers above expectation, CUSUM, shift in
    logits); p: before any correction for how many were judged; evidence: what the page draws.
    """

    kind: Kind
    value: float
    said: tuple[Message, ...]
    evidence: dict[str, Any]
    sitting: int | None = None
    other: int | None = None
    item: int | None = None
    p: float | None = None


class Judged(Record, frozen=True, kw_only=True):
    """How many sittings, pairs or items were judged, how many held too little evidence, how many were flagged.

    by_chance: how many flags are to be expected among honest learners and sound items; None where no test stands
    behind.
    """

    kind: Kind
    n_judged: int
    n_too_little: int
    n_flagged: int
    by_chance: float | None = None


class DriftOfItem(Record, frozen=True, kw_only=True):
    """How an item does in sittings against its calibration. shift: easier (+) or harder (−) by so many logits; p before
    correction; `adjusted` after Benjamini–Hochberg over the bank; cusum: where the leak alarm's sum stands now.

    The last four are None below the fewest answers.
    """

    item: int
    n_answers: int
    observed: float
    expected: float
    shift: float | None = None
    standard_error: float | None = None
    adjusted: float | None = None
    cusum: float | None = None


class Looked(Record, frozen=True, kw_only=True):
    """What a look at a bank's sittings found."""

    n_sittings: int
    n_answers: int
    flags: tuple[Flag, ...]
    judged: tuple[Judged, ...]
    drift: tuple[DriftOfItem, ...]
