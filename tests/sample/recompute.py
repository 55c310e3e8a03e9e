"""Recomputes an item's answer from the numbers that stand in its own stem, by a formula written apart from its key."""

import math
import re
import statistics
from typing import Any

from lxml import html

NUMBER = re.compile(r"(?<![A-Za-z$\d])-?\d[\d,]*(?:\.\d+)?")


def numbers(text: str) -> list[float]:
    """Every number of a text in reading order: no cell references, and "2019-2020" is a range, not a minus."""
    spaced = re.sub(r"(?<=\d)[-–](?=\d)", " ", text)
    return [float(found.rstrip(",").replace(",", "")) for found in NUMBER.findall(spaced)]


class Stem:
    """The stem's first table by its headers, and the numbers of its running text."""

    def __init__(self, stem: str) -> None:
        root = html.fragment_fromstring(stem, create_parent="div")
        self.rows: dict[str, list[str]] = {}
        self.columns: list[str] = []
        for table in root.findall(".//table")[:1]:
            self.columns = [cell.text_content() for cell in table.findall("./thead/tr/*")]
            for row in table.findall("./tbody/tr"):
                head, *cells = [cell.text_content() for cell in row]
                self.rows[head] = cells
        self.prose = numbers(" ".join(paragraph.text_content() for paragraph in root.findall(".//p")))

    def cell(self, row: str, column: str) -> float:
        return numbers(self.rows[row][self.columns.index(column) - 1])[0]

    def row(self, name: str) -> list[float]:
        return [numbers(cell)[0] for cell in self.rows[name] if numbers(cell)]

    def column(self, name: str) -> list[float]:
        place = self.columns.index(name) - 1
        return [numbers(cells[place])[0] for cells in self.rows.values() if numbers(cells[place])]


def evaluate(item: dict[str, Any], formula: str) -> Any:
    stem = Stem(item["stem"])
    names = {"n": stem.prose, "cell": stem.cell, "row": stem.row, "col": stem.column, "rows": stem.rows}
    tools = {"math": math, "statistics": statistics, "mean": statistics.fmean, "median": statistics.median}
    options = [text_of(option) for option in item.get("options", ())]
    return eval(formula, names | tools | {"numbers": numbers, "options": options})


def text_of(markup: str) -> str:
    return "".join(str(part) for part in html.fromstring(f"<span>{markup}</span>").itertext())


def stated(item: dict[str, Any]) -> str | set[str]:
    """The right answer as a reader sees it; the set of them where several are right."""
    if item["type"] == "numeric":
        return str(item["key"])
    right = [text_of(item["options"]["ABCDEF".index(letter)]) for letter in item["key"].split("|")]
    return set(right) if item["type"] == "multiple" else right[0]


def disagreement(item: dict[str, Any], formula: str) -> str:
    """Empty when the formula's result is the item's key (to the key's last digit) or a condition that holds.

    A formula gives a number, the right option's text, the set of right options, or whether what the key claims is so.
    """
    result = evaluate(item, formula)
    if isinstance(result, bool):
        return "" if result else f"{item['item_id']}: {formula} does not hold."
    said = stated(item)
    if isinstance(result, str | set) or isinstance(said, set):
        return "" if result == said else f"{item['item_id']}: {formula} gives {result!r}, the key says {said!r}."
    found = NUMBER.search(said)
    if found is None:
        return f"{item['item_id']}: the key '{said}' holds no number."
    last_digit = 10.0 ** -len(found[0].partition(".")[2])
    near = abs(result - float(found[0].replace(",", ""))) <= 0.5 * last_digit + 1e-9
    return "" if near else f"{item['item_id']}: {formula} gives {result}, the key says '{said}'."
