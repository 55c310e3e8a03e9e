"""Exposure rates of the items that live sittings have shown, over all of them and by rotating pool."""

from collections.abc import Sequence

import numpy as np

from itembank.records import Record


class Use(Record, frozen=True, kw_only=True):
    """How sittings of one rotating pool, or all of them, used a bank.

    rates: the share of the sittings that showed each bank position. overlap: the expected share of items that two of
    them have in common (Chen, Ankenmann & Spray 2003); None for fewer than two.
    """

    sittings: int
    rates: tuple[float, ...]
    highest_rate: float
    unused_share: float
    overlap: float | None


def use_of(sittings: int, administered: Sequence[int]) -> Use:
    """From how often each position was shown in how many sittings, at least one."""
    shown = np.asarray(administered, dtype=np.float64)
    rates, total = shown / sittings, float(shown.sum())
    pairs = float((shown * (shown - 1.0)).sum())
    return Use(
        sittings=sittings,
        rates=tuple(rates.tolist()),
        highest_rate=float(rates.max(initial=0.0)),
        unused_share=float((shown == 0).mean()) if len(shown) else 0.0,
        overlap=pairs / ((sittings - 1) * total) if sittings > 1 and total else None,
    )
