"""Does the whole model fit? M2, M2* and C2 from univariate and bivariate margins, with the usual indices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy
from numpy.typing import NDArray

from psychometrics.arrays import MISSING, as_responses
from psychometrics.fit.moments import (
    ConditionalMoments,
    Univariate,
    category_functions,
    conditional_moments,
    expected_moments,
    moment_derivatives,
    observed_moments,
    sampling_covariance,
    score_functions,
)
from psychometrics.likelihood import check_categories
from psychometrics.models.base import Array, ItemParameters
from psychometrics.models.registry import kinds, probabilities
from psychometrics.quadrature import Grid, normal_grid

COMPUTED = "computed"
TOO_FEW_PERSONS = "fewer than two persons answered every item, and margins of pairs need complete answers"
TOO_FEW_DF = "the margins are fewer than the parameters; statistic c2 keeps more margins of polytomous items"
SINGULAR = "an item's answers hardly vary, so the covariance of the margins could not be inverted"
LARGEST = 6000


@dataclass(frozen=True, slots=True, eq=False)
class ModelFit:
    """Limited-information fit; every number is NaN (df 0) exactly where status says why.

    statistic, df, p; rmsea with the bounds of its 90 % interval; srmsr: root mean square of residual_correlations
    (n_items, n_items); cfi and tli against the model in which items are independent; n_persons with complete answers.
    """

    statistic: float
    df: int
    p: float
    rmsea: float
    rmsea_lower: float
    rmsea_upper: float
    srmsr: float
    cfi: float
    tli: float
    residual_correlations: Array
    n_persons: int
    status: str


def m2(
    items: ItemParameters,
    responses: Any,
    *,
    statistic: Literal["m2*", "c2"] = "m2*",
    grid: Grid | None = None,
    population: tuple[str, ...] | None = None,
    estimated: NDArray[np.bool_] | None = None,
) -> ModelFit:
    """Fit of the margins of one and two items, over the persons who answered every item.

    m2*: scores and products of scores, which for dichotomous items is M2 (Maydeu-Olivares & Joe 2006, Psychometrika
    71, 713-732; Cai & Hansen 2013, British Journal of Mathematical and Statistical Psychology 66, 245-276); c2:
    category proportions and products of scores (Cai & Monro 2014, CRESST report). grid: the population, N(0, 1) unless
    given; population: which of mean and sd were estimated, ("sd",) when a model fixes its slopes and none otherwise
    unless given; estimated: (n_items,) False for items whose parameters were fixed beforehand.

    Raises ValueError on answers that do not fit the items, an unknown statistic, or a test of so many items that the
    covariance of its margins would not fit in memory.
    """
    answers = as_responses(responses)
    check_categories(answers, items)
    functions = _functions(statistic, items.n_categories)
    _check_size(len(functions.item), len(items))
    nodes = grid or normal_grid()
    complete = answers[(answers != MISSING).all(axis=1)]
    if len(complete) < 2:
        return _failed(TOO_FEW_PERSONS, len(items), len(complete))
    free = np.ones(len(items), dtype=bool) if estimated is None else np.asarray(estimated, dtype=bool)
    margins = conditional_moments(probabilities(items, nodes.nodes), nodes.weights, functions)
    derivatives = moment_derivatives(items, nodes, functions, _population(items, population), free)
    return _assemble(complete, functions, margins, derivatives)


def _functions(statistic: str, n_categories: NDArray[np.int64]) -> Univariate:
    if statistic not in ("m2*", "c2"):
        raise ValueError(f"statistic must be m2* or c2, not {statistic!r}")
    return score_functions(n_categories) if statistic == "m2*" else category_functions(n_categories)


def _check_size(n_single: int, n_items: int) -> None:
    n_moments = n_single + n_items * (n_items - 1) // 2
    if n_moments > LARGEST:
        raise ValueError(
            f"{n_items} items have {n_moments} margins and the statistic handles {LARGEST}; "
            "test parts of at most 100 items, for instance each competency"
        )


def _population(items: ItemParameters, given: tuple[str, ...] | None) -> tuple[str, ...]:
    if given is None:
        return ("sd",) if any(model.fixed_slope for model, _, _ in kinds(items)) else ()
    if not set(given) <= {"mean", "sd"}:
        raise ValueError(f"population must name mean, sd or both, not {given!r}")
    return given


def _assemble(
    complete: NDArray[np.int8], functions: Univariate, margins: ConditionalMoments, derivatives: Array
) -> ModelFit:
    observed, n_persons = observed_moments(complete, functions), len(complete)
    residual = _residual_correlations(complete, margins)
    found = _quadratic_form(observed - expected_moments(margins), sampling_covariance(margins, functions), derivatives)
    if found is None:
        return _failed(SINGULAR, complete.shape[1], n_persons)
    value, df = n_persons * found[0], found[1]
    if df <= 0:
        return _failed(TOO_FEW_DF, complete.shape[1], n_persons)
    cfi, tli = _against_independence(value, df, complete, functions, observed)
    lower, upper = _rmsea_interval(value, df, n_persons)
    below = residual[np.tril_indices(len(residual), k=-1)]
    return ModelFit(
        statistic=value,
        df=df,
        p=float(scipy.stats.chi2.sf(value, df)),
        rmsea=float(np.sqrt(max(value / df - 1, 0) / (n_persons - 1))),
        rmsea_lower=lower,
        rmsea_upper=upper,
        srmsr=float(np.sqrt(np.mean(below**2))),
        cfi=cfi,
        tli=tli,
        residual_correlations=residual,
        n_persons=n_persons,
        status=COMPUTED,
    )


def _quadratic_form(difference: Array, covariance: Array, derivatives: Array) -> tuple[float, int] | None:
    """The part of the difference that no change of the parameters explains, squared, and its degrees of freedom.

    With covariance L L', this is the squared length of L^-1 difference outside the span of L^-1 derivatives.
    """
    try:
        lower, _ = scipy.linalg.cho_factor(covariance, lower=True, overwrite_a=False, check_finite=True)
    except np.linalg.LinAlgError:
        return None
    whitened = scipy.linalg.solve_triangular(
        lower, np.column_stack([difference, derivatives]), lower=True, check_finite=False
    )
    if derivatives.shape[1] == 0:
        return float(whitened[:, 0] @ whitened[:, 0]), len(difference)
    basis, upper, _ = scipy.linalg.qr(whitened[:, 1:], mode="economic", pivoting=True, check_finite=False)
    size = np.abs(np.diag(upper))
    rank = int((size > 1e-9 * size[0]).sum())
    outside = whitened[:, 0] - basis[:, :rank] @ (basis[:, :rank].T @ whitened[:, 0])
    return float(outside @ outside), len(difference) - rank


def _against_independence(
    value: float, df: int, complete: NDArray[np.int8], functions: Univariate, observed: Array
) -> tuple[float, float]:
    """CFI and TLI; the baseline has free category proportions and independent items."""
    n_categories = functions.value.shape[1]
    shares = (complete[:, :, None] == np.arange(n_categories)).mean(axis=0)
    margins = conditional_moments(shares[:, :, None], np.ones(1), functions)
    derivatives = _independence_derivatives(margins, functions)
    found = _quadratic_form(observed - expected_moments(margins), sampling_covariance(margins, functions), derivatives)
    if found is None or found[1] <= 0:
        return float("nan"), float("nan")
    baseline, baseline_df = len(complete) * found[0], found[1]
    excess, baseline_excess = max(value - df, 0.0), baseline - baseline_df
    cfi = 1.0 - excess / baseline_excess if baseline_excess > 0 else float(excess == 0)
    ratio = baseline / baseline_df
    return min(max(cfi, 0.0), 1.0), (ratio - value / df) / (ratio - 1.0) if ratio != 1.0 else float("nan")


def _independence_derivatives(margins: ConditionalMoments, functions: Univariate) -> Array:
    """By the proportion of every category above 0 of every item, (n_moments, n_items (K_max - 1))."""
    n_items, n_categories = margins.table.shape[:2]
    first, second = np.triu_indices(n_items, k=1)
    columns = []
    for item in range(n_items):
        for category in range(1, n_categories):
            single = functions.value[:, category] * (functions.item == item)
            change = category * (first == item) * margins.score[0, second]
            columns.append(np.concatenate([single, change + category * (second == item) * margins.score[0, first]]))
    return np.stack(columns, axis=1)


def _residual_correlations(complete: NDArray[np.int8], margins: ConditionalMoments) -> Array:
    answers = complete.astype(np.float64)
    observed = answers.T @ answers / len(answers) - np.outer(answers.mean(axis=0), answers.mean(axis=0))
    mean = margins.weights @ margins.score
    expected = margins.score.T @ (margins.score * margins.weights[:, None])
    np.fill_diagonal(expected, margins.weights @ margins.square)
    return _correlation(observed) - _correlation(expected - np.outer(mean, mean))


def _correlation(covariance: Array) -> Array:
    scale = np.sqrt(np.maximum(np.diag(covariance), np.finfo(float).tiny))
    return np.asarray(covariance / np.outer(scale, scale), dtype=np.float64)


def _rmsea_interval(value: float, df: int, n_persons: int, level: float = 0.90) -> tuple[float, float]:
    """Bounds of RMSEA: noncentralities that put the value at the 95th and the 5th percentile (Steiger 1990)."""
    bounds = []
    for tail in ((1 + level) / 2, (1 - level) / 2):
        if scipy.stats.chi2.cdf(value, df) <= tail:
            bounds.append(0.0)
            continue
        largest = value + 10 * np.sqrt(2 * value) + 20
        root = scipy.optimize.brentq(
            lambda noncentrality, tail=tail: scipy.stats.ncx2.cdf(value, df, noncentrality) - tail, 1e-12, largest
        )
        bounds.append(float(np.sqrt(root / (df * (n_persons - 1)))))
    return bounds[0], bounds[1]


def _failed(why: str, n_items: int, n_persons: int) -> ModelFit:
    nan = float("nan")
    return ModelFit(nan, 0, nan, nan, nan, nan, nan, nan, nan, np.full((n_items, n_items), nan), n_persons, why)
