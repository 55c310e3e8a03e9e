"""What each column of a response file means, and cells turned into categories.

A cell is a category (0, 1, …) or, for an item with a key, a raw choice that the key scores.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

NOT_ADMINISTERED = ("", "NA", ".")
LARGEST_CATEGORY = 126
PERSON_COLUMNS = ("person_id", "id")


@dataclass(frozen=True, slots=True)
class ItemRule:
    """How the cells of one item are read: by its key when it has one, else as categories up to `max_score`.

    `competency`, `model` and `anchor` are what the items file says for calibration ("" where it is silent).
    """

    item_id: str
    keys: tuple[str, ...] = ()
    max_score: int | None = None
    competency: str = ""
    model: str = ""
    anchor: bool = False

    @property
    def is_numeric(self) -> bool:
        """Whether the cells can be read as whole numbers: categories, or choices that the key numbers."""
        return all(key.isascii() and key.isdecimal() and len(key) < 3 for key in self.keys)

    @property
    def highest(self) -> int:
        return LARGEST_CATEGORY if self.max_score is None else self.max_score


def item_rules(items: Mapping[str, ItemRule] | None, key: Mapping[str, str] | None) -> dict[str, ItemRule]:
    """The rules of an items file with a separate key laid over it; the key alone makes rules too."""
    rules = dict(items or {})
    for item_id, text in (key or {}).items():
        rules[item_id] = replace(rules.get(item_id, ItemRule(item_id)), keys=split_key(text))
    return rules


def split_key(text: str) -> tuple[str, ...]:
    """'A|C' -> ('a', 'c'): letters match whatever their case, and 4.0 matches 4."""
    return tuple(_plain(part) for part in text.split("|") if part.strip())


def _plain(answer: str) -> str:
    answer = answer.strip().lower()
    whole, dot, zeros = answer.partition(".")
    return whole if dot and whole.lstrip("-").isdecimal() and zeros and not zeros.strip("0") else answer


def missing(cells: pl.Expr, codes: tuple[str, ...]) -> pl.Expr:
    """Where a cell of text says that the item was not administered."""
    return cells.is_null() | cells.is_in(list(codes))


def plain(cells: pl.Expr) -> pl.Expr:
    """Raw choices as keys are written: lower case, 4.0 as 4."""
    return cells.str.to_lowercase().str.replace(r"^(-?\d+)\.0+$", "$1")


def keyed(cells: pl.Expr, rule: ItemRule, codes: tuple[str, ...]) -> pl.Expr:
    """Raw choices (text) scored by the key: int8, null = not administered, the highest category where right."""
    if all(len(key) == 1 and not key.isdecimal() for key in rule.keys):
        chosen = cells.is_in([case for key in rule.keys for case in (key, key.upper())])
    else:
        chosen = plain(cells).is_in(list(rule.keys))
    return pl.when(missing(cells, codes)).then(None).otherwise(chosen.cast(pl.Int8) * (rule.max_score or 1))


def keyed_numbers(cells: pl.Expr, rule: ItemRule) -> pl.Expr:
    """Raw choices that are whole numbers, as `keyed`; a null stays one."""
    right = cells.is_in([int(key) for key in rule.keys])
    return right.cast(pl.Int8) * (rule.max_score or 1)


def categories(cells: pl.Series, rule: ItemRule, codes: tuple[str, ...], decimal: str) -> tuple[pl.Series, pl.Series]:
    """Cells of text as int8 categories, and where they are bad (a boolean mask; bad cells are null)."""
    text = cells.str.replace(",", ".", literal=True) if decimal == "," else cells
    numbers = text.cast(pl.Float64, strict=False)
    absent = pl.select(missing(pl.lit(cells), codes)).to_series()
    usable = (
        numbers.is_finite() & (numbers == numbers.floor()) & (numbers >= 0) & (numbers <= rule.highest)
    ).fill_null(False)
    whole = pl.select(pl.when(pl.lit(usable & ~absent)).then(pl.lit(numbers))).to_series().cast(pl.Int8)
    return whole, ~usable & ~absent


def explain(cell: str, rule: ItemRule, decimal: str, codes: tuple[str, ...]) -> str:
    """Why this cell is no category of this item, and what to do."""
    try:
        number = float(cell.replace(",", ".") if decimal == "," else cell)
    except ValueError:
        return (
            f"'{cell[:40]}' is not a number; write the category (0, 1, …), leave the cell empty when the item was not "
            "administered, or give the item a key."
        )
    if number != number or number in (float("inf"), float("-inf")):
        return f"'{cell[:40]}' is not a category; leave the cell empty when the item was not administered."
    if number < 0:
        return f"{cell} is negative; categories start at 0, and a cell not administered is left empty."
    if number != int(number):
        return f"{cell} is not a whole number; a category is 0, 1, 2, …"
    if rule.max_score is not None:
        return f"category {cell} is above the item's max_score {rule.max_score}; correct the cell or the items file."
    return f"category {cell} is above {LARGEST_CATEGORY}, the highest there can be; is it a code for missing?"


def missing_codes(more: tuple[str, ...]) -> tuple[str, ...]:
    """The codes for not administered, those named by the user added."""
    return tuple(dict.fromkeys((*NOT_ADMINISTERED, *more)))
