"""Linking two calibrations that share anchor items: theta_old = slope theta_new + intercept.

Linking moves parameters between scales; equating (see `equating`) moves scores between forms.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy
from numpy.typing import NDArray

from psychometrics.equating.scale import rescale_items
from psychometrics.models.base import Array, ItemParameters
from psychometrics.models.registry import find_model, probabilities
from psychometrics.quadrature import Grid, normal_grid

Method = Literal["mean/mean", "mean/sigma", "haebara", "stocking-lord"]
METHODS: tuple[Method, ...] = ("mean/mean", "mean/sigma", "haebara", "stocking-lord")

LINKED = "linked"
FLAT = "the anchors' locations do not vary on the new scale, so their spread cannot set a slope; use mean/mean"
NO_SEARCH = "the search for the constants did not converge; compare another method before using them"


@dataclass(frozen=True, slots=True, eq=False)
class Linking:
    """theta_old = slope theta_new + intercept, with what the anchors say about its error.

    slope_error, intercept_error: jackknife standard errors from leaving out one anchor at a time. shift: (n_anchors,)
    location on the old scale minus linked location of the new calibration; linking_error: standard error of the mean
    location of the scale over anchors drawn at random, the root of the variance of shift over n_anchors. anchors:
    item ids used. method and status.
    """

    slope: float
    intercept: float
    slope_error: float
    intercept_error: float
    shift: Array
    linking_error: float
    anchors: tuple[str, ...]
    method: Method
    status: str


def link(
    new: ItemParameters,
    old: ItemParameters,
    method: Method = "stocking-lord",
    *,
    anchors: Sequence[str] | None = None,
    grid: Grid | None = None,
    new_grid: Grid | None = None,
    fix_slope: bool | None = None,
) -> Linking:
    """Constants that put the new calibration on the old scale.

    new, old: two calibrations; anchors: ids of items in both, all common ids unless given; grid, new_grid: where
    characteristic curves are compared and how they are weighted on the old scale and on the new one, for instance the
    populations of the two calibrations: N(0, 1) on 61 nodes unless given, new_grid as grid unless given; fix_slope:
    keep slope 1, by default when all anchors have a model with slopes fixed at 1 on both scales.

    mean/mean (Loyd & Hoover 1980) and mean/sigma (Marco 1977) match moments of discriminations and locations, taking
    all thresholds or steps of a polytomous item; haebara (1980, Japanese Psychological Research 22) matches the
    characteristic curves of every category of every anchor, stocking-lord (1983, APM 7) their sum of expected scores,
    both in both directions, as Kolen & Brennan 2014, Test Equating, Scaling, and Linking, ch. 6, for mixed formats.

    Raises ValueError when there are no common anchors, an anchor's number of categories differs, the method is unknown,
    or a moment method meets a nominal anchor.
    """
    names = common_anchors(new, old, anchors)
    pair = _Pair(pick(new, names), pick(old, names))
    _check(pair, method)
    rigid = _fixed_slopes(pair) if fix_slope is None else fix_slope
    here = grid or normal_grid()
    weights = (here, new_grid or here)
    slope, intercept, status = _solve(pair, method, weights, rigid)
    left_out = _jackknife(pair, method, weights, rigid)
    shift = location_shift(pair.new, pair.old, slope, intercept)
    n = len(names)
    spread = (n - 1) / n * ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0) if n > 2 else np.zeros(2)
    return Linking(
        slope=slope, intercept=intercept, slope_error=float(np.sqrt(spread[0])),
        intercept_error=float(np.sqrt(spread[1])), shift=shift,
        linking_error=float(shift.std(ddof=1) / np.sqrt(n)) if n > 1 else 0.0, anchors=names, method=method,
        status=status,
    )  # fmt: skip


def common_anchors(new: ItemParameters, old: ItemParameters, anchors: Sequence[str] | None) -> tuple[str, ...]:
    """Ids in both calibrations, in the order of the new one, or the given ones once checked."""
    both = [name for name in new.item_id if name in set(old.item_id)]
    if anchors is not None:
        absent = [name for name in anchors if name not in set(both)]
        if absent:
            raise ValueError(f"anchor {absent[0]} is not in both calibrations; name items that both have")
        both = list(anchors)
    if not both:
        raise ValueError("the two calibrations share no item id, so nothing links them; check the ids")
    return tuple(both)


def location_shift(new: ItemParameters, old: ItemParameters, slope: float, intercept: float) -> Array:
    """Old location minus linked new location of each item, (n_items,): mean difficulty, threshold or step."""
    return mean_locations(old) - (slope * mean_locations(new) + intercept)


def mean_locations(items: ItemParameters) -> Array:
    """Mean of the locations of each item, (n_items,); a nominal item's are where neighbouring categories cross."""
    table = _locations(items)
    count = np.isfinite(table).sum(axis=1)
    return np.asarray(np.nansum(table, axis=1) / np.maximum(count, 1), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """The anchors in both calibrations, in the same order."""

    new: ItemParameters
    old: ItemParameters

    def without(self, place: int) -> _Pair:
        keep = np.delete(np.arange(len(self.new)), place)
        return _Pair(self.new.take(keep), self.old.take(keep))


def _solve(pair: _Pair, method: Method, grids: tuple[Grid, Grid], rigid: bool) -> tuple[float, float, str]:
    if method == "mean/mean":
        return (*_mean_mean(pair, rigid), LINKED)
    if method == "mean/sigma":
        new, old = _spread(pair.new), _spread(pair.old)
        if not rigid and new <= 0:
            return (*_mean_mean(pair, rigid), FLAT)
        return (*_through_means(pair, 1.0 if rigid else old / new), LINKED)
    residuals = _curve_residuals(pair, grids, by_item=method == "haebara")
    start = _mean_mean(pair, rigid)
    return _search(residuals, start, rigid)


def _search(
    residuals: Callable[[float, float], Array], start: tuple[float, float], rigid: bool
) -> tuple[float, float, str]:
    """Least squares over the intercept and, unless it is fixed, the log of the slope."""

    def constants(x: Array) -> tuple[float, float]:
        return (1.0 if rigid else float(np.exp(x[1])), float(x[0]))

    def objective(x: Array) -> Array:
        return residuals(*constants(x))

    first = [start[1]] if rigid else [start[1], float(np.log(start[0]))]
    found = scipy.optimize.least_squares(objective, first, xtol=1e-12, ftol=1e-12, gtol=1e-12)
    return (*constants(found.x), LINKED if found.status > 0 else NO_SEARCH)


def _curve_residuals(pair: _Pair, grids: tuple[Grid, Grid], by_item: bool) -> Callable[[float, float], Array]:
    """Weighted differences of curves: on the old scale with new items moved to it, and on the new scale the reverse."""
    here, there = grids
    old_here, new_there = probabilities(pair.old, here.nodes), probabilities(pair.new, there.nodes)
    scores = np.arange(float(old_here.shape[1]))

    def differences(slope: float, intercept: float) -> Array:
        forward = old_here - probabilities(pair.new, (here.nodes - intercept) / slope)
        backward = new_there - probabilities(pair.old, slope * there.nodes + intercept)
        both = np.concatenate([forward * np.sqrt(here.weights), backward * np.sqrt(there.weights)], axis=2)
        return np.asarray(both.ravel() if by_item else np.einsum("k,ikq->q", scores, both), dtype=np.float64)

    return differences


def _mean_mean(pair: _Pair, rigid: bool) -> tuple[float, float]:
    slope = 1.0 if rigid else float(_slopes(pair.new).mean() / _slopes(pair.old).mean())
    return _through_means(pair, slope if slope > 0 else 1.0)


def _through_means(pair: _Pair, slope: float) -> tuple[float, float]:
    old, new = _locations(pair.old), _locations(pair.new)
    return slope, float(np.nanmean(old) - slope * np.nanmean(new))


def _spread(items: ItemParameters) -> float:
    return float(np.nanstd(_locations(items)))


def _slopes(items: ItemParameters) -> Array:
    """Discriminations (n_items,); of a nominal item its mean step in slope, which serves as a start for a search."""
    nominal = np.nanmax(np.nan_to_num(items.slopes), axis=1) / np.maximum(items.n_categories - 1, 1)
    return np.where(np.isfinite(items.discrimination), items.discrimination, np.maximum(nominal, 0.1))


def _locations(items: ItemParameters) -> Array:
    """All locations, NaN-padded: difficulty, thresholds, steps, crossings of neighbouring nominal categories."""
    with np.errstate(divide="ignore", invalid="ignore"):
        crossings = -np.diff(items.intercepts, axis=1) / np.diff(items.slopes, axis=1)
    crossings = np.where(np.isfinite(crossings), crossings, np.nan)
    return np.concatenate([items.difficulty[:, None], items.thresholds, items.steps, crossings], axis=1)


def _fixed_slopes(pair: _Pair) -> bool:
    return all(find_model(name).fixed_slope for name in (*pair.new.model, *pair.old.model))


def _jackknife(pair: _Pair, method: Method, grids: tuple[Grid, Grid], rigid: bool) -> Array:
    n = len(pair.new)
    if n <= 2:
        return np.zeros((1, 2))
    return np.array([_solve(pair.without(place), method, grids, rigid)[:2] for place in range(n)])


def pick(items: ItemParameters, names: Sequence[str]) -> ItemParameters:
    """The items with these ids, in this order."""
    place = {name: i for i, name in enumerate(items.item_id)}
    return items.take(np.array([place[name] for name in names], dtype=np.int64))


def _check(pair: _Pair, method: str) -> None:
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, not {method!r}")
    differ: NDArray[np.bool_] = pair.new.n_categories != pair.old.n_categories
    if differ.any():
        name = pair.new.item_id[int(np.argmax(differ))]
        raise ValueError(f"anchor {name} has a different number of categories in the two calibrations")
    nominal = [name for name, model in zip(pair.new.item_id, pair.new.model, strict=True) if model == "nrm"]
    if nominal and method in ("mean/mean", "mean/sigma"):
        raise ValueError(f"anchor {nominal[0]} is nominal and has no discrimination; use haebara or stocking-lord")


def linked_items(new: ItemParameters, linking: Linking) -> ItemParameters:
    """The new calibration's items on the old scale."""
    return rescale_items(new, linking.slope, linking.intercept)
