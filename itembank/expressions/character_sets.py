"""The sets of characters that a pattern of XML Schema names, worked out as ranges of code points."""

import re
import sys
import unicodedata
from collections import defaultdict
from functools import cache

Ranges = tuple[tuple[int, int], ...]
"""Code points as sorted, separate ranges, both ends included."""
NO_LINE_END: Ranges = ((0, 9), (11, 12), (14, sys.maxunicode))
"""What a full stop stands for."""


class SetReader:
    """Reads a pattern from the left; `at` is the place reached. These are the parts that name sets of characters."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def known_class(self) -> Ranges | None:
        """The set that an escape like \\d, \\i or \\p{Lu} stands for, read past; None for the escape of one sign."""
        letter = self.pattern[self.at + 1 : self.at + 2]
        if letter in ("p", "P"):
            named = re.compile(r"\{([^}]*)\}").match(self.pattern, self.at + 2)
            if named is None:
                raise ValueError(f"'\\{letter}' lacks the name of a property")
            self.at = named.end()
            found = _property(named.group(1))
            return _complement(found) if letter == "P" else found
        if letter and letter in "dDsSwWiIcC":
            self.at += 2
            found = _of_letter(letter.lower())
            return _complement(found) if letter.isupper() else found
        return None

    def bracketed(self) -> Ranges:
        """A class in brackets, with ranges, escapes and one class taken off ([a-z-[aeiou]])."""
        self.at += 1
        negated = self.pattern.startswith("^", self.at)
        self.at += negated
        found: list[tuple[int, int]] = []
        taken_off: Ranges = ()
        first = True
        while first or not self.pattern.startswith("]", self.at):
            if self.at >= len(self.pattern):
                raise ValueError("a bracket is not closed")
            first = False
            if self.pattern.startswith("-[", self.at):
                self.at += 1
                taken_off = self.bracketed()
                break
            found.extend(self._part())
        if not self.pattern.startswith("]", self.at):
            raise ValueError("a class that is taken off must stand last in its brackets")
        self.at += 1
        whole = _complement(_joined(found)) if negated else _joined(found)
        return _without(whole, taken_off)

    def _part(self) -> Ranges:
        """One sign, one range or one escape inside brackets."""
        if self.pattern[self.at] == "\\" and (known := self.known_class()) is not None:
            return known
        low = self.sign()
        ahead = self.pattern[self.at : self.at + 2]
        if ahead[:1] != "-" or ahead[1:] in ("", "]", "["):
            return ((low, low),)
        self.at += 1
        high = self.sign()
        if high < low:
            raise ValueError(f"the range {chr(low)}-{chr(high)} runs backwards")
        return ((low, high),)

    def sign(self) -> int:
        if self.pattern[self.at] == "\\":
            self.at += 1
            letter = self.pattern[self.at : self.at + 1]
            if not letter:
                raise ValueError("it ends in a backslash")
            self.at += 1
            return ord(CONTROLS.get(letter, letter))
        self.at += 1
        return ord(self.pattern[self.at - 1])


CONTROLS = {"n": "\n", "r": "\r", "t": "\t"}
NAME_START: Ranges = (
    *((0x3A, 0x3A), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A), (0xC0, 0xD6), (0xD8, 0xF6), (0xF8, 0x2FF)),
    *((0x370, 0x37D), (0x37F, 0x1FFF), (0x200C, 0x200D), (0x2070, 0x218F), (0x2C00, 0x2FEF), (0x3001, 0xD7FF)),
    *((0xF900, 0xFDCF), (0xFDF0, 0xFFFD), (0x10000, 0xEFFFF)),
)
NAME_MORE: Ranges = ((0x2D, 0x2E), (0x30, 0x39), (0xB7, 0xB7), (0x300, 0x36F), (0x203F, 0x2040))
"""XML 1.0 (fifth edition), productions 4 and 4a: what a name may start with, and what else may follow."""
BLOCKS: dict[str, tuple[int, int]] = {
    "BasicLatin": (0x0, 0x7F),
    "Latin-1Supplement": (0x80, 0xFF),
    "LatinExtended-A": (0x100, 0x17F),
    "LatinExtended-B": (0x180, 0x24F),
    "IPAExtensions": (0x250, 0x2AF),
    "CombiningDiacriticalMarks": (0x300, 0x36F),
    "Greek": (0x370, 0x3FF),
    "GreekandCoptic": (0x370, 0x3FF),
    "Cyrillic": (0x400, 0x4FF),
    "Armenian": (0x530, 0x58F),
    "Hebrew": (0x590, 0x5FF),
    "Arabic": (0x600, 0x6FF),
    "Devanagari": (0x900, 0x97F),
    "Thai": (0xE00, 0xE7F),
    "LatinExtendedAdditional": (0x1E00, 0x1EFF),
    "GreekExtended": (0x1F00, 0x1FFF),
    "GeneralPunctuation": (0x2000, 0x206F),
    "SuperscriptsandSubscripts": (0x2070, 0x209F),
    "CurrencySymbols": (0x20A0, 0x20CF),
    "LetterlikeSymbols": (0x2100, 0x214F),
    "NumberForms": (0x2150, 0x218F),
    "Arrows": (0x2190, 0x21FF),
    "MathematicalOperators": (0x2200, 0x22FF),
    "GeometricShapes": (0x25A0, 0x25FF),
    "Hiragana": (0x3040, 0x309F),
    "Katakana": (0x30A0, 0x30FF),
    "CJKUnifiedIdeographs": (0x4E00, 0x9FFF),
    "HangulSyllables": (0xAC00, 0xD7AF),
    "PrivateUse": (0xE000, 0xF8FF),
}


@cache
def _categories() -> dict[str, Ranges]:
    """The code points of every general category of Unicode ("Lu"), and of every first letter of one ("L")."""
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for point in range(sys.maxunicode + 1):
        category = unicodedata.category(chr(point))
        runs = found[category]
        if runs and runs[-1][1] == point - 1:
            runs[-1] = (runs[-1][0], point)
        else:
            runs.append((point, point))
    for major in {category[0] for category in found}:
        found[major] = [run for category, runs in list(found.items()) if category[0] == major for run in runs]
    return {category: _joined(runs) for category, runs in found.items()}


def _property(name: str) -> Ranges:
    if name.startswith("Is"):
        if name[2:] not in BLOCKS:
            raise ValueError(f"the block '{name}' is not known here")
        return (BLOCKS[name[2:]],)
    if name not in _categories():
        raise ValueError(f"'{name}' is no category of Unicode")
    return _categories()[name]


@cache
def _of_letter(letter: str) -> Ranges:
    """What \\d, \\s, \\w, \\i and \\c stand for in XML Schema."""
    if letter == "s":
        return ((0x9, 0xA), (0xD, 0xD), (0x20, 0x20))
    if letter in "ic":
        return NAME_START if letter == "i" else _joined([*NAME_START, *NAME_MORE])
    kinds = _categories()
    return kinds["Nd"] if letter == "d" else _complement(_joined([*kinds["P"], *kinds["Z"], *kinds["C"]]))


def _joined(ranges: "list[tuple[int, int]]") -> Ranges:
    made: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if made and low <= made[-1][1] + 1:
            made[-1] = (made[-1][0], max(made[-1][1], high))
        else:
            made.append((low, high))
    return tuple(made)


def _complement(ranges: Ranges) -> Ranges:
    made, start = [], 0
    for low, high in ranges:
        if start < low:
            made.append((start, low - 1))
        start = high + 1
    if start <= sys.maxunicode:
        made.append((start, sys.maxunicode))
    return tuple(made)


def _without(ranges: Ranges, taken_off: Ranges) -> Ranges:
    return _complement(_joined([*_complement(ranges), *taken_off])) if taken_off else ranges
