"""What became of each item of a file: imported as it stood, changed (how), or refused (why, and where)."""

from collections import Counter
from typing import Literal

from itembank.records import Record

Outcome = Literal["imported", "changed", "refused"]


class ItemEntry(Record, frozen=True, kw_only=True):
    """One item of the file. `reasons` says what was changed or why it was refused; `line` is 0 where there is none."""

    key: str
    outcome: Outcome
    line: int = 0
    reasons: tuple[str, ...] = ()


class ImportReport(Record, frozen=True, kw_only=True):
    """Every item of a file once, so that the counts add up; `notes` concern the file as a whole."""

    file: str
    entries: tuple[ItemEntry, ...] = ()
    notes: tuple[str, ...] = ()

    def counts(self) -> dict[Outcome, int]:
        """How many items had each outcome."""
        seen = Counter(entry.outcome for entry in self.entries)
        return {"imported": seen["imported"], "changed": seen["changed"], "refused": seen["refused"]}

    def refused(self) -> tuple[ItemEntry, ...]:
        """What did not come in."""
        return tuple(entry for entry in self.entries if entry.outcome == "refused")
