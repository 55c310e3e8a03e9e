"""Exposure control as a mask on items, drawn by hash, so that a sitting can be replayed without stored lots.

Sympson–Hetter (1985) shows a selected item with probability k and otherwise sets it aside for the rest of the sitting.
Drawing that lot once a sitting and item, selected or not, is the same experiment; so the lots of a whole pool are one
comparison of hashed uniform numbers with k. The conditional form (Stocking & Lewis 1998) has a k for every ability
group. Rotating pools give each sitting one part of the bank (Ariel, Veldkamp & van der Linden 2004).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.designs import DesignError, ExposureDesign
from engine.selection.tables import Pool
from engine.selection.ties import Keys, hashes, uniforms

Floats = NDArray[np.float64]

LOT = -1
POOL = -2


@dataclass(frozen=True, slots=True)
class ItemControl:
    """parameters: (n_groups, n_items) probabilities of showing an item, None when no lot is drawn."""

    parameters: Floats | None
    theta_bounds: Floats
    pool_of_item: NDArray[np.intp] | None
    n_pools: int

    @property
    def is_idle(self) -> bool:
        """Whether every item may always be shown."""
        return self.parameters is None and self.pool_of_item is None

    def group(self, theta: Floats) -> NDArray[np.intp]:
        """Ability group of each learner."""
        return np.searchsorted(self.theta_bounds, theta, side="right")

    def pool_of_sitting(self, sessions: Keys) -> NDArray[np.intp]:
        """Which of the rotating pools each sitting draws on; 0 where there is one."""
        turn = hashes(sessions, POOL, np.zeros(1, dtype=np.uint64)) % np.uint64(self.n_pools)
        return turn.astype(np.intp)

    def shown(self, sessions: Keys, items: Keys, theta: Floats) -> NDArray[np.bool_]:
        """Items each sitting may be shown: (n_persons, n_items)."""
        allowed = np.ones((len(sessions), len(items)), dtype=bool)
        if self.parameters is not None:
            allowed &= uniforms(sessions[:, None], LOT, items) <= self.parameters[self.group(theta)]
        if self.pool_of_item is not None:
            allowed &= self.pool_of_item[None, :] == self.pool_of_sitting(sessions)[:, None]
        return allowed


def build_control(exposure: ExposureDesign, pool: Pool) -> ItemControl:
    """The mask rule of a design; items without a stated exposure parameter are always shown."""
    if exposure.method == "sympson_hetter" and not exposure.exposure_parameters:
        raise DesignError("exposure.method 'sympson_hetter' needs exposure.exposure_parameters; calibrate them first.")
    bounds = np.asarray(exposure.theta_bounds, dtype=float)
    parameters = _parameters(exposure, pool, len(bounds) + 1) if exposure.exposure_parameters else None
    pools = rotating_pools(pool.curves.location, pool.curves.slope, exposure.n_pools) if exposure.n_pools > 1 else None
    return ItemControl(parameters, bounds, pools, exposure.n_pools)


def _parameters(exposure: ExposureDesign, pool: Pool, n_groups: int) -> Floats:
    table = np.ones((n_groups, len(pool)))
    for place, item_id in zip(
        pool.positions(list(exposure.exposure_parameters)), exposure.exposure_parameters, strict=True
    ):
        values = np.atleast_1d(np.asarray(exposure.exposure_parameters[item_id], dtype=float))
        if len(values) not in (1, n_groups):
            raise DesignError(
                f"exposure.exposure_parameters of {item_id} has {len(values)} values for {n_groups} ability groups."
            )
        table[:, place] = values
    return table


def rotating_pools(difficulty: Floats, discrimination: Floats, n_pools: int) -> NDArray[np.intp]:
    """Pool of every item, 0 … n_pools − 1, alike in difficulty and discrimination.

    Items sorted by difficulty are dealt in rounds of n_pools; within a round the most discriminating goes to another
    pool each time.
    """
    order = np.argsort(difficulty, kind="stable")
    pools = np.empty(len(order), dtype=np.intp)
    for turn, start in enumerate(range(0, len(order), n_pools)):
        part = order[start : start + n_pools]
        ranked = part[np.argsort(-discrimination[part], kind="stable")]
        pools[ranked] = (np.arange(len(ranked)) + turn) % n_pools
    return pools
