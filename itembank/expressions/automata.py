"""Patterns as automata: an answer is matched in time that grows with its length alone, whatever the pattern repeats.

Thompson's construction: all ways through the pattern are followed at once, character by character.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from functools import reduce
from typing import Literal

from itembank.expressions.character_sets import CONTROLS, NO_LINE_END, Ranges, SetReader

MOST_STATES = 4000
QUANTIFIER = re.compile(r"[*+?]|\{(\d*)(,?)(\d*)\}")


class Foreign(Exception):
    """A pattern uses what is beyond regular expressions: looking around, references back, inline flags."""


class Automaton:
    """One pattern; `fullmatch` answers as that of a compiled pattern of Python's does, by something or None."""

    def __init__(self, pattern: str) -> None:
        self.sets: list[Ranges | None] = []
        self.anchors: list[str] = []
        self.following: list[list[int]] = []
        self.end = self._state([])
        self.start = _Parser(pattern, self).whole()(self.end)

    def _state(self, following: list[int], ranges: Ranges | None = None, anchor: str = "") -> int:
        if len(self.sets) >= MOST_STATES:
            raise ValueError("it repeats too much")
        self.sets.append(ranges)
        self.anchors.append(anchor)
        self.following.append(following)
        return len(self.sets) - 1

    def fullmatch(self, text: str) -> Literal[True] | None:
        """Whether the whole text fits."""
        current = self._reached([self.start], first=True, last=not text)
        for place, character in enumerate(text, start=1):
            point = ord(character)
            taken = [state for state in current if _holds(self.sets[state], point)]
            current = self._reached((self.following[state][0] for state in taken), first=False, last=place == len(text))
            if not current:
                return None
        return True if self.end in current else None

    def _reached(self, states: Iterable[int], *, first: bool, last: bool) -> set[int]:
        """These states and all that follow without a character."""
        found: set[int] = set()
        waiting = list(states)
        while waiting:
            state = waiting.pop()
            anchor = self.anchors[state]
            if state in found or (anchor == "^" and not first) or (anchor == "$" and not last):
                continue
            found.add(state)
            if self.sets[state] is None:
                waiting += self.following[state]
        return found

    def one_of(self, ranges: Ranges, then: int) -> int:
        """The state that takes one character of a set."""
        return self._state([then], ranges)

    def anchored(self, sign: str, then: int) -> int:
        """The state that stands at the start or the end of the text."""
        return self._state([then], anchor=sign)

    def either(self, ways: list[int]) -> int:
        """The state that several ways lead on from; the list may still grow."""
        return self._state(ways)


def _holds(ranges: Ranges | None, point: int) -> bool:
    if not ranges:
        return False
    place = bisect_right(ranges, (point, 0x110000)) - 1
    return place >= 0 and point <= ranges[place][1]


Part = Callable[[int], int]
"""One part of a pattern: given the state it leads on to, it makes its own states and gives back the first of them."""


class _Parser(SetReader):
    """Reads a pattern into parts, which then make their states from the last to the first."""

    def __init__(self, pattern: str, made: Automaton) -> None:
        super().__init__(pattern)
        self.made = made

    def whole(self) -> Part:
        """The whole pattern."""
        part = self._alternatives()
        if self.at < len(self.pattern):
            raise ValueError("a parenthesis is closed that was not opened")
        return part

    def _alternatives(self) -> Part:
        ways = [self._sequence()]
        while self.pattern.startswith("|", self.at):
            self.at += 1
            ways.append(self._sequence())
        if len(ways) == 1:
            return ways[0]
        return lambda then: self.made.either([way(then) for way in ways])

    def _sequence(self) -> Part:
        parts: list[Part] = []
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            parts.append(self._quantified(self._atom()))
        return lambda then: reduce(lambda after, part: part(after), reversed(parts), then)

    def _atom(self) -> Part:
        sign = self.pattern[self.at]
        if sign == "(":
            return self._group()
        if sign == "[":
            return self._one(self.bracketed())
        if sign == "\\":
            return self._one(self._escaped())
        self.at += 1
        if sign in "^$":
            return lambda then: self.made.anchored(sign, then)
        return self._one(NO_LINE_END if sign == "." else ((ord(sign), ord(sign)),))

    def _one(self, ranges: Ranges) -> Part:
        return lambda then: self.made.one_of(ranges, then)

    def _group(self) -> Part:
        self.at += 1
        if self.pattern.startswith("?", self.at):
            if not self.pattern.startswith("?:", self.at):
                raise Foreign
            self.at += 2
        inside = self._alternatives()
        if not self.pattern.startswith(")", self.at):
            raise ValueError("a parenthesis is not closed")
        self.at += 1
        return inside

    def _escaped(self) -> Ranges:
        known = self.known_class()
        if known is not None:
            return known
        letter = self.pattern[self.at + 1 : self.at + 2]
        if letter.isalnum() and letter not in CONTROLS:
            raise Foreign
        point = self.sign()
        return ((point, point),)

    def _quantified(self, part: Part) -> Part:
        found = QUANTIFIER.match(self.pattern, self.at)
        if found is None or found.group() == "{}":
            return part
        self.at = found.end()
        low, comma, high = found.group(1) or "0", found.group(2), found.group(3)
        ends = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(found.group())
        least, most = ends or (int(low), int(high) if high else None if comma else int(low))
        if most is not None and most < least:
            raise ValueError("a repetition runs backwards")
        if self.pattern.startswith("+", self.at):
            raise Foreign
        self.at += self.pattern.startswith("?", self.at)
        return lambda then: self._repeated(part, least, most, then)

    def _repeated(self, part: Part, least: int, most: int | None, then: int) -> int:
        after = then
        if most is None:
            ways: list[int] = []
            after = self.made.either(ways)
            ways += [part(after), then]
        for _ in range(0 if most is None else most - least):
            after = self.made.either([part(after), then])
        for _ in range(least):
            after = self.made.either([part(after)])
        return after
