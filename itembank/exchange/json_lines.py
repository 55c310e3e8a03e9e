"""Whole items as JSON Lines: one item a line with everything it has, so nothing is lost between two banks."""

import re
from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from itembank.errors import BankError
from itembank.exchange.delimited import Source, open_source, source_name
from itembank.exchange.findings import Findings, at_line
from itembank.exchange.html import sanitise
from itembank.items import Choice, Item, check_item
from itembank.loss_report import ItemLoss, LossReport
from itembank.records import canonical

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
    clean = {text: after for text in _markup(item) if (after := sanitise(text)) != text}
    if not clean:
        return item

    def choices(before: tuple[Choice, ...]) -> tuple[Choice, ...]:
        return tuple(replace(choice, content=clean.get(choice.content, choice.content)) for choice in before)

    content, scoring = item.content, item.scoring
    interactions = tuple(
        replace(
            interaction,
            prompt=clean.get(interaction.prompt, interaction.prompt),
            choices=choices(interaction.choices),
            targets=choices(interaction.targets),
        )
        for interaction in content.interactions
    )
    body, stimulus = clean.get(content.body, content.body), clean.get(content.stimulus, content.stimulus)
    feedback = {name: clean.get(text, text) for name, text in scoring.feedback.items()}
    return replace(
        item,
        content=replace(content, body=body, stimulus=stimulus, interactions=interactions),
        scoring=replace(scoring, feedback=feedback),
    )


def _markup(item: Item) -> list[str]:
    """Every text of an item that a browser would read as HTML."""
    content = item.content
    texts = [content.body, content.stimulus, *item.scoring.feedback.values()]
    for interaction in content.interactions:
        texts.append(interaction.prompt)
        texts += [choice.content for choice in interaction.choices]
        texts += [target.content for target in interaction.targets]
    return texts
