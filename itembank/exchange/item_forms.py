"""Items of the usual forms built from what an author writes: a stem, options, a key.

Spreadsheets, Moodle and GIFT all speak of these forms; they are built here once, so that the same question becomes the
same item whichever file it came from.
"""

import math
import re
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache

from itembank.errors import ItemInvalid
from itembank.exchange.authored_html import INTERACTION, block, inline, place
from itembank.items import (
    Choice,
    Interaction,
    ItemContent,
    ItemScoring,
    MapEntry,
    Mapping,
    NumericKey,
    ResponseDeclaration,
)
from itembank.records import Record

RESPONSE = "RESPONSE"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Formed(Record, frozen=True, kw_only=True):
    """Content and scoring of one item, and what was changed on the way."""

    content: ItemContent
    scoring: ItemScoring
    changes: tuple[str, ...] = ()


def letters(n_options: int) -> str:
    """The keys A, B, C … of so many options.

    Raises:
        ItemInvalid: for fewer than two or more than 26.
    """
    if not 2 <= n_options <= len(LETTERS):
        raise ItemInvalid(f"there are {n_options} options; a choice needs 2 to {len(LETTERS)}.")
    return LETTERS[:n_options]


def choice_item(
    stem: str,
    options: tuple[str, ...],
    points: dict[str, float],
    *,
    multiple: bool = False,
    shuffle: bool = False,
    max_score: int = 1,
) -> Formed:
    """A choice with one right answer or several.

    `points` is what each letter is worth; when every right letter is worth 1 and nothing else counts, the whole set
    must match, otherwise points add up and are cut into `max_score` equal categories.
    """
    body, changes = block(stem)
    choices, lost = _choices(zip(letters(len(options)), options), 1)
    interaction = Interaction(
        kind="choice", response=RESPONSE, choices=choices, max_choices=0 if multiple else 1, shuffle=shuffle
    )
    content = ItemContent(body=place(body, RESPONSE), interactions=(interaction,))
    scoring = _choice_scoring(tuple(points.items()), multiple, max_score)
    return Formed(content=content, scoring=scoring, changes=changes + lost)


@lru_cache(maxsize=512)
def _choice_scoring(worths: tuple[tuple[str, float], ...], multiple: bool, max_score: int) -> ItemScoring:
    points = dict(worths)
    right = tuple(letter for letter, worth in points.items() if worth > 0)
    best = sum(worth for worth in points.values() if worth > 0) if multiple else max(points.values(), default=0.0)
    whole = max_score == 1 and (multiple or len(right) == 1) and all(worth == 1 for worth in points.values())
    declaration = ResponseDeclaration(
        identifier=RESPONSE,
        cardinality="multiple" if multiple else "single",
        correct=right if multiple else tuple(letter for letter in right if points[letter] == best)[:1],
        mapping=None if whole else _mapping(points, best),
    )
    return ItemScoring(
        rule="match_correct" if whole else "map_response",
        responses=(declaration,),
        max_category=max_score,
        points_per_category=1.0 if whole else worth_of_category(best, max_score),
    )


def worth_of_category(best: float, n_categories: int) -> float:
    """Points per category, rounded so that the best answer reaches the highest category exactly."""
    worth = best / n_categories if best > 0 else 1.0
    while best > 0 and Fraction(repr(worth)) * n_categories > Fraction(repr(float(best))):
        worth = math.nextafter(worth, 0.0)
    return worth


def _mapping(points: dict[str, float], best: float) -> Mapping:
    entries = tuple(MapEntry(key=letter, value=worth) for letter, worth in points.items())
    return Mapping(entries=entries, lower=0.0, upper=best)


def numeric_item(stem: str, keys: tuple[NumericKey, ...], *, unit: str = "", max_score: int = 1) -> Formed:
    """A number to type, right within the tolerance of any of the keys."""
    body, changes = block(stem)
    entry = Interaction(kind="text_entry", response=RESPONSE, numeric=True, unit=unit, expected_length=12)
    declaration = ResponseDeclaration(
        identifier=RESPONSE, base_type="float", correct=tuple(_number(key.value) for key in keys[:1])
    )
    scoring = ItemScoring(rule="numeric", responses=(declaration,), numeric=keys, max_category=max_score, unit=unit)
    return Formed(
        content=ItemContent(body=place(body, RESPONSE), interactions=(entry,)), scoring=scoring, changes=changes
    )


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def text_item(stem: str, points: dict[str, float], *, case_sensitive: bool = False, max_score: int = 1) -> Formed:
    """A word or phrase to type; every accepted wording has its worth."""
    body, changes = block(stem)
    best = max(points.values())
    entries = tuple(MapEntry(key=text, value=worth, case_sensitive=case_sensitive) for text, worth in points.items())
    declaration = ResponseDeclaration(
        identifier=RESPONSE,
        base_type="string",
        correct=tuple(text for text, worth in points.items() if worth == best)[:1],
        mapping=Mapping(entries=entries),
    )
    longest = max(len(text) for text in points)
    scoring = ItemScoring(
        rule="map_response",
        responses=(declaration,),
        max_category=max_score,
        points_per_category=worth_of_category(best, max_score),
    )
    entry = Interaction(kind="text_entry", response=RESPONSE, expected_length=longest)
    return Formed(
        content=ItemContent(body=place(body, RESPONSE), interactions=(entry,)), scoring=scoring, changes=changes
    )


