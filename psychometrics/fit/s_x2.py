"""S-X²: do the answers at each summed score agree with the model? (Orlando & Thissen 2000; Kang & Chen 2008)"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from psychometrics.arrays import as_responses
from psychometrics.fit.collapse import EXPECTED, OBSERVED, collapse
from psychometrics.fit.forms import Form, forms
from psychometrics.fit.populations import Populations, as_populations
from psychometrics.fit.summed_scores import add_items, rest_score_distributions
from psychometrics.likelihood import check_categories
from psychometrics.models.base import Array, ItemParameters
from psychometrics.models.registry import kinds, probabilities
from psychometrics.quadrature import Grid

COMPUTED = "computed"
NO_FORM = "no group of persons answered the same items together with this one, so no score compares them"
NO_DF = "too few scores and categories remain after merging sparse cells to test the item's parameters"


@dataclass(frozen=True, slots=True, eq=False)
class SX2:
    """S-X² of each item, all (n_items,): statistic is NaN, df 0 and p NaN exactly where status says why.

    rmsea: misfit per degree of freedom, sqrt(max(statistic / df - 1, 0) / (n_persons - 1)); n_persons: whose answers
    were used.
    """

    statistic: Array
    df: NDArray[np.int64]
    p: Array
    rmsea: Array
    n_persons: NDArray[np.int64]
    status: tuple[str, ...]


def s_x2(
    items: ItemParameters,
    responses: Any,
    *,
    grid: Grid | Populations | None = None,
    n_parameters: Sequence[int] | None = None,
    n_population_parameters: int | None = None,
    min_expected: float = 1.0,
    min_form_persons: int = 100,
) -> SX2:
    """Pearson's statistic over summed scores, from score distributions the model predicts.

    items, responses: the calibrated items and the answers (n_persons, n_items); grid: the population or populations,
    N(0, 1) unless given; n_parameters: (n_items,) estimated for each item, counted from its model unless given (0 for a
    fixed item); n_population_parameters: estimated for the population, 1 when a model fixes its slopes and 0 otherwise
    unless given.

    Scores are compared within groups and forms, persons who answered exactly the same items, and added over those of
    at least min_form_persons (the complete form however few): with complete data this is the statistic of the
    papers, with a booklet design every booklet contributes, and persons with stray gaps are left out.

    Orlando & Thissen 2000, Applied Psychological Measurement 24, 50-64; Kang & Chen 2008, Journal of Educational
    Measurement 45, 391-406. Raises ValueError on answers that do not fit the items.
    """
    answers = as_responses(responses)
    check_categories(answers, items)
    totals = np.zeros((4, len(items)))
    for population, persons in as_populations(grid, len(answers)).members():
        tables = item_tables(items, population.nodes)
        for form in forms(answers[persons], min_form_persons):
            for item, observed, expected in score_tables(form, answers[persons], tables, population.weights):
                merged = collapse(np.stack([observed, np.nan_to_num(expected)]), np.isnan(expected), min_expected)
                totals[:, item] += (*_pearson(merged), len(form.persons), 1)
    spent = _counts(items, n_parameters) + _population_parameters(items, n_population_parameters)
    return _result(totals, spent)


def item_tables(items: ItemParameters, nodes: Array) -> list[Array]:
    """P(category | theta) of each item, (K, n_nodes), without the categories it does not have."""
    table = probabilities(items, nodes)
    return [table[i, : int(k)] for i, k in enumerate(items.n_categories)]


def score_tables(
    form: Form, responses: NDArray[np.int8], tables: Sequence[Array], weights: Array
) -> Iterator[tuple[int, Array, Array]]:
    """For each item of a form its place and the observed and expected counts (n_scores - 2, K).

    The scores run from 1 to the maximum less 1: at 0 and at the maximum every answer is certain. Expected counts are
    NaN where score and category cannot occur together.
    """
    own = [tables[i] for i in form.items]
    matrix = responses[np.ix_(form.persons, form.items)]
    score = matrix.sum(axis=1, dtype=np.int64)
    n_scores = sum(len(table) - 1 for table in own) + 1
    n_persons = np.bincount(score, minlength=n_scores)
    for place, rest in rest_score_distributions(own):
        n_categories = len(own[place])
        cell = score * n_categories + matrix[:, place]
        observed = np.bincount(cell, minlength=n_scores * n_categories).reshape(n_scores, n_categories)
        total = add_items(rest, [own[place]]) @ weights
        expected = np.full((n_scores, n_categories), np.nan)
        for category, probability in enumerate(own[place]):
            expected[category : category + len(rest), category] = rest @ (probability * weights)
        expected *= (n_persons / np.maximum(total, np.finfo(float).tiny))[:, None]
        yield int(form.items[place]), observed[1:-1].astype(np.float64), expected[1:-1]


def estimated_parameters(items: ItemParameters) -> NDArray[np.int64]:
    """How many parameters each item's model estimates, (n_items,)."""
    count = np.zeros(len(items), dtype=np.int64)
    for model, n_categories, where in kinds(items):
        count[where] = len(model.parameter_names(n_categories)) - model.fixed_slope
    return count


def _counts(items: ItemParameters, given: Sequence[int] | None) -> NDArray[np.int64]:
    if given is None:
        return estimated_parameters(items)
    count = np.asarray(given, dtype=np.int64)
    if count.shape != (len(items),) or (count < 0).any():
        raise ValueError(f"n_parameters must be {len(items)} counts of 0 and more, one for each item")
    return count


def _population_parameters(items: ItemParameters, given: int | None) -> int:
    return int(any(model.fixed_slope for model, _, _ in kinds(items))) if given is None else given


def _pearson(table: Array) -> tuple[float, int]:
    """Statistic and degrees of freedom of a merged table, before parameters are counted."""
    used = table[EXPECTED] > 0
    expected = np.where(used, table[EXPECTED], 1.0)
    statistic = float((np.where(used, table[OBSERVED] - expected, 0.0) ** 2 / expected).sum())
    return statistic, int(used.sum()) - table.shape[1]


def _result(totals: Array, spent: NDArray[np.int64]) -> SX2:
    statistic, cells, n_persons, n_forms = totals
    df = np.maximum(cells.astype(np.int64) - spent, 0)
    df[n_forms == 0] = 0
    usable = df > 0
    safe = np.maximum(df, 1)
    rmsea = np.sqrt(np.maximum(statistic / safe - 1.0, 0.0) / np.maximum(n_persons - 1, 1))
    status = tuple(COMPUTED if u else NO_DF if n else NO_FORM for u, n in zip(usable, n_forms, strict=True))
    return SX2(
        statistic=np.where(usable, statistic, np.nan),
        df=df,
        p=np.where(usable, scipy.stats.chi2.sf(statistic, safe), np.nan),
        rmsea=np.where(usable, rmsea, np.nan),
        n_persons=n_persons.astype(np.int64),
        status=status,
    )
