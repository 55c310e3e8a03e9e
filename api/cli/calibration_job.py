"""From a response file to a calibration document, and the document to a file."""

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from api.calibrating import calibration_document
from itembank.errors import BankError
from itembank.exchange.responses import ItemRule, ResponseReport, ResponseTable, read_item_rules, read_responses
from psychometrics.models.base import ItemParameters

MOST_NAMED = 20
"""Skipped cells and rows named one by one in a document."""


def calibrate_table(
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
) -> tuple[dict[str, Any], ResponseTable]:
    """The calibration document of a response file, and the answers it rests on.

    Raises:
        BankError, ValueError: naming file, row and column, or the option at fault.
    """
    tell("reading")
    table = read_responses(responses, items=items, key=key, omit_as_wrong=omit_as_wrong, group=group, skip_bad=skip_bad)
    rules = read_item_rules(items) if items is not None else {}
    document = calibrate_answers(
        table, {item: rule.competency for item, rule in rules.items()},
        model=_models(model, table.item_ids, rules), fix=fix, priors=priors, dimensions=dimensions, latent=latent,
        estimator=estimator, fit=fit, tell=tell,
    )  # fmt: skip
    return document, table


def calibrate_answers(
    table: ResponseTable,
    competencies: Mapping[str, str],
    *,
    model: str | dict[str, str],
    fix: Path | None,
    priors: Sequence[str],
    dimensions: str | None,
    latent: str,
    estimator: str,
    fit: bool,
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """The calibration document of a table of answers; `competencies` by item.

    Raises:
        BankError, ValueError: naming the item or the option at fault.
    """
    if dimensions and not any(competencies.values()):
        raise BankError("--dimensions competency needs --items with a column competency; add it.")
    document = calibration_document(
        table.responses, table.item_ids, competencies, model=model, groups=table.groups,
        fixed=None if fix is None else read_parameters(fix), priors=dict(_prior(text) for text in priors),
        by_competency=bool(dimensions), latent=latent, estimator=estimator, fit=fit, tell=tell,
    )  # fmt: skip
    document["notes"] += _skipped(table.report)
    return document


def _models(model: str, item_ids: Sequence[str], rules: Mapping[str, ItemRule]) -> str | dict[str, str]:
    """The models of the items file where `auto` leaves the choice to it."""
    if model != "auto" or not any(rule.model for rule in rules.values()):
        return model
    return {item: (rules[item].model if item in rules else "") or model for item in item_ids}


def _prior(text: str) -> tuple[str, str]:
    name, separator, prior = text.partition("=")
    if not separator:
        raise BankError(f'--prior {text} has no "="; write for example guessing="beta(5, 17)".')
    return name.strip(), prior.strip()


def _skipped(report: ResponseReport) -> list[str]:
    """What --skip-bad left out, in sentences: the first of them, and how many there were."""
    if not report.n_skipped:
        return []
    shown = [f"skipped: {problem}" for problem in report.skipped[:MOST_NAMED]]
    more = report.n_skipped - len(shown)
    return [*shown, f"{more} more problems were skipped"] if more else shown


def read_parameters(path: Path) -> ItemParameters:
    """The items of a calibration document.

    Raises:
        BankError: naming the file and, where one is to blame, the item.
    """
    try:
        return ItemParameters.from_records(read_calibration(path)["items"])
    except BankError:
        raise
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise BankError(f"{path}: {error}") from error


def read_calibration(path: Path) -> dict[str, Any]:
    """A calibration document.

    Raises:
        BankError: when the file is none.
    """
    try:
        document = json.loads(path.read_text("utf-8"))
    except ValueError:  # neither UTF-8 nor JSON
        document = None
    match document:
        case {"assay": "calibration/1", "items": [*_]}:
            return dict(document)
    raise BankError(f"{path} is no calibration document; write one with `assay calibrate`.")


def write_calibration(document: dict[str, Any], output: Path) -> None:
    """Write the document as JSON, or its items as CSV when the name ends in .csv."""
    if output.suffix.lower() != ".csv":
        output.write_text(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n", "utf-8")
        return
    rows = [_flat(record) for record in document["items"]]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with output.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


MOST_SHOWN = 20_000
"""Persons behind the dots of a report; of a larger file every so many-th one is taken."""


def write_calibration_report(document: dict[str, Any], table: ResponseTable, output: Path) -> None:
    """Write the report as HTML beside the document."""
    from api.reports import render_calibration

    shown = None if table.matrix is None else table.matrix[:: max(len(table.matrix) // MOST_SHOWN, 1)]
    output.with_suffix(".html").write_text(render_calibration(document, shown), "utf-8")


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
