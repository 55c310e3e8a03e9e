"""Regular expressions of XML Schema, matched in time that grows with the answer alone, whatever they repeat.

Its classes are worked out and the rest is passed on to RE2, which follows all ways through a pattern at once; `^` and
`$` stay anchors, because authors write them as such although XML Schema has none (a pattern always stands for the whole
string).
"""

import re
import sys
from functools import lru_cache

import re2

from itembank.expressions.character_sets import Ranges, SetReader

LONGEST_PATTERN = 1000
MOST_IN_LINE = 2
MOST_ALTERNATIVES = 20
"""As many repetitions and alternatives one after the other are still tried where RE2 does not read a pattern."""
LOOKING = re.compile(r"\(\?<?[=!][^()]*$")


@lru_cache(maxsize=512)
def compiled(pattern: str) -> "re.Pattern[str]":
    """What matches an XML Schema pattern: Python's own matching where it looks around or back, but within bounds.

    Raises:
        ValueError: when it cannot be read, or could take unbounded time on a hostile answer.
    """
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError(f"the pattern '{pattern[:60]}' is longer than {LONGEST_PATTERN} characters; simplify it.")
    try:
        known = re.compile(_Translator(pattern, r"\U{:08x}").translated())
        return _linear(pattern) or _within_bounds(pattern, known)
    except (re.error, RecursionError, OverflowError, ValueError) as failure:
        raise ValueError(f"the pattern '{pattern[:60]}' is no regular expression ({failure}).") from None


def _linear(pattern: str) -> "re.Pattern[str] | None":
    """The pattern as RE2 matches it; None when that is beyond it."""
    options = re2.Options()
    options.log_errors = False
    try:
        made: re.Pattern[str] = re2.compile(_Translator(pattern, r"\x{{{:x}}}").translated(), options)
    except re2.error:
        return None
    return made


def _within_bounds(pattern: str, known: "re.Pattern[str]") -> "re.Pattern[str]":
    if may_explode(pattern):
        raise ValueError("it looks ahead or back, or repeats too often, and could take for ever; simplify it")
    return known


def _plain(pattern: str) -> str:
    """The pattern with one letter for every escape and every class in brackets."""
    return re.sub(r"\[(?:\\.|[^\]\\])*\]", "x", re.sub(r"\\.", "x", pattern))


def may_explode(pattern: str, most_in_line: int = MOST_IN_LINE) -> bool:
    """Whether trying all ways through a pattern could take for ever.

    It could where a group that repeats holds a repetition or alternatives, or where a line repeats often.
    """
    plain = _plain(pattern)
    alternatives, repetitions = [0], [0]
    for index, character in enumerate(plain):
        if character == "(":
            alternatives.append(0)
            repetitions.append(0)
        elif character == ")" and len(repetitions) > 1:
            several, inside = alternatives.pop(), repetitions.pop()
            if (several or inside) and _unbounded(plain, index + 1):
                return True
            looks = LOOKING.search(plain[:index]) is not None
            alternatives[-1] += several
            repetitions[-1] += 0 if looks else inside
        else:
            alternatives[-1] += character == "|"
            repetitions[-1] += _unbounded(plain, index)
        if repetitions[-1] > most_in_line or alternatives[-1] > MOST_ALTERNATIVES:
            return True
    return False


def _unbounded(plain: str, index: int) -> bool:
    """Whether what stands before this place may stand any number of times, or more than twenty."""
    braces = re.compile(r"\{\d*,(\d*)\}").match(plain, index)
    often = braces is not None and (not braces.group(1) or int(braces.group(1)) > 20)
    return often or plain[index : index + 1] in ("*", "+")


class _Translator(SetReader):
    """Writes a pattern's classes as ranges of code points, each in the form that an engine reads."""

    def __init__(self, pattern: str, form: str) -> None:
        super().__init__(pattern)
        self.form = form

    def translated(self) -> str:
        """The pattern with every class written out."""
        made: list[str] = []
        while self.at < len(self.pattern):
            character = self.pattern[self.at]
            if character == "[":
                made.append(self._written(self.bracketed()))
            elif character == ".":
                self.at += 1
                made.append(r"[^\n\r]")
            elif character == "\\":
                made.append(self._escape())
            else:
                self.at += 1
                made.append(character)
        return "".join(made)

    def _escape(self) -> str:
        known = self.known_class()
        if known is not None:
            return self._written(known)
        self.at += 2
        return self.pattern[self.at - 2 : self.at]

    def _written(self, ranges: Ranges) -> str:
        """A set as a class; an empty one is all but everything."""
        if not ranges:
            return "[^" + self.form.format(0) + "-" + self.form.format(sys.maxunicode) + "]"
        return "[" + "".join(f"{self.form.format(low)}-{self.form.format(high)}" for low, high in ranges) + "]"
