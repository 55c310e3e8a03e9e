"""Item fit of a whole calibration: its populations, dimensions, fixed items and items it could not calibrate."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from psychometrics.arrays import as_responses
from psychometrics.calibration.result import CalibrationResult, Group
from psychometrics.fit.item_fit import ItemFit, item_fit
from psychometrics.fit.populations import Populations
from psychometrics.fit.s_x2 import estimated_parameters
from psychometrics.models.registry import kinds
from psychometrics.quadrature import Grid, normal_grid


def calibration_fit(
    result: CalibrationResult, responses: Any, *, groups: Any = None, fixed: Collection[str] = ()
) -> ItemFit:
    """S-X², infit and outfit of every item of a calibration, from what the calibration itself found.

    responses: (n_persons, n_items), columns as result.items; groups: (n_persons,) labels, when it was calibrated with
    groups; fixed: ids of items held at given parameters. Scores are compared within groups, and within the items of a
    dimension; items that were not calibrated are left out and keep the sentence of the calibration.

    Raises ValueError when the columns do not match or a label is not a group of the calibration.
    """
    answers = as_responses(responses)
    if answers.shape[1] != len(result.items):
        raise ValueError(f"responses have {answers.shape[1]} columns, the calibration {len(result.items)} items")
    calibrated = np.array([not status.startswith("not calibrated") for status in result.item_status])
    parts: list[tuple[NDArray[np.int64], ItemFit]] = []
    for dimension in result.dimensions or (None,):
        own = np.array([dimension is None or c == dimension for c in result.competency or [None] * len(result.items)])
        places = np.flatnonzero(own & calibrated)
        if places.size:
            parts.append((places, _one_dimension(result, answers, groups, set(fixed), dimension, places)))
    return _assembled(result, parts)


def _one_dimension(
    result: CalibrationResult,
    answers: NDArray[np.int8],
    groups: Any,
    fixed: set[str],
    dimension: str | None,
    places: NDArray[np.int64],
) -> ItemFit:
    items = result.items.take(places)
    own = [g for g in result.groups if g.dimension == dimension]
    held = np.array([name in fixed for name in items.item_id])
    return item_fit(
        items,
        answers[:, places],
        grid=_populations(own, groups, len(answers)),
        n_parameters=np.where(held, 0, estimated_parameters(items)).tolist(),
        n_population_parameters=_population_parameters(
            own, bool(held.any()), any(model.fixed_slope for model, _, _ in kinds(items))
        ),
    )


def _populations(groups: list[Group], labels: Any, n_persons: int) -> Grid | Populations:
    if len(groups) == 1:
        return _grid(groups[0])
    place = {group.group: g for g, group in enumerate(groups)}
    names = [str(label) for label in np.asarray(labels).ravel()] if labels is not None else []
    if len(names) != n_persons:
        raise ValueError(f"the calibration has {len(groups)} groups: groups must label each of the {n_persons} persons")
    unknown = [name for name in names if name not in place]
    if unknown:
        raise ValueError(f"group {unknown[0]!r} is not one of the calibration's: {', '.join(place)}")
    return Populations(tuple(_grid(group) for group in groups), np.array([place[name] for name in names]))


def _grid(group: Group) -> Grid:
    if group.weights:
        return Grid(np.array(group.nodes), np.array(group.weights))
    return normal_grid(mean=group.mean, sd=group.sd)


def _population_parameters(groups: list[Group], anchored: bool, fixed_slope: bool) -> int:
    """Means and sds the calibration estimated: all when items were fixed, else all but the reference group's."""
    if any(group.weights for group in groups):
        return 0
    return 2 * len(groups) if anchored else 2 * (len(groups) - 1) + fixed_slope


def _assembled(result: CalibrationResult, parts: list[tuple[NDArray[np.int64], ItemFit]]) -> ItemFit:
    n_items = len(result.items)
    columns = {
        name: np.full(n_items, np.nan) for name in ("s_x2", "p", "rmsea", "infit", "outfit", "infit_z", "outfit_z")
    }
    df, status = np.zeros(n_items, dtype=np.int64), list(result.item_status)
    for places, found in parts:
        for name, column in columns.items():
            column[places] = getattr(found, name)
        df[places] = found.df
        for place, sentence in zip(places, found.status, strict=True):
            status[place] = sentence
    return ItemFit(item_id=result.items.item_id, df=df, status=tuple(status), **columns)
