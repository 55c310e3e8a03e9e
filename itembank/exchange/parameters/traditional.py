"""The traditional a, b, c table (BILOG, PARSCALE, irtoys, textbooks): P = c + (u − c) / (1 + exp(−D·a·(θ − b))).

D is 1 in the logistic metric and 1.7 or 1.702 where slopes approximate the normal ogive (Haley, 1952). A file that does
not say its D is refused unless the caller says it: guessing would be wrong by 70 percent.
Polytomous items give b1, b2, …: thresholds (model grm) or steps (gpcm, pcm).
"""

import msgspec

from itembank.errors import ItemInvalid
from itembank.exchange.delimited import Source
from itembank.exchange.parameters.columns import (
    ParameterFile,
    Parameters,
    dichotomous,
    header_of,
    number,
    numbered,
    read_parameter_rows,
    text,
)
from itembank.exchange.tables import Row, write_table
from itembank.items import ParameterFacts

USUAL = (1.0, 1.7, 1.702)
NEAR = 0.0015


def read_traditional(source: Source, *, scaling: float | None = None, name: str = "") -> ParameterFile:
    """Parameters of an a/b/c table; `scaling` is D where the file has no column `D`."""
    said = "as each row states" if scaling is None else f"{scaling:g}"
    return read_parameter_rows(source, f"a, b, c with D = {said}", lambda row: _facts(row, scaling), name)


def _facts(row: Row, scaling: float | None) -> ParameterFacts:
    cells = row.cells
    scale = number(cells, "d_constant", "scaling", "d") or scaling
    if scale is None:
        raise ItemInvalid("the file does not state its D; add a column 'd_constant' (1, 1.7 or 1.702) or name it.")
    if not any(abs(scale - usual) < NEAR for usual in USUAL):
        raise ItemInvalid(f"D = {scale} is none of 1, 1.7 and 1.702; is the column something else, like an asymptote?")
    model = row.get("model").lower()
    given = number(cells, "a", "discrimination")
    slope = 1 / scale if given is None else given
    bounds = numbered(cells, "b")
    if not bounds:
        difficulty = number(cells, "b", "difficulty")
        if difficulty is None:
            raise ItemInvalid("there is neither b nor b1; fill it.")
        return dichotomous(
            slope * scale, difficulty, number(cells, "c", "guessing"), number(cells, "u", "upper"), model
        )
    if model not in ("grm", "gpcm", "pcm"):
        raise ItemInvalid("an item with b1, b2, … must say in column 'model' whether it is grm, gpcm or pcm.")
    facts = ParameterFacts(model=model, discrimination=slope * scale)
    return msgspec.structs.replace(facts, **{"thresholds" if model == "grm" else "steps": bounds})


def write_traditional(parameters: Parameters, *, scaling: float = 1.0) -> bytes:
    """An a/b/c table in the metric of this D, which every row states.

    Raises:
        ItemInvalid: for a nominal item, which has no a and b.
    """
    rows = [{"item_id": item_id} | _cells(item_id, facts, scaling) for item_id, facts in parameters.items()]
    return write_table(header_of(rows), rows)


def _cells(item_id: str, facts: ParameterFacts, scaling: float) -> dict[str, str]:
    if facts.model == "nrm":
        raise ItemInvalid(f"Item {item_id} is nominal, which a/b/c cannot say; export it as mirt or JSON.")
    slope = 1.0 if facts.discrimination is None else facts.discrimination
    cells = {
        "model": facts.model,
        "d_constant": text(scaling),
        "metric": f"D = {scaling:g}",
        "a": text(slope / scaling),
    }
    bounds = facts.thresholds or facts.steps
    if bounds:
        return cells | {f"b{k}": text(bound) for k, bound in enumerate(bounds, start=1)}
    assert facts.difficulty is not None
    upper = 1.0 if facts.upper is None else facts.upper
    return cells | {"b": text(facts.difficulty), "c": text(facts.guessing or 0.0), "u": text(upper)}
