"""Regular expressions of XML Schema, matched in bounded time whatever they repeat.

What the language of XML Schema and Python's share is passed on to Python; `^` and `$` stay anchors, because authors
write them as such although XML Schema has none (a pattern always stands for the whole string).
"""

import re
from functools import lru_cache

from itembank.expressions.automata import Automaton, Foreign
from itembank.expressions.character_sets import Ranges, SetReader

LONGEST_PATTERN = 1000
FEW_REPETITIONS = 1
"""As many unbounded repetitions Python's own matching, which tries all ways, goes through at once."""
MOST_IN_LINE = 2
MOST_ALTERNATIVES = 20
"""As many repetitions and alternatives one after the other are still tried where a pattern looks around or back."""
LOOKING = re.compile(r"\(\?<?[=!][^()]*$")


@lru_cache(maxsize=512)
def compiled(pattern: str) -> "re.Pattern[str] | Automaton":
    """What matches an XML Schema pattern.

    Raises:
        ValueError: when it cannot be read, or could take unbounded time on a hostile answer.
    """
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError(f"the pattern '{pattern[:60]}' is longer than {LONGEST_PATTERN} characters; simplify it.")
    try:
        known = re.compile(_Translator(pattern).translated())
        return known if _is_quick(pattern) else _automaton(pattern) or known
    except (re.error, RecursionError, OverflowError, ValueError) as failure:
        raise ValueError(f"the pattern '{pattern[:60]}' is no regular expression ({failure}).") from None


def _automaton(pattern: str) -> Automaton | None:
    """The pattern as an automaton; None when it looks around or back, but within bounds."""
    try:
        return Automaton(pattern)
    except Foreign:
        if may_explode(pattern):
            raise ValueError("it looks ahead or back among repetitions and could take for ever; simplify it") from None
        return None


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


def _is_quick(pattern: str) -> bool:
    """Whether nothing in a pattern can be tried in more ways than an answer is long."""
    plain = _plain(pattern)
    return "|" not in plain and len(re.findall(r"[*+?{]", plain)) <= FEW_REPETITIONS


def _unbounded(plain: str, index: int) -> bool:
    """Whether what stands before this place may stand any number of times, or more than twenty."""
    braces = re.compile(r"\{\d*,(\d*)\}").match(plain, index)
    often = braces is not None and (not braces.group(1) or int(braces.group(1)) > 20)
    return often or plain[index : index + 1] in ("*", "+")


class _Translator(SetReader):
    def translated(self) -> str:
        made: list[str] = []
        while self.at < len(self.pattern):
            character = self.pattern[self.at]
            if character == "[":
                made.append(_written(self.bracketed()))
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
            return _written(known)
        self.at += 2
        return self.pattern[self.at - 2 : self.at]


def _written(ranges: Ranges) -> str:
    """A set as a Python class; an empty one matches nothing."""
    if not ranges:
        return r"(?!)"
    return "[" + "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in ranges) + "]"
