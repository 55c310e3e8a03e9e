"""Who chose which option: a keyed option should draw the able, every other one the less able."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from psychometrics.models.base import Array

NEVER = ""
COMPUTED = "computed"
KEYED_WEAKLY = "the keyed option does not draw the able: check the key"
DRAWS_THE_ABLE = "a wrong option draws the able more than the key does: check the key and the wording"
NOT_CHOSEN = "a listed option was never chosen, so it distracts nobody"
NO_VARIATION = "the other items' scores do not vary among those who answered, so no option can be judged"


@dataclass(frozen=True, slots=True, eq=False)
class DistractorTable:
    """One row for each option of each item, items in order and their options sorted.

    item: (n_rows,) positions; option: (n_rows,) as text; is_key: (n_rows,); count and proportion of the choices;
    mean_score: mean score of those who chose it; point_biserial: correlation of choosing it with the score; both
    (n_rows,), NaN where nobody chose it or the score does not vary. group_proportion: (n_rows, n_groups), share of each
    score group, lowest first, that chose it, 0 in a group that ties left empty; group_size: (n_items, n_groups).
    status: (n_items,) sentences. Persons without a score count among the choices and nowhere else.
    """

    item: NDArray[np.int64]
    option: tuple[str, ...]
    is_key: NDArray[np.bool_]
    count: NDArray[np.int64]
    proportion: Array
    mean_score: Array
    point_biserial: Array
    group_proportion: Array
    group_size: NDArray[np.int64]
    status: tuple[str, ...]


def distractor_table(
    answers: Any,
    keys: Sequence[Collection[str]],
    *,
    options: Sequence[Collection[str]] | None = None,
    score: ArrayLike | None = None,
    n_groups: int = 5,
) -> DistractorTable:
    """Choices by option and score group.

    answers: (n_persons, n_items) raw choices as text or whole numbers, empty text, None or NaN where none was made;
    keys: the right option or options of each item; options: those the item offers, else those seen and the keys;
    score: (n_persons,) to judge by, else the proportion of the other items answered rightly; n_groups: score groups of
    as equal size as ties allow.

    Ebel & Frisbie 1991, Essentials of Educational Measurement, ch. 13. Raises ValueError when keys, options, score or
    n_groups do not fit the answers.
    """
    choices = _as_choices(answers)
    n_persons, n_items = choices.shape
    _check(keys, options, n_items, n_groups)
    right = np.stack([np.isin(choices[:, i], [str(k) for k in keys[i]]) for i in range(n_items)], axis=1)
    given = None if score is None else _checked_score(score, n_persons)
    judged = _rest_scores(right, choices != NEVER) if given is None else np.repeat(given[:, None], n_items, axis=1)
    parts = [
        _one_item(choices[:, i], {str(k) for k in keys[i]}, options[i] if options else (), judged[:, i], n_groups)
        for i in range(n_items)
    ]
    return _collect(parts)


@dataclass(frozen=True, slots=True, eq=False)
class _ItemRows:
    option: list[str]
    is_key: NDArray[np.bool_]
    count: NDArray[np.int64]
    mean_score: Array
    point_biserial: Array
    group_proportion: Array
    group_size: NDArray[np.int64]
    status: str


def _one_item(
    chosen: NDArray[np.str_], key: set[str], offered: Collection[str], score: Array, n_groups: int
) -> _ItemRows:
    made = chosen != NEVER
    option = sorted({str(c) for c in chosen[made]} | key | {str(o) for o in offered}, key=_natural)
    count = (chosen[:, None] == np.asarray(option)).sum(axis=0)
    judged = made & np.isfinite(score)
    picked, score = chosen[judged, None] == np.asarray(option), score[judged]
    n_judged = picked.sum(axis=0)
    mean = np.where(n_judged > 0, score @ picked / np.maximum(n_judged, 1), np.nan)
    groups = _score_groups(score, n_groups)
    size = np.bincount(groups, minlength=n_groups)
    share = np.stack([np.bincount(groups, picked[:, o], minlength=n_groups) for o in range(len(option))])
    is_key = np.isin(option, sorted(key))
    correlation = _point_biserial(picked, score)
    return _ItemRows(
        option, is_key, count, mean, correlation, share / np.maximum(size, 1), size,
        _verdict(is_key, count, correlation),
    )  # fmt: skip


def _point_biserial(picked: NDArray[np.bool_], score: Array) -> Array:
    if score.size < 2 or np.ptp(score) == 0:
        return np.full(picked.shape[1], np.nan)
    share = picked.mean(axis=0)
    covariance = (score - score.mean()) @ picked / score.size
    spread = np.sqrt(share * (1 - share)) * score.std()
    return np.where(spread > 0, covariance / np.where(spread > 0, spread, 1.0), np.nan)


def _score_groups(score: Array, n_groups: int) -> NDArray[np.int64]:
    """Groups 0 ... n_groups - 1 by rank; persons with the same score stay together, at the middle of their ranks."""
    if score.size == 0:
        return np.zeros(0, dtype=np.int64)
    _, value, counts = np.unique(score, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - counts / 2.0
    return np.minimum((middle / score.size * n_groups).astype(np.int64), n_groups - 1)[value]


def _verdict(is_key: NDArray[np.bool_], count: NDArray[np.int64], correlation: Array) -> str:
    if not np.isfinite(correlation).any():
        return NO_VARIATION
    best_key = np.nanmax(correlation[is_key]) if np.isfinite(correlation[is_key]).any() else -1.0
    wrong = correlation[~is_key]
    if np.isfinite(wrong).any() and np.nanmax(wrong) > max(best_key, 0.0):
        return DRAWS_THE_ABLE
    if best_key <= 0:
        return KEYED_WEAKLY
    return NOT_CHOSEN if (count == 0).any() else COMPUTED


def _collect(parts: list[_ItemRows]) -> DistractorTable:
    lengths = [len(part.option) for part in parts]
    total = np.repeat([part.count.sum() for part in parts], lengths)
    count = np.concatenate([part.count for part in parts]).astype(np.int64)
    return DistractorTable(
        item=np.repeat(np.arange(len(parts)), lengths),
        option=tuple(o for part in parts for o in part.option),
        is_key=np.concatenate([part.is_key for part in parts]),
        count=count,
        proportion=count / np.maximum(total, 1),
        mean_score=np.concatenate([part.mean_score for part in parts]),
        point_biserial=np.concatenate([part.point_biserial for part in parts]),
        group_proportion=np.concatenate([part.group_proportion for part in parts]),
        group_size=np.stack([part.group_size for part in parts]),
        status=tuple(part.status for part in parts),
    )


def _as_choices(answers: Any) -> NDArray[np.str_]:
    raw = np.asarray(answers)
    if raw.ndim != 2 or raw.size == 0:
        raise ValueError(f"answers must be a matrix of persons by items with at least one cell, got shape {raw.shape}")
    if raw.dtype.kind == "f":
        whole = np.nan_to_num(raw).astype(np.int64).astype(str)
        return np.where(np.isnan(raw), NEVER, whole)
    if raw.dtype.kind == "O":
        return np.array([[NEVER if c is None or c != c else str(c).strip() for c in row] for row in raw])
    return np.char.strip(raw.astype(str))


def _checked_score(score: ArrayLike, n_persons: int) -> Array:
    values = np.asarray(score, dtype=np.float64)
    if values.shape != (n_persons,):
        raise ValueError(f"score must hold one number for each of the {n_persons} persons, got shape {values.shape}")
    return values


def _check(
    keys: Sequence[Collection[str]], options: Sequence[Collection[str]] | None, n_items: int, n_groups: int
) -> None:
    for name, given in (("keys", keys), ("options", options)):
        if given is not None and len(given) != n_items:
            raise ValueError(f"{name} has {len(given)} entries for {n_items} items")
    empty = [i for i, key in enumerate(keys) if len(key) == 0]
    if empty:
        raise ValueError(f"keys[{empty[0]}] is empty: name the right option of every item")
    if n_groups < 2:
        raise ValueError(f"n_groups must be at least 2, not {n_groups}")


def _rest_scores(right: NDArray[np.bool_], answered: NDArray[np.bool_]) -> Array:
    """Proportion right among the other items a person answered, (n_persons, n_items); NaN when there is no other."""
    n_right = right.sum(axis=1, keepdims=True) - right
    n_answered = answered.sum(axis=1, keepdims=True) - answered
    return np.where(n_answered > 0, n_right / np.maximum(n_answered, 1), np.nan)


def _natural(option: str) -> tuple[int, float, str]:
    """Numbers by size before words by alphabet."""
    try:
        return 0, float(option), option
    except ValueError:
        return 1, 0.0, option
