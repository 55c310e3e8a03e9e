"""What a framework file held, what of it was kept, and every field that had no place."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from itembank.exchange.delimited import Source, open_source
from itembank.exchange.findings import Findings
from itembank.records import Record

LARGEST = 128 * 1024 * 1024


class FrameworkReport(Record, frozen=True, kw_only=True):
    """Counts of what stands in the framework now; `left_out` names fields and associations with their number."""

    file: str
    n_competencies: int
    n_crosswalks: int = 0
    left_out: dict[str, int] = {}
    notes: tuple[str, ...] = ()


class Ledger:
    """Counts fields as they are read, so that those nobody asked for can be named."""

    def __init__(self) -> None:
        self.left_out: Counter[str] = Counter()
        self.notes: list[str] = []

    def fields(self, kind: str, record: Mapping[str, Any], known: Iterable[str]) -> None:
        """Count the fields of a record that are filled and not known."""
        for name in record.keys() - set(known):
            if record[name] not in (None, "", [], {}):
                self.left_out[f"{kind}.{name}"] += 1

    def report(self, file: str, n_competencies: int, n_crosswalks: int) -> FrameworkReport:
        """The closed ledger."""
        return FrameworkReport(
            file=file,
            n_competencies=n_competencies,
            n_crosswalks=n_crosswalks,
            left_out={name: count for name, count in sorted(self.left_out.items()) if count},
            notes=tuple(self.notes),
        )


def read_json_object(source: Source, findings: Findings) -> dict[str, Any]:
    """A JSON object of bounded size.

    Raises:
        FileRefused: when it is too large, not JSON, or no object.
    """
    with open_source(source, findings) as stream:
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise findings.refuse(f"is larger than {LARGEST >> 20} MB.")
    try:
        return msgspec.json.decode(data, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise findings.refuse(f"is no JSON object ({error}).") from None


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects of a list, or the one object that stands where a list is due."""
    values = value if isinstance(value, list) else [value]
    return [entry for entry in values if isinstance(entry, dict)]


def text(value: Any) -> str:
    """A text, the first of several, or the first language of a language map."""
    if isinstance(value, dict):
        return text(next(iter(value.values()), ""))
    if isinstance(value, list):
        return text(value[0]) if value else ""
    return "" if value is None else str(value).strip()
