"""Answer similarity: do two persons agree on more answers than two persons of their abilities usually do?

Given both abilities, answers to different items are independent, so the number of equal answers on the items that both
met has a generalised binomial (Poisson binomial) distribution (van der Linden & Sotaridona 2006). Equal wrong choices
say more than equal right ones; how alike wrong choices are in general is counted from the answers, and where too few
were counted, only the scored categories are compared. Two persons who always press the same letter agree on wrong
choices, and on right ones, without knowing of each other; how often each gives a letter, at all and when wrong, is
therefore the least their chance of agreeing can be.

Answers are long arrays, one entry an answer: person, item, category, option (a number for each distinct raw answer
to the item), all (n_answers,).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from psychometrics.models.base import Array

Places = NDArray[np.int64]

SCREEN = 2.0
"""Only pairs whose agreement lies this many standard deviations above expectation get the exact tail; others p = 1."""


MOST_LETTERS = 64
"""Letters whose habitual use is looked at; typed answers beyond them are nobody's habit."""


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """Pairs of persons with enough items in common, all (n_pairs,).

    first, second: persons; n_common, n_equal, n_equal_wrong: items, equal answers, equal answers below the top
    category; expected: mean of n_equal; p: P(at least n_equal), 1.0 for every pair below `SCREEN` standard deviations.
    n_compared counts all pairs that were compared, of which those with p below 1 are listed.
    """

    first: Places
    second: Places
    n_common: Places
    n_equal: Places
    n_equal_wrong: Places
    expected: Array
    p: Array
    n_compared: int


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """alike: (n_items, n_categories) chance that two answers of the category are the same raw answer; label:
    (n_answers,), equal exactly where two answers to the item count as equal.
    """

    alike: Array
    label: Places


def option_likeness(
    item: ArrayLike, category: ArrayLike, option: ArrayLike, n_items: int, n_categories: int, *, fewest: int = 30
) -> Likeness:
    """How often two answers of the same category are the same raw answer: the sum of squared shares of the raw answers.

    The shares are those seen, which makes the chance of agreeing a little too large and the test a little too careful.
    With fewer than `fewest` answers in a category the chance is 1 and all its answers count as equal.
    """
    what, scored, raw = (np.asarray(part, dtype=np.int64) for part in (item, category, option))
    if not what.shape == scored.shape == raw.shape:
        raise ValueError("item, category and option must be vectors of the same length")
    cell = what * n_categories + scored
    counted = np.bincount(cell, minlength=n_items * n_categories)
    kinds, label, shown = np.unique(np.stack([cell, raw]), axis=1, return_inverse=True, return_counts=True)
    share = shown / counted[kinds[0]]
    alike = np.asarray(np.bincount(kinds[0], share**2, n_items * n_categories), dtype=np.float64)
    few = counted < fewest
    alike[few] = 1.0
    merged = np.where(few[cell], -1 - cell, label.reshape(-1))
    return Likeness(alike.reshape(n_items, n_categories), merged)


def agreement(
    person: ArrayLike, item: ArrayLike, category: ArrayLike, likeness: Likeness, probabilities: Array,
    top: ArrayLike, *, group: ArrayLike, letter: ArrayLike | None = None, fewest_common: int = 10,
) -> Agreement:  # fmt: skip
    """Every pair of persons of different groups that have `fewest_common` items in common at least.

    probabilities: (n_answers, n_categories), of every category of the answer's item at the person's ability; top:
    (n_items,) highest category; group: (n_persons,), for instance the learner behind a sitting, who is not compared
    with themselves; letter: (n_answers,) a number for the raw answer that is the same on every item, such as choice B,
    -1 for none.

    P(equal on an item) = sum over categories of both persons' probabilities times `alike`, or below the top category
    times the chance that both give the same letter when wrong, where that is larger; and it is never below the chance
    that both give the same letter at all. van der Linden & Sotaridona
    2006, Journal of Educational and Behavioral Statistics 31, 283-304; choices by category as in Maynes' M4 (2014, in
    Kingston & Clark, Test Fraud). Raises ValueError when somebody answered an item twice.
    """
    who, what, scored = (np.asarray(part, dtype=np.int64) for part in (person, item, category))
    owner, highest = np.asarray(group), np.asarray(top)
    place = _places(who, what, len(owner), len(highest))
    habit = _habits(who, np.ones(len(who), dtype=np.bool_), letter, len(owner))
    habit_when_wrong = _habits(who, scored < highest[what], letter, len(owner))
    found = []
    n_compared = 0
    for one in range(len(owner) - 1):
        own = place[one][place[one] >= 0]
        others = place[one + 1 :][:, what[own]]
        seen = others >= 0
        rivals = np.flatnonzero((seen.sum(axis=1) >= fewest_common) & (owner[one + 1 :] != owner[one]))
        if not rivals.size:
            continue
        n_compared += len(rivals)
        others, seen = others[rivals], seen[rivals]
        same_when_wrong = habit_when_wrong[one + 1 + rivals] @ habit_when_wrong[one]
        alike = (likeness.alike[what[own]], highest[what[own]])
        chance = _chance(probabilities, *alike, own, others, same_when_wrong)
        chance = np.maximum(chance, (habit[one + 1 + rivals] @ habit[one])[:, None]) * seen
        equal = seen & (likeness.label[others] == likeness.label[own])
        wrong = (equal & (scored[own] < highest[what[own]])).sum(axis=1)
        found.append(_far(one, one + 1 + rivals, seen.sum(axis=1), equal.sum(axis=1), wrong, chance))
    return _collected(found, n_compared)


