"""R's mirt: `coef(fit, simplify = TRUE)$items` as CSV, slope-intercept form with D = 1.

a1·θ + d for dichotomous items (g, u the asymptotes, on the probability scale); graded: d1 > d2 > …, thresholds
b_k = −d_k / a1; gpcm and nominal: P_k ∝ exp(ak_k·a1·θ + d_k), for gpcm with ak_k = k the steps (d_{k−1} − d_k) / a1.
(Chalmers, 2012, Journal of Statistical Software 48(6), the package's documentation of `mirt`.)
"""

from itertools import accumulate, pairwise

from itembank.errors import ItemInvalid
from itembank.exchange.delimited import Source
from itembank.exchange.parameters.columns import (
    ParameterFile,
    Parameters,
    dichotomous,
    header_of,
    needed,
    number,
    numbered,
    read_parameter_rows,
    text,
)
from itembank.exchange.tables import Row, write_table
from itembank.items import ParameterFacts

METRIC = "logistic, D = 1, slope-intercept"
GRADED = ("graded", "grm")


def read_mirt(source: Source, *, name: str = "") -> ParameterFile:
    """Parameters of a mirt coefficient table; `itemtype` tells graded from partial credit where it is given."""
    return read_parameter_rows(source, METRIC, _facts, name)


def _facts(row: Row) -> ParameterFacts:
    cells = row.cells
    for other in ("a2", "a3", "a4"):
        if number(cells, other):
            raise ItemInvalid(f"the item loads on a second dimension ({other}); only one dimension is kept.")
    slope = needed(cells, "a1")
    if number(cells, "d") is not None:
        return _dichotomous(row, slope)
    first = 0 if number(cells, "d0") is not None else 1
    intercepts = numbered(cells, "d", first)
    if not intercepts:
        raise ItemInvalid("there is neither d nor d1; fill them.")
    scores = numbered(cells, "ak", 0)
    if row.get("itemtype").lower() in GRADED or (first == 1 and not scores):
        if slope == 0:
            raise ItemInvalid("a1 is 0, so thresholds cannot be computed; drop the item.")
        return ParameterFacts(model="grm", discrimination=slope, thresholds=tuple(-d / slope for d in intercepts))
    whole = intercepts if first == 0 else (0.0, *intercepts)
    return _partial_credit(slope, whole, scores or tuple(float(k) for k in range(len(whole))), row)


def _dichotomous(row: Row, slope: float) -> ParameterFacts:
    if slope == 0:
        raise ItemInvalid("a1 is 0, so there is no difficulty; drop the item.")
    model = "rasch" if row.get("itemtype").lower() == "rasch" else ""
    difficulty = -needed(row.cells, "d") / slope
    return dichotomous(slope, difficulty, number(row.cells, "g"), number(row.cells, "u"), model)


def _partial_credit(slope: float, intercepts: tuple[float, ...], scores: tuple[float, ...], row: Row) -> ParameterFacts:
    if len(scores) != len(intercepts):
        raise ItemInvalid(f"there are {len(scores)} scores (ak) for {len(intercepts)} intercepts (d); complete them.")
    whole_scores = all(score == k for k, score in enumerate(scores))
    if row.get("itemtype").lower() == "nominal" or not whole_scores or slope == 0:
        return ParameterFacts(
            model="nrm",
            slopes=tuple(slope * (score - scores[0]) for score in scores),
            intercepts=tuple(d - intercepts[0] for d in intercepts),
        )
    steps = tuple((before - after) / slope for before, after in pairwise(intercepts))
    return ParameterFacts(model="gpcm", discrimination=slope, steps=steps)


def write_mirt(parameters: Parameters) -> bytes:
    """A table that `mirt` users can read; every row states its metric."""
    rows = [{"item": item_id} | _cells(facts) | {"metric": METRIC} for item_id, facts in parameters.items()]
    return write_table(header_of(rows), rows)


def _cells(facts: ParameterFacts) -> dict[str, str]:
    slope = 1.0 if facts.discrimination is None else facts.discrimination
    if facts.model == "nrm":
        scores = {f"ak{k}": text(score) for k, score in enumerate(facts.slopes)}
        return (
            {"itemtype": "nominal", "a1": "1.0"} | scores | {f"d{k}": text(d) for k, d in enumerate(facts.intercepts)}
        )
    if facts.model == "grm":
        cuts = {f"d{k}": text(-slope * b) for k, b in enumerate(facts.thresholds, start=1)}
        return {"itemtype": "graded", "a1": text(slope)} | cuts
    if facts.steps:
        intercepts = accumulate(facts.steps, lambda d, step: d - slope * step, initial=0.0)
        scores = {f"ak{k}": str(k) for k in range(len(facts.steps) + 1)}
        return {"itemtype": "gpcm", "a1": text(slope)} | scores | {f"d{k}": text(d) for k, d in enumerate(intercepts)}
    assert facts.difficulty is not None
    cells = {"itemtype": {"rasch": "Rasch", "1pl": "2PL"}.get(facts.model, facts.model.upper())}
    cells |= {"a1": text(slope), "d": text(-slope * facts.difficulty)}
    return cells | {"g": text(facts.guessing or 0.0), "u": text(1.0 if facts.upper is None else facts.upper)}
