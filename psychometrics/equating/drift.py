"""Anchors that have drifted: found, taken out one at a time, and reported, before they bend the scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from psychometrics.equating.linking import Linking, Method, common_anchors, link, location_shift, pick
from psychometrics.equating.scale import rescale_items
from psychometrics.models.base import Array, ItemParameters
from psychometrics.models.registry import probabilities
from psychometrics.quadrature import Grid, normal_grid

KEPT = "kept"
SHIFTED = "taken out: its location moved more than the anchors' own spread explains"
CHANGED = "taken out: its characteristic curve changed"
PROTECTED = "drifted, but kept because too few anchors would remain"

NORMAL_QUARTILES = 0.7413
"""sd of a normal distribution over its interquartile range."""


@dataclass(frozen=True, slots=True, eq=False)
class DriftScreen:
    """The linking over the anchors that stayed, and what was found of every candidate, all (n_candidates,).

    robust_z: shift minus the median shift, over 0.74 times the interquartile range of shifts; curve_difference: root
    mean squared difference of expected scores as a share of the maximum score, over the population; both under the
    final linking. status: kept, or why not. order: ids in the order they were taken out.
    """

    linking: Linking
    item_id: tuple[str, ...]
    robust_z: Array
    curve_difference: Array
    status: tuple[str, ...]
    order: tuple[str, ...]


def screen_anchors(
    new: ItemParameters,
    old: ItemParameters,
    method: Method = "stocking-lord",
    *,
    anchors: Sequence[str] | None = None,
    grid: Grid | None = None,
    largest_z: float = 2.7,
    largest_difference: float = 0.10,
    smallest_shift: float = 0.2,
    min_anchors: int = 3,
) -> DriftScreen:
    """Link, take out the worst drifted anchor, link again, until none is left or min_anchors remain.

    An anchor has drifted when its |robust z| reaches largest_z and its shift also smallest_shift logits, so that a set
    of nearly identical anchors does not lose good items over thousandths, or when its curve_difference reaches
    largest_difference. Other arguments and errors as in `link`.

    Robust z: Huynh & Meyer 2010, Journal of Educational Measurement 47, 271-294; curves weighted by the population as
    in the RMSD of large-scale assessments (Köhler, Robitzsch & Hartig 2020, JEBS 45).
    """
    candidates = common_anchors(new, old, anchors)
    population = grid or normal_grid()
    remaining, order = list(candidates), list[str]()
    reason: dict[str, str] = {}
    while True:
        linking = link(new, old, method, anchors=remaining, grid=grid)
        worst = _worst(new, old, linking, population, (largest_z, largest_difference, smallest_shift))
        if worst is None:
            break
        if len(remaining) <= min_anchors:
            reason[worst[0]] = PROTECTED
            break
        reason[worst[0]] = worst[1]
        order.append(worst[0])
        remaining.remove(worst[0])
    robust_z, difference, _ = _drift(new, old, linking, population, candidates)
    status = tuple(reason.get(name, KEPT) for name in candidates)
    return DriftScreen(linking, candidates, robust_z, difference, status, tuple(order))


def _worst(
    new: ItemParameters, old: ItemParameters, linking: Linking, grid: Grid, limits: tuple[float, float, float]
) -> tuple[str, str] | None:
    """Id and reason of the anchor furthest beyond a limit, or None."""
    robust_z, difference, shift = _drift(new, old, linking, grid, linking.anchors)
    z_limit, difference_limit, shift_limit = limits
    by_shift = np.where(np.abs(shift) >= shift_limit, np.abs(robust_z) / z_limit, 0.0)
    by_curve = difference / difference_limit
    excess = np.maximum(by_shift, by_curve)
    place = int(np.argmax(excess))
    if excess[place] < 1:
        return None
    return linking.anchors[place], SHIFTED if by_shift[place] >= by_curve[place] else CHANGED


def _drift(
    new: ItemParameters, old: ItemParameters, linking: Linking, grid: Grid, names: Sequence[str]
) -> tuple[Array, Array, Array]:
    """Robust z, curve difference and shift of these items under a linking; median and spread are its anchors'."""
    ours, theirs = pick(new, names), pick(old, names)
    shift = location_shift(ours, theirs, linking.slope, linking.intercept)
    low, middle, high = np.percentile(linking.shift, [25, 50, 75])
    spread = max(NORMAL_QUARTILES * (high - low), 1e-9)
    moved = probabilities(rescale_items(ours, linking.slope, linking.intercept), grid.nodes)
    here = probabilities(theirs, grid.nodes)
    scores = np.arange(float(here.shape[1]))
    gap = np.einsum("k,ikq->iq", scores, moved - here) / (theirs.n_categories - 1)[:, None]
    difference = np.sqrt(gap**2 @ grid.weights)
    return (shift - middle) / spread, difference, shift
