"""From a response file to a calibration document, and the document to a file."""

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from itembank.errors import BankError
from itembank.exchange.responses import read_responses
from itembank.exchange.responses.keys import read_item_rules
from psychometrics import calibrate
from psychometrics.models.base import ItemParameters


def calibrate_file(
    *,
    responses: Path,
    items: Path | None,
    key: Path | None,
    model: str,
    group: str | None,
    fix: Path | None,
    priors: Sequence[str],
    dimensions: str | None,
    latent: str,
    estimator: str,
    fit: bool,
    omit_as_wrong: bool,
    skip_bad: bool,
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """The calibration document of a response file.

    Raises:
        BankError, ValueError: naming file, row and column, or the option at fault.
    """
    tell("reading")
    table = read_responses(responses, items=items, key=key, omit_as_wrong=omit_as_wrong, group=group, skip_bad=skip_bad)
    competencies = _competencies(items) if items is not None else {}
    if dimensions and not competencies:
        raise BankError("--dimensions competency needs --items with a column competency; add it.")
    fixed = None if fix is None else ItemParameters.from_records(read_calibration(fix)["items"])
    result = calibrate(
        table.responses,
        model,
        item_id=table.item_ids,
        groups=table.groups,
        fixed=fixed,
        priors=dict(_prior(text) for text in priors) or None,
        dimensions=[competencies[item] for item in table.item_ids] if dimensions else None,
        latent=latent,
        estimator=estimator,
        progress=lambda iteration, log_likelihood: tell(f"iteration {iteration}, log-likelihood {log_likelihood:.3f}"),
    )
    tell("standard errors")
    document = result.to_document()
    for record in document["items"]:
        record["competency"] = competencies.get(record["item_id"], "")
    if fit:
        tell("fit")
        from psychometrics.fit import calibration_fit

        held = () if fixed is None else fixed.item_id
        found = calibration_fit(result, table.responses, groups=table.groups, fixed=held)
        for record, statistics in zip(document["items"], found.to_records()):
            record["fit"] = statistics
    return document


def _competencies(items: Path) -> dict[str, str]:
    return {item: rule.competency for item, rule in read_item_rules(items).items()}


def _prior(text: str) -> tuple[str, str]:
    name, separator, prior = text.partition("=")
    if not separator:
        raise BankError(f'--prior {text} has no "="; write for example guessing="beta(5, 17)".')
    return name.strip(), prior.strip()


def read_calibration(path: Path) -> dict[str, Any]:
    """A calibration document.

    Raises:
        BankError: when the file is none.
    """
    try:
        document = json.loads(path.read_text("utf-8"))
        if document["assay"] == "calibration/1" and isinstance(document["items"], list):
            return dict(document)
    except (UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError):
        pass
    raise BankError(f"{path} is no calibration document; write one with `assay calibrate`.")


def write_calibration(document: dict[str, Any], output: Path) -> None:
    """Write the document as JSON, or its items as CSV when the name ends in .csv."""
    if output.suffix.lower() != ".csv":
        output.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8")
        return
    rows = [_flat(record) for record in document["items"]]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with output.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, dict):
            row |= {f"{name}.{inner}": part for inner, part in _flat(value).items()}
        elif isinstance(value, list):
            row |= {f"{name}.{place + 1}": part for place, part in enumerate(value)}
        else:
            row[name] = value
    return row
