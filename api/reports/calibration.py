"""A calibration as one HTML file: what was estimated, which items to trust, curves, persons and items, information."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from api.charts import Dots
from api.pages.words import words
from api.reports.curves import information_by_competency, item_curve, persons_and_items
from api.reports.document import document as render
from api.reports.lights import ORDER, light_of
from api.reports.observed import Observed, as_dots, dimensions_of
from engine.messages import Language
from psychometrics.arrays import as_responses
from psychometrics.models.base import ItemParameters

MOST_CURVES = 150
NUMBERS = ("discrimination", "difficulty", "guessing", "upper")


def render_calibration(document: Mapping[str, Any], responses: Any = None, language: Language = "en") -> str:
    """The report as HTML.

    Args:
        document: a calibration document ("calibration/1").
        responses: the answers it rests on, (n_persons, n_items) in the order of its items, -1 = not administered; with
            them the curves stand over what was observed.

    Raises:
        ValueError: when the document is no calibration, or the answers are not of its items.
    """
    if document.get("assay") != "calibration/1":
        raise ValueError(f"document is {document.get('assay')!r}, not 'calibration/1'; write one with assay calibrate.")
    records = document["items"]
    items = ItemParameters.from_records(records)
    dimension = dimensions_of(document)
    observed = None
    if responses is not None:
        matrix = as_responses(responses)
        if matrix.shape[1] != len(items):
            raise ValueError(f"responses has {matrix.shape[1]} columns for {len(items)} items; give one an item.")
        observed = Observed(items, matrix, dimension)
    rows = [_row(record, language) for record in records]
    drawn = _drawn(rows)
    return render(
        "calibration.html", language, document=document, rows=rows,
        counts={colour: sum(row["light"].colour == colour for row in rows) for colour in ORDER},
        curves=[(rows[place], item_curve(items, place, language, _dots(observed, place, language))) for place in drawn],
        n_left_out=len(rows) - len(drawn), wright=persons_and_items(items, document, language, observed),
        information=information_by_competency(items, dimension, language), has_fit=any(row["fit"] for row in rows),
        correlations=_correlations(document),
    )  # fmt: skip


def _dots(observed: Observed | None, place: int, language: Language) -> list[Dots]:
    return [as_dots(words(language, "report.observed"), observed.groups(place))] if observed else []


def _row(record: Mapping[str, Any], language: Language) -> dict[str, Any]:
    errors = record.get("standard_error") or {}
    bounds = record.get("thresholds") or record.get("steps") or []
    return {
        "item_id": record["item_id"], "competency": record.get("competency") or "", "model": record.get("model", ""),
        "n": record.get("n_responses"), "fit": record.get("fit") or {}, "light": light_of(record, language),
        "numbers": {name: (record.get(name), _error(errors.get(name))) for name in NUMBERS},
        "bounds": [bound for bound in bounds if bound is not None and np.isfinite(bound)],
    }  # fmt: skip


def _error(value: Any) -> float | None:
    return float(value) if isinstance(value, float | int) and np.isfinite(value) else None


def _drawn(rows: list[dict[str, Any]]) -> list[int]:
    """Which curves are drawn: all of a small bank; of a large one those with a warning first."""
    order = sorted(range(len(rows)), key=lambda place: (-ORDER.index(rows[place]["light"].colour), place))
    return order[:MOST_CURVES]


def _correlations(document: Mapping[str, Any]) -> list[tuple[str, list[float]]]:
    return list(zip(document.get("dimensions") or [], document.get("correlations") or []))
