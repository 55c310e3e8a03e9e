"""Parameter facts to and from cells, records and numbers: the ground that every convention stands on."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from itembank.errors import ItemInvalid
from itembank.exchange.delimited import Source, source_name
from itembank.exchange.findings import Findings, at_line
from itembank.exchange.tables import Row, read_table
from itembank.items import ParameterFacts
from itembank.loss_report import ItemLoss, LossReport
from itembank.records import Record

SCALARS = ("discrimination", "difficulty", "guessing", "upper")
LISTS = ("thresholds", "steps", "slopes", "intercepts")
PARAMETER_COLUMNS = frozenset({*SCALARS, *LISTS, "n_responses", "population", "metric", "d_constant"})
DICHOTOMOUS = ("rasch", "1pl", "2pl", "3pl", "4pl")
NEEDED = {"grm": ("discrimination", "thresholds"), "gpcm": ("discrimination", "steps"), "pcm": ("steps",)}
NEEDED |= {"nrm": ("slopes", "intercepts")}
ABSENT = ("", "NA", "NaN", ".")
ITEM_NAMES = ("item_id", "item", "items", "name", "")

Parameters = dict[str, ParameterFacts]


class ParameterFile(Record, frozen=True, kw_only=True):
    """Parameters by item as a file states them, in logits (D = 1); `metric` says what the file itself was in."""

    parameters: dict[str, ParameterFacts]
    metric: str
    report: LossReport


def number(cells: Mapping[str, str], *names: str) -> float | None:
    """The first of these columns that holds a number, None when none does.

    Raises:
        ItemInvalid: when a cell is neither empty nor a finite number.
    """
    text = next((cells[name].strip() for name in names if cells.get(name, "").strip() not in ABSENT), "")
    if not text:
        return None
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ItemInvalid(f"'{text}' in column {' or '.join(names)} is not a number; correct it.")
    return value


def needed(cells: Mapping[str, str], *names: str) -> float:
    """As `number`, but the cell must be filled."""
    value = number(cells, *names)
    if value is None:
        raise ItemInvalid(f"column {' or '.join(names)} is empty; fill it.")
    return value


def numbered(cells: Mapping[str, str], stem: str, first: int = 1) -> tuple[float, ...]:
    """The values of b1, b2, … up to the first that is empty."""
    values: list[float] = []
    while (value := number(cells, f"{stem}{first + len(values)}")) is not None:
        values.append(value)
    return tuple(values)


def numbers(text: str) -> tuple[float, ...]:
    """A list in one cell: separated by |, ; or blanks, or as JSON."""
    parts = [part for part in re.split(r"[|;\s,]+", text.strip().strip("[]")) if part]
    return tuple(needed({"list": part}, "list") for part in parts)


def dichotomous(
    discrimination: float, difficulty: float, guessing: float | None, upper: float | None, model: str = "", **more: Any
) -> ParameterFacts:
    """A dichotomous item, its model the smallest that holds the parameters unless the file names one."""
    guessing, upper = guessing or 0.0, 1.0 if upper is None else upper
    if not 0 <= guessing < upper <= 1:
        raise ItemInvalid(f"0 ≤ guessing < upper ≤ 1 must hold, but they are {guessing} and {upper}; correct them.")
    smallest = "4pl" if upper < 1 else "3pl" if guessing > 0 else "2pl"
    return ParameterFacts(
        model=model or smallest,
        discrimination=discrimination,
        difficulty=difficulty,
        guessing=guessing,
        upper=upper,
        **more,
    )


def check_facts(facts: ParameterFacts) -> ParameterFacts:
    """The same facts when they are complete for their model.

    Raises:
        ItemInvalid: naming what is absent.
    """
    if facts.model not in DICHOTOMOUS and facts.model not in NEEDED:
        raise ItemInvalid(f"model '{facts.model}' is unknown; write one of {', '.join((*DICHOTOMOUS, *NEEDED))}.")
    for name in NEEDED.get(facts.model, ("discrimination", "difficulty")):
        if getattr(facts, name) in (None, ()):
            raise ItemInvalid(f"model {facts.model} needs {name}; fill it.")
    if facts.model == "grm" and any(low >= high for low, high in zip(facts.thresholds, facts.thresholds[1:])):
        raise ItemInvalid("the thresholds of a graded item must rise from category to category; correct them.")
    if facts.model == "nrm" and len(facts.slopes) != len(facts.intercepts):
        raise ItemInvalid("a nominal item needs as many slopes as intercepts; correct them.")
    return facts


def facts_of_cells(cells: Mapping[str, str]) -> ParameterFacts | None:
    """The parameters in the columns of an items file or parameter file; None when the row has none."""
    given = [name for name in (*SCALARS, *LISTS) if name in cells and cells[name].strip() not in ABSENT]
    if not given:
        return None
    record: dict[str, Any] = {name: number(cells, name) for name in SCALARS}
    record |= {name: numbers(cells.get(name, "")) for name in LISTS}
    record |= {"model": cells.get("model", "").lower(), "n_responses": number(cells, "n_responses")}
    errors = {name[3:]: number(cells, name) for name in cells if name.startswith("se_")}
    record["standard_error"] = {name: value for name, value in errors.items() if value is not None}
    return facts_of_record(record | {"population": cells.get("population", "")})


def facts_of_record(record: Mapping[str, Any]) -> ParameterFacts:
    """One item of a calibration document as facts.

    Raises:
        ItemInvalid: when a parameter its model needs is absent.
    """
    lists: dict[str, Any] = {name: tuple(float(value) for value in record.get(name) or ()) for name in LISTS}
    scalars: dict[str, Any] = {name: record.get(name) for name in SCALARS}
    n_responses = record.get("n_responses")
    more: dict[str, Any] = {
        "standard_error": {name: value for name, value in (record.get("standard_error") or {}).items() if value},
        "n_responses": None if n_responses is None else int(n_responses),
        "population": record.get("population") or "",
    }
    model = str(record.get("model") or "")
    if not any(lists.values()):
        if model == "rasch" and scalars["discrimination"] is None:
            scalars["discrimination"] = 1.0
        if scalars["discrimination"] is None or scalars["difficulty"] is None:
            raise ItemInvalid("discrimination and difficulty must both be given; fill them.")
        return check_facts(dichotomous(**scalars, model=model, **more))
    return check_facts(ParameterFacts(model=model or _model_of_lists(lists), **scalars, **lists, **more))


def _model_of_lists(lists: Mapping[str, Any]) -> str:
    return "grm" if lists["thresholds"] else "gpcm" if lists["steps"] else "nrm"


def records_of(parameters: Parameters) -> list[dict[str, Any]]:
    """The items as the records that `psychometrics` and calibration documents use."""
    rows = []
    for item_id, facts in parameters.items():
        row: dict[str, Any] = {"item_id": item_id, "model": facts.model}
        row |= {name: getattr(facts, name) for name in SCALARS}
        if facts.model == "pcm" and facts.discrimination is None:
            row["discrimination"] = 1.0
        row |= {name: list(getattr(facts, name)) for name in LISTS if getattr(facts, name)}
        rows.append(row)
    return rows


def read_parameter_rows(
    source: Source, metric: str, convert: Callable[[Row], ParameterFacts], name: str = ""
) -> ParameterFile:
    """A table of parameters, row by row through `convert`; a row it cannot use is refused and reported.

    Raises:
        FileRefused: when the file as a whole is no table.
    """
    findings = Findings(source_name(source, name), skip_bad=True)
    parameters: Parameters = {}
    entries: list[ItemLoss] = []
    for row in read_table(source, findings).rows:
        entries.append(_convert(row, convert, parameters))
    entries += [
        ItemLoss(key=f"line {problem.line}", fate="refused", place=at_line(problem.line), notes=(problem.sentence,))
        for problem in findings.problems
    ]
    report = LossReport(source=findings.file, entries=tuple(entries))
    return ParameterFile(parameters=parameters, metric=metric, report=report)


def _convert(row: Row, convert: Callable[[Row], ParameterFacts], parameters: Parameters) -> ItemLoss:
    item_id = row.get(*ITEM_NAMES)
    try:
        if not item_id:
            raise ItemInvalid("the row names no item; give item_id.")
        if item_id in parameters:
            raise ItemInvalid(f"item '{item_id}' stands twice; keep one row.")
        parameters[item_id] = check_facts(convert(row))
    except ItemInvalid as error:
        return ItemLoss(key=item_id or f"line {row.line}", fate="refused", place=at_line(row.line), notes=(str(error),))
    return ItemLoss(key=item_id, fate="imported", place=at_line(row.line))


def header_of(rows: Iterable[Mapping[str, str]]) -> list[str]:
    """All columns of these rows in order of appearance."""
    return list(dict.fromkeys(name for row in rows for name in row))


def text(value: float) -> str:
    """A number so that reading it gives the same number."""
    return repr(float(value))
