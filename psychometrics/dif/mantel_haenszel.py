"""Mantel-Haenszel for dichotomous items and Mantel for polytomous ones, with the classes of ETS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import ArrayLike

from psychometrics.dif.matching import Comparison, Mask, Matching, chosen_items, comparison, purify
from psychometrics.dif.multiplicity import adjust
from psychometrics.models.base import Array

COMPUTED = "computed"
NOT_SETTLED = "the anchors did not settle while flagged items were taken out; the last set is used"
NO_STRATA = "no matching score has persons of both groups with different answers"
ONE_SIDED = "one group always or never got it right within every matching score, so the odds ratio is not finite"
NOT_DICHOTOMOUS = "the item has more than two categories; the Mantel test and the standardised difference apply"


@dataclass(frozen=True, slots=True, eq=False)
class MantelHaenszel:
    """One row an item, all (n_items,); NaN (ets_class "-") exactly where status says why.

    chi_square (1 degree of freedom, continuity-corrected by at most the gap itself), p, and p_adjusted for the number
    of items.
    log_odds, log_odds_error: common log odds ratio, reference over focal, with its standard error; delta: -2.35 times
    it, negative when the focal group is disadvantaged. standardised_difference: focal minus reference mean score, as a
    share of the maximum score, weighted by the focal group. ets_class: A negligible, B moderate, C large. anchors: the
    items in the final matching score; n_rounds of purification.
    """

    chi_square: Array
    p: Array
    p_adjusted: Array
    log_odds: Array
    log_odds_error: Array
    delta: Array
    standardised_difference: Array
    ets_class: tuple[str, ...]
    anchors: Mask
    n_rounds: int
    status: tuple[str, ...]


def mantel_haenszel(
    responses: Any,
    group: Any,
    *,
    focal: Any = None,
    matching: ArrayLike | None = None,
    anchors: ArrayLike | None = None,
    purification: bool = True,
    max_rounds: int = 10,
    continuity: bool = True,
    adjustment: str = "bh",
) -> MantelHaenszel:
    """Uniform DIF between a reference and a focal group, persons matched on the sum score.

    responses: (n_persons, n_items) categories; group, focal, matching: see `comparison`; anchors: items to match on,
    all unless given; purification: take items of class B and C out of the matching score and repeat; adjustment: see
    `adjust`. Items with more than two categories get the chi-square of Mantel (1963) and, as effect size, the
    standardised difference, with classes A, B, C at 0.17 and 0.25 standard deviations of the item.

    Holland & Thayer 1988, in Wainer & Braun (eds), Test Validity; error of the log odds by Robins, Breslow & Greenland
    1986, Biometrics 42; classes by Zieky 1993, in Holland & Wainer (eds), Differential Item Functioning, and Zwick,
    Thayer & Mazzeo 1997, Applied Measurement in Education 10. Raises ValueError on input that does not fit.
    """
    compared = comparison(responses, group, focal, matching)
    start = chosen_items(compared.answers.shape[1], anchors, "anchors")
    if not purification or compared.given is not None:
        return _test(compared, start, continuity, adjustment, 0, True)

    def flag(current: Mask) -> Mask:
        classes = _test(compared, current, continuity, adjustment, 0, True).ets_class
        return np.array([c in "BC" for c in classes])

    final, rounds, settled = purify(flag, start, max_rounds)
    return _test(compared, final, continuity, adjustment, rounds, settled)


@dataclass(frozen=True, slots=True)
class _Item:
    chi_square: float = np.nan
    log_odds: float = np.nan
    error: float = np.nan
    difference: float = np.nan
    ets_class: str = "-"
    status: str = NO_STRATA


def _test(
    compared: Comparison, anchors: Mask, continuity: bool, adjustment: str, rounds: int, settled: bool
) -> MantelHaenszel:
    matching = compared.match(anchors)
    rows = [_one(matching, item, continuity) for item in range(len(anchors))]
    chi_square = np.array([row.chi_square for row in rows])
    log_odds = np.array([row.log_odds for row in rows])
    p = np.asarray(scipy.stats.chi2.sf(chi_square, 1), dtype=np.float64)
    return MantelHaenszel(
        chi_square=chi_square,
        p=p,
        p_adjusted=adjust(p, adjustment),
        log_odds=log_odds,
        log_odds_error=np.array([row.error for row in rows]),
        delta=-2.35 * log_odds,
        standardised_difference=np.array([row.difference for row in rows]),
        ets_class=tuple(row.ets_class for row in rows),
        anchors=anchors,
        n_rounds=rounds,
        status=tuple(row.status if settled or row.status != COMPUTED else NOT_SETTLED for row in rows),
    )


def _one(matching: Matching, item: int, continuity: bool) -> _Item:
    compared = matching.compared
    who = compared.answered(item)
    score, focal = compared.answers[who, item].astype(np.int64), compared.focal[who]
    if score.size == 0:
        return _Item()
    stratum = matching.strata(item, who)
    n_categories = int(score.max()) + 1
    shape = (int(stratum.max()) + 1, 2, max(n_categories, 2))
    counts = np.bincount((stratum * 2 + focal) * shape[2] + score, minlength=int(np.prod(shape))).reshape(shape)
    usable = (counts.sum(axis=2) > 0).all(axis=1)
    table = counts[usable].astype(np.float64)
    return _from_table(table, continuity and shape[2] == 2)


def _from_table(table: Array, continuity: bool) -> _Item:
    """table: (n_strata, group, category), reference group first, every stratum with persons of both groups."""
    scores = np.arange(float(table.shape[2]))
    n_group = table.sum(axis=2)
    total, sums = n_group.sum(axis=1), (table * scores).sum(axis=2)
    squares = (table * scores**2).sum(axis=(1, 2))
    spread = total * squares - sums.sum(axis=1) ** 2
    variance = float((n_group.prod(axis=1) * spread / (total**2 * np.maximum(total - 1, 1))).sum())
    if variance <= 0:
        return _Item()
    gap = float((sums[:, 0] - n_group[:, 0] * sums.sum(axis=1) / total).sum())
    chi_square = max(abs(gap) - 0.5 * continuity, 0.0) ** 2 / variance
    means = sums / n_group
    difference = float((n_group[:, 1] * (means[:, 1] - means[:, 0])).sum() / n_group[:, 1].sum())
    if table.shape[2] > 2:
        sd = float(np.sqrt(np.average((scores - np.average(scores, weights=table.sum(axis=(0, 1)))) ** 2,
                                      weights=table.sum(axis=(0, 1)))))  # fmt: skip
        return _Item(chi_square, difference=difference / scores[-1],
                     ets_class=_polytomous_class(difference / sd, chi_square), status=NOT_DICHOTOMOUS)  # fmt: skip
    log_odds, error = _common_odds(table)
    status = COMPUTED if np.isfinite(log_odds) else ONE_SIDED
    return _Item(chi_square, log_odds, error, difference, _ets_class(log_odds, error, chi_square), status)


def _common_odds(table: Array) -> tuple[float, float]:
    """Common log odds ratio and its standard error, NaN when it is not finite."""
    right, wrong = table[:, :, 1], table[:, :, 0]
    n = table.sum(axis=(1, 2))
    agree, disagree = right[:, 0] * wrong[:, 1] / n, wrong[:, 0] * right[:, 1] / n
    above, below = agree.sum(), disagree.sum()
    if above <= 0 or below <= 0:
        return float("nan"), float("nan")
    share = (right[:, 0] + wrong[:, 1]) / n
    variance = (
        (share * agree).sum() / (2 * above**2)
        + (share * disagree + (1 - share) * agree).sum() / (2 * above * below)
        + ((1 - share) * disagree).sum() / (2 * below**2)
    )
    return float(np.log(above / below)), float(np.sqrt(variance))


def _ets_class(log_odds: float, error: float, chi_square: float) -> str:
    """A below 1 delta or not significant; C at 1.5 and more and significantly above 1; B in between."""
    if not np.isfinite(log_odds):
        return "-"
    size = abs(2.35 * log_odds)
    if size < 1.0 or scipy.stats.chi2.sf(chi_square, 1) >= 0.05:
        return "A"
    above_one = scipy.special.ndtr(-(size - 1.0) / (2.35 * error)) if error > 0 else 0.0
    return "C" if size >= 1.5 and above_one < 0.05 else "B"


def _polytomous_class(size: float, chi_square: float) -> str:
    if abs(size) <= 0.17 or scipy.stats.chi2.sf(chi_square, 1) >= 0.05:
        return "A"
    return "C" if abs(size) > 0.25 else "B"
