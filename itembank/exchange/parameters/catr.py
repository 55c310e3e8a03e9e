"""R's catR: a, b, c, d for dichotomous items, where d is the upper asymptote (not mirt's intercept), D given apart.

Polytomous columns: alphaj with betaj1 … (GRM), alphaj with deltaj1 … (GPCM), deltaj1 … alone (PCM), alphaj1, cj1 …
(NRM).
(Magis and Raîche, 2012, Journal of Statistical Software 48(8).)
"""

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


def read_catr(source: Source, *, scaling: float = 1.0, name: str = "") -> ParameterFile:
    """Parameters of a catR item bank; `scaling` is the D the bank was used with (catR's default is 1)."""
    return read_parameter_rows(source, f"catR, D = {scaling:g}", lambda row: _facts(row, scaling), name)


def _facts(row: Row, scaling: float) -> ParameterFacts:
    cells = row.cells
    scale = number(cells, "d_constant") or scaling
    slopes, constants = numbered(cells, "alphaj"), numbered(cells, "cj")
    if slopes:
        return ParameterFacts(
            model="nrm",
            slopes=(0.0, *(slope * scale for slope in slopes)),
            intercepts=(0.0, *(constant * scale for constant in constants)),
        )
    thresholds, steps = numbered(cells, "betaj"), numbered(cells, "deltaj")
    if thresholds:
        return ParameterFacts(model="grm", discrimination=needed(cells, "alphaj") * scale, thresholds=thresholds)
    if steps:
        slope = number(cells, "alphaj")
        model = "pcm" if slope is None else "gpcm"
        return ParameterFacts(model=model, discrimination=(1.0 if slope is None else slope) * scale, steps=steps)
    return dichotomous(needed(cells, "a") * scale, needed(cells, "b"), number(cells, "c"), number(cells, "d"))


def write_catr(parameters: Parameters) -> bytes:
    """An item bank for catR with D = 1, which every row states."""
    rows = [
        {"item": item_id} | _cells(facts) | {"d_constant": "1.0", "metric": "D = 1"}
        for item_id, facts in parameters.items()
    ]
    return write_table(header_of(rows), rows)


def _cells(facts: ParameterFacts) -> dict[str, str]:
    if facts.model == "nrm":
        if facts.slopes[0] != 0 or facts.intercepts[0] != 0:
            raise ItemInvalid("catR's nominal model starts its slopes and intercepts at 0; shift them first.")
        cells = {f"alphaj{k}": text(slope) for k, slope in enumerate(facts.slopes[1:], start=1)}
        return cells | {f"cj{k}": text(constant) for k, constant in enumerate(facts.intercepts[1:], start=1)}
    slope = 1.0 if facts.discrimination is None else facts.discrimination
    if facts.thresholds:
        bounds = {f"betaj{k}": text(bound) for k, bound in enumerate(facts.thresholds, start=1)}
        return {"alphaj": text(slope)} | bounds
    if facts.steps:
        alone = {} if facts.model == "pcm" else {"alphaj": text(slope)}
        return alone | {f"deltaj{k}": text(step) for k, step in enumerate(facts.steps, start=1)}
    assert facts.difficulty is not None
    upper = 1.0 if facts.upper is None else facts.upper
    return {"a": text(slope), "b": text(facts.difficulty), "c": text(facts.guessing or 0.0), "d": text(upper)}
