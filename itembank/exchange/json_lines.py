"""Whole items as JSON Lines: one item a line with everything it has, so nothing is lost between two banks."""

import re
from collections.abc import Callable, Iterable
from operator import is_
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from itembank.errors import BankError
from itembank.exchange.delimited import Source, open_source, source_name
from itembank.exchange.findings import Findings, at_line
from itembank.exchange.html import sanitise
from itembank.items import Choice, Interaction, Item, ItemContent, check_item
from itembank.loss_report import ItemLoss, LossReport
from itembank.records import canonical, uncollected

Part = TypeVar("Part", Item, ItemContent, Interaction, Choice)
LONGEST_START = 1 << 20
ONE_ITEM = msgspec.json.Decoder(Item)
WHOLE = re.compile(rb'"content"\s*:\s*\{')


def write_item_lines(items: Iterable[Item]) -> bytes:
    """One item a line, canonical, so that equal items are equal bytes."""
    return b"".join(canonical(item) + b"\n" for item in items)


def is_item_lines(source: Source) -> bool:
    """Whether a file begins with a whole item: a JSON object that has a "content" object."""
    if isinstance(source, bytes):
        start = source[:LONGEST_START]
    else:
        try:
            with open(source, "rb") as stream:
                start = stream.read(LONGEST_START)
        except OSError:
            return False
    first = start.lstrip().split(b"\n", 1)[0]
    return first.startswith(b"{") and WHOLE.search(first) is not None


@uncollected()
def read_item_lines(source: Source, *, name: str = "") -> tuple[tuple[Item, ...], LossReport]:
    """The items of `write_item_lines`; whatever HTML a line holds is sanitised like any stranger's.

    Raises:
        FileRefused: when the file is empty or not UTF-8.
    """
    findings = Findings(source_name(source, name), skip_bad=True)
    items: dict[str, Item] = {}
    entries: list[ItemLoss] = []
    with open_source(source, findings) as stream:
        for line, text in enumerate(stream, start=1):
            if text.strip():
                entries.append(_read_line(text, line, items))
    return tuple(items.values()), LossReport(source=findings.file, entries=tuple(entries))


def _read_line(text: bytes, line: int, items: dict[str, Item]) -> ItemLoss:
    try:
        item = ONE_ITEM.decode(text)
        if item.key in items:
            raise BankError(f"item '{item.key}' stands twice; rename one of them.")
        clean = cleaned(item)
        check_item(clean)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, BankError) as error:
        return ItemLoss(key=f"line {line}", fate="refused", place=at_line(line), notes=(str(error),))
    items[clean.key] = clean
    changed = ("HTML outside the allow-list was taken out",) if clean is not item else ()
    return ItemLoss(key=clean.key, fate="changed" if changed else "imported", place=at_line(line), notes=changed)


def cleaned(item: Item) -> Item:
    """The item with every piece of HTML in it sanitised; the very same item when nothing had to be taken out."""
    content, feedback = item.content, item.scoring.feedback
    clean = {name: sanitise(text) for name, text in feedback.items()}
    scoring = item.scoring if clean == feedback else replace(item.scoring, feedback=clean)
    shown = _changed(
        content,
        body=sanitise(content.body),
        stimulus=sanitise(content.stimulus),
        interactions=_all(_interaction, content.interactions),
    )
    return _changed(item, content=shown, scoring=scoring)


def _interaction(interaction: Interaction) -> Interaction:
    return _changed(
        interaction,
        prompt=sanitise(interaction.prompt),
        choices=_all(_choice, interaction.choices),
        targets=_all(_choice, interaction.targets),
    )


def _choice(choice: Choice) -> Choice:
    return _changed(choice, content=sanitise(choice.content))


def _all(clean: Callable[[Part], Part], parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The parts cleaned; the very same tuple when none of them changed."""
    after = tuple(map(clean, parts))
    return parts if all(map(is_, after, parts)) else after


def _changed(record: Part, **fields: object) -> Part:
    """The record with these fields; the very same record when they are what it has."""
    changes = {}
    for name, value in fields.items():
        before = getattr(record, name)
        if value is not before and value != before:
            changes[name] = value
    return replace(record, **changes) if changes else record
