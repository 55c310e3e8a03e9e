"""What became of each item of a file: imported, changed (how) or refused (why, where), with counts that add up."""

from collections import Counter
from collections.abc import Iterable
from typing import Literal

from itembank.records import Record

Fate = Literal["imported", "changed", "refused"]


class ItemLoss(Record, frozen=True, kw_only=True):
    """The fate of one item: `place` is the file, row or line where it stands, `notes` say how or why."""

    key: str
    fate: Fate
    place: str = ""
    notes: tuple[str, ...] = ()


class LossReport(Record, frozen=True, kw_only=True):
    """All items of one file, in its order, and what concerns the file as a whole."""

    source: str = ""
    entries: tuple[ItemLoss, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[Fate, int]:
        """How many items were imported as they are, changed, refused; the sum is the number of items in the file."""
        fates = Counter(entry.fate for entry in self.entries)
        return {"imported": fates["imported"], "changed": fates["changed"], "refused": fates["refused"]}

    @property
    def n_items(self) -> int:
        return len(self.entries)

    @property
    def refused(self) -> tuple[ItemLoss, ...]:
        return tuple(entry for entry in self.entries if entry.fate == "refused")


def total(reports: Iterable[LossReport]) -> dict[Fate, int]:
    """The counts of several files together."""
    counts: Counter[Fate] = Counter()
    for report in reports:
        counts.update(report.counts)
    return {"imported": counts["imported"], "changed": counts["changed"], "refused": counts["refused"]}


def taken(key: str, place: str, notes: Iterable[str] = ()) -> ItemLoss:
    """An item that came in: imported as it is, or changed when there are notes on how."""
    said = tuple(dict.fromkeys(notes))
    return ItemLoss(key=key, fate="changed" if said else "imported", place=place, notes=said)


def refused(key: str, place: str, why: str) -> ItemLoss:
    return ItemLoss(key=key, fate="refused", place=place, notes=(why,))


def summary(report: LossReport) -> str:
    """One sentence: "12 items: 9 imported, 2 changed, 1 refused."."""
    counts = report.counts
    parts = ", ".join(f"{number} {fate}" for fate, number in counts.items())
    return f"{report.n_items} item{'' if report.n_items == 1 else 's'}: {parts}."
