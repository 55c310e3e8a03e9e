"""A cohort advances together, one item a step: the general course, which any design can take.

Learners who stop leave the cohort; the others go on. The same rules as in a live sitting choose the items and end the
test, so what is simulated is what will happen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.multistage import next_of_form
from engine.selection.plan import Plan
from engine.selection.ranking import allowed_items, best_items
from engine.selection.sitting import Standing
from engine.selection.standing import standing_of
from engine.selection.ties import Keys
from engine.stopping.stop import credits, end_of_form, stop_reasons

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Mask = NDArray[np.bool_]
Answer = Callable[[Indices, Indices, int], Indices]
"""(persons, items, position) → categories, all (n,)."""

BLOCK = 256


@dataclass(slots=True)
class Sittings:
    """What n_persons simulated sittings came to.

    items, categories: (n_persons, longest), −1 beyond each one's length; theta, sem: (n_persons, n_dimensions);
    above: posterior probability of each dimension's last cut; credited: (n_persons, n_dimensions).
    """

    items: NDArray[np.int32]
    categories: NDArray[np.int8]
    length: NDArray[np.int32]
    theta: Floats
    sem: Floats
    credited: Mask
    reason: NDArray[np.object_]

    @classmethod
    def empty(cls, n_persons: int, longest: int, n_dimensions: int) -> Sittings:
        """Sittings not yet begun."""
        return cls(
            items=np.full((n_persons, longest), -1, dtype=np.int32),
            categories=np.full((n_persons, longest), -1, dtype=np.int8),
            length=np.zeros(n_persons, dtype=np.int32),
            theta=np.zeros((n_persons, n_dimensions)),
            sem=np.zeros((n_persons, n_dimensions)),
            credited=np.zeros((n_persons, n_dimensions), dtype=bool),
            reason=np.full(n_persons, "", dtype=object),
        )

    def finish(self, plan: Plan, persons: Indices, standing: Standing, reasons: NDArray[np.object_]) -> None:
        """Records sittings that end now."""
        length = standing.position
        self.items[persons, :length] = standing.items
        self.categories[persons, :length] = standing.categories
        self.length[persons] = length
        self.theta[persons], self.sem[persons] = standing.theta, standing.sem
        self.credited[persons] = credits(plan, standing)
        self.reason[persons] = reasons


def longest_test(plan: Plan) -> int:
    """The most items a sitting of this plan can have."""
    design = plan.design
    if design.form == "linear":
        return len(design.items)
    if design.form == "multistage":
        return sum(len(module.items) for module in design.modules)
    return min(design.stopping.max_items, len(plan.pool))


def run_general(plan: Plan, persons: Indices, keys: Keys, eligible: Mask, answer: Answer, into: Sittings) -> None:
    """Runs the sittings of these persons to their end; `eligible` and `keys` are theirs, in the same order."""
    pool = plan.pool
    likelihood = np.ones((len(persons), pool.n_dimensions, len(pool.nodes)))
    items = np.zeros((len(persons), 0), dtype=np.intp)
    standing = standing_of(plan, keys, items, items, likelihood, eligible.copy(), np.zeros(len(persons)))
    while len(persons):
        reasons = stop_reasons(plan, standing)
        chosen = np.full(len(persons), -1, dtype=np.intp)
        going = reasons == ""
        if going.any():
            chosen[going], empty_reason = _choose(plan, standing.rows(going))
            reasons[going & (chosen < 0)] = empty_reason
        over = reasons != ""
        if over.any():
            into.finish(plan, persons[over], standing.rows(over), reasons[over])
            persons, chosen, standing = persons[~over], chosen[~over], standing.rows(~over)
        if len(persons):
            standing = _after(plan, standing, chosen, answer(persons, chosen, standing.position))


def _choose(plan: Plan, standing: Standing) -> tuple[Indices, str]:
    if plan.design.form != "adaptive":
        return next_of_form(plan.design, plan.pool, standing), end_of_form(standing.position)
    return best_items(plan, standing, allowed_items(plan, standing)), "pool_exhausted"


def _after(plan: Plan, standing: Standing, chosen: Indices, categories: Indices) -> Standing:
    """The standing after one more answer each."""
    pool, each = plan.pool, np.arange(len(chosen))
    likelihood, eligible = standing.likelihood.copy(), standing.eligible.copy()
    dimension = pool.dimension[chosen]
    product = likelihood[each, dimension] * pool.probability[chosen, categories]
    likelihood[each, dimension] = product / np.maximum(product.max(axis=1, keepdims=True), 1e-300)
    eligible[each, chosen] = False
    items = np.column_stack([standing.items, chosen])
    given = np.column_stack([standing.categories, categories])
    seconds = standing.seconds + plan.item_seconds[chosen]
    return standing_of(plan, standing.keys, items, given, likelihood, eligible, seconds)
