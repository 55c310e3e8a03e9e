"""The project's own forms: a calibration document (JSON) and the table with the same columns (CSV)."""

from typing import Any

import msgspec

from itembank.errors import ItemInvalid
from itembank.exchange.delimited import Source, open_source, source_name
from itembank.exchange.findings import Findings
from itembank.exchange.parameters.columns import (
    LISTS,
    SCALARS,
    ParameterFile,
    Parameters,
    facts_of_cells,
    facts_of_record,
    header_of,
    read_parameter_rows,
    records_of,
    text,
)
from itembank.exchange.tables import Row, write_table
from itembank.items import ParameterFacts
from itembank.loss_report import ItemLoss, LossReport

METRIC = "logistic, D = 1"
DOCUMENT = "calibration/1"


def read_document(source: Source, *, name: str = "") -> ParameterFile:
    """The items of a calibration document.

    Raises:
        FileRefused: when it is no JSON object with a list "items".
    """
    findings = Findings(source_name(source, name), skip_bad=True)
    with open_source(source, findings) as stream:
        data = stream.read()
    try:
        document = msgspec.json.decode(data, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise findings.refuse(f"is no JSON object ({error}).") from None
    items = document.get("items")
    if document.get("assay") != DOCUMENT or not isinstance(items, list):
        raise findings.refuse(f'is no calibration document; it says "assay": "{DOCUMENT}" and has a list "items".')
    parameters: Parameters = {}
    entries = [_entry(row, place, parameters) for place, row in enumerate(items, start=1)]
    report = LossReport(source=findings.file, entries=tuple(entries))
    return ParameterFile(parameters=parameters, metric=METRIC, report=report)


def _entry(row: Any, place: int, parameters: Parameters) -> ItemLoss:
    item_id = str(row.get("item_id") or "") if isinstance(row, dict) else ""
    try:
        if not item_id or item_id in parameters:
            raise ItemInvalid(f"item {place} has no item_id, or one that stands twice.")
        parameters[item_id] = facts_of_record(row)
    except (ItemInvalid, TypeError, ValueError) as error:
        return ItemLoss(key=item_id or f"item {place}", fate="refused", notes=(str(error),))
    return ItemLoss(key=item_id, fate="imported")


def write_document(parameters: Parameters) -> bytes:
    """A calibration document that holds parameters only."""
    document = {"assay": DOCUMENT, "metric": METRIC, "items": records_of(parameters)}
    return msgspec.json.format(msgspec.json.encode(document), indent=1)


def read_parameter_table(source: Source, *, name: str = "") -> ParameterFile:
    """The table with the columns of the document; lists are separated by |."""
    return read_parameter_rows(source, METRIC, _facts, name)


def _facts(row: Row) -> ParameterFacts:
    facts = facts_of_cells(row.cells)
    if facts is None:
        raise ItemInvalid("the row holds no parameter; fill discrimination and difficulty, thresholds or steps.")
    return facts


def write_parameter_table(parameters: Parameters) -> bytes:
    """The table that `read_parameter_table` reads; every row states its metric."""
    rows = [{"item_id": item_id, "metric": METRIC} | cells_of_facts(facts) for item_id, facts in parameters.items()]
    return write_table(header_of(rows), rows)


def cells_of_facts(facts: ParameterFacts) -> dict[str, str]:
    """The parameters of one item as cells."""
    cells = {"model": facts.model}
    cells |= {name: text(value) for name in SCALARS if (value := getattr(facts, name)) is not None}
    cells |= {name: "|".join(text(value) for value in values) for name in LISTS if (values := getattr(facts, name))}
    errors = {f"se_{name}": text(value) for name, value in facts.standard_error.items() if isinstance(value, float)}
    n_responses = {} if facts.n_responses is None else {"n_responses": str(facts.n_responses)}
    return cells | n_responses | errors | ({"population": facts.population} if facts.population else {})
