"""Response curves and information of chosen items at chosen abilities, for whole cohorts at once.

The package `psychometrics` evaluates every item at every ability. A cohort of simulated learners needs something
narrower, each learner's own few items at that learner's own ability, so the same closed forms are written here for
paired indices: logistic items (Birnbaum 1968; Barton & Lord 1981), divide-by-total items (Muraki 1992; Bock 1972)
and the graded model (Samejima 1969). A test holds them equal to `psychometrics.models`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from psychometrics.models.base import ItemParameters

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

LOGISTIC = ("rasch", "1pl", "2pl", "3pl", "4pl")
PARTIAL_CREDIT = ("pcm", "gpcm")


@dataclass(frozen=True, slots=True)
class Curves:
    """Parameters of n items as flat arrays; `family` is 0 logistic, 1 divide-by-total, 2 graded."""

    family: NDArray[np.int8]
    n_categories: NDArray[np.int16]
    slope: Floats
    location: Floats
    guessing: Floats
    upper: Floats
    category_slopes: Floats
    category_intercepts: Floats
    thresholds: Floats
    plain: bool

    def __len__(self) -> int:
        return len(self.family)

    @property
    def all_logistic(self) -> bool:
        return bool(self.category_slopes.shape[0] == 0)

    def probabilities(self, items: Indices, theta: Floats) -> Floats:
        """Category probabilities of paired items and abilities (same shape …) as (…, K); 0 in absent categories."""
        out = np.zeros((*np.shape(items), int(self.n_categories.max(initial=2))))
        if self.all_logistic:
            out[..., 1] = self.probability_right(items, theta)
            out[..., 0] = 1.0 - out[..., 1]
            return out
        theta = np.broadcast_to(theta, np.shape(items))
        for code, evaluate in enumerate((self._logistic, self._divide_by_total, self._graded)):
            rows = self.family[items] == code
            if rows.any():
                out[rows] = evaluate(items[rows], theta[rows])[:, : out.shape[-1]]
        return out

    def probability_right(self, items: Indices, theta: Floats) -> Floats:
        """Probability of the upper category of logistic items."""
        curve = self._core(items, theta)
        if self.plain:
            return np.asarray(curve)
        floor = self.guessing[items]
        return np.asarray(floor + (self.upper[items] - floor) * curve)

    def information(self, items: Indices, theta: Floats) -> Floats:
        """Fisher information of paired items and abilities (broadcast against each other)."""
        if self.all_logistic:
            return self._logistic_information(items, theta)
        items, theta = np.broadcast_arrays(items, theta)
        out = np.zeros(items.shape)
        rows = self.family[items] == 0
        out[rows] = self._logistic_information(items[rows], theta[rows])
        rows = self.family[items] == 1
        if rows.any():
            out[rows] = self._divide_by_total_information(items[rows], theta[rows])
        rows = self.family[items] == 2
        if rows.any():
            out[rows] = self._graded_information(items[rows], theta[rows])
        return out

    def _logistic_information(self, items: Indices, theta: Floats) -> Floats:
        return self._plain_information(items, theta) if self.plain else self._information_with_bounds(items, theta)

    def _plain_information(self, items: Indices, theta: Floats) -> Floats:
        """a²·p·(1 − p) as a²·e/(1 + e)² with e = exp(−|a(θ − b)|), which cannot overflow."""
        slope = self.slope[items]
        odds = np.asarray(slope * (theta - self.location[items]))
        np.abs(odds, out=odds)
        np.negative(odds, out=odds)
        np.exp(odds, out=odds)
        slope = slope / (odds + 1.0)
        return np.asarray(odds * slope * slope)

    @np.errstate(over="ignore")
    def _information_with_bounds(self, items: Indices, theta: Floats) -> Floats:
        slope = self.slope[items]
        below = 1.0 / (1.0 + np.exp(slope * (theta - self.location[items])))
        floor, span = self.guessing[items], self.upper[items] - self.guessing[items]
        right = floor + span * (1.0 - below)
        wrong = (1.0 - self.upper[items]) + span * below
        derivative = slope * span * below * (1.0 - below)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = derivative / (right * wrong) * derivative
        return np.asarray(np.where(derivative > 0.0, ratio, 0.0))

    def score(self, items: Indices, categories: Indices, theta: Floats) -> Floats:
        """Derivative of log P(category | theta) by theta, for paired items, categories and abilities."""
        if self.all_logistic:
            return self._logistic_slopes(items, categories, theta)[0]
        items, categories, theta = np.broadcast_arrays(items, categories, theta)
        out = np.zeros(items.shape)
        for code in range(3):
            rows = self.family[items] == code
            if rows.any():
                out[rows] = self._score(code, items[rows], categories[rows], theta[rows])
        return out

    def _score(self, code: int, items: Indices, categories: Indices, theta: Floats) -> Floats:
        if code == 0:
            return self._logistic_slopes(items, categories, theta)[0]
        each = np.arange(len(items))
        if code == 1:
            share, slopes = self._divide_by_total(items, theta), self.category_slopes[items]
            return np.asarray(slopes[each, categories] - (share * slopes).sum(axis=1))
        bounds = self._boundaries(items, theta)
        return np.asarray(self.slope[items] * (1.0 - bounds[each, categories] - bounds[each, categories + 1]))

    def observed_information(self, items: Indices, categories: Indices, theta: Floats) -> Floats:
        """Minus the second derivative of log P(category | theta), for paired items, categories and abilities."""
        if self.all_logistic:
            return self._logistic_slopes(items, categories, theta)[1]
        items, categories, theta = np.broadcast_arrays(items, categories, theta)
        out = np.zeros(items.shape)
        rows = self.family[items] == 0
        out[rows] = self._logistic_slopes(items[rows], categories[rows], theta[rows])[1]
        rows = self.family[items] == 1
        if rows.any():
            out[rows] = self._divide_by_total_information(items[rows], theta[rows])
        rows = self.family[items] == 2
        if rows.any():
            bounds, each = self._boundaries(items[rows], theta[rows]), np.arange(int(rows.sum()))
            steep = bounds * (1.0 - bounds)
            chosen = categories[rows]
            out[rows] = self.slope[items[rows]] ** 2 * (steep[each, chosen] + steep[each, chosen + 1])
        return out

    def information_lean(self, items: Indices, theta: Floats) -> Floats:
        """J = Σ P′P″/P over the categories, Warm's (1989) correction, for paired items and abilities."""
        items, theta = np.broadcast_arrays(items, theta)
        out = np.zeros(items.shape)
        for code, evaluate in enumerate((self._logistic_lean, self._divide_by_total_lean, self._graded_lean)):
            rows = self.family[items] == code
            if rows.any():
                out[rows] = evaluate(items[rows], theta[rows])
        return out

    def _logistic_lean(self, items: Indices, theta: Floats) -> Floats:
        slope, below = self.slope[items], 1.0 - self._core(items, theta)
        return np.asarray(self._logistic_information(items, theta) * slope * (2.0 * below - 1.0))

    def _divide_by_total_lean(self, items: Indices, theta: Floats) -> Floats:
        share, slopes = self._divide_by_total(items, theta), self.category_slopes[items]
        return np.asarray((share * (slopes - (share * slopes).sum(axis=1, keepdims=True)) ** 3).sum(axis=1))

    def _graded_lean(self, items: Indices, theta: Floats) -> Floats:
        bounds = self._boundaries(items, theta)
        lean, steep = 1.0 - bounds[:, :-1] - bounds[:, 1:], bounds * (1.0 - bounds)
        share = -np.diff(bounds, axis=1)
        return np.asarray(
            self.slope[items] ** 3 * (share * lean * (lean**2 - steep[:, :-1] - steep[:, 1:])).sum(axis=1)
        )

    @np.errstate(over="ignore")
    def _core(self, items: Indices, theta: Floats) -> Floats:
        return np.asarray(1.0 / (1.0 + np.exp(-self.slope[items] * (theta - self.location[items]))))

    @np.errstate(over="ignore")
    def _logistic_slopes(self, items: Indices, categories: Indices, theta: Floats) -> tuple[Floats, Floats]:
        """First derivative and minus the second derivative of log P of logistic items."""
        slope = self.slope[items]
        below = 1.0 / (1.0 + np.exp(slope * (theta - self.location[items])))
        right = np.asarray(categories) > 0
        if self.plain:
            first: Floats = slope * np.where(right, below, below - 1.0)
            bend: Floats = slope * slope * below * (1.0 - below)
            return first, bend
        floor, top = self.guessing[items], self.upper[items]
        sign = np.where(right, 1.0, -1.0)
        tiny = np.finfo(np.float64).tiny
        share = np.where(right, floor + (top - floor) * (1.0 - below), (1.0 - top) + (top - floor) * below)
        steep = (top - floor) * below * (1.0 - below)
        ratio = sign * slope * steep / np.maximum(share, tiny)
        return np.asarray(ratio), np.asarray(ratio * ratio - slope * (2.0 * below - 1.0) * ratio)

    def _logistic(self, items: Indices, theta: Floats) -> Floats:
        out = np.zeros((len(items), max(2, self.category_slopes.shape[1])))
        out[:, 1] = self.probability_right(items, theta)
        out[:, 0] = 1.0 - out[:, 1]
        return out

    def _divide_by_total(self, items: Indices, theta: Floats) -> Floats:
        logits = self.category_slopes[items] * theta[:, None] + self.category_intercepts[items]
        logits -= logits.max(axis=1, keepdims=True)
        weights = np.exp(logits)
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))

    def _divide_by_total_information(self, items: Indices, theta: Floats) -> Floats:
        """The variance of the category slopes under the category probabilities (Bock 1972)."""
        share, slopes = self._divide_by_total(items, theta), self.category_slopes[items]
        mean = (share * slopes).sum(axis=1, keepdims=True)
        return np.asarray((share * (slopes - mean) ** 2).sum(axis=1))

    @np.errstate(over="ignore")
    def _boundaries(self, items: Indices, theta: Floats) -> Floats:
        """P(X ≥ k) for k = 0 … K, with 1 first and 0 last; absent thresholds give 0."""
        exponent = self.slope[items, None] * (theta[:, None] - self.thresholds[items])
        inner = 1.0 / (1.0 + np.exp(-exponent))
        ends = np.ones((len(items), 1))
        return np.concatenate([ends, inner, 0.0 * ends], axis=1)

    def _graded(self, items: Indices, theta: Floats) -> Floats:
        return np.asarray(-np.diff(self._boundaries(items, theta), axis=1))

    def _graded_information(self, items: Indices, theta: Floats) -> Floats:
        bounds = self._boundaries(items, theta)
        share = -np.diff(bounds, axis=1)
        lean = 1.0 - bounds[:, :-1] - bounds[:, 1:]
        return np.asarray(self.slope[items] ** 2 * (share * lean**2).sum(axis=1))


