"""How many items of each competency a test takes, as a table over the constraints of its design."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from api.pages.institution.compose.entry import Plain

Bound = Literal["min", "max"]
Bounds = dict[Bound, int | None]
NOTHING = 0
"""The least number when none is asked for."""


def table_of(constraints: Iterable[Plain], competencies: Sequence[str]) -> dict[str, Bounds]:
    """The least and the largest number of every competency; where several constraints bind one, the strictest."""
    table: dict[str, Bounds] = {name: {"min": None, "max": None} for name in competencies}
    for one in filter(counts_competency, constraints):
        value = one.get("value", "*")
        for name in competencies if value == "*" else [value]:
            if name in table:
                _tighten(table[name], one.get("min", NOTHING), one.get("max"))
    return table


def counts_competency(constraint: Plain) -> bool:
    """Whether a constraint counts the items of one competency, or of each."""
    return bool(constraint.get("type") == "count" and constraint.get("attribute") == "competency")


def _tighten(bounds: Bounds, low: int, high: int | None) -> None:
    bounds["min"] = max(low, bounds["min"] or NOTHING) or None
    highest = [one for one in (high, bounds["max"]) if one is not None]
    bounds["max"] = min(highest) if highest else None


def put_bound(constraints: list[Plain], competencies: Sequence[str], name: str, bound: Bound, value: Any) -> None:
    """Change one cell: constraints that count these competencies are written anew, all others stay where they are."""
    table = table_of(constraints, competencies)
    table[name][bound] = value or None if bound == "min" else value
    ours = [one for one in constraints if counts_competency(one) and one.get("value", "*") in ("*", *competencies)]
    place = next((index for index, one in enumerate(constraints) if any(one is other for other in ours)), 0)
    rest = [one for one in constraints if not any(one is other for other in ours)]
    constraints[:] = [*rest[:place], *_written(table), *rest[place:]]


def _written(table: dict[str, Bounds]) -> list[Plain]:
    rows: list[tuple[str, Plain]] = [
        (name, {str(bound): n for bound, n in bounds.items() if n is not None}) for name, bounds in table.items()
    ]
    if rows and all(bounds == rows[0][1] for _, bounds in rows):
        rows = [("*", rows[0][1])]
    head: Plain = {"type": "count", "attribute": "competency"}
    return [{**head, "value": name, **bounds} for name, bounds in rows if bounds]
