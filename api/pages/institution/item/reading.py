"""An item as its page says it: what is right, how it measures in numbers and in words, which others look like it."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import msgspec

from api.pages.words import number, words
from engine.messages import Language
from itembank.coverage import BANDS, difficulty_of
from itembank.items import Item, ParameterFacts
from itembank.likeness import LikePair

PARAMETERS = ("discrimination", "difficulty", "guessing", "upper", "thresholds", "steps")
EASINESS = ("very_easy", "easy", "middling", "hard", "very_hard")
SHARPNESS = ("very_low", "low", "moderate", "high", "very_high")
SHARPNESS_CUTS = (0.35, 0.65, 1.35, 1.70)
"""Bounds of the words for discrimination in the logistic metric: Baker (2001), The Basics of Item Response Theory,
2nd ed., chapter 2."""
FIT = ("infit", "outfit", "s_x2", "p")


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter with its standard error; several values for several categories."""

    name: str
    values: list[float]
    errors: list[float]


class Likeness(msgspec.Struct, frozen=True, kw_only=True):
    """Another item with nearly the same words. `kind`: duplicate, clone (but for numbers) or enemy."""

    key: str
    percent: int
    kind: str


def answers_of(item: Item) -> list[tuple[str, list[str]]]:
    """What is right, response by response, in the words of the choices where there are any."""
    said = {
        (part.response, choice.key): choice.content or choice.key
        for part in item.content.interactions
        for choice in (*part.choices, *part.targets)
    }
    found = [
        (declared.identifier, [said.get((declared.identifier, value), value) for value in declared.correct])
        for declared in item.scoring.responses
        if declared.correct
    ]
    numbers = [
        f"{right.value:g} ± {right.tolerance:g}{' ×' if right.relative else ''}" for right in item.scoring.numeric
    ]
    return found if found or not numbers else [(item.scoring.responses[0].identifier, numbers)]


def parameters_of(record: dict[str, Any]) -> list[Parameter]:
    """The parameters that the model has, each with its standard errors."""
    errors = record.get("standard_error") or {}
    found = []
    for name in PARAMETERS:
        values = [value for value in _many(record.get(name)) if value is not None]
        told = [value for value in _many(errors.get(name)) if value is not None]
        if values and not (name == "guessing" and values == [0.0]) and not (name == "upper" and values == [1.0]):
            found.append(Parameter(name=name, values=values, errors=told))
    return found


def _many(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def facts_of(record: dict[str, Any]) -> ParameterFacts:
    """The parameters of a calibration's record that say where an item measures."""
    known = {name: record.get(name) for name in ("difficulty", "thresholds", "steps", "slopes", "intercepts")}
    given = {name: value for name, value in known.items() if value is not None}
    return msgspec.convert({"model": str(record.get("model", ""))} | given, ParameterFacts)


def in_words(record: dict[str, Any], language: Language) -> list[str]:
    """How hard the item is and how well it tells learners apart, for somebody who reads no logits."""
    said = []
    difficulty = difficulty_of(facts_of(record))
    if difficulty is not None:
        said.append(words(language, f"item_page.easiness.{EASINESS[bisect_right(BANDS, difficulty)]}"))
    discrimination = record.get("discrimination")
    if discrimination is not None and discrimination > 0:
        said.append(words(language, f"item_page.sharpness.{SHARPNESS[bisect_right(SHARPNESS_CUTS, discrimination)]}"))
    return said


def fit_of(record: dict[str, Any], language: Language) -> list[tuple[str, str]]:
    """(name, value) of the statistics of fit that the calibration has for the item."""
    fit = record.get("fit") or {}
    return [(name, number(language, float(fit[name]), 3)) for name in FIT if fit.get(name) is not None]


def likeness_of(key: str, pairs: Sequence[LikePair]) -> list[Likeness]:
    """The other items of these pairs that look like this one, the most alike first."""
    return [
        Likeness(
            key=pair.second if pair.first == key else pair.first, percent=round(100 * pair.likeness),
            kind="clone" if pair.same_but_for_numbers else pair.kind,
        )
        for pair in pairs
        if key in (pair.first, pair.second)
    ]  # fmt: skip
