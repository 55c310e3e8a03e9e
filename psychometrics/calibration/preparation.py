"""From what the caller handed in to what is estimated: checked, named, screened and sorted into kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from psychometrics.arrays import MISSING, as_responses
from psychometrics.calibration.maximisation import Kind
from psychometrics.calibration.priors import Prior, as_priors
from psychometrics.calibration.screening import FEW_FOR_GUESSING, STEEPEST, count_answers, hopeless
from psychometrics.likelihood import check_categories
from psychometrics.models.base import ItemParameters
from psychometrics.models.registry import MODELS, find_model

Models = str | Sequence[str] | Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Checked input. Rows without an answer are gone; `reason` says why an item is not calibrated, or is None.

    counts (n_items, K_max): answers by category; groups (n_persons,): places in group_names, the reference first.
    """

    responses: NDArray[np.int8]
    item_id: tuple[str, ...]
    model: tuple[str, ...]
    n_categories: NDArray[np.int64]
    counts: NDArray[np.int64]
    reason: tuple[str | None, ...]
    groups: NDArray[np.int64]
    group_names: tuple[str, ...]
    fixed: ItemParameters | None
    priors: Mapping[str, Prior]
    notes: tuple[str, ...]

    @property
    def used(self) -> NDArray[np.int64]:
        """Positions of the items that enter the likelihood."""
        return np.array([i for i, reason in enumerate(self.reason) if reason is None], dtype=np.int64)

    def fixed_place(self) -> dict[str, int]:
        """Position in `fixed` by item_id."""
        return {} if self.fixed is None else {name: place for place, name in enumerate(self.fixed.item_id)}


def prepare(
    responses: Any,
    model: Models,
    *,
    item_id: Sequence[str] | None,
    groups: Any,
    reference_group: Any,
    fixed: ItemParameters | None,
    priors: Mapping[str, Prior | str] | None,
    n_categories: Sequence[int] | None,
    min_responses: int,
) -> Prepared:
    """Check everything the caller handed in. Raises ValueError naming the argument, the row or the item."""
    matrix = as_responses(responses)
    if matrix.size == 0:
        raise ValueError(f"responses are empty: {matrix.shape[0]} persons by {matrix.shape[1]} items")
    names = _names(item_id, matrix.shape[1])
    fixed, absent = _fixed_here(fixed, names)
    places, labels = _groups(groups, reference_group, len(matrix))
    answered = (matrix != MISSING).any(axis=1)
    notes = absent if answered.all() else (*absent, _no_answer_note(answered))
    if not answered.any():
        raise ValueError("responses hold no answer at all: every cell is missing")
    if not answered.all():
        matrix, places = matrix[answered], places[answered]
    _check_groups_answered(places, labels)
    checked = as_priors(priors)
    width = _categories(matrix, names, n_categories, fixed)
    counts = count_answers(matrix, width)
    models = _models(model, names, width, counts.sum(axis=1), fixed, checked)
    reasons = hopeless(counts, min_responses)
    held = set(fixed.item_id) if fixed is not None else set()
    reason = tuple(None if name in held else why for name, why in zip(names, reasons, strict=True))
    if all(why is not None for why in reason):
        raise ValueError(f"no item can be calibrated; item {names[0]}: {reason[0]}")
    return Prepared(
        matrix, names, models, width, counts, reason, places, labels, fixed, checked, notes,
    )  # fmt: skip


def _names(item_id: Sequence[str] | None, n_items: int) -> tuple[str, ...]:
    names = (
        tuple(str(name) for name in item_id) if item_id is not None else tuple(f"item_{i + 1}" for i in range(n_items))
    )
    if len(names) != n_items:
        raise ValueError(f"item_id has {len(names)} names for {n_items} columns of responses")
    seen: dict[str, int] = {}
    for place, name in enumerate(names):
        if name in seen:
            raise ValueError(f"item_id {name!r} stands for columns {seen[name]} and {place}; names must differ")
        seen[name] = place
    return names


def _fixed_here(fixed: ItemParameters | None, names: tuple[str, ...]) -> tuple[ItemParameters | None, tuple[str, ...]]:
    """The fixed items that these persons could answer, and a note on the others: a bank is larger than a form."""
    if fixed is None:
        return None, ()
    here = [place for place, name in enumerate(fixed.item_id) if name in set(names)]
    if not here:
        raise ValueError("fixed holds no item of the responses: compare its item_id with theirs")
    absent = len(fixed) - len(here)
    notes = (f"{absent} fixed items are not among the items of the responses",) if absent else ()
    return fixed.take(here), notes


def _no_answer_note(answered: NDArray[np.bool_]) -> str:
    rows = np.flatnonzero(~answered)
    shown = ", ".join(str(row) for row in rows[:5]) + (", …" if rows.size > 5 else "")
    return f"{rows.size} persons gave no answer and were left out (rows {shown})"