def essay_item(stem: str, *, max_score: int = 1, lines: int = 10, upload: bool = False) -> Formed:
    """A free answer that a person scores."""
    body, changes = block(stem)
    entry = Interaction(
        kind="upload" if upload else "extended_text", response=RESPONSE, expected_lines=None if upload else lines
    )
    base = ResponseDeclaration(identifier=RESPONSE, base_type="file" if upload else "string")
    scoring = ItemScoring(rule="human", responses=(base,), max_category=max_score)
    return Formed(
        content=ItemContent(body=place(body, RESPONSE), interactions=(entry,)), scoring=scoring, changes=changes
    )


def match_item(stem: str, pairs: tuple[tuple[str, str], ...], *, max_score: int = 0) -> Formed:
    """Terms to be matched with partners; a term without text is a partner only (a distractor)."""
    body, changes = block(stem)
    partners: dict[str, str] = {}
    for _, partner in pairs:
        partners.setdefault(partner, f"T{len(partners) + 1}")
    terms = [
        (f"S{k + 1}", term, partners[partner]) for k, (term, partner) in enumerate(p for p in pairs if p[0].strip())
    ]
    if len(terms) < 2 or len(partners) < 2:
        raise ItemInvalid("a matching question needs two terms and two partners at least.")
    right = tuple(f"{key} {target}" for key, _, target in terms)
    sources, lost = _choices([(key, term) for key, term, _ in terms], 1)
    targets, more = _choices([(key, text) for text, key in partners.items()], 0)
    interaction = Interaction(
        kind="match", response=RESPONSE, choices=sources, targets=targets, max_choices=len(terms), shuffle=True
    )
    declaration = ResponseDeclaration(
        identifier=RESPONSE,
        base_type="directedPair",
        cardinality="multiple",
        correct=right,
        mapping=Mapping(entries=tuple(MapEntry(key=pair, value=1.0) for pair in right), lower=0.0),
    )
    best = max_score or len(terms)
    scoring = ItemScoring(
        rule="map_response",
        responses=(declaration,),
        max_category=best,
        points_per_category=worth_of_category(len(terms), best),
    )
    return Formed(
        content=ItemContent(body=place(body, RESPONSE), interactions=(interaction,)),
        scoring=scoring,
        changes=changes + lost + more,
    )


def _choices(keyed: Iterable[tuple[str, str]], match_max: int) -> tuple[tuple[Choice, ...], tuple[str, ...]]:
    made: list[Choice] = []
    changes: tuple[str, ...] = ()
    for key, text in keyed:
        content, lost = inline(text)
        made.append(Choice(key=key, content=content, match_max=match_max))
        changes += lost
    return tuple(made), changes


def gaps_item(body: str, gaps: tuple[tuple[Interaction, ResponseDeclaration], ...], max_score: int = 0) -> Formed:
    """A text with gaps, each an interaction of its own: `body` (HTML) holds their placeholders already."""
    clean, changes = block(body if "<" in body else f"<p>{body}</p>")
    for interaction, _ in gaps:
        if INTERACTION.format(interaction.response) not in clean:
            raise ItemInvalid(f"the place of gap '{interaction.response}' was lost; simplify the HTML around it.")
    best = sum(max((e.value for e in d.mapping.entries), default=0.0) for _, d in gaps if d.mapping is not None)
    categories = max_score or len(gaps)
    scoring = ItemScoring(
        rule="map_response",
        responses=tuple(declaration for _, declaration in gaps),
        max_category=categories,
        points_per_category=worth_of_category(best, categories),
    )
    content = ItemContent(body=clean, interactions=tuple(interaction for interaction, _ in gaps))
    return Formed(content=content, scoring=scoring, changes=changes)


def key_of(title: str, used: set[str], fallback: str) -> str:
    """A key for an item whose file has only titles: letters, digits, dots and dashes, made unique and remembered."""
    base = re.sub(r"[^\w.-]+", "-", title, flags=re.ASCII).strip("-.")[:60] or fallback
    key, copy = base, 2
    while key in used:
        key, copy = f"{base}-{copy}", copy + 1
    used.add(key)
    return key
