"""Sentences for people, kept apart from the rules: a record carries a key and its values, a catalogue the words.

A template is a `str.format` string. `{when!d}` shows a moment as a date and time, `{x!w}` a word of the
catalogue, `{x!p}` a period in ISO 8601 notation;
numbers follow the language's decimal mark. Every key stands in every catalogue with the same values.
"""

import re
import string
import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from itembank.records import Record

Language = Literal["en", "fr"]
LANGUAGES: tuple[Language, ...] = ("en", "fr")
Value = str | int | float


class MessageUnknown(ValueError):
    """A record names a sentence that no catalogue holds."""


class Message(Record, frozen=True, kw_only=True):
    """A sentence to be said: `key` in the catalogue, `values` for its places. Moments are ISO strings."""

    key: str
    values: dict[str, Value] = {}


def message(key: str, **values: Value | datetime) -> Message:
    """A message whose moments are written as ISO strings, so that the record travels as JSON."""
    plain = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}
    return Message(key=key, values=plain)


@cache
def catalogue(language: Language) -> dict[str, str]:
    """All sentences of a language, keys dotted ("refusal.wait")."""
    text = files(__package__).joinpath(f"{language}.toml").read_text(encoding="utf-8")
    return dict(_flatten("", tomllib.loads(text)))


def _flatten(prefix: str, table: Mapping[str, Any]) -> list[tuple[str, str]]:
    flat: list[tuple[str, str]] = []
    for key, value in table.items():
        name = f"{prefix}{key}"
        flat += _flatten(f"{name}.", value) if isinstance(value, Mapping) else [(name, str(value))]
    return flat


def say(said: Message, language: Language = "en") -> str:
    """The sentence of a message in a language.

    Raises:
        MessageUnknown: naming the key, or the value the sentence lacks.
    """
    sentences = catalogue(language)
    template = sentences.get(said.key)
    if template is None:
        raise MessageUnknown(
            f"No sentence '{said.key}' in the {language} catalogue; add it to messages/{language}.toml."
        )
    try:
        return _Words(language, sentences).vformat(template, (), said.values)
    except KeyError as missing:
        raise MessageUnknown(f"The sentence '{said.key}' needs a value {missing}; give it with the message.") from None


class _Words(string.Formatter):
    def __init__(self, language: Language, sentences: Mapping[str, str]) -> None:
        self.language = language
        self.sentences = sentences

    def convert_field(self, value: Any, conversion: Literal["r", "s", "a"] | str | None) -> Any:
        if conversion == "d":
            return self._date(datetime.fromisoformat(str(value)))
        if conversion == "p":
            return self._period(str(value))
        if conversion == "w":
            return self.sentences.get(f"word.{value}", str(value).replace("_", " "))
        return value if conversion is None else str(value)

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, float) and not format_spec:
            format_spec = "g"
        text = str(format(value, format_spec))
        numeric = isinstance(value, int | float) and self.language == "fr"
        return text.replace(".", ",") if numeric else text

    def _period(self, notation: str) -> str:
        parts = [
            f"{amount} {self.sentences[f'unit.{unit}' if amount == '1' else f'unit.{unit}s']}"
            for amount, unit in re.findall(r"(\d+)([MDH])", notation)
        ]
        return self.sentences["unit.and"].join(parts)

    def _date(self, moment: datetime) -> str:
        month = self.sentences[f"month.{moment.month}"]
        pattern = self.sentences["month.pattern"]
        return pattern.format(day=moment.day, month=month, year=moment.year, clock=f"{moment:%H:%M}")


def placeholders(template: str) -> frozenset[str]:
    """The names of the values a template needs."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(template) if name)


def joined(parts: Sequence[str]) -> str:
    """Names in a row, as they stand inside a sentence of any language."""
    return ", ".join(parts)
