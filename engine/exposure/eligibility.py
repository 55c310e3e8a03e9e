"""Probabilistic item eligibility in the simulator: before each sitting a lot decides which items it may use."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.exposure.counts import EligibilityCounts, draw_eligible
from engine.selection.plan import Plan
from engine.simulation.cohort import Sittings, longest_test
from engine.simulation.run import BLOCK, Progress, run_plan, session_keys

Floats = NDArray[np.float64]

STEP = 64


def run_with_eligibility(plan: Plan, theta: Floats, seed: int, *, progress: Progress | None = None) -> Sittings:
    """Simulated sittings in order of arrival, the counts being brought up to date after every STEP of them.

    The ability group is that of the true theta, as a live programme would use the group of the estimate.
    """
    exposure, pool = plan.design.exposure, plan.pool
    counts = EligibilityCounts.none(len(exposure.theta_bounds) + 1, len(pool))
    group = np.searchsorted(np.asarray(exposure.theta_bounds), theta[:, 0], side="right")
    into = Sittings.empty(len(theta), longest_test(plan), pool.n_dimensions)
    for start in range(0, len(theta), STEP):
        people = np.arange(start, min(start + STEP, len(theta)))
        chances = counts.probabilities(exposure.maximum_rate)[group[people]]
        eligible = draw_eligible(chances, session_keys(seed, start, len(people)), pool.keys)
        part = run_plan(plan, theta[people], seed, eligible=eligible, attempt=start + 1)
        _copy(part, into, people)
        for row, person in enumerate(people):
            given = part.items[row, : part.length[row]].astype(np.intp)
            counts = counts.after(int(group[person]), eligible[row], given, exposure.fading)
        if progress is not None and start % BLOCK == 0:
            progress(int(people[-1]) + 1, len(theta))
    return into


def _copy(part: Sittings, into: Sittings, people: NDArray[np.intp]) -> None:
    for name in part.__slots__:
        getattr(into, name)[people] = getattr(part, name)
