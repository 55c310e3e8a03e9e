"""New items onto the scale of the old ones: answers of sittings as a matrix, and what the calibration made of them.

The operational items hold the scale with their parameters fixed, the populations are free (Kim, 2006, Journal of
Educational Measurement 43). A row is a sitting, since ability belongs to a sitting. Each occasion is a population of
its own, since those who sit a post-test have passed a pre-test; a scale of several competencies has one population.
Adaptive selection depends on the operational answers alone and these are all in the likelihood, so what was not
administered is missing at random (Mislevy & Wu, 1996, Educational Testing Service RR-96-30); pretest items are drawn
at random on top.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from itembank.items import Item
from itembank.records import Record
from psychometrics.arrays import MISSING
from psychometrics.calibration.screening import CALIBRATED
from psychometrics.models.base import ItemParameters

FEWEST = 100
"""Answers that a pretest item needs before its parameters may count, unless the caller asks for more."""


class CollectedResponse(Record, frozen=True, kw_only=True):
    """One scored answer of one finished sitting."""

    session_id: int
    occasion: str
    item: str
    category: int


class Collected(Record, frozen=True, kw_only=True):
    """A response matrix of sittings: (n_sittings, n_items), with each sitting's occasion."""

    item_id: tuple[str, ...]
    responses: NDArray[np.int8]
    occasions: tuple[str, ...]


class PretestResult(Record, frozen=True, kw_only=True):
    """Records of the items that may become operational; `waiting`: why the others may not yet."""

    records: tuple[dict[str, Any], ...]
    waiting: dict[str, str]
    n_sittings: int
    n_responses: int
    status: str


def collect(rows: Sequence[CollectedResponse], wanted: Collection[str]) -> Collected:
    """Answers to the wanted items as a matrix."""
    kept = [row for row in rows if row.item in wanted]
    items = tuple(dict.fromkeys(row.item for row in kept))
    sittings = dict.fromkeys(row.session_id for row in kept)
    columns = {item: place for place, item in enumerate(items)}
    lines = {session_id: place for place, session_id in enumerate(sittings)}
    responses = np.full((len(lines), len(items)), MISSING, dtype=np.int8)
    occasions = [""] * len(lines)
    for row in kept:
        responses[lines[row.session_id], columns[row.item]] = row.category
        occasions[lines[row.session_id]] = row.occasion
    return Collected(item_id=items, responses=responses, occasions=tuple(occasions))


def calibrate_beside(
    collected: Collected,
    document: Mapping[str, Any],
    items: Mapping[str, Item],
    *,
    model: str,
    min_responses: int,
) -> PretestResult:
    """Parameters of the items that the document does not hold, on its scale.

    Raises:
        ValueError: when the sittings hold no operational answer, or the model does not fit an item's categories.
    """
    from psychometrics import calibrate

    fixed = ItemParameters.from_records(document["items"])
    held = set(fixed.item_id)
    dimensions = _dimensions(collected, document, items)
    result = calibrate(
        collected.responses,
        {name: "auto" if items[name].scoring.max_category > 1 else model for name in collected.item_id},
        item_id=collected.item_id,
        groups=None if dimensions else collected.occasions,
        fixed=fixed,
        dimensions=dimensions,
        n_categories=[items[name].scoring.max_category + 1 for name in collected.item_id],
        min_responses=min_responses,
    )
    records = [record for record in result.to_document()["items"] if record["item_id"] not in held]
    waiting = {record["item_id"]: _why_not(record, min_responses) for record in records}
    for record in records:
        competencies = items[record["item_id"]].facts.competencies
        record["competency"] = competencies[0] if competencies else None
    return PretestResult(
        records=tuple(record for record in records if not waiting[record["item_id"]]),
        waiting={name: why for name, why in waiting.items() if why},
        n_sittings=len(collected.responses),
        n_responses=int((collected.responses != MISSING).sum()),
        status=result.status,
    )


def _why_not(record: Mapping[str, Any], min_responses: int) -> str:
    """Why an item may not count yet; "" when it may."""
    if record["n_responses"] < min_responses:
        return f"{record['n_responses']} answers; {min_responses} are needed."
    slope = record.get("discrimination")
    if slope is not None and slope <= 0:
        return f"Its discrimination is {slope:.2f}: the able fail it more often; check its key."
    return "" if record["status"] == CALIBRATED else str(record["status"])


def _dimensions(collected: Collected, document: Mapping[str, Any], items: Mapping[str, Item]) -> dict[str, str] | None:
    """The competency of each item where the scale has one dimension a competency."""
    known = set(document.get("dimensions") or ())
    if not known:
        return None
    own = {name: next(iter(items[name].facts.competencies), "") for name in collected.item_id}
    return own if set(own.values()) <= known else None
