"""Coverage of a bank: competency × difficulty, and how many items each cell lacks."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from itembank.competencies import Framework, leaves
from itembank.errors import BankError
from itembank.items import Item, ParameterFacts
from itembank.records import Record

BANDS = (-1.5, -0.5, 0.5, 1.5)
"""The usual cuts of the difficulty scale into five bands, in logits."""


class Cell(Record, frozen=True, kw_only=True):
    """One competency in one band of difficulty: `n_items` there are, `n_needed` there should be."""

    competency: str
    band: int
    n_items: int
    n_needed: int

    @property
    def n_missing(self) -> int:
        """How many items are still to be written."""
        return max(0, self.n_needed - self.n_items)


class Coverage(Record, frozen=True, kw_only=True):
    """The whole table. `cuts` are the bounds between bands; items without difficulty are counted apart."""

    cuts: tuple[float, ...]
    cells: tuple[Cell, ...]
    uncalibrated: dict[str, int] = {}
    outside: tuple[str, ...] = ()

    @property
    def holes(self) -> tuple[Cell, ...]:
        """The cells that lack items, the emptiest first."""
        return tuple(sorted((c for c in self.cells if c.n_missing), key=lambda c: (-c.n_missing, c.competency, c.band)))

    def n_missing(self, competency: str = "") -> int:
        """How many items are missing in all, or for one competency."""
        return sum(cell.n_missing for cell in self.cells if competency in ("", cell.competency))

    def band_name(self, band: int) -> str:
        """A band in words: "below -1.5", "-1.5 to -0.5", …"""
        if band == 0:
            return f"below {self.cuts[0]:g}"
        if band == len(self.cuts):
            return f"{self.cuts[-1]:g} and above"
        return f"{self.cuts[band - 1]:g} to {self.cuts[band]:g}"


def difficulty_of(facts: ParameterFacts | None) -> float | None:
    """Where an item measures: its difficulty, or the mean of its thresholds or steps; None when nothing says so.

    A nominal item has no difficulty: where its adjacent categories cross gives one, when slopes differ.
    """
    if facts is None:
        return None
    if facts.difficulty is not None:
        return facts.difficulty
    bounds = facts.thresholds or facts.steps or _crossings(facts.slopes, facts.intercepts)
    return sum(bounds) / len(bounds) if bounds else None


def _crossings(slopes: Sequence[float], intercepts: Sequence[float]) -> tuple[float, ...]:
    pairs = zip(slopes, slopes[1:], intercepts, intercepts[1:])
    return tuple((before - after) / (next_ - slope) for slope, next_, before, after in pairs if next_ != slope)


def coverage(
    items: Iterable[Item],
    framework: Framework,
    needed: int | Mapping[str, int | Sequence[int]],
    *,
    parameters: Mapping[str, ParameterFacts] | None = None,
    cuts: Sequence[float] = BANDS,
) -> Coverage:
    """Count items by competency and band, against what is needed.

    Args:
        items: the pool to be judged (usually the operational items); an item counts for each of its competencies.
        framework: its leaves are the rows, in its order.
        needed: per cell; or per competency, one number for every band or one for each band (0 for those absent).
        parameters: by item key; an item's own parameters where it is absent.
        cuts: bounds between bands, rising.

    Raises:
        BankError: when cuts do not rise, or `needed` names an unknown competency or has the wrong number of bands.
    """
    if not cuts or any(low >= high for low, high in zip(cuts, list(cuts)[1:])):
        raise BankError("The cuts between bands of difficulty must rise; sort them and remove doubles.")
    rows = [competency.key for competency in leaves(framework)]
    wanted = {key: _needed(key, needed, len(cuts) + 1) for key in rows}
    _check_known(needed, rows)
    counts: Counter[tuple[str, int]] = Counter()
    uncalibrated: Counter[str] = Counter()
    outside: list[str] = []
    for item in items:
        difficulty = difficulty_of((parameters or {}).get(item.key, item.parameters))
        known = [key for key in item.facts.competencies if key in wanted]
        if not known:
            outside.append(item.key)
        for key in known:
            if difficulty is None:
                uncalibrated[key] += 1
            else:
                counts[key, bisect_right(cuts, difficulty)] += 1
    cells = tuple(
        Cell(competency=key, band=band, n_items=counts[key, band], n_needed=n)
        for key in rows
        for band, n in enumerate(wanted[key])
    )
    return Coverage(cuts=tuple(cuts), cells=cells, uncalibrated=dict(uncalibrated), outside=tuple(outside))


def _needed(key: str, needed: int | Mapping[str, int | Sequence[int]], n_bands: int) -> list[int]:
    of_key = needed if isinstance(needed, int) else needed.get(key, 0)
    per_band = [of_key] * n_bands if isinstance(of_key, int) else list(of_key)
    if len(per_band) != n_bands or any(number < 0 for number in per_band):
        raise BankError(f"Competency '{key}': needed must be one number from 0, or {n_bands} of them (one a band).")
    return per_band


def _check_known(needed: int | Mapping[str, int | Sequence[int]], rows: Sequence[str]) -> None:
    unknown = sorted(set() if isinstance(needed, int) else set(needed) - set(rows))
    if unknown:
        raise BankError(f"'{unknown[0]}' is no competency without children in this framework; correct the key.")
