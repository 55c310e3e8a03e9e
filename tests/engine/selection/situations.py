"""A plan and a standing for the tests of criteria and laws."""

from __future__ import annotations

import numpy as np

from engine.designs import AbilityDesign, DecisionDesign, Design, SelectionDesign, StoppingDesign
from engine.selection.plan import Plan, compile_design
from engine.selection.sitting import Sitting
from engine.selection.tables import build_pool
from psychometrics.models.base import ItemParameters

CATR_GRID = AbilityDesign(lower=-4.0, upper=4.0, n_nodes=33)


def plan_for(items: ItemParameters, criterion: str, **options: object) -> Plan:
    """A plan of 20 items with a cut at 0.3 on the grid catR uses by default."""
    design = Design(
        name=criterion,
        ability=CATR_GRID,
        selection=SelectionDesign(criterion=criterion, **options),  # type: ignore[arg-type]
        stopping=StoppingDesign(max_items=20),
        decision=DecisionDesign(cut_theta=(0.3,)),
    )
    return compile_design(design, build_pool(items, CATR_GRID))


def sitting_after(items: ItemParameters, n_given: int, seed: int = 0, key: str = "s") -> Sitting:
    """A sitting that has answered some items at random."""
    rng = np.random.default_rng(seed)
    given = rng.permutation(len(items))[:n_given]
    return Sitting(key, given, (rng.random(n_given) * items.n_categories[given]).astype(int))
