"""Exposure parameters by the iterations of Sympson and Hetter (1985), overall or by ability group.

Each round simulates the design with the present parameters k. An item given to a share P(A) of the learners was
selected by P(S) = P(A)/k of them, since the lot is independent of selection; its parameter moves half way (on the log
scale, which damps the oscillation of the original steps) to min(1, r_max/P(S)).
Conditionally on ability the same is done within groups of the estimate (Stocking & Lewis 1998).
"""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.designs import Design
from engine.selection.plan import Plan, compile_design
from engine.selection.tables import Pool
from engine.simulation.cohort import Sittings
from engine.simulation.run import run_plan

Floats = NDArray[np.float64]


def calibrate_exposure(design: Design, pool: Pool, theta: Floats, seed: int, *, n_rounds: int = 25) -> Design:
    """The design with exposure parameters under which no item exceeds exposure.maximum_rate among these learners.

    theta: (n_persons, n_dimensions) true abilities. The best round is kept: the one with the lowest highest rate.
    """
    exposure = design.exposure
    n_groups = len(exposure.theta_bounds) + 1
    parameters, best, lowest = np.ones((n_groups, len(pool))), np.ones((n_groups, len(pool))), np.inf
    for turn in range(n_rounds):
        plan = compile_design(_with(design, pool, parameters), pool)
        given = exposure_by_group(plan, run_plan(plan, theta, seed + turn), theta)
        if given.max() < lowest:
            best, lowest = parameters, float(given.max())
        selected = given / parameters
        ceiling = exposure.maximum_rate / np.maximum(selected, 1e-12)
        parameters = np.sqrt(parameters * np.clip(ceiling, 1e-3, 1.0))
    return _with(design, pool, best)


def exposure_by_group(plan: Plan, sittings: Sittings, theta: Floats) -> Floats:
    """Share of the learners of each ability group who were given each item: (n_groups, n_items)."""
    bounds = np.asarray(plan.design.exposure.theta_bounds)
    group = np.searchsorted(bounds, theta[:, 0], side="right")
    rates = np.zeros((len(bounds) + 1, len(plan.pool)))
    for number in range(len(rates)):
        own = sittings.items[group == number]
        counts = np.bincount(own[own >= 0], minlength=len(plan.pool))
        rates[number] = counts / max(int((group == number).sum()), 1)
    return rates


def _with(design: Design, pool: Pool, parameters: Floats) -> Design:
    values = {
        item_id: tuple(float(value) for value in parameters[:, place])
        for place, item_id in enumerate(pool.items.item_id)
        if (parameters[:, place] < 1.0).any()
    }
    method: Literal["none", "sympson_hetter"] = "sympson_hetter" if values else "none"
    exposure = msgspec.structs.replace(design.exposure, method=method, exposure_parameters=values)
    return msgspec.structs.replace(design, exposure=exposure)
