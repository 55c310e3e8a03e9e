"""One entry of the composer's form: what the policy says there, how typed text is read, and where it goes."""

import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Literal

import msgspec

Plain = dict[str, Any]
"""The policy, or a part of it, as plain values: what its JSON form holds."""

NUMBER = re.compile(r"[-−]?[0-9]{1,6}(?:[.,][0-9]{1,20})?")
WHOLE = re.compile(r"[0-9]{1,7}")
KEY = re.compile(r"[a-z0-9][a-z0-9_.-]{0,79}")


class Fault(Exception):
    """What is wrong with an entry: a key of the catalogue under `compose.fault`, and its values."""

    def __init__(self, key: str, **values: Any) -> None:
        super().__init__(key)
        self.key, self.values = key, values


class Entry(msgspec.Struct, kw_only=True):
    """`value`: what the document says, as text; empty where it says nothing. `put` writes what `read` made of typed
    text at its place in the plain policy. `standard`: what holds where the document says nothing."""

    name: str
    label: str
    value: str
    read: Callable[[str], Any]
    put: Callable[[Plain, Any], None]
    kind: Literal["text", "number", "whole", "choice"] = "text"
    choices: tuple[str, ...] = ()
    words: dict[str, Any] = {}
    standard: str = ""
    beside: str = ""
    typed: str = ""
    fault: Fault | None = None

    def __post_init__(self) -> None:
        self.typed = self.value

    def is_changed_by(self, typed: str) -> bool:
        """Whether what was sent is something else than what the form showed."""
        return self._plain(typed) != self._plain(self.value)

    def _plain(self, text: str) -> str:
        return text.strip().replace(",", ".").replace("−", "-") if self.kind == "number" else text.strip()


def shown(value: float | Decimal | str | None) -> str:
    """A value of the document as text to be edited; nothing of it is rounded away."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return "" if value is None else str(value)


def line(most: int, *, needed: bool = False) -> Callable[[str], str | None]:
    """Reads a line of text."""

    def read(text: str) -> str | None:
        if len(text) > most or any(unicodedata.category(letter) in ("Cc", "Zl", "Zp") for letter in text):
            raise Fault("line", n=most)
        if needed and not text:
            raise Fault("needed")
        return text or None

    return read


def key(text: str) -> str:
    """Reads a name for addresses."""
    if not KEY.fullmatch(text):
        raise Fault("key")
    return text


def whole(low: int, high: int, *, needed: bool = False) -> Callable[[str], int | None]:
    """Reads a whole number; nothing when it is left empty."""

    def read(text: str) -> int | None:
        if not text and not needed:
            return None
        if not WHOLE.fullmatch(text) or not low <= int(text) <= high:
            raise Fault("whole", low=low, high=high)
        return int(text)

    return read


def number(low: float, high: float, *, needed: bool = False) -> Callable[[str], float | None]:
    """Reads a number, with a point or a comma."""

    def read(text: str) -> float | None:
        if not text and not needed:
            return None
        value = _decimal(text)
        if value is None or not low <= value <= high:
            raise Fault("number", low=float(low), high=float(high))
        return float(value)

    return read


def hours(text: str) -> str:
    """Reads credit hours, which stay exact."""
    value = _decimal(text)
    if value is None or not 0 < value <= 60:
        raise Fault("hours")
    return str(value)


def _decimal(text: str) -> Decimal | None:
    return Decimal(text.replace(",", ".").replace("−", "-")) if NUMBER.fullmatch(text) else None


def one_of(*choices: str) -> Callable[[str], str]:
    """Reads a choice."""

    def read(text: str) -> str:
        if text not in choices:
            raise Fault("choice")
        return text

    return read


def store(part: Plain, name: str, value: Any) -> None:
    """Set a value, or leave it out when there is none."""
    if value is None:
        part.pop(name, None)
    else:
        part[name] = value