def _places(who: Places, what: Places, n_persons: int, n_items: int) -> Places:
    """Where each person's answer to each item stands, -1 for none."""
    place = np.full((n_persons, n_items), -1, dtype=np.int64)
    place[who, what] = np.arange(len(who))
    if int((place >= 0).sum()) != len(who):
        raise ValueError("a person answered an item twice; keep one answer for each person and item")
    return place


def _habits(who: Places, among: NDArray[np.bool_], letter: ArrayLike | None, n_persons: int) -> Array:
    """Share of each of the `MOST_LETTERS` commonest letters among some answers of a person: (n_persons, n_letters)."""
    if letter is None:
        return np.zeros((n_persons, 1))
    given = np.asarray(letter, dtype=np.int64)
    known, counted = np.unique(given[among & (given >= 0)], return_counts=True)
    common = np.sort(known[np.argsort(-counted, kind="stable")[:MOST_LETTERS]])
    shares = np.zeros((n_persons, max(len(common), 1)))
    if len(common):
        column = np.minimum(np.searchsorted(common, given), len(common) - 1)
        habitual = among & (common[column] == given)
        np.add.at(shares, (who[habitual], column[habitual]), 1.0)
    return np.asarray(shares / np.maximum(np.bincount(who[among], minlength=n_persons), 1)[:, None])


def _chance(
    probabilities: Array, alike: Array, top: Places, own: Places, others: Places, same_letter: Array
) -> Array:  # fmt: skip
    """P(equal) of each rival (n_rivals, n_own)."""
    chance = np.zeros(others.shape)
    for category in range(probabilities.shape[1]):
        likely = np.where(category < top, np.maximum(alike[:, category], same_letter[:, None]), alike[:, category])
        chance += probabilities[others, category] * probabilities[own, category] * likely
    return np.minimum(chance, 1.0)


Found = tuple[Places, Places, Places, Places, Places, Array, Array]


def _far(one: int, rivals: Places, common: Places, equal: Places, wrong: Places, chance: Array) -> Found:
    """The pairs beyond the screen, with their exact tails."""
    expected = chance.sum(axis=1)
    spread = np.sqrt((chance * (1.0 - chance)).sum(axis=1))
    far = np.flatnonzero(equal > expected + SCREEN * spread)
    p = upper_tail(chance[far], equal[far])
    return np.full(len(far), one), rivals[far], common[far], equal[far], wrong[far], expected[far], p


def _collected(found: list[Found], n_compared: int) -> Agreement:
    if not found:
        none = np.zeros(0, dtype=np.int64)
        return Agreement(none, none, none, none, none, np.zeros(0), np.zeros(0), n_compared)
    first, second, common, equal, wrong, expected, p = (np.concatenate(part) for part in zip(*found, strict=True))
    return Agreement(first, second, common, equal, wrong, expected, p, n_compared)


def upper_tail(chance: Array, least: ArrayLike) -> Array:
    """P(at least `least` successes) of independent trials with these chances: (n_rows,) from (n_rows, n_trials).

    The exact distribution by adding one trial after the other; the tail is summed from its small end, so that small
    probabilities keep their digits.
    """
    n_rows, n_trials = chance.shape
    mass = np.zeros((n_rows, n_trials + 1))
    mass[:, 0] = 1.0
    for trial in range(n_trials):
        p = chance[:, trial : trial + 1]
        mass[:, 1:] = mass[:, 1:] * (1.0 - p) + mass[:, :-1] * p
        mass[:, 0] *= 1.0 - p[:, 0]
    tail = np.cumsum(mass[:, ::-1], axis=1)[:, ::-1]
    wanted = np.clip(np.asarray(least, dtype=np.int64), 0, n_trials)
    return np.asarray(np.minimum(np.take_along_axis(tail, wanted[:, None], axis=1)[:, 0], 1.0), dtype=np.float64)