def _groups(groups: Any, reference: Any, n_persons: int) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Places and names of the groups in sorted order, the reference group first."""
    if groups is None:
        return np.zeros(n_persons, dtype=np.int64), ("all",)
    labels = np.asarray(groups)
    if labels.shape != (n_persons,):
        raise ValueError(f"groups has shape {labels.shape} for {n_persons} persons")
    absent = [row for row, label in enumerate(labels.tolist()) if label in (None, "") or label != label]
    if absent:
        raise ValueError(f"groups row {absent[0]}: the group is absent")
    if labels.dtype.kind == "O":
        labels = labels.astype(str)
    values, places = np.unique(labels, return_inverse=True)
    names = [str(value) for value in values]
    if reference is not None:
        if str(reference) not in names:
            raise ValueError(f"reference_group {reference!r} is not one of the groups {', '.join(names)}")
        first = names.index(str(reference))
        order = [first, *(i for i in range(len(names)) if i != first)]
        places = np.argsort(order)[places]
        names = [names[i] for i in order]
    return places.astype(np.int64), tuple(names)


def _check_groups_answered(places: NDArray[np.int64], labels: tuple[str, ...]) -> None:
    sizes = np.bincount(places, minlength=len(labels))
    if (sizes == 0).any():
        raise ValueError(f"group {labels[int(np.argmin(sizes))]!r} has no person with an answer")


def _categories(
    matrix: NDArray[np.int8], names: tuple[str, ...], given: Sequence[int] | None, fixed: ItemParameters | None
) -> NDArray[np.int64]:
    seen = np.maximum(matrix.max(axis=0).astype(np.int64) + 1, 2)
    if given is not None:
        width = np.asarray(given, dtype=np.int64)
        if width.shape != seen.shape or (width < 2).any():
            raise ValueError("n_categories must hold a number of at least 2 for each item")
        over = np.flatnonzero(seen > width)
        if over.size:
            j = int(over[0])
            raise ValueError(
                f"item {names[j]} has an answer in category {seen[j] - 1}, above its maximum {width[j] - 1}"
            )
        seen = np.array(width)
    if fixed is not None:
        columns = [names.index(name) for name in fixed.item_id]
        check_categories(matrix[:, columns], fixed)
        seen = seen.copy()
        seen[columns] = fixed.n_categories
    return np.asarray(seen, dtype=np.int64)


def _models(
    model: Models,
    names: tuple[str, ...],
    n_categories: NDArray[np.int64],
    n_answers: NDArray[np.int64],
    fixed: ItemParameters | None,
    priors: Mapping[str, Prior],
) -> tuple[str, ...]:
    wanted = _wanted(model, names)
    if fixed is not None:
        wanted |= dict(zip(fixed.item_id, fixed.model, strict=True))
    chosen = []
    for place, name in enumerate(names):
        one = wanted[name]
        if one == "auto":
            one = _automatic(int(n_categories[place]), int(n_answers[place]), "guessing" in priors)
        if not find_model(one).polytomous and n_categories[place] > 2:
            raise ValueError(
                f"item {name} has categories up to {n_categories[place] - 1}, but {one} knows only 0 and 1; "
                "choose gpcm, grm, pcm, nrm or auto for it"
            )
        chosen.append(one)
    return tuple(chosen)


def _wanted(model: Models, names: tuple[str, ...]) -> dict[str, str]:
    if isinstance(model, str):
        return dict.fromkeys(names, model)
    if isinstance(model, Mapping):
        absent = [name for name in names if name not in model]
        if absent:
            raise ValueError(f"model names no model for item {absent[0]}; give one of auto, {', '.join(MODELS)}")
        return {name: str(model[name]) for name in names}
    if len(model) != len(names):
        raise ValueError(f"model has {len(model)} entries for {len(names)} items")
    return dict(zip(names, (str(m) for m in model), strict=True))


def _automatic(n_categories: int, n_answers: int, has_guessing_prior: bool) -> str:
    if n_categories > 2:
        return "gpcm"
    return "3pl" if has_guessing_prior and n_answers >= FEW_FOR_GUESSING else "2pl"


def make_kinds(prepared: Prepared, used: NDArray[np.int64]) -> tuple[Kind, ...]:
    """The items at `used` sorted by model, categories and whether they are held; `where` counts within `used`."""
    held = prepared.fixed_place()
    keys = [(prepared.model[i], int(prepared.n_categories[i]), prepared.item_id[i] not in held) for i in used]
    kinds = []
    for name, n_categories, estimated in dict.fromkeys(keys):
        key = (name, n_categories, estimated)
        where = np.array([place for place, other in enumerate(keys) if other == key], dtype=np.int64)
        model = find_model(name)
        bounds = [_bounds(parameter) for parameter in model.parameter_names(n_categories)]
        empty = (prepared.counts[used[where], :n_categories] == 0) & estimated
        lower, upper = np.array(bounds, dtype=np.float64).T
        kinds.append(Kind(model, n_categories, where, estimated, empty, lower, upper))
    return tuple(kinds)


def _bounds(parameter: str) -> tuple[float, float]:
    """Working parameters stay where exp is finite and a curve is still a curve on the grid."""
    if parameter == "guessing_logit":
        return -9.0, 1.5
    if parameter == "upper_logit":
        return -1.5, 9.0
    return (-STEEPEST, STEEPEST) if parameter.startswith("slope") else (-60.0, 60.0)
