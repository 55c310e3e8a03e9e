"""Eligibility in a live sitting: the lot is drawn once, before the first item, and stored with the sitting."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.content.feasibility import InfeasibleDesign
from engine.exposure.counts import EligibilityCounts, draw_eligible
from engine.selection.plan import Plan, check_learner
from engine.selection.ties import keys_of

Mask = NDArray[np.bool_]


def ability_group(plan: Plan, theta: float) -> int:
    """The ability group of a learner about whom this is known before the sitting."""
    return int(plan.control.group(np.array([theta]))[0])


def pool_of_sitting(plan: Plan, session_key: str) -> int:
    """Which rotating pool a sitting draws on."""
    return int(plan.control.pool_of_sitting(keys_of((session_key,)))[0])


def draw_sitting(plan: Plan, counts: EligibilityCounts, unseen: Mask, tie_key: bytes) -> Mask | None:
    """The items a sitting may use, (n_items,); None for all.

    Sparing yields to content: where the items left by the lot cannot fill the blueprint, the lot is not applied.
    """
    exposure = plan.design.exposure
    if exposure.method != "eligibility" or plan.design.form != "adaptive":
        return None
    chances = counts.probabilities(exposure.maximum_rate)
    drawn = draw_eligible(chances, keys_of((tie_key.hex(),)), plan.pool.keys)[0]
    try:
        check_learner(plan, unseen & drawn)
    except InfeasibleDesign:
        return None
    return None if drawn.all() else drawn
