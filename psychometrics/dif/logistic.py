"""Logistic regression: does the group matter beyond ability, everywhere (uniform) or only somewhere (non-uniform)?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from psychometrics.dif.matching import Comparison, Mask, Matching, chosen_items, comparison, purify
from psychometrics.dif.multiplicity import adjust
from psychometrics.dif.proportional_odds import fit_proportional_odds
from psychometrics.models.base import Array

COMPUTED = "computed"
NOT_SETTLED = "the anchors did not settle while flagged items were taken out; the last set is used"
NO_VARIATION = "everybody got the same score, or nobody of one group answered, so there is nothing to compare"
SEPARATED = "ability or group predicts every answer, so the regression has no finite coefficients"

MODERATE, LARGE = 0.035, 0.070
"""Change of Nagelkerke's R² that separates classes A, B and C (Jodoin & Gierl 2001)."""


@dataclass(frozen=True, slots=True, eq=False)
class LogisticDif:
    """One row an item, all (n_items,); NaN (effect_class "-") exactly where status says why.

    uniform, non_uniform: likelihood-ratio chi-squares with 1 degree of freedom (group; group times score, given group);
    total: both, 2 degrees of freedom; p_…: their probabilities; p_adjusted: of total, for the number of items.
    nagelkerke, mcfadden: change of R² from score alone to score, group and their product. group_effect: log odds ratio
    focal over reference at equal score, negative when the focal group is disadvantaged. effect_class: A, B or C.
    """

    uniform: Array
    non_uniform: Array
    total: Array
    p_uniform: Array
    p_non_uniform: Array
    p_total: Array
    p_adjusted: Array
    nagelkerke: Array
    mcfadden: Array
    group_effect: Array
    effect_class: tuple[str, ...]
    anchors: Mask
    n_rounds: int
    status: tuple[str, ...]


def logistic_dif(
    responses: Any,
    group: Any,
    *,
    focal: Any = None,
    matching: ArrayLike | None = None,
    anchors: ArrayLike | None = None,
    purification: bool = True,
    max_rounds: int = 10,
    adjustment: str = "bh",
) -> LogisticDif:
    """Nested logistic regressions of each item on the matching score, the group and their product.

    Arguments as in `mantel_haenszel`; persons who answered other items than the rest are compared on the proportion of
    the points they could reach. Purification takes out items whose total test is significant at 0.05 with an effect of
    class B or C.

    Swaminathan & Rogers 1990, Journal of Educational Measurement 27, 361-370; with more than two categories,
    proportional odds as in Zumbo 1999, A Handbook on the Theory and Methods of DIF; effect classes by Jodoin & Gierl
    2001, Applied Measurement in Education 14, 329-349. Raises ValueError on input that does not fit.
    """
    compared = comparison(responses, group, focal, matching)
    start = chosen_items(compared.answers.shape[1], anchors, "anchors")
    if not purification or compared.given is not None:
        return _test(compared, start, adjustment, 0, True)

    def flag(current: Mask) -> Mask:
        return np.array([c in "BC" for c in _test(compared, current, adjustment, 0, True).effect_class])

    final, rounds, settled = purify(flag, start, max_rounds)
    return _test(compared, final, adjustment, rounds, settled)


@dataclass(frozen=True, slots=True)
class _Item:
    """Log-likelihoods of intercept alone, score, score and group, all; n; the group coefficient; why not."""

    null: float = np.nan
    score: float = np.nan
    group: float = np.nan
    full: float = np.nan
    n: int = 1
    effect: float = np.nan
    status: str = NO_VARIATION


def _test(compared: Comparison, anchors: Mask, adjustment: str, rounds: int, settled: bool) -> LogisticDif:
    matching = compared.match(anchors)
    rows = [_one(matching, item) for item in range(len(anchors))]
    null, score, group, full = (np.array([getattr(r, k) for r in rows]) for k in ("null", "score", "group", "full"))
    n = np.array([row.n for row in rows])
    uniform, total = np.maximum(2 * (group - score), 0.0), np.maximum(2 * (full - score), 0.0)
    non_uniform, p_total = np.maximum(2 * (full - group), 0.0), scipy.stats.chi2.sf(total, 2)
    nagelkerke = _nagelkerke(null, full, n) - _nagelkerke(null, score, n)
    return LogisticDif(
        uniform=uniform, non_uniform=non_uniform, total=total, p_uniform=scipy.stats.chi2.sf(uniform, 1),
        p_non_uniform=scipy.stats.chi2.sf(non_uniform, 1), p_total=p_total, p_adjusted=adjust(p_total, adjustment),
        nagelkerke=nagelkerke, mcfadden=(score - full) / null, group_effect=np.array([row.effect for row in rows]),
        effect_class=tuple(_class(e, p) for e, p in zip(nagelkerke, p_total, strict=True)), anchors=anchors,
        n_rounds=rounds, status=tuple(r.status if settled or r.status != COMPUTED else NOT_SETTLED for r in rows),
    )  # fmt: skip


def _one(matching: Matching, item: int) -> _Item:
    compared = matching.compared
    who = compared.answered(item)
    answer, focal = compared.answers[who, item], compared.focal[who]
    if answer.size == 0 or answer.min() == answer.max() or focal.min() == focal.max():
        return _Item()
    score = matching.share(item, who)
    spread = score.std()
    scaled = (score - score.mean()) / spread if spread > 0 else np.zeros_like(score)
    design, counts = _cells(scaled, focal, answer)
    fits = [fit_proportional_odds(design[:, :k], counts) for k in range(4)]
    if any(fit is None for fit in fits):
        return _Item(status=SEPARATED)
    (null, _), (alone, _), (with_group, effect), (full, _) = (fit for fit in fits if fit is not None)
    return _Item(null, alone, with_group, full, int(answer.size), float(effect[1]), COMPUTED)


def _cells(score: Array, focal: Mask, answer: NDArray[np.int8]) -> tuple[Array, Array]:
    """Distinct rows (score, group, product) with the number of persons in each category that was seen."""
    values, place = np.unique(score, return_inverse=True)
    seen, category = np.unique(answer, return_inverse=True)
    cell = (place.reshape(-1) * 2 + focal) * len(seen) + category.reshape(-1)
    counts = np.bincount(cell, minlength=2 * len(values) * len(seen)).reshape(-1, len(seen)).astype(np.float64)
    value, group = np.repeat(values, 2), np.tile([0.0, 1.0], len(values))
    some = counts.sum(axis=1) > 0
    return np.column_stack([value, group, value * group])[some], counts[some]


def _nagelkerke(null: Array, fitted: Array, n: Array) -> Array:
    return np.asarray((1 - np.exp(2 * (null - fitted) / n)) / (1 - np.exp(2 * null / n)), dtype=np.float64)


def _class(effect: float, p: float) -> str:
    if not np.isfinite(effect):
        return "-"
    if p >= 0.05 or effect < MODERATE:
        return "A"
    return "B" if effect < LARGE else "C"
