"""Who is compared with whom: groups, matching scores, and anchors from which flagged items are taken out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from psychometrics.arrays import MISSING, as_responses
from psychometrics.fit.forms import form_of_person
from psychometrics.models.base import Array

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Checked input. answers: (n_persons, n_items); focal: (n_persons,) False for the reference group; form:
    (n_persons,) persons with the same number answered the same items; given: (n_persons,) the caller's own matching
    score, or None."""

    answers: NDArray[np.int8]
    focal: Mask
    form: NDArray[np.int64]
    given: Array | None

    def answered(self, item: int) -> Mask:
        """Who answered an item, (n_persons,)."""
        return np.asarray(self.answers[:, item] != MISSING)

    def match(self, anchors: Mask) -> Matching:
        """Matching on the sum over these anchors, or on the given score."""
        maximum = np.maximum(self.answers.max(axis=0, initial=0), 1).astype(np.int64)
        points = np.maximum(self.answers[:, anchors], 0).sum(axis=1, dtype=np.int64)
        reachable = (self.answers[:, anchors] != MISSING) @ maximum[anchors]
        return Matching(self, anchors, points, np.asarray(reachable, dtype=np.int64), maximum)


@dataclass(frozen=True, slots=True, eq=False)
class Matching:
    """What persons are matched on. points, reachable: (n_persons,) reached and possible on the anchors; maximum:
    (n_items,).

    The studied item always counts in its own matching score, as Holland & Thayer (1988) require for the Rasch model.
    """

    compared: Comparison
    anchors: Mask
    points: NDArray[np.int64]
    reachable: NDArray[np.int64]
    maximum: NDArray[np.int64]

    def share(self, item: int, who: Mask) -> Array:
        """The given score, or the share of the possible points, of these persons."""
        if self.compared.given is not None:
            return self.compared.given[who]
        own = 0 if self.anchors[item] else int(self.maximum[item])
        return np.asarray(self._points(item, who) / np.maximum(self.reachable[who] + own, 1), dtype=np.float64)

    def strata(self, item: int, who: Mask) -> NDArray[np.int64]:
        """Number of the stratum of these persons: same score and, unless it was given, same form."""
        if self.compared.given is not None:
            return _numbered(self.compared.given[who])
        score, form = self._points(item, who), self.compared.form[who]
        if form.size == 0 or form.min() == form.max():
            return score
        return _numbered(form * (score.max() + 1) + score)

    def _points(self, item: int, who: Mask) -> NDArray[np.int64]:
        own = self.compared.answers[who, item].astype(np.int64)
        return self.points[who] + (0 if self.anchors[item] else own)


def _numbered(values: NDArray[Any]) -> NDArray[np.int64]:
    return np.unique(values, return_inverse=True)[1].reshape(-1).astype(np.int64)


def comparison(responses: Any, group: Any, focal: Any, matching: ArrayLike | None) -> Comparison:
    """Checked answers and groups.

    group: (n_persons,) labels of exactly two groups; focal: the label of the group the test might disadvantage, the
    second in sorted order when it is None; matching: (n_persons,) a score to match on instead of the sum.
    Raises ValueError when there are not two groups, focal is not one of them, or shapes do not agree.
    """
    answers = as_responses(responses)
    is_focal = focal_mask(group, focal, len(answers))
    given = None if matching is None else np.asarray(matching, dtype=np.float64)
    if given is not None and (given.shape != (len(answers),) or not np.isfinite(given).all()):
        raise ValueError(f"matching must hold one finite number for each of the {len(answers)} persons")
    number, _ = form_of_person(answers)
    return Comparison(answers, is_focal, number, given)


def focal_mask(group: Any, focal: Any, n_persons: int) -> Mask:
    """Who belongs to the focal group, (n_persons,); arguments and errors as in `comparison`."""
    labels = np.asarray(group)
    if labels.shape != (n_persons,):
        raise ValueError(f"group must hold one label for each of the {n_persons} persons, got shape {labels.shape}")
    distinct = sorted(set(labels.tolist()), key=str)
    if len(distinct) != 2:
        raise ValueError(f"group must have exactly two labels, got {len(distinct)}: compare two groups at a time")
    if focal is not None and focal not in distinct:
        raise ValueError(f"focal {focal!r} is not one of the groups {distinct[0]!r} and {distinct[1]!r}")
    chosen = distinct[1] if focal is None else focal
    return np.array([label == chosen for label in labels.tolist()], dtype=bool)


def chosen_items(n_items: int, chosen: ArrayLike | None, name: str) -> Mask:
    """Mask (n_items,) of items given as positions or as a mask, all when it is None.

    Raises ValueError when there is none or a position is not an item's.
    """
    if chosen is None:
        return np.ones(n_items, dtype=bool)
    given = np.asarray(chosen)
    mask = np.zeros(n_items, dtype=bool)
    if given.dtype == bool and given.shape == mask.shape:
        mask = given.copy()
    elif given.size and (given.dtype.kind not in "iu" or given.min() < 0 or given.max() >= n_items):
        raise ValueError(f"{name} must be positions from 0 to {n_items - 1} or a mask of {n_items} items")
    elif given.size:
        mask[given] = True
    if not mask.any():
        raise ValueError(f"{name} must name at least one item")
    return mask


def purify(flag: Callable[[Mask], Mask], anchors: Mask, max_rounds: int) -> tuple[Mask, int, bool]:
    """Take flagged items out of the anchors and test again, until the flags repeat (Lord 1980; Clauser et al. 1993).

    flag: flags (n_items,) given anchors. Returns the final anchors, the number of rounds, and whether they settled.
    An item may come back. Stops when no anchor would be left or a cycle is entered.
    """
    seen = {anchors.tobytes()}
    current = anchors
    for round_number in range(1, max_rounds + 1):
        purified = anchors & ~flag(current)
        if np.array_equal(purified, current):
            return current, round_number, True
        if not purified.any() or purified.tobytes() in seen:
            return current, round_number, False
        seen.add(purified.tobytes())
        current = purified
    return current, max_rounds, False
