"""Faded counts of how often items were eligible and given, and the lot that follows from them.

The probability that an item is eligible follows its past exposure, so the rate settles below the maximum without
simulations beforehand; old sittings fade, so the control adapts when the bank or the population changes (van der Linden
& Veldkamp 2004, Journal of Educational and Behavioral Statistics 29; 2007, 32, conditional on ability).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.selection.ties import Keys, uniforms

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

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
