"""The pages' words: TOML catalogues, one folder a language, one file a group of pages.

A value is a `str.format` template, or a table with `one` and `other` that `n` chooses from. Every key stands in every
language with the same places.
"""

import tomllib
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from engine.messages import LANGUAGES, Language

FOLDER = Path(__file__).with_name("catalogues")
PLURAL = frozenset({"one", "other"})


class WordsMissing(LookupError):
    """A page asks for words that no catalogue holds, or leaves out a value they need."""


@cache
def catalogue(language: Language) -> Mapping[str, Mapping[str, str]]:
    """Dotted key -> {"other": template} or {"one": …, "other": …}.

    Raises:
        WordsMissing: when two files of a language hold the same key.
    """
    words: dict[str, Mapping[str, str]] = {}
    for file in sorted((FOLDER / language).glob("*.toml")):
        for key, value in _flatten("", tomllib.loads(file.read_text("utf-8"))):
            if key in words:
                raise WordsMissing(f"The words '{key}' stand twice in {language}; the second time in {file.name}.")
            words[key] = value
    return words


def _flatten(prefix: str, table: Mapping[str, Any]) -> list[tuple[str, Mapping[str, str]]]:
    flat: list[tuple[str, Mapping[str, str]]] = []
    for name, value in table.items():
        key = f"{prefix}{name}"
        if isinstance(value, str):
            flat.append((key, {"other": value}))
        elif set(value) == PLURAL:
            flat.append((key, value))
        else:
            flat += _flatten(f"{key}.", value)
    return flat


def words(language: Language, key: str, **values: Any) -> str:
    """The words of a key.

    Raises:
        WordsMissing: naming the key, or the value it needs.
    """
    found = catalogue(language).get(key)
    if found is None:
        raise WordsMissing(f"No words '{key}' in catalogues/{language}; add them to every language.")
    form = "one" if "one" in found and _is_one(language, values.get("n", 2)) else "other"
    spoken = {name: number(language, value) if isinstance(value, float) else value for name, value in values.items()}
    try:
        return found[form].format(**spoken)
    except KeyError as missing:
        raise WordsMissing(f"The words '{key}' need a value {missing}.") from None


def _is_one(language: Language, n: float) -> bool:
    return abs(n) < 2 if language == "fr" else n == 1


def translator(language: Language) -> Callable[..., str]:
    """`t(key, **values)` for a template."""

    def t(key: str, **values: Any) -> str:
        return words(language, key, **values)

    return t


def number(language: Language, value: float, digits: int = 1) -> str:
    """A number with the language's decimal mark, without needless zeros."""
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:.0f}"
    return text.replace(".", ",") if language == "fr" else text


def day(language: Language, moment: datetime) -> str:
    """A date in words, such as 5 March 2026 or 1er mars 2026."""
    first = "1er" if language == "fr" and moment.day == 1 else str(moment.day)
    return f"{first} {words(language, f'month.{moment.month}')} {moment.year}"


def moment_in_words(language: Language, moment: datetime) -> str:
    """Date and time of day; the time zone is the moment's own."""
    return words(language, "date_and_time", day=day(language, moment), clock=f"{moment:%H:%M}")


def language_of(accepted: str) -> Language:
    """The first language of an Accept-Language header that there is a catalogue for; English otherwise."""
    ranked = sorted(enumerate(accepted.split(",")), key=lambda part: (-_quality(part[1]), part[0]))
    for _, part in ranked:
        tag = part.split(";", 1)[0].strip().lower().split("-", 1)[0]
        for language in LANGUAGES:
            if tag == language:
                return language
    return "en"


def _quality(part: str) -> float:
    _, _, rest = part.partition(";")
    name, _, value = rest.strip().partition("=")
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
