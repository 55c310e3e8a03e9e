"""What quiz formats of learning platforms have in common: answers with fractions, gaps in a text, the fate of each."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from itembank.errors import BankError
from itembank.exchange.authored_html import INTERACTION, inline, plain_text, word_count
from itembank.exchange.findings import at_line
from itembank.exchange.item_forms import Formed, choice_item, gaps_item, key_of, letters, text_item
from itembank.items import (
    Asset,
    Choice,
    Interaction,
    Item,
    ItemFacts,
    MapEntry,
    Mapping,
    ResponseDeclaration,
    check_item,
)
from itembank.loss_report import ItemLoss
from itembank.records import settled

MOST_CATEGORIES = 12
NEAR = 0.02


@dataclass(frozen=True, slots=True)
class Option:
    """One answer of a question: its text, the share of the points it earns (1 = all), what is said about it."""

    text: str
    fraction: float = 0.0
    feedback: str = ""
    case_sensitive: bool = False


@dataclass(frozen=True, slots=True)
class About:
    """What a question says about itself besides its content."""

    name: str
    line: int = 0
    kind: str = ""
    tags: tuple[str, ...] = ()
    explanation: str = ""
    source: str = ""


@dataclass(slots=True)
class Gathering:
    """Items so far, with the fate of every question of the file."""

    items: list[Item] = field(default_factory=list)
    entries: list[ItemLoss] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)

    def keep(self, formed: Formed, about: About, changes: tuple[str, ...] = (), assets: tuple[Asset, ...] = ()) -> None:
        """Make the item; one that contradicts itself is refused."""
        key = key_of(about.name, self.keys, f"question-{len(self.entries) + 1}")
        item = _item(formed, key, about, assets)
        try:
            check_item(item)
        except BankError as error:
            self.refuse(about, str(error), key)
            return
        changes = formed.changes + changes
        self.items.append(item)
        self.entries.append(
            ItemLoss(key=key, fate="changed" if changes else "imported", place=at_line(about.line), notes=changes)
        )

    def refuse(self, about: About, reason: str, key: str = "") -> None:
        """Say why a question did not come in."""
        name = key or key_of(about.name, self.keys, f"question-{len(self.entries) + 1}")
        self.entries.append(ItemLoss(key=name, fate="refused", place=at_line(about.line), notes=(reason,)))


def _item(formed: Formed, key: str, about: About, assets: tuple[Asset, ...]) -> Item:
    options = [choice.content for place in formed.content.interactions for choice in place.choices]
    facts = ItemFacts(
        item_type=about.kind,
        word_count=word_count(formed.content.body, *options),
        tags=about.tags,
        source=about.source,
    )
    content = msgspec.structs.replace(formed.content, assets=assets)
    scoring = msgspec.structs.replace(formed.scoring, rationale=plain_text(about.explanation))
    return settled(Item(key=key, content=content, scoring=scoring, facts=facts, title=about.name))


def whole_points(fractions: Iterable[float]) -> int:
    """The smallest number of equal categories in which all these shares are whole; 1 when none up to 12 fits."""
    shares = [fraction for fraction in fractions if fraction]
    for n_categories in range(1, MOST_CATEGORIES + 1):
        if all(abs(share * n_categories - round(share * n_categories)) < NEAR for share in shares):
            return n_categories
    return 1


def choice_of(stem: str, options: Sequence[Option], *, multiple: bool, shuffle: bool) -> tuple[Formed, tuple[str, ...]]:
    """A choice whose options earn shares of the points, and what was changed."""
    shares = [option.fraction if multiple or option.fraction > 0 else 0.0 for option in options]
    n_categories = whole_points(shares)
    points = {letter: float(round(s * n_categories)) for letter, s in zip(letters(len(options)), shares)}
    points = {letter: worth for letter, worth in points.items() if worth}
    if not any(worth > 0 for worth in points.values()):
        raise BankError("no option is right; mark one.")
    formed = choice_item(
        stem, tuple(o.text for o in options), points, multiple=multiple, shuffle=shuffle, max_score=n_categories
    )
    feedback = {letter: inline(o.feedback)[0] for letter, o in zip(letters(len(options)), options) if o.feedback}
    formed = msgspec.structs.replace(formed, scoring=msgspec.structs.replace(formed.scoring, feedback=feedback))
    exact = all(abs(s * n_categories - round(s * n_categories)) < NEAR for s in shares)
    return formed, () if exact else ("shares of the points that fit no 12 equal categories were rounded",)


def text_of(stem: str, options: Sequence[Option]) -> tuple[Formed, tuple[str, ...]]:
    """A word to type; wordings earn shares of the points."""
    wordings = [option for option in options if option.fraction > 0 and option.text.strip()]
    if not wordings:
        raise BankError("no wording is right; give one.")
    if any(re.search(r"(?<!\\)\*", option.text) for option in wordings):
        raise BankError("a wording holds the wildcard *, which matches anything; list the wordings instead.")
    n_categories = whole_points(option.fraction for option in wordings)
    points = {
        option.text.replace("\\*", "*").strip(): float(round(option.fraction * n_categories)) for option in wordings
    }
    strict = wordings[0].case_sensitive
    return text_item(stem, points, case_sensitive=strict, max_score=n_categories), unsaid(o.feedback for o in options)


def unsaid(feedback: Iterable[str]) -> tuple[str, ...]:
    """What is to be told of feedback on typed answers, for which an item has no place."""
    return ("feedback on single answers was left out",) if any(said.strip() for said in feedback) else ()


def inline_choice(response: str, options: Sequence[Option]) -> tuple[Interaction, ResponseDeclaration]:
    """A gap filled from a list."""
    keys = letters(len(options))
    right = [key for key, option in zip(keys, options) if option.fraction > 0]
    if not right:
        raise BankError(f"gap {response.removeprefix('RESPONSE')} has no right option; mark one.")
    choices = tuple(Choice(key=key, content=inline(option.text)[0]) for key, option in zip(keys, options))
    entries = tuple(MapEntry(key=key, value=o.fraction) for key, o in zip(keys, options) if o.fraction > 0)
    return (
        Interaction(kind="inline_choice", response=response, choices=choices),
        ResponseDeclaration(identifier=response, correct=(right[0],), mapping=Mapping(entries=entries)),
    )


def text_gap(response: str, options: Sequence[Option]) -> tuple[Interaction, ResponseDeclaration]:
    """A gap to type into."""
    right = [option for option in options if option.fraction > 0]
    if not right or any("*" in option.text for option in right):
        raise BankError(f"gap {response.removeprefix('RESPONSE')} has no right wording, or one with a wildcard.")
    entries = tuple(MapEntry(key=o.text, value=o.fraction, case_sensitive=o.case_sensitive) for o in right)
    return (
        Interaction(kind="text_entry", response=response, expected_length=max(len(o.text) for o in right)),
        ResponseDeclaration(
            identifier=response, base_type="string", correct=(right[0].text,), mapping=Mapping(entries=entries)
        ),
    )


def gap_mark(response: str) -> str:
    """The place of a gap in a body."""
    return INTERACTION.format(response)


def gaps_of(body: str, gaps: Sequence[tuple[Interaction, ResponseDeclaration]]) -> Formed:
    """A text with gaps, one category a gap."""
    if not gaps:
        raise BankError("the text has no gap.")
    return gaps_item(body, tuple(gaps))
