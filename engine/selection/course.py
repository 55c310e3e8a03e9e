"""What a sitting has come to, carried from answer to answer: a step then costs one answer, and not all of them.

It holds nothing that the answers do not tell; `course_of` works the same out from them, to the same bits.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.content.hierarchy import Counts
from engine.selection.plan import Plan
from engine.selection.posterior import BLOCK, factors_of, joined
from engine.selection.sitting import Sitting

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Mask = NDArray[np.bool_]


class Course(msgspec.Struct, frozen=True, eq=False):
    """A sitting of a plan with one ability, after n_given answers that count.

    blocks, product: (n_nodes,) factors of the likelihood, see `factors_of`. free: (n_items,) what may still be shown.
    tally: (2, n_atoms) items given, and items free, in each atom of the blueprint.
    """

    n_given: int
    blocks: Floats
    product: Floats
    free: Mask
    tally: Counts

    def after(self, plan: Plan, item: int, category: int) -> Course | None:
        """After one more answer; None when only all answers together can tell, because their product underflows."""
        n_given, blocks = self.n_given + 1, self.blocks
        product = self.product * plan.pool.probability[item, category]
        if n_given % BLOCK == 0:
            likelihood = joined(blocks, product)
            if likelihood is None:
                return None
            blocks, product = likelihood, np.ones_like(product)
        free, tally = self.free.copy(), self.tally
        hierarchy = plan.blueprints.whole.hierarchy
        if hierarchy is not None:
            atom, tally = hierarchy.atom[item], tally.copy()
            tally[0, atom] += 1
            tally[1, atom] -= free[item]
        free[item] = False
        return Course(n_given, blocks, product, free, tally)

    def allowed(self, plan: Plan, items: Indices) -> Mask:
        """Which of these items may be shown now and leave the blueprint completable."""
        free = self.free[items]
        live = plan.blueprints.at(self.n_given).open_atoms
        return free if live is None else free & live.of(self.tally[None])[0][live.hierarchy.atom[items]]


def course_of(plan: Plan, sitting: Sitting) -> Course | None:
    """The course of a sitting's answers; None when their product underflows."""
    items = sitting.items
    factors = factors_of(plan.pool.probability, items, sitting.categories)
    if factors is None:
        return None
    free = np.ones(len(plan.pool), dtype=bool) if sitting.eligible is None else sitting.eligible.copy()
    free[items] = False
    hierarchy = plan.blueprints.whole.hierarchy
    tally = np.zeros((2, 0), dtype=np.int64)
    if hierarchy is not None:
        sides = hierarchy.atom[items], hierarchy.atom[free]
        tally = np.stack([np.bincount(side, minlength=hierarchy.n_atoms) for side in sides])
    return Course(len(items), *factors, free, tally)