def curves_of(items: ItemParameters) -> Curves:
    """The flat arrays of a bank's items; absent categories get an intercept of −inf or a threshold of +inf."""
    model = np.array(items.model)
    family = np.where(np.isin(model, LOGISTIC), 0, np.where(model == "grm", 2, 1)).astype(np.int8)
    logistic = family == 0
    slope = np.where(np.isfinite(items.discrimination), items.discrimination, 1.0)
    guessing, upper = np.asarray(items.guessing, dtype=float), np.asarray(items.upper, dtype=float)
    slopes, intercepts, thresholds = _polytomous_arrays(items, family)
    return Curves(
        family=family,
        n_categories=np.asarray(items.n_categories, dtype=np.int16),
        slope=slope,
        location=np.where(np.isfinite(items.difficulty), items.difficulty, 0.0),
        guessing=guessing,
        upper=upper,
        category_slopes=slopes,
        category_intercepts=intercepts,
        thresholds=thresholds,
        plain=bool(np.all(guessing[logistic] == 0.0) and np.all(upper[logistic] == 1.0)),
    )


def _polytomous_arrays(items: ItemParameters, family: NDArray[np.int8]) -> tuple[Floats, Floats, Floats]:
    n_items = len(items)
    if not family.any():
        empty = np.zeros((0, 2))
        return empty, empty, empty
    width = int(np.max(items.n_categories))
    slopes, intercepts = np.zeros((n_items, width)), np.full((n_items, width), -np.inf)
    thresholds = np.full((n_items, width - 1), np.inf)
    for index in np.flatnonzero(family):
        n_categories = int(items.n_categories[index])
        if family[index] == 2:
            thresholds[index, : n_categories - 1] = items.thresholds[index, : n_categories - 1]
            continue
        slopes[index, :n_categories], intercepts[index, :n_categories] = _lines(items, int(index), n_categories)
    return slopes, intercepts, thresholds


