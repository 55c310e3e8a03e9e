"""Probabilistic item eligibility: before each sitting a lot decides which items it may use.

The probability that an item is eligible follows its past exposure, so the rate settles below the maximum without
simulations beforehand; old sittings fade, so the control adapts when the bank or the population changes (van der Linden
& Veldkamp 2004, Journal of Educational and Behavioral Statistics 29; 2007, 32, conditional on ability).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.selection.plan import Plan
from engine.selection.ties import Keys, uniforms
from engine.simulation.cohort import Sittings, longest_test
from engine.simulation.run import BLOCK, Progress, run_plan, session_keys

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

STEP = 64
LOT = -3


@dataclass(frozen=True, slots=True)
class EligibilityCounts:
    """Faded counts by ability group and item, (n_groups, n_items): sittings in which it was eligible, was given."""

    eligible: Floats
    given: Floats

    @classmethod
    def none(cls, n_groups: int, n_items: int) -> EligibilityCounts:
        """Before the first sitting."""
        return cls(np.zeros((n_groups, n_items)), np.zeros((n_groups, n_items)))

    def probabilities(self, maximum_rate: float) -> Floats:
        """Probability that each item is eligible in the next sitting: min(r_max · eligible / given, 1)."""
        ratio = maximum_rate * self.eligible / np.maximum(self.given, 1e-12)
        return np.where(self.given > 0.0, np.minimum(ratio, 1.0), 1.0)

    def after(self, group: int, eligible: Mask, given: NDArray[np.intp], fading: float) -> EligibilityCounts:
        """The counts after one more sitting of an ability group; earlier ones count `fading` times as much."""
        before_eligible, before_given = self.eligible.copy(), self.given.copy()
        before_eligible[group] = fading * before_eligible[group] + eligible
        before_given[group] *= fading
        before_given[group, given] += 1.0
        return EligibilityCounts(before_eligible, before_given)


def draw_eligible(probabilities: Floats, session: Keys, items: Keys) -> Mask:
    """The items eligible in each sitting, (n_persons, n_items), by the hash of session and item.

    probabilities: (n_persons, n_items).
    """
    return np.asarray(uniforms(session[:, None], LOT, items) <= probabilities)


def run_with_eligibility(
    plan: Plan, theta: Floats, seed: int, *, fading: float | None = None, progress: Progress | None = None
) -> Sittings:
    """Simulated sittings in order of arrival, the counts being brought up to date after every STEP of them.

    The ability group is that of the true theta, as a live programme would use the group of the estimate.
    """
    exposure, pool = plan.design.exposure, plan.pool
    fading = exposure.fading if fading is None else fading
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
            counts = counts.after(int(group[person]), eligible[row], given, fading)
        if progress is not None and start % BLOCK == 0:
            progress(int(people[-1]) + 1, len(theta))
    return into


def _copy(part: Sittings, into: Sittings, people: NDArray[np.intp]) -> None:
    for name in part.__slots__:
        getattr(into, name)[people] = getattr(part, name)
