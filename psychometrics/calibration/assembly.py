"""From working parameters back to a bank in the order it was handed in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from psychometrics.calibration.blas import one_blas_thread
from psychometrics.calibration.maximisation import Kind
from psychometrics.calibration.preparation import Prepared
from psychometrics.calibration.screening import HELD, remarks, stand_in
from psychometrics.calibration.starting_values import USUAL, Route, starting_values
from psychometrics.models.base import LISTS, SCALARS, Array, ItemParameters


@contextmanager
def running(executor: Any) -> Iterator[Any]:
    """The executor handed in, or threads for as long as they are needed."""
    if executor is not None:
        yield executor
        return
    import os
    from concurrent.futures import ThreadPoolExecutor

    with one_blas_thread(), ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        yield threads


def start_items(
    prepared: Prepared, kinds: Sequence[Kind], used: NDArray[np.int64], route: Route = USUAL
) -> tuple[Array, ...]:
    """Starting values of estimated kinds and the given parameters of held ones."""
    places = prepared.fixed_place()
    working = []
    for kind in kinds:
        positions = used[kind.where]
        if kind.estimated:
            counts = prepared.counts[positions, : kind.n_categories]
            working.append(starting_values(kind, counts, prepared.priors, route))
        else:
            assert prepared.fixed is not None
            held = prepared.fixed.take([places[prepared.item_id[i]] for i in positions])
            working.append(kind.model.working(held))
    return tuple(working)


def reported_items(
    prepared: Prepared, kinds: Sequence[Kind], working: Sequence[Array], used: NDArray[np.int64]
) -> ItemParameters:
    """The whole bank: calibrated, held and stand-in parameters."""
    n_items, widest = len(prepared.item_id), int(prepared.n_categories.max())
    columns = {name: np.full(n_items, np.nan) for name in ("discrimination", "difficulty")}
    columns |= {"guessing": np.zeros(n_items), "upper": np.ones(n_items)}
    columns |= {name: np.full((n_items, widest - (name in ("thresholds", "steps"))), np.nan) for name in LISTS}
    for kind, values in zip(kinds, working, strict=True):
        for name, found in kind.model.reported(values).items():
            target = columns[name]
            if target.ndim == 1:
                target[used[kind.where]] = found
            else:
                target[used[kind.where], : found.shape[1]] = found
    held = prepared.fixed_place()
    for place, (name, reason) in enumerate(zip(prepared.item_id, prepared.reason, strict=True)):
        if reason is not None:
            record = stand_in(prepared.model[place], int(prepared.n_categories[place]), prepared.counts[place])
            _fill(columns, place, ItemParameters.from_records([record | {"item_id": name}]))
        elif name in held and prepared.fixed is not None:
            _fill(columns, place, prepared.fixed.take([held[name]]))
    return ItemParameters(item_id=prepared.item_id, model=prepared.model, n_categories=prepared.n_categories, **columns)


def _fill(columns: dict[str, Array], place: int, one: ItemParameters) -> None:
    """Copy the parameters of a bank of one item to a place."""
    for name in SCALARS:
        columns[name][place] = getattr(one, name)[0]
    for name in LISTS:
        values = getattr(one, name)[0]
        width = min(values.size, columns[name].shape[1])
        columns[name][place, :width] = values[:width]


def item_sentences(prepared: Prepared, items: ItemParameters, converged: bool) -> tuple[str, ...]:
    """Status of each item in words."""
    held = prepared.fixed_place()
    found = remarks(items, prepared.counts, converged)
    return tuple(
        reason if reason is not None else HELD if name in held else remark
        for name, reason, remark in zip(prepared.item_id, prepared.reason, found, strict=True)
    )


def iteration_status(converged: bool, n_iterations: int, gain: float) -> str:
    """ "converged", or what is missing."""
    if converged:
        return "converged"
    return f"not converged after {n_iterations} iterations: about {gain:.2g} of log-likelihood is still to be had"