def _lines(items: ItemParameters, index: int, n_categories: int) -> tuple[Floats, Floats]:
    """Slopes and intercepts of a divide-by-total item's logits."""
    if items.model[index] not in PARTIAL_CREDIT:
        return items.slopes[index, :n_categories], items.intercepts[index, :n_categories]
    discrimination = 1.0 if items.model[index] == "pcm" else float(items.discrimination[index])
    steps = items.steps[index, : n_categories - 1]
    intercepts = np.concatenate([[0.0], -discrimination * np.cumsum(steps)])
    slopes: Floats = discrimination * np.arange(n_categories, dtype=np.float64)
    return slopes, np.asarray(intercepts, dtype=np.float64)


@np.errstate(divide="ignore")
def logistic_peaks(curves: Curves) -> Floats:
    """Ability at which each logistic item informs most: (n_items,) (Magis 2013)."""
    floor, top = curves.guessing, curves.upper
    u = -0.75 + (floor + top - 2.0 * floor * top) / 2.0
    v = (floor + top - 1.0) / 4.0
    angle = np.arccos(np.clip(-v * np.sqrt(-27.0 / u**3) / 2.0, -1.0, 1.0)) / 3.0
    right = 2.0 * np.sqrt(-u / 3.0) * np.cos(angle + 4.0 * np.pi / 3.0) + 0.5
    return np.asarray(curves.location + np.log((right - floor) / (top - right)) / curves.slope)
