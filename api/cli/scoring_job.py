"""From a response file and a calibration to abilities."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.cli.calibration_job import read_calibration, read_parameters
from itembank.errors import BankError
from itembank.exchange.responses import ItemRule, ResponseTable, read_responses
from psychometrics import estimate_ability
from psychometrics.ability.multidimensional import estimate_competencies
from psychometrics.models.base import ItemParameters

Scores = dict[str, Any]


def score_file(
    responses: Path,
    parameters: Path,
    method: str,
    *,
    group: str | None = None,
    key: Path | None = None,
    omit_as_wrong: bool = False,
    skip_bad: bool = False,
) -> Scores:
    """Columns person_id, theta, sem, status, n_responses, and theta and sem by competency for several dimensions.

    Raises:
        BankError, ValueError: naming file, row and column, or the option at fault.
    """
    document = read_calibration(parameters)
    items = read_parameters(parameters)
    rules = {
        name: ItemRule(name, max_score=int(categories) - 1)
        for name, categories in zip(items.item_id, items.n_categories)
    }
    table = read_responses(responses, items=rules, key=key, omit_as_wrong=omit_as_wrong, group=group, skip_bad=skip_bad)
    missing = sorted(set(table.item_ids) - set(items.item_id))
    if missing:
        raise BankError(f"{responses}: item '{missing[0]}' has no parameters in {parameters}; leave its column out.")
    index = {name: place for place, name in enumerate(items.item_id)}
    items = items.take([index[name] for name in table.item_ids])
    prior = _population(document, table)
    matrix = table.responses
    scores: Scores = {"person_id": table.person_ids}
    estimate = estimate_ability(matrix, items, method, prior=prior if method in ("eap", "map") else None)
    scores |= {"theta": estimate.theta, "sem": estimate.sem, "status": estimate.status.tolist()}
    scores |= {"n_responses": (matrix >= 0).sum(axis=1)}
    return scores | _by_competency(document, table, items)


def _population(document: dict[str, Any], table: ResponseTable) -> tuple[Any, Any]:
    """Mean and sd of each person's group; the first group's where the file names none."""
    groups = document.get("groups") or [{"group": "all", "mean": 0.0, "sd": 1.0}]
    by_name = {str(entry["group"]): (entry["mean"], entry["sd"]) for entry in groups}
    if table.groups is None or len(groups) == 1:
        mean, sd = groups[0]["mean"], groups[0]["sd"]
        return (_first(mean), _first(sd))
    unknown = sorted(set(table.groups) - set(by_name))
    if unknown:
        raise BankError(f"Group '{unknown[0]}' is not in the calibration, which has {', '.join(by_name)}.")
    pairs = np.array([[_first(value) for value in by_name[name]] for name in table.groups])
    return pairs[:, 0], pairs[:, 1]


def _first(value: Any) -> float:
    return float(value[0] if isinstance(value, list) else value)


def _by_competency(document: dict[str, Any], table: ResponseTable, items: ItemParameters) -> Scores:
    dimensions = document.get("dimensions") or []
    if len(dimensions) < 2:
        return {}
    home = {str(record["item_id"]): str(record["competency"]) for record in document["items"]}
    dimension: NDArray[np.int64] = np.array([dimensions.index(home[name]) for name in items.item_id])
    posterior = estimate_competencies(table.responses, items, dimension, np.array(document["correlations"]))
    scores: Scores = {}
    for place, name in enumerate(dimensions):
        scores |= {f"theta:{name}": posterior.theta[:, place], f"sem:{name}": posterior.sem[:, place]}
    return scores


def write_scores(scores: Scores, output: Path) -> None:
    """Write the columns as CSV, or as JSON when the name ends in .json."""
    columns = {name: np.asarray(values).tolist() for name, values in scores.items()}
    if output.suffix.lower() == ".json":
        output.write_text(json.dumps(columns, ensure_ascii=False) + "\n", "utf-8")
        return
    with output.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values()))
