"""Calibration documents of a bank: parameters that came in files, and new items beside those that hold the scale."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from itembank.errors import BankError
from itembank.exchange.parameters.columns import records_of
from itembank.items import Item, ParameterFacts
from itembank.published import parameter_hash

FORMAT = "calibration/1"
IMPORTED = "imported with the items"


def parameters_of(items: Iterable[Item]) -> dict[str, ParameterFacts]:
    """The parameters that items brought along, by item key."""
    return {item.key: item.parameters for item in items if item.parameters is not None}


def imported_document(
    parameters: Mapping[str, ParameterFacts], items: Iterable[Item], *, metric: str, source: str
) -> dict[str, Any]:
    """Parameters of a file as a calibration document; nothing was estimated here, and the document says so.

    Parameters of items that the bank does not hold are left out.

    Raises:
        BankError: when none is left.
    """
    known = {item.key: item for item in items}
    used = {key: facts for key, facts in parameters.items() if key in known}
    if not used:
        raise BankError(f"{source} has parameters for no item of the bank; the item ids do not match.")
    records = records_of(used)
    for record in records:
        facts, item = used[record["item_id"]], known[record["item_id"]]
        record["competency"] = item.facts.competencies[0] if item.facts.competencies else None
        record["n_responses"] = facts.n_responses
        record["standard_error"] = dict(facts.standard_error)
    return {
        "assay": FORMAT, "estimator": "imported", "status": f"taken from {source}", "metric": metric,
        "log_likelihood": None, "n_iterations": 0, "n_persons": None, "n_responses": None, "notes": [], "groups": [],
        "dimensions": [], "correlations": [], "items": records,
    }  # fmt: skip


def merged(
    before: Mapping[str, Any], records: Sequence[Mapping[str, Any]], note: str, valid: Collection[str]
) -> dict[str, Any]:
    """The document before with these items added or replaced.

    Every other item that is still `valid` keeps its record as it is; parameters of questions since rewritten go.
    """
    new = {str(record["item_id"]): dict(record) for record in records}
    kept = [
        record for record in before["items"] if str(record["item_id"]) in valid and str(record["item_id"]) not in new
    ]
    notes = [*(before.get("notes") or ()), note]
    return {**before, "notes": notes, "items": [*kept, *new.values()]}


def same_parameters(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> bool:
    """Whether a document says nothing that the one before did not say."""
    return before is not None and parameter_hash(before["items"]) == parameter_hash(after["items"])
